"""What the fields of a run's own files may ask for, beside its record.

Knows: where each of these is read from, and that nothing is read that nobody asked for.
Does not know: the expressions.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from runpact.disk.layout import is_own_record
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import digest_file, list_tree
from runpact.host import clock
from runpact.model.derived import INVENTORY, PAGES, asked_of_run, named_by
from runpact.model.facts import DocumentFact
from runpact.model.metrics import summarise_metrics
from runpact.model.names import readable_path, shown_path
from runpact.model.reproduction import Reproduction, config_copy, reproduction
from runpact.model.session.lifecycle import lifecycle, move_to
from runpact.model.variables import run_variables
from runpact.verbs.life.moment import Moment
from runpact.verbs.life.opened import OpenRun


def names_for(run: OpenRun, texts: Collection[str], moment: Moment) -> dict[str, object]:
    """Return the variables for expressions of the fields of one file.

    Args:
        run: The run.
        texts: The expressions; what none of them asks for is not read.
        moment: When the file is written.
    """
    known = run_variables(run.record, moment.state, moment.word, moment.outcome, run.provenance)
    asked = asked_of_run(texts)
    if run.kind.session is not None:
        move = move_to(run.kind, moment.state, is_lost=run.is_lost)
        told = moment.outcome.ended if moment.outcome else clock.now()
        known["lifecycle"] = lifecycle(run.record, move, moment=told, outcome=moment.outcome)
    if "metrics" in asked:
        known["metrics"] = last_metrics(run)
    if "reproduce" in asked:
        known["reproduce"] = msgspec.to_builtins(reproduced_by(run))
    if INVENTORY in asked:
        known[INVENTORY] = file_list(run, moment.pending)
    if asked & PAGES:
        from runpact.verbs.life.page import pages_of  # noqa: PLC0415 - few layouts keep pages in the run

        files = file_list(run, moment.pending)
        known |= pages_of(run, moment, files, again=reproduced_by(run).command, wanted=asked)
    return {**_documents(run, texts), **run.names, "run": known}


def last_metrics(run: OpenRun) -> dict[str, object]:
    """Return the last value of each metric, in the order in which they appeared."""
    points = StoredLog(run.dir, run.record.records["metrics"]).entries()
    return {metric.name: metric.last for metric in summarise_metrics(points)}


def file_list(run: OpenRun, pending: Collection[str]) -> list[dict[str, object]]:
    """Return every file of the run by path, but for runpact's own records and what is written later.

    A file saved through runpact keeps the digest that was taken while it was written.
    """
    listed: list[dict[str, object]] = []
    for fact in list_tree(run.dir):
        if fact.kind != "file" or fact.path in pending or is_own_record(fact.path, run.record.records):
            continue
        stored = run.stored.get(fact.path)
        is_known = stored is not None and stored.size == fact.size
        digest = stored.digest if stored is not None and is_known else digest_file(run.dir, fact.path)[0]
        listed.append(
            {
                "path": readable_path(fact.path),
                "size": fact.size,
                "digest": digest,
                "sha256": digest.rpartition(":")[2],
            }
        )
    return listed


def reproduced_by(run: OpenRun) -> Reproduction:
    """Return the command that makes the run again."""
    return reproduction(
        run.record,
        StoredLog(run.dir, run.record.records["events"]).entries(),
        config_copy=config_copy(run.kind, shown_path(run.dir, run.root)),
    )


def _documents(run: OpenRun, texts: Collection[str]) -> dict[str, object]:
    """Return `doc` and `present`, as far as expressions ask for them."""
    wanted, asked = named_by(texts, "doc"), named_by(texts, "present")
    if not wanted and not asked:
        return {}
    from runpact.formats.inspect import Inspector  # noqa: PLC0415 - most fields speak of no document

    inspector = Inspector(run.dir, {})
    standing = {fact.path for fact in list_tree(run.dir) if fact.kind == "file"}
    paths = {entry.name: entry.single for entry in run.kind.entries if entry.single is not None}
    found: dict[str, object] = {}
    for name in sorted(wanted & paths.keys()):
        fact = inspector.document(paths[name]) if paths[name] in standing else None
        if isinstance(fact, DocumentFact):
            found[name] = fact.value
    return {"doc": found, "present": {name: paths.get(name) in standing for name in asked}}
