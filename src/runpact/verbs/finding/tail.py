"""Follow a run while it lives.

Knows: which logs tell what happens, and when nothing more will.
Does not know: how it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from runpact.disk.follow import FollowedLog
from runpact.model.errors import CannotStartError
from runpact.model.run import Standing, State
from runpact.verbs.finding.standing import stand

Entry = dict[str, object]
_ALIVE = frozenset({State.RUNNING, State.UNKNOWN})


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a run since it was last looked at."""

    standing: Standing
    events: list[Entry] = []
    metrics: list[Entry] = []
    is_last: bool = False
    """The run has ended; nothing follows."""


def follow(directory: str, *, last: int | None, pause: Callable[[], None]) -> Iterator[News]:
    """Yield what happens to a run until it ends.

    Args:
        directory: Absolute path of the run.
        last: How many events and points of the past to begin with; None for all.
        pause: Waits until the run is looked at again.

    Raises:
        CannotStartError: The run has no log.
    """
    reading, standing = stand(directory)
    if reading.record is None:
        raise CannotStartError(
            "there is no log to follow",
            at=directory,
            expected="a run that runpact made",
            got=f"a directory that is {standing.state.value}",
        )
    events, metrics = (FollowedLog(directory, reading.record.records[name]) for name in ("events", "metrics"))
    yield News(standing=standing, events=_past(events, last), metrics=_past(metrics, last))
    while standing.state in _ALIVE:
        pause()
        _reading, standing = stand(directory)  # first, so that what is read next holds all there will be
        yield News(standing=standing, events=events.more(), metrics=metrics.more())
    yield News(standing=standing, events=_rest(events), metrics=_rest(metrics), is_last=True)


def _past(log: FollowedLog, last: int | None) -> list[Entry]:
    found = _rest(log)
    return found if last is None else found[len(found) - min(last, len(found)) :]


def _rest(log: FollowedLog) -> list[Entry]:
    found: list[Entry] = []
    while more := log.more():
        found += more
    return found
