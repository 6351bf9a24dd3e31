"""Pictures: whole SVG, no peak lost, nothing of a title taken for markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from quantlab.plots import curve_plot, extremes, heat_map, ticks

SVG = "{http://www.w3.org/2000/svg}"
DAYS = np.datetime64("2020-01-01") + np.arange(5000)


def test_a_curve_keeps_its_least_and_greatest_value() -> None:
    values = np.random.default_rng(0).normal(size=5000).cumsum()
    values[[1234, 4321]] = -1e3, 1e3
    kept = extremes(values, 800)
    assert len(kept) <= 800
    assert {0, 1234, 4321, 4999} <= set(kept)
    assert extremes(values[:5], 800) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (-0.57, 0.0), (5509.0, 12744.0), (1e-9, 3e-9), (-3.0, 8e6)]
)
def test_ticks_are_round_and_within(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 3 <= len(found) <= 11
    assert low <= found[0] < found[-1] <= high * (1 + 1e-12)


def test_a_picture_is_whole_and_its_title_no_markup() -> None:
    curves = [("a<b", "#000", np.arange(5000.0)), ("flat", "#111", np.zeros(5000))]
    root = ET.fromstring(curve_plot("x & <y>", DAYS, curves))  # noqa: S314 - our own document
    assert root.find(f"{SVG}title").text == "x & <y>"
    assert len(root.findall(f"{SVG}polyline")) == 2
    one = ET.fromstring(curve_plot("flat", DAYS[:1], [("a", "#000", np.ones(1))]))  # noqa: S314 - as above
    assert len(one.findall(f"{SVG}polyline")) == 1


def test_a_heat_map_leaves_out_what_is_no_number() -> None:
    values = np.array([[1.0, np.nan], [0.5, 0.25]])
    root = ET.fromstring(heat_map("z", ("a", [1, 2]), ("b", [3, 4]), values))  # noqa: S314 - as above
    assert len(root.findall(f"{SVG}rect")) == 3
    empty = ET.fromstring(heat_map("z", ("a", [1]), ("b", [3]), np.array([[np.nan]])))  # noqa: S314 - as above
    assert empty.findall(f"{SVG}rect") == []
