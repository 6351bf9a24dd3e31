"""Where the runs of a kind stand.

Knows: a kind's path template with its clash suffix, level by level.
Does not know: which directories exist.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from runpact.model.contract.language import Contract, Kind
from runpact.model.template import PathTemplate

SWEEP = "sweep"
"""The kind of sweeps, of `runpact:basic@1` where a contract has none."""
SWEEPS, SWEEPS_CLASH = "sweeps/{name}-{started:%Y%m%d-%H%M%S}", "-{n:02}"
"""Where that pack has them stand."""
_NUMBER = "clash.n"
"""Name of the suffix's number, apart from a capture that is called `n`."""


BUILT_IN = frozenset({"started", "git", "uid", "kind", "config_hash"})
"""Captures that runpact fills by itself."""


class Place:
    """The directories that runs of one kind may have."""

    def __init__(self, kind: str, template: PathTemplate, clash: str) -> None:
        """Store the kind's name, the template of its place and the clash suffix."""
        self.kind = kind
        self.template = template
        self.clashing = PathTemplate.parse(template.text + clash.replace("{n", f"{{{_NUMBER}"))

    @classmethod
    def of(cls, name: str, kind: Kind) -> Place:
        """Return the place of a kind."""
        return cls(name, PathTemplate.parse(kind.at), kind.clash)

    @functools.cached_property
    def depth(self) -> int:
        """Number of directories from the root down to a run; 0 when the root itself is the run."""
        return len(self.template.segments) if self.template.text != "." else 0

    @functools.cached_property
    def levels(self) -> tuple[Callable[[str], bool], ...]:
        """One test for each directory's name, outermost first."""
        if self.depth == 0:
            return ()
        pairs = zip(self.template.segments, self.clashing.segments, strict=True)
        return tuple(
            lambda name, plain=plain, clash=clash: (
                plain.fullmatch(name) is not None or clash.fullmatch(name) is not None
            )
            for plain, clash in pairs
        )

    def match(self, path: str) -> dict[str, str] | None:
        """Return the captures of a path relative to the root, None when no run of this kind stands there."""
        plain = self.template.match(path)
        if plain is not None or self.depth == 0:
            return plain
        clashing = self.clashing.match(path)
        return None if clashing is None else {key: value for key, value in clashing.items() if key != _NUMBER}


def sweep_home(contract: Contract) -> tuple[Place, ...]:
    """Return where sweeps stand that a contract has no kind for; nowhere when it has one."""
    is_told = SWEEP in contract.kinds
    return () if is_told else (Place(SWEEP, PathTemplate.parse(SWEEPS), SWEEPS_CLASH),)
