"""Values of arrays, read with numpy and never with pickle.

Knows: how an array is loaded after its header was found believable, and how values are compared.
Does not know: what they should be.
"""

from __future__ import annotations

import functools
import io
import math
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from runpact.formats.archive import REFUSALS, CappedStream, open_capped
from runpact.formats.npz import inspect, inspect_npy
from runpact.model.facts import Apart, ArrayFact, Deviation, FormatFault

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    AnyArray = npt.NDArray[np.generic]

MOST_BYTES = 2 * 1024**3
"""Largest array that is held in memory."""


MOST_LISTED = 200_000
"""Most values of an array that an expression may look at one by one."""


class LoadedValues:
    """The values of one array."""

    def __init__(self, array: AnyArray) -> None:
        """Store the array."""
        self._array = array

    @property
    def array(self) -> AnyArray:
        """The values themselves."""
        return self._array

    @property
    def size(self) -> int:
        """Bytes that they take in memory."""
        return int(self._array.nbytes)

    def is_finite(self) -> bool:
        """Whether no value is NaN or infinite."""
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        return self._array.dtype.kind not in "fc" or bool(np.isfinite(self._array).all())

    def first_out_of_order(self, order: str) -> int | None:
        """Return the first index along the first axis that breaks an order; None when none does."""
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        above, below = self._array[:-1], self._array[1:]
        holds = {
            "ascending": np.greater_equal,
            "strictly_ascending": np.greater,
            "descending": np.less_equal,
            "strictly_descending": np.less,
        }[order](below, above)
        rows = holds.reshape(len(holds), -1).all(axis=1) if holds.size else np.ones(0, dtype=bool)
        broken = np.flatnonzero(~rows)
        return int(broken[0]) + 1 if broken.size else None

    def first(self) -> float | None:
        """Return the first value; None for an empty array."""
        return float(self._array.flat[0]) if self._array.size else None

    def last(self) -> float | None:
        """Return the last value; None for an empty array."""
        return float(self._array.flat[-1]) if self._array.size else None

    def range(self) -> tuple[float | None, float | None]:
        """Return the least and the greatest value that is no NaN; None where there is none."""
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        values = self._array[~np.isnan(self._array)] if self._array.dtype.kind == "f" else self._array
        return (float(values.min()), float(values.max())) if values.size else (None, None)

    def is_progression(self, first: float, step: float) -> bool:
        """Whether the values are `first + arange(n) * step`, bit for bit."""
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        steps = np.arange(len(self._array)) * step
        wanted = steps if first == 0 else first + steps
        return bool(np.array_equal(self._array, wanted))

    def equals(self, other: object, start: int | None, stop: int | None) -> bool:
        """Whether the values are those of a slice of another array along its first axis."""
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        if not isinstance(other, LoadedValues):
            return False
        return bool(np.array_equal(self._array, other._array[start:stop]))  # noqa: SLF001 - of the same class

    def deviation(self, other: object, *, relative: float, absolute: float) -> Deviation | str:
        """Return how far another array of the same shape and type is apart, or why that cannot be told."""
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        if not isinstance(other, LoadedValues):
            return "they are not held in memory"
        one, two = self._array.reshape(-1), other._array.reshape(-1)  # noqa: SLF001 - of the same class
        if one.size != two.size:
            return "they are not of the same size"
        is_number = self._array.dtype.kind in "iufc"
        is_same = (one == two) | (np.isnan(one) & np.isnan(two)) if is_number else one == two
        if is_same.all():
            return Deviation(one.size, 0, 0)
        different = np.flatnonzero(~is_same)
        if is_number:
            return _deviation(self._array, one, two, different, relative, absolute)
        return Deviation(
            one.size, different.size, different.size, apart=_apart(self._array, one, two, int(different[0]))
        )

    def listed(self) -> list[object] | str:
        """Return all values in C order, or why there are too many or none that an expression can hold."""
        if self._array.size > MOST_LISTED:
            return f"it has {self._array.size} values, more than {MOST_LISTED}"
        if self._array.dtype.kind not in "biufUS":
            return f"values of type {self._array.dtype} have no place in an expression"
        values = self._array.reshape(-1).tolist()
        if self._array.dtype.kind == "S":
            return [value.decode("utf-8", "replace") for value in values]
        return list(values)


def _deviation(
    shaped: AnyArray,
    one: AnyArray,
    two: AnyArray,
    different: npt.NDArray[np.intp],
    relative: float,
    absolute: float,
) -> Deviation:
    """Return how far numbers are apart, the places of those that are not the same given."""
    import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

    wide = np.dtype(np.complex128 if one.dtype.kind == "c" else np.longdouble)
    first: npt.NDArray[np.inexact] = one[different].astype(wide)
    other: npt.NDArray[np.inexact] = two[different].astype(wide)
    with np.errstate(all="ignore"):
        gaps = np.abs(np.subtract(first, other))
        bounds = np.maximum(absolute, relative * np.maximum(np.abs(first), np.abs(other)))
        beyond = ~(np.isfinite(gaps) & (gaps <= bounds))
    finite = gaps[np.isfinite(gaps)]
    return Deviation(
        one.size,
        first.size,
        int(np.count_nonzero(beyond)),
        float(finite.max()) if finite.size else None,
        _apart(shaped, one, two, int(different[int(np.argmax(beyond))])),
    )


def _apart(shaped: AnyArray, one: AnyArray, two: AnyArray, place: int) -> Apart:
    """Return both values at a place in C order."""
    import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

    index = ", ".join(str(int(each)) for each in np.unravel_index(place, shaped.shape))
    return Apart(f"[{index}]" if index else "", as_json(one[place].item()), as_json(two[place].item()))


def as_json(value: object) -> float | str:
    """Return a value of an array as JSON has it: a finite number, else a text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return value if math.isfinite(value) else str(value)


class ArrayFile:
    """Reads arrays of one file; what was learnt of its form is kept, the file is opened anew each time."""

    def __init__(self, *, is_npy: bool) -> None:
        """Store whether the file holds one array and no archive; nothing is read yet."""
        self._is_npy = is_npy
        self._arrays: dict[str, ArrayFact] | FormatFault | None = None
        self._capped = CappedStream(io.BytesIO())
        self._archive: zipfile.ZipFile | None = None

    def values(self, stream: BinaryIO, name: str) -> LoadedValues | str:
        """Return the values of one array, or why they cannot be read.

        Args:
            stream: The file.
            name: Of the array; without meaning for an NPY file.
        """
        reason = self._refusal(stream, name)
        if reason:
            return reason
        try:
            from numpy.lib import format as npy  # noqa: PLC0415 - only a claim about values pays for it
        except ImportError:
            return "numpy is not installed"
        stream.seek(0)
        try:
            if self._is_npy:
                return LoadedValues(npy.read_array(stream, allow_pickle=False))
            return self._from_archive(stream, name, functools.partial(npy.read_array, allow_pickle=False))
        except (*REFUSALS, ValueError, EOFError, MemoryError) as error:
            return f"the array cannot be read: {str(error)[:120]}"

    def _from_archive(
        self, stream: BinaryIO, name: str, read: functools.partial[AnyArray]
    ) -> LoadedValues | str:
        self._capped.renew(stream, MOST_BYTES)
        if self._archive is None:
            opened = open_capped(self._capped)
            if isinstance(opened, FormatFault):
                return opened.message
            self._archive = opened[0]
        with self._archive.open(f"{name}.npy") as member:
            return LoadedValues(read(member))

    def _refusal(self, stream: BinaryIO, name: str) -> str:
        if self._arrays is None:
            facts = inspect_npy(stream) if self._is_npy else inspect(stream)
            if isinstance(facts, FormatFault):
                self._arrays = facts
            else:
                self._arrays = {array.name: array for array in facts.arrays}
        if isinstance(self._arrays, FormatFault):
            return self._arrays.message
        array = self._arrays.get("" if self._is_npy else name)
        if array is None:
            return f"there is no array `{name}`"
        if array.pickle:
            return "it holds objects"
        if array.size > MOST_BYTES:
            return f"it has {array.size} bytes, more than {MOST_BYTES}"
        return ""
