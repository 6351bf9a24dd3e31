"""Refresh the convenience copies of, and links to, the newest finished run.

Knows: which files a layout wants copied where.
Does not know: how a copy is replaced atomically.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from runpact.disk.latest import is_standing, replace_copy, replace_link
from runpact.model.contract.language import Kind, Latest
from runpact.model.errors import RunpactError
from runpact.model.run import State
from runpact.model.template import PathTemplate
from runpact.verbs.finding.places import named_by, place_folders
from runpact.verbs.life.opened import OpenRun


class LatestTarget(msgspec.Struct, frozen=True, kw_only=True):
    """One copy or link, and what it is to be one of."""

    target: str
    """Absolute, as the source."""
    source: str
    to: str
    """As the contract says it."""
    is_link: bool
    is_of_any_end: bool
    """It comes from a run that ended in whichever way; otherwise from one that finished."""


def latest_targets(
    kind: Kind, root: str, directory: str, run: Mapping[str, object]
) -> Iterator[LatestTarget]:
    """Yield the copies and links that a finished run of a kind is to leave.

    Args:
        kind: The run's kind.
        root: Absolute data root.
        directory: Absolute path of the run.
        run: What templates may say of it, its captures included.
    """
    for latest in kind.latest:
        target = posixpath.join(root, PathTemplate.parse(latest.to).render(run))
        source = _source(kind, latest, root, directory, run)
        yield LatestTarget(
            target=target,
            source=source,
            to=latest.to,
            is_link=latest.copy is None,
            is_of_any_end=latest.of == "ended",
        )


def _source(kind: Kind, latest: Latest, root: str, directory: str, run: Mapping[str, object]) -> str:
    """Return what is copied or linked: something in the run, or one of its places by name."""
    places = place_folders(kind, root, run) if latest.link in kind.places else {}
    place = places.get(latest.link or "")
    return posixpath.normpath(place) if place else posixpath.join(directory, latest.copy or latest.link or "")


def refresh_latest(run: OpenRun, state: State) -> str | None:
    """Copy or link what the kind's `latest` names; return why not, since the run itself is sealed already.

    One that cannot be refreshed keeps no other from it; what this run does not have stays an older one's.
    """
    refusals: list[str] = []
    for each in latest_targets(run.kind, run.root, run.dir, named_by(run.record)):
        if not (each.is_of_any_end or state is State.FINISHED):
            continue
        replace = replace_link if each.is_link else replace_copy
        try:
            if is_standing(each.source):
                replace(each.source, each.target, newest=run.record.started, sync=run.writer.is_durable)
        except RunpactError as error:
            refusals.append(f"`{each.to}` was not refreshed: {error.message}")
    return refusals[0] if refusals else None
