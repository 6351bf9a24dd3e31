"""The interval is the one that docs/statistics.md specifies."""

from __future__ import annotations

import hashlib
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runpact.model.evidence.statistics import (
    Terms,
    drawn_words,
    effective_count,
    exponential,
    interval_of,
    inverse_normal,
    normal,
    resample_plainly,
    terms_of,
)


def test_sums_of_terms_are_exact_in_any_order() -> None:
    source = random.Random(3)
    differences = [source.gauss(0, 1) for _ in range(97)]
    terms = terms_of(differences, [source.random() + 0.1 for _ in range(97)])
    products = list(terms.products)
    whole = sum(products)
    for _ in range(20):
        source.shuffle(products)
        assert sum(products) == whole
    assert all(each.is_integer() for each in (*terms.products, *terms.weights))
    assert sum(map(abs, terms.products)) < 2**53


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)), min_size=2, max_size=30))
def test_the_estimate_is_the_weighted_mean(pairs: list[tuple[float, float]]) -> None:
    differences, weights = zip(*pairs, strict=True)
    terms = terms_of(differences, weights)
    exact = math.fsum(d * w for d, w in pairs) / math.fsum(weights)
    largest = max(abs(d * w) for d, w in pairs) / math.fsum(weights)
    assert terms.scaled(sum(terms.products) / sum(terms.weights)) == pytest.approx(
        exact, rel=1e-9, abs=1e-9 * largest + 1e-300
    )


@pytest.mark.parametrize(("windows", "size"), [(3, 2), (4096, 2), (4097, 4)])
def test_words_come_from_the_stream_in_order_and_unfair_ones_are_left_out(windows: int, size: int) -> None:
    words = list(drawn_words(b"seed", windows, 5000))
    stream = hashlib.shake_128(b"seed").digest(200_000)
    read = [int.from_bytes(stream[at : at + size], "little") for at in range(0, 40_000, size)]
    limit = 256**size - 256**size % windows
    assert words == [word for word in read if word < limit][:5000]


def test_more_of_the_stream_is_read_when_many_words_are_unfair() -> None:
    # Of 3856 windows one word in seventeen is left out; now and then more of them than one expects.
    for number in range(12):
        words = list(drawn_words(b"%d" % number, 3856, 100_000))
        longer = list(drawn_words(b"%d" % number, 3856, 100_500))
        assert longer[:100_000] == words


def test_even_weights_give_the_same_as_summing_them() -> None:
    even = terms_of([0.1, 0.4, -0.2], [5.0, 5.0, 5.0])
    uneven = Terms(even.products, (*even.weights[:2], even.weights[2] + 0.0), 0, 0)
    assert list(resample_plainly(even, b"s", 9)) == list(resample_plainly(uneven, b"s", 9))


def test_equal_values_leave_no_room_for_doubt() -> None:
    terms = terms_of([0.0] * 5, [1, 2, 3, 4, 5])
    interval = interval_of(terms, b"s", confidence=0.95, resamples=100)
    assert (interval.estimate, interval.lower, interval.upper, interval.acceleration) == (0, 0, 0, 0)


def test_two_windows_that_cancel_leaving_one_out() -> None:
    interval = interval_of(terms_of([1.0, -1.0], [1.0, 1.0]), b"s", confidence=0.9, resamples=50)
    assert interval.lower == -1.0
    assert interval.upper == 1.0


def test_a_wild_window_reaches_the_ends_of_what_was_drawn() -> None:
    differences = [0.0] * 30 + [1e6]
    interval = interval_of(terms_of(differences, [1.0] * 31), b"s", confidence=0.9999, resamples=200)
    assert interval.lower == 0.0
    assert interval.upper > interval.estimate


def test_a_higher_confidence_gives_a_wider_interval() -> None:
    source = random.Random(5)
    terms = terms_of([source.gauss(0.2, 1) for _ in range(50)], [1.0] * 50)
    ninety, ninety_nine = (interval_of(terms, b"s", confidence=level, resamples=400) for level in (0.9, 0.99))
    assert ninety_nine.lower < ninety.lower < ninety.estimate < ninety.upper < ninety_nine.upper


def test_a_skewed_sample_moves_the_interval_to_its_long_side() -> None:
    source = random.Random(5)
    terms = terms_of([source.expovariate(1) for _ in range(60)], [1.0] * 60)
    interval = interval_of(terms, b"s", confidence=0.95, resamples=1000)
    assert interval.acceleration > 0
    assert interval.upper - interval.estimate > interval.estimate - interval.lower


@given(st.floats(1e-9, 1 - 1e-9))
def test_the_quantile_is_the_inverse_of_the_distribution(level: float) -> None:
    assert normal(inverse_normal(level)) == pytest.approx(level, abs=1e-12)


def test_known_quantiles() -> None:
    assert inverse_normal(0.975) == pytest.approx(1.959963984540054, abs=1e-12)
    assert inverse_normal(0.5) == pytest.approx(0, abs=1e-12)


def test_the_exponential_is_correctly_rounded() -> None:
    assert exponential(0.0) == 1.0
    assert exponential(1.0) == math.e
    assert exponential(-700.0) == pytest.approx(math.exp(-700))


def test_uneven_weights_count_for_fewer_windows() -> None:
    assert effective_count([4.0] * 10) == pytest.approx(10)
    assert effective_count([1.0] * 9 + [1000.0]) == 2.0
    assert 2 < effective_count([1.0, 2.0, 3.0]) < 3
