"""Overlaps, suppression and mAP50 against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from share.boxes import Detection, average_precision, map50, overlaps, suppress

HERE, BESIDE = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0)


def test_half_a_box_shares_a_third() -> None:
    shared = overlaps(
        np.array([HERE]), np.array([[5.0, 0.0, 15.0, 10.0], HERE, BESIDE, [3.0, 3.0, 3.0, 3.0]])
    )
    assert shared[0] == pytest.approx([1 / 3, 1.0, 0.0, 0.0])


def test_of_what_overlaps_the_surest_is_kept() -> None:
    found = [Detection(1, HERE, 0.6), Detection(2, (1.0, 0.0, 11.0, 10.0), 0.9), Detection(1, BESIDE, 0.5)]
    assert [each.score for each in suppress(found, 0.3)] == [0.9, 0.5]
    assert suppress([], 0.3) == []


def test_precision_is_the_area_below_the_monotone_curve() -> None:
    # recall 1/4, 2/4 at precision 1; then a miss; then recall 3/4 at precision 3/4; one is never found
    assert average_precision(np.array([True, True, False, True]), 4) == pytest.approx(0.5 + 0.25 * 0.75)
    assert average_precision(np.array([], dtype=bool), 3) == 0.0
    assert np.isnan(average_precision(np.array([True]), 0))


def test_a_second_claim_on_one_object_is_a_miss() -> None:
    truth = [[Detection(0, HERE), Detection(0, BESIDE)]]
    twice = [[Detection(0, HERE, 0.9), Detection(0, HERE, 0.8), Detection(0, BESIDE, 0.7)]]
    assert map50(twice, truth) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_the_wrong_class_finds_nothing_and_classes_weigh_the_same() -> None:
    truth = [[Detection(0, HERE)], [Detection(1, HERE), Detection(1, BESIDE)]]
    assert map50(
        [[Detection(1, HERE, 0.9)], [Detection(1, HERE, 0.8), Detection(1, BESIDE, 0.7)]], truth
    ) == (pytest.approx((0.0 + (1 / 2 * 2 / 3 + 1 / 2 * 2 / 3)) / 2))
    assert map50([[]], [[]]) == 0.0
