"""Compare ways of doing the same work, fairly.

Knows: how the noise of a busy machine is kept out of a ratio: the ways take turns, each repetition gives one
ratio of neighbours, and the median of these counts.
Does not know: what the work is.
"""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Work = Callable[[int], object]
"""Does the work once; is told the number of the repetition, so that nothing is made twice."""


@dataclass(frozen=True)
class Way:
    """One way to do the work."""

    work: Work
    before: Work = lambda _number: None
    """What must be done before each repetition, unmeasured."""


@dataclass(frozen=True)
class Cost:
    """What one repetition took, seconds."""

    wall: float
    cpu: float
    """Of this process and its children that ended."""


@dataclass(frozen=True)
class Contest:
    """The costs of each way, in the order of the repetitions."""

    costs: Mapping[str, tuple[Cost, ...]]
    units: int
    """How much work one repetition did."""
    floor: str = "floor"
    notes: tuple[str, ...] = field(default=())

    def seconds(self, way: str) -> tuple[float, float, float]:
        """Return lower quartile, median and upper quartile of one unit of work."""
        return spread([cost.wall / self.units for cost in self.costs[way]])

    def ratio(self, way: str) -> tuple[float, float, float]:
        """Return the quartiles of a way's time over the floor's, neighbour by neighbour."""
        return spread([a.wall / b.wall for a, b in zip(self.costs[way], self.costs[self.floor], strict=True)])

    def cpu_ratio(self, way: str) -> float:
        """Return the median ratio of processor time; 0 when it was too short to be told."""
        pairs = zip(self.costs[way], self.costs[self.floor], strict=True)
        ratios = [a.cpu / b.cpu for a, b in pairs if b.cpu > 0]
        return statistics.median(ratios) if ratios else 0.0


def compete(
    ways: Mapping[str, Way], *, repetitions: int, units: int = 1, notes: tuple[str, ...] = ()
) -> Contest:
    """Let the ways take turns; the first round warms up and does not count.

    What stands before the contest is kept out of the collections between the turns: walking through a large
    heap before each repetition would leave the processor's caches cold for what is measured.
    """
    gc.collect()
    gc.freeze()
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for number in range(repetitions + 1):
        order = list(ways) if number % 2 else list(reversed(ways))
        for name in order:
            way = ways[name]
            way.before(number)
            cost = measure(way.work, number)
            if number:
                costs[name].append(cost)
    return Contest({name: tuple(found) for name, found in costs.items()}, units, notes=notes)


def measure(work: Work, number: int) -> Cost:
    """Do the work once and return what it took."""
    gc.collect()
    cpu, wall = processor_seconds(), time.perf_counter()
    work(number)
    return Cost(wall=time.perf_counter() - wall, cpu=processor_seconds() - cpu)


def processor_seconds() -> float:
    """Return the processor time of this process and of its children so far."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile."""
    if len(values) < 2:  # noqa: PLR2004 - quartiles need two values
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high
