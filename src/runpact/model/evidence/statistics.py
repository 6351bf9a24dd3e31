"""The interval of a paired difference: BCa bootstrap over windows.

Knows: the estimate, the stream of random words, the interval; every step is specified in
docs/statistics.md so that a second implementation gets the same bits.
Does not know: windows, metrics, what a good difference is.

Source:
    B. Efron, Better bootstrap confidence intervals, JASA 82 (1987); FIPS 202 (SHAKE-128).
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from operator import itemgetter

import msgspec

RESAMPLES = 1000
"""How often the windows are drawn anew."""
_MANTISSA = 53
"""Bits of a double; sums of integers below 2**53 are exact in any order."""
_NARROW = 4096
"""Up to so many windows a random word has 16 bits, beyond 32."""
_NOISE = 2.0**-45
"""Steps no larger than this part of the estimate come from rounding alone."""
_SLACK = 64
"""Words beyond the expected need that are asked for at first."""


class Terms(msgspec.Struct, frozen=True):
    """Products and weights of paired windows as integers in doubles: their sums are exact in any order."""

    products: tuple[float, ...]
    """weight × difference, in units of 2**-product_shift."""
    weights: tuple[float, ...]
    """In units of 2**-weight_shift."""
    product_shift: int
    weight_shift: int

    def scaled(self, quotient: float) -> float:
        """Return a quotient of sums in the unit of the differences."""
        return math.ldexp(quotient, self.weight_shift - self.product_shift)


class Interval(msgspec.Struct, frozen=True):
    """An estimate with its interval, in the unit of the differences."""

    estimate: float
    lower: float
    upper: float
    bias: float
    """z0: the quantile of the estimate among the resampled ones."""
    acceleration: float
    """A sixth of the skewness."""
    spread: float
    """How much wider than resampling alone would say."""


Resampler = Callable[[Terms, bytes, int], Sequence[float]]
"""Returns the quotient of sums of each resample, in order: of terms, seed and number of resamples."""


def terms_of(differences: Sequence[float], weights: Sequence[float]) -> Terms:
    """Return products and weights rounded to integers that keep 53 bits for the sum of all.

    Args:
        differences: Of each window, subject − baseline; finite.
        weights: Of each window, > 0; as many.
    """
    products = [weight * difference for weight, difference in zip(weights, differences, strict=True)]
    product_shift, weight_shift = _shift(products), _shift(weights)
    return Terms(
        tuple(float(round(math.ldexp(each, product_shift))) for each in products),
        tuple(float(round(math.ldexp(each, weight_shift))) for each in weights),
        product_shift,
        weight_shift,
    )


def _shift(values: Sequence[float]) -> int:
    _fraction, exponent = math.frexp(max(map(abs, values)))
    return _MANTISSA - len(values).bit_length() - exponent


def drawn_words(seed: bytes, windows: int, count: int) -> Sequence[int]:
    """Return the first `count` words of the stream that are accepted; modulo `windows` they are fair.

    The stream is SHAKE-128 of the seed, read as little-endian words of 16 bits (32 beyond 4096 windows).
    Words from the greatest multiple of `windows` upwards are left out.
    """
    size = 2 if windows <= _NARROW else 4
    span: int = 1 << 8 * size
    limit = span - span % windows
    asked = count * span // limit + _SLACK
    while True:
        stream = hashlib.shake_128(seed).digest(asked * size)
        words = [word for word in memoryview(stream).cast("H" if size == 2 else "I") if word < limit]  # noqa: PLR2004 - bytes
        if len(words) >= count:
            return words[:count]
        asked *= 2


def resample_plainly(terms: Terms, seed: bytes, resamples: int) -> Sequence[float]:
    """Return the quotient of each resample, in plain Python: the reference of `Resampler`."""
    windows = len(terms.weights)
    drawn = [word % windows for word in drawn_words(seed, windows, resamples * windows)]
    is_even = len(set(terms.weights)) == 1
    total = sum(terms.weights)
    quotients = []
    for start in range(0, len(drawn), windows):
        chosen = itemgetter(*drawn[start : start + windows])
        quotients.append(sum(chosen(terms.products)) / (total if is_even else sum(chosen(terms.weights))))
    return quotients


def interval_of(
    terms: Terms, seed: bytes, *, confidence: float, resamples: int, resampler: Resampler = resample_plainly
) -> Interval:
    """Return the weighted mean difference with its BCa interval.

    Args:
        terms: Of at least two windows.
        seed: What the stream begins with.
        confidence: Between 0 and 1, as in 0.95.
        resamples: How many.
        resampler: Which implementation draws them; all give the same bits.
    """
    quotients = sorted(resampler(terms, seed, resamples))
    whole = sum(terms.products) / sum(terms.weights)
    below = (bisect_left(quotients, whole) + bisect_right(quotients, whole)) / 2
    bias = inverse_normal(min(max(below / resamples, 0.5 / resamples), 1 - 0.5 / resamples))
    acceleration, spread = _leaving_one_out(terms, whole)
    reach = spread * _student(inverse_normal((1 + confidence) / 2), effective_count(terms.weights) - 1)
    low, high = (_level(bias + side, bias, acceleration) for side in (-reach, reach))
    first = min(max(math.floor(low * (resamples + 1)) - 1, 0), resamples - 1)
    last = min(max(math.ceil(high * (resamples + 1)) - 1, 0), resamples - 1)
    return Interval(
        terms.scaled(whole),
        terms.scaled(quotients[first]),
        terms.scaled(quotients[last]),
        bias,
        acceleration,
        spread,
    )


def effective_count(weights: Sequence[float]) -> float:
    """Return how many windows of equal weight would tell as much; 2 at least."""
    total = sum(weights)
    return max(total * total / math.fsum(weight * weight for weight in weights), 2.0)


def _student(z: float, freedom: float) -> float:
    """Return the quantile of Student's t for that of the normal distribution (Cornish and Fisher)."""
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2


def _leaving_one_out(terms: Terms, whole: float) -> tuple[float, float]:
    """Return acceleration and spread from the estimates that leave out one window.

    The acceleration is a sixth of their skewness. The spread is how much wider they say the interval is than
    resampling does, which underrates windows of great weight.
    """
    product, weight = sum(terms.products), sum(terms.weights)
    without = [(product - p) / (weight - w) for p, w in zip(terms.products, terms.weights, strict=True)]
    mean = math.fsum(without) / len(without)
    steps = [mean - each for each in without]
    pulls = [(p - whole * w) / weight for p, w in zip(terms.products, terms.weights, strict=True)]
    largest = max(map(abs, steps))
    if largest <= _NOISE * abs(whole):
        return 0.0, 1.0
    # In units of the largest, so that no power overflows or vanishes.
    steps, pulls = [each / largest for each in steps], [each / largest for each in pulls]
    squares, pulled = (math.fsum(each * each for each in values) for values in (steps, pulls))
    cubes = math.fsum(each * each * each for each in steps)
    count = len(steps)
    return cubes / (6 * squares * math.sqrt(squares)), math.sqrt(squares / pulled * (count - 1) / count)


def _level(at: float, bias: float, acceleration: float) -> float:
    room = 1 - acceleration * at
    return normal(bias + at / room) if room > 0 else float(at > 0)


def normal(value: float) -> float:
    """Return the standard normal distribution function."""
    return math.erfc(-value / math.sqrt(2)) / 2


def inverse_normal(level: float) -> float:
    """Return the quantile of the standard normal distribution, by halving [-9, 9] sixty times."""
    low, high = -9.0, 9.0
    for _step in range(60):
        middle = (low + high) / 2
        if normal(middle) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def exponential(value: float) -> float:
    """Return e to the power of `value`, correctly rounded on every machine."""
    from decimal import Context, Decimal  # noqa: PLC0415 - only metrics on a log scale need it

    return float(Context(prec=40, Emax=999999, Emin=-999999).exp(Decimal(value)))
