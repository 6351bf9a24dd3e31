"""What interrupted writers left behind, and what was set aside before.

Knows: which of it is certainly nobody's any more.
Does not know: where it was looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from runpact.model.doctor.diagnosis import ClearCache, Diagnosis, SetAside, diagnose
from runpact.model.finding import Severity

OLD_SECONDS = 600.0
"""A file is replaced within milliseconds; after this long its temporary file is nobody's, on any host."""
YOUNG_SECONDS = 60.0


class Temporary(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was to take the place of another one."""

    path: str
    age_seconds: float
    is_alive: bool
    """A process with its number lives here."""


class Leftovers(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of that sort."""

    temporaries: tuple[Temporary, ...] = ()
    cached: tuple[str, ...] = ()
    """Files of the cache that are not current, while nobody builds one."""
    ballasts: tuple[str, ...] = ()
    """Reserves of runs that are sealed."""
    set_aside: tuple[str, ...] = ()
    """Folders that hold what was set aside."""


def judge_leftovers(found: Leftovers) -> Iterator[Diagnosis]:
    """Yield what can be put away."""
    yield from _temporaries(found.temporaries)
    for path in found.cached:
        yield diagnose(
            "leftover", "a piece of an index that was never completed", path=path, remedy=ClearCache()
        )
    for path in found.ballasts:
        yield diagnose(
            "leftover",
            "the reserve of a run that is sealed; it belongs to no record, and the run is never touched",
            path=path,
            severity=Severity.ADVICE,
            hint="it may be removed by hand",
        )
    for path in found.set_aside:
        yield diagnose(
            "set-aside",
            "`runpact doctor --fix` set this aside",
            path=path,
            hint="move it back, or remove it once nobody needs it",
        )


def _temporaries(found: Iterable[Temporary]) -> Iterator[Diagnosis]:
    for each in found:
        is_nobodys = each.age_seconds >= (OLD_SECONDS if each.is_alive else YOUNG_SECONDS)
        if is_nobodys:
            yield diagnose(
                "leftover",
                "a file that was to take the place of another one; its writer never did that",
                path=each.path,
                remedy=SetAside(each.path),
            )
