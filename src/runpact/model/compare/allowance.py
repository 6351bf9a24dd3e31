"""What the contract lets differ: places that may, and how far numbers may be apart.

Knows: how a place is written, `path#/pointer`, and which place says most about a value.
Does not know: the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runpact.model.contract.rule import Determinism, Tolerance
from runpact.model.template import compile_glob

Parts = tuple[str, ...]
"""A JSON pointer, part by part."""

EXACT = Tolerance()
_ANY = "*"


class FileAllowance:
    """What may differ in one file."""

    def __init__(self, volatile: Iterable[Parts], tolerances: Iterable[tuple[Parts, Tolerance]]) -> None:
        """Store the pointers that speak of this file."""
        self._volatile = tuple(volatile)
        self._tolerances = sorted(tolerances, key=lambda each: len(each[0]), reverse=True)

    @property
    def says_anything(self) -> bool:
        """Whether the contract lets anything in this file differ."""
        return bool(self._volatile or self._tolerances)

    def is_volatile(self, place: Parts) -> bool:
        """Whether a value may differ; what stands below such a place may as well."""
        return any(_is_above(each, place) for each in self._volatile)

    def tolerance(self, place: Parts) -> Tolerance:
        """Return how far a number may be away; the longest place that fits says it."""
        return next((each for parts, each in self._tolerances if _is_above(parts, place)), EXACT)


class Allowance:
    """What may differ between two runs of one kind."""

    def __init__(self, determinism: Determinism) -> None:
        """Read the places once."""
        self._volatile = [_place(each) for each in determinism.volatile]
        self._tolerances = [(*_place(place), each) for place, each in determinism.tolerances.items()]

    def of_file(self, path: str) -> FileAllowance:
        """Return what may differ in the file at that path of a run."""
        return FileAllowance(
            [parts for glob, parts in self._volatile if _fits(glob, path)],
            [(parts, each) for glob, parts, each in self._tolerances if _fits(glob, path)],
        )


def _place(text: str) -> tuple[str, Parts]:
    path, _, pointer = text.partition("#")
    return path, tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _fits(glob: str, path: str) -> bool:
    return glob == path or compile_glob(glob).fullmatch(path) is not None


def _is_above(pattern: Parts, place: Parts) -> bool:
    return len(pattern) <= len(place) and all(_part_fits(pattern, place))


def _part_fits(pattern: Parts, place: Parts) -> Iterator[bool]:
    return (wanted in {_ANY, part} for wanted, part in zip(pattern, place, strict=False))


def is_within(first: float, other: float, tolerance: Tolerance) -> bool:
    """Whether two numbers are no farther apart than that; the bounds themselves are."""
    bound = max(tolerance.absolute, tolerance.relative * max(abs(first), abs(other)))
    return abs(first - other) <= bound
