"""Write a page about a run into the run itself.

Knows: what is known of a run before it is sealed: all but the verdict.
Does not know: how a page looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from runpact.disk.storedlog import StoredLog
from runpact.model.compare.series import series_of
from runpact.model.derived import HTML, MARKDOWN
from runpact.model.names import shown_path
from runpact.model.runpage.facts import Told, page_of
from runpact.model.runpage.html import html_page
from runpact.model.runpage.markdown import markdown_page
from runpact.verbs.finding.contents import contents_of
from runpact.verbs.life.moment import Moment
from runpact.verbs.life.opened import OpenRun

_WRITERS = {MARKDOWN: markdown_page, HTML: html_page}


def pages_of(
    run: OpenRun,
    moment: Moment,
    listed: Sequence[Mapping[str, object]],
    *,
    again: str,
    wanted: Collection[str],
) -> dict[str, str]:
    """Return the pages of a run, by the name that fields know them by.

    Args:
        run: It is about to be sealed, or lives.
        moment: When the page is written.
        listed: Its files.
        again: The command that makes it again.
        wanted: Names of those that are asked for.
    """
    facts = page_of(_told(run, moment, listed, again))
    return {name: write(facts) for name, write in _WRITERS.items() if name in wanted}


def _told(run: OpenRun, moment: Moment, listed: Sequence[Mapping[str, object]], again: str) -> Told:
    record, outcome = run.record, moment.outcome
    files = [(str(each["path"]), int(str(each["size"])), str(each["digest"])) for each in listed]
    contents = contents_of(run.dir, run.kind, [path for path, _size, _digest in files])
    points = StoredLog(run.dir, record.records["metrics"]).entries()
    return Told(
        path=shown_path(run.dir, run.root),
        status=moment.word,
        state=moment.state.value,
        reason=(outcome.error or "") if outcome else "",
        kind=record.kind,
        contract=f"{record.contract.id} {record.contract.version}",
        uid=record.uid,
        started=record.started,
        ended=outcome.ended if outcome else None,
        seconds=outcome.duration_seconds if outcome else None,
        origin=run.provenance,
        again=again,
        series=series_of(points),
        results=contents.results,
        evidence=contents.evidence,
        tables=contents.tables,
        files=tuple(files),
        own=run.own_form() if run.own_form is not None else None,
    )
