"""In which order settings are tried.

Knows: how a grid is walked, how values are drawn so that one seed always draws the same.
Does not know: what becomes of a trial.

A draw is no generator with a state but a function of seed, number and key: whatever was tried before,
and on whichever machine, the draw of that number is the same.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator

from runpact.model.digest import canonical_json
from runpact.model.errors import UsageError
from runpact.model.facts import Json
from runpact.model.sweep.space import Dimension, Grid, Int, Log, Space, Uniform

MOST_TRIALS = 1_000_000
_PATIENCE = 1_000
"""So many draws in a row that were tried already end the drawing."""
_BITS = 53

Settings = dict[str, Json]


def settings_of(space: Space, *, trials: int | None, seed: int) -> Iterator[Settings]:
    """Yield the settings to try, each once: the grid in order, or draws.

    Where some keys have a grid and others are drawn, each draw takes the next point of the grid in turn.

    Args:
        space: What is swept.
        trials: At most so many; None for the whole grid.
        seed: Of the draws.
    """
    grid = {key: each for key, each in space.items() if isinstance(each, Grid)}
    points = itertools.product(*(each.values for each in grid.values()))
    if len(grid) == len(space):
        found: Iterator[Settings] = (dict(zip(grid, point, strict=True)) for point in points)
        yield from itertools.islice(found, trials)
        return
    yield from _drawn(space, grid, trials=trials or 0, seed=seed)


def count_of(space: Space, *, trials: int | None) -> int:
    """Return how many trials are asked for at most.

    Raises:
        UsageError: Nobody says how many, or they are too many.
    """
    is_grid = all(isinstance(each, Grid) for each in space.values())
    whole = math.prod(len(each.values) for each in space.values() if isinstance(each, Grid))
    if trials is None and not is_grid:
        raise UsageError("a sweep that draws needs a number of trials", expected="--trials N", got="none")
    if trials is not None and trials < 1:
        raise UsageError("no such number of trials", expected="1 or more", got=str(trials))
    count = min(whole, trials or whole) if is_grid else trials or 0
    if count > MOST_TRIALS:
        raise UsageError("too many trials", expected=f"at most {MOST_TRIALS:,}", got=f"{count:,}")
    return count


def _drawn(space: Space, grid: dict[str, Grid], *, trials: int, seed: int) -> Iterator[Settings]:
    points = list(itertools.product(*(each.values for each in grid.values())))
    seen: set[bytes] = set()
    missed = number = 0
    while len(seen) < trials and missed < _PATIENCE:
        point = dict(zip(grid, points[number % len(points)], strict=True))
        settings = {
            key: point[key] if key in point else value_at(each, unit_of(seed, number, key))
            for key, each in space.items()
        }
        number += 1
        name = canonical_json(settings)
        missed = missed + 1 if name in seen else 0
        if name not in seen:
            seen.add(name)
            yield settings


def unit_of(seed: int, number: int, key: str) -> float:
    """Return a number from 0 to below 1 that follows from seed, number and key."""
    digest = hashlib.sha256(f"{seed}:{number}:{key}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - _BITS)) / (1 << _BITS)


def value_at(dimension: Dimension, unit: float) -> Json:
    """Return the value of a range that stands at a number from 0 to below 1."""
    if isinstance(dimension, Uniform):
        return min(dimension.low + unit * (dimension.high - dimension.low), dimension.high)
    if isinstance(dimension, Log):
        low, high = math.log(dimension.low), math.log(dimension.high)
        return min(max(math.exp(low + unit * (high - low)), dimension.low), dimension.high)
    if isinstance(dimension, Int):
        return dimension.low + int(unit * (dimension.high - dimension.low + 1))
    return dimension.values[int(unit * len(dimension.values))]
