"""Where the arrays of two files differ.

Knows: which arrays may be compared value by value, how a deviation is told.
Does not know: how values are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runpact.model.compare.allowance import FileAllowance
from runpact.model.compare.row import ABSENT, Likeness
from runpact.model.compare.side import Contents
from runpact.model.facts import ArrayFact, ArraysFact, Deviation, Json


class ArrayFound(NamedTuple):
    """One array that is not the same in both files."""

    pointer: str
    first: Json
    other: Json
    """What the array is in each: type and shape."""
    likeness: Likeness
    remark: str = ""
    deviation: Deviation | None = None
    """Of arrays that were compared by value."""


class _Answer(NamedTuple):
    likeness: Likeness
    remark: str = ""
    deviation: Deviation | None = None


def array_differences(
    first: ArraysFact,
    other: ArraysFact,
    path: str,
    allowance: FileAllowance,
    contents: tuple[Contents, Contents],
) -> Iterator[ArrayFound]:
    """Yield one answer for each array that is not the same in both files."""
    one, two = ({array.name: array for array in each.arrays} for each in (first, other))
    for name in dict.fromkeys((*one, *two)):
        answer = _compare(one.get(name), two.get(name), path, allowance, contents)
        if answer is not None:
            pointer = "/" + name.replace("~", "~0").replace("/", "~1") if name else ""
            yield ArrayFound(pointer, _told(one.get(name)), _told(two.get(name)), *answer)


def _compare(
    one: ArrayFact | None,
    two: ArrayFact | None,
    path: str,
    allowance: FileAllowance,
    contents: tuple[Contents, Contents],
) -> _Answer | None:
    name = (one or two or _NONE).name
    place = (name,) if name else ()
    is_free = allowance.is_volatile(place)
    if one is None or two is None or (one.dtype, one.shape) != (two.dtype, two.shape):
        return _Answer(Likeness.VOLATILE if is_free else Likeness.DIFFERENT)
    values = contents[0].values(path, name), contents[1].values(path, name)
    tolerance = allowance.tolerance(place)
    reason = next((each for each in values if isinstance(each, str)), None)
    found = (
        reason
        if reason is not None
        else values[0].deviation(values[1], relative=tolerance.relative, absolute=tolerance.absolute)  # type: ignore[union-attr]  # neither is a reason
    )
    if isinstance(found, str):
        return _Answer(Likeness.UNDECIDED, f"its values cannot be compared: {found}")
    if not found.different:
        return None
    likeness = Likeness.DIFFERENT if found.beyond else Likeness.TOLERATED
    return _Answer(Likeness.VOLATILE if is_free else likeness, deviation=found)


_NONE = ArrayFact("", "", ())


def _told(array: ArrayFact | None) -> Json:
    return ABSENT if array is None else f"{array.dtype} ({', '.join(map(str, array.shape))})"


def remark_on(found: Sequence[Deviation]) -> str:
    """Say how far arrays are from the first; of several, the most that is true of any."""
    widest = max(found, key=lambda each: each.different)
    largest = [each.largest for each in found if each.largest is not None]
    beyond = max(each.beyond for each in found)
    up_to = "up to " * (len({each.different for each in found}) > 1)
    told = f"{up_to}{widest.different:,} of {widest.count:,} values differ"
    told += f", by at most {max(largest):.6g}" if largest else ""
    is_partly = beyond > 0 and any(each.beyond < each.different for each in found)
    return told + (f"; {up_to}{beyond:,} by more than is tolerated" if is_partly else "")
