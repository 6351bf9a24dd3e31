"""The numpy path gives the same bits as the plain one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runpact.formats.resample import resample_with_numpy
from runpact.model.evidence.statistics import interval_of, resample_plainly, terms_of

PAIRS = st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9)), min_size=2, max_size=40)


@settings(deadline=None, max_examples=60)
@given(PAIRS, st.binary(max_size=32), st.integers(1, 60))
def test_plain_and_numpy_agree_to_the_last_bit(
    pairs: list[tuple[float, float]], seed: bytes, resamples: int
) -> None:
    terms = terms_of(*zip(*pairs, strict=True))
    assert list(resample_plainly(terms, seed, resamples)) == list(resample_with_numpy(terms, seed, resamples))


@pytest.mark.parametrize("windows", [200, 3856, 4096, 4097, 5000])
@pytest.mark.parametrize("weights", [[3.0], [1.0, 2.0, 64.5]])
def test_they_agree_for_many_windows(windows: int, weights: list[float]) -> None:
    differences = [(number * 37 % 101) / 101 - 0.3 for number in range(windows)]
    terms = terms_of(differences, [weights[number % len(weights)] for number in range(windows)])
    for seed in (b"a", b"b", b"c", b"d"):
        intervals = {
            interval_of(terms, seed, confidence=0.95, resamples=26, resampler=resampler)
            for resampler in (resample_plainly, resample_with_numpy)
        }
        assert len(intervals) == 1
