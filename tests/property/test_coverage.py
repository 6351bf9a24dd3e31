"""The nominal 95 % interval holds the true difference in 93 to 97 of 100 cases, uneven weights included."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from runpact.formats.resample import resample_with_numpy
from runpact.model.evidence.statistics import RESAMPLES, interval_of, terms_of

Draw = Callable[[random.Random], float]
CASES: dict[str, tuple[int, Draw, Draw, float]] = {
    "200 even windows, normal": (200, lambda _r: 256.0, lambda r: r.gauss(0.02, 0.3), 0.02),
    "200 even windows, skewed": (200, lambda _r: 256.0, lambda r: r.expovariate(1), 1.0),
    "200 windows of 16 to 1024, normal": (
        200,
        lambda r: r.choice([16.0, 64.0, 256.0, 1024.0]),
        lambda r: r.gauss(0.02, 0.3),
        0.02,
    ),
    "200 windows of 16 to 1024, skewed": (
        200,
        lambda r: r.choice([16.0, 64.0, 256.0, 1024.0]),
        lambda r: r.expovariate(1),
        1.0,
    ),
    "100 windows of 128 to 512, normal": (
        100,
        lambda r: float(r.randint(128, 512)),
        lambda r: r.gauss(0, 1),
        0.0,
    ),
}
LANES = [
    pytest.param(150, 0.91, 0.99, id="150"),
    pytest.param(3000, 0.93, 0.97, id="3000", marks=pytest.mark.nightly),
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("trials", "least", "most"), LANES)
def test_the_interval_covers_what_it_says(
    case: str, trials: int, least: float, most: float, figures: Callable[[str], None]
) -> None:
    windows, weight, value, true = CASES[case]
    held = 0
    for trial in range(trials):
        source = random.Random(trial * 7919 + windows)
        weights = [weight(source) for _ in range(windows)]
        terms = terms_of([value(source) for _ in range(windows)], weights)
        interval = interval_of(
            terms,
            struct.pack("<q", trial),
            confidence=0.95,
            resamples=RESAMPLES,
            resampler=resample_with_numpy,
        )
        held += interval.lower <= true <= interval.upper
    figures(f"coverage of the 95 % interval, {case}, {trials} trials: {100 * held / trials:.1f} %")
    assert least <= held / trials <= most
