"""Values of arrays as a golden record holds them.

Knows: which values of an array are held, how they are written and compared.
Does not know: which arrays are held.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from runpact.formats.arrayvalues import LoadedValues, as_json
from runpact.model.contract.rule import Tolerance
from runpact.model.facts import Apart, ArrayFact, Deviation, Json
from runpact.model.golden.record import HeldArray

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    AnyArray = npt.NDArray[np.generic]

_NUMBERS = "iuf"
_SUMMED = 1e-12


def hold_values(values: LoadedValues, fact: ArrayFact, most: int) -> HeldArray:
    """Return what a golden record holds of an array.

    Args:
        values: Its values.
        fact: Its header.
        most: Most values that are held; of a longer array evenly spaced ones are.
    """
    array = _comparable(values.array)
    step = max(1, -(-array.size // most))
    return HeldArray(
        dtype=fact.dtype,
        shape=fact.shape,
        values=[_written(each) for each in array[::step].tolist()],
        step=step,
        whole=_whole(array) if step > 1 else {},
    )


class HeldValues(LoadedValues):
    """The values of an array that a golden record holds."""

    def __init__(self, held: HeldArray) -> None:
        """Make an array of what is held.

        Raises:
            ValueError: They are no values of the type that is named.
        """
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        dtype = _comparable(np.zeros(0, held.dtype)).dtype
        values = [_read(each) for each in held.values] if dtype.kind in "fc" else held.values
        super().__init__(np.asarray(values, dtype))
        self._held = held

    def deviation(self, other: object, *, relative: float, absolute: float) -> Deviation | str:
        """Return how far the array of a run is apart: at each value that is held, and as a whole."""
        if not isinstance(other, LoadedValues):
            return "they are not held in memory"
        array = _comparable(other.array)
        found = super().deviation(
            LoadedValues(array[:: self._held.step]), relative=relative, absolute=absolute
        )
        if isinstance(found, str):
            return found
        if not found.beyond and self._held.whole:
            tolerance = Tolerance(relative=relative, absolute=absolute)
            found = _deviation_as_a_whole(self._held.whole, _whole(array), tolerance, found)
        return self._placed(found, other.array)

    def _placed(self, found: Deviation, array: AnyArray) -> Deviation:
        """Return a deviation whose index is one of the whole array."""
        import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

        apart = found.apart
        if apart is None or not apart.where.startswith("["):
            return found
        place = int(apart.where.strip("[]")) * self._held.step
        is_bytes = _comparable(array).size != array.size
        index = () if is_bytes else np.unravel_index(place, array.shape)
        where = f"byte {place}" if is_bytes else ", ".join(str(int(each)) for each in index)
        placed = Apart(where if is_bytes else f"[{where}]" if where else "", apart.first, apart.other)
        return Deviation(found.count, found.different, found.beyond, found.largest, placed)


def load_held(held: HeldArray) -> HeldValues | str:
    """Return the values of a held array, or why there are none."""
    try:
        return HeldValues(held)
    except ImportError:
        return "numpy is not installed"
    except (ValueError, TypeError, OverflowError) as error:
        return f"what the golden record holds of it cannot be read: {str(error)[:120]}"


def _comparable(array: AnyArray) -> AnyArray:
    """Return an array, flat, in a type whose values can be written as JSON; of others the bytes."""
    import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

    flat = array.reshape(-1)
    if flat.dtype.kind in "biuU":
        return flat
    if flat.dtype.kind == "f":
        return flat.astype(np.float64) if flat.dtype.itemsize > np.dtype(np.float64).itemsize else flat
    if flat.dtype.kind == "c":
        return flat.astype(np.complex128)
    return np.frombuffer(np.ascontiguousarray(flat).tobytes(), np.uint8)


def _whole(array: AnyArray) -> dict[str, Json]:
    """Return what is measured of all values of an array; nothing of one without numbers."""
    import numpy as np  # noqa: PLC0415 - only a claim about values pays for it

    if array.dtype.kind not in _NUMBERS:
        return {}
    with np.errstate(all="ignore"):
        measured = {
            "least": array.min(),
            "greatest": array.max(),
            "mean magnitude": np.abs(array.astype(np.float64)).mean(),
        }
    return {name: as_json(value.item()) for name, value in measured.items()}


def _deviation_as_a_whole(
    golden: dict[str, Json], now: dict[str, Json], tolerance: Tolerance, found: Deviation
) -> Deviation:
    """Return the deviation of what was measured of all values, where single values cannot explain it."""
    for name, one in golden.items():
        two = now.get(name, "")
        if not isinstance(one, int | float) or not isinstance(two, int | float):
            if one != two:
                return Deviation(found.count, found.different + 1, 1, None, Apart(name, str(one), str(two)))
        elif abs(one - two) > _bound(one, two, tolerance):
            gap = abs(one - two)
            return Deviation(found.count, found.different + 1, 1, gap, Apart(name, one, two))
    return found


def _bound(one: float, two: float, tolerance: Tolerance) -> float:
    """Return how far a least, greatest or mean magnitude moves when each value stays within a tolerance.

    The rest of the last digits is for sums, whose order is numpy's.
    """
    relative = tolerance.relative / (1 - tolerance.relative) if tolerance.relative < 1 else math.inf
    return tolerance.absolute + (relative + _SUMMED) * max(abs(one), abs(two))


def _written(value: object) -> Json:
    if isinstance(value, complex):
        return [as_json(value.real), as_json(value.imag)]
    return value if isinstance(value, bool) else as_json(value)


def _read(value: Json) -> complex | float:
    if isinstance(value, list):
        real, imaginary = (float(each) for each in value)
        return complex(real, imaginary)
    return float(value)  # type: ignore[arg-type]  # a number, or one of the texts that float knows
