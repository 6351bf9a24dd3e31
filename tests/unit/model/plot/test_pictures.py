from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from runpact.model.compare.series import Point
from runpact.model.errors import CannotStartError
from runpact.model.plot.axis import axis_of, category_of, number_text, setting_axis, shortened
from runpact.model.plot.picture import (
    Plotted,
    parallel_picture,
    scatter_picture,
    series_picture,
    thinned,
)
from runpact.model.plot.style import COLOURS, DASHES, ramp_colour, style_of
from runpact.model.plot.svg import shown_labels, svg_of
from runpact.model.plot.vega import vega_of

SVG = "{http://www.w3.org/2000/svg}"


def run(label: str = "a", *values: float, step: bool = True, **config: object) -> Plotted:
    points = tuple(Point(10.0 + n, float(n) if step else None, value) for n, value in enumerate(values))
    return Plotted(label=label, metrics={"loss": points} if points else {}, config=config)


def series_in(svg: str) -> dict[str, list[tuple[float, float]]]:
    """Return the corners of each line that an SVG shows, by its label."""
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    found = {}
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "series":
            line = group.find(f"{SVG}polyline")
            dots = [(float(c.get("cx")), float(c.get("cy"))) for c in group.iter(f"{SVG}circle")]
            corners = [
                tuple(map(float, pair.split(",")))
                for pair in (line.get("points").split() if line is not None else [])
            ]
            found[group.get("data-label")] = corners or dots
    return found


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def test_each_run_is_a_line_with_all_its_points() -> None:
    svg = svg_of(series_picture([run("a", 1, 2, 3), run("b", 3, 2), run("none")], ["loss"]))
    found = series_in(svg)
    assert {label: len(points) for label, points in found.items()} == {"a": 3, "b": 2}
    (x0, y0), (x1, y1), (x2, y2) = found["a"]
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.02)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.02)
    assert y0 > y2
    assert found["b"][0] == (x0, y2)
    assert {"a", "b", "loss", "step", "loss over step"} <= set(texts(svg))
    assert "not drawn, for want of values: 1 of 3 runs" in texts(svg)


def test_points_stand_within_the_picture() -> None:
    for values in ((1e-9, 1e9, 5.0), (-1e300, 1e300), (0.0, 0.0), (7.0,), (-5.0, -3.0)):
        for points in series_in(svg_of(series_picture([run("a", *values)], ["loss"]))).values():
            assert len(points) == len(values)
            assert all(0 <= x <= 860 and 0 <= y <= 480 for x, y in points)


def test_a_picture_is_told_to_those_who_do_not_see_it() -> None:
    svg = svg_of(series_picture([run("a", 1, 2)], ["loss"]))
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "loss over step"
    assert root.find(f"{SVG}desc").text == "1 lines of loss over step. a: 2 points."
    assert [node.text for node in root.iter(f"{SVG}title")] == ["loss over step", "a"]


def test_names_are_no_markup() -> None:
    evil = 'a<script>alert("1")</script>&\x00\x1b'
    svg = svg_of(series_picture([run(evil, 1, 2)], ["loss"]))
    assert "<script" not in svg
    assert list(series_in(svg)) == [evil.replace("\x00", "�").replace("\x1b", "�")]


def test_several_metrics_are_several_lines() -> None:
    both = Plotted(label="a", metrics={"x": (Point(0, 0, 1.0),), "y": (Point(0, 0, 2.0),)}, config={})
    picture = series_picture([both, run("b", 1)], ["x", "y"])
    assert [line.label for line in picture.lines] == ["a x", "a y"]
    assert (picture.runs, picture.left_out) == (1, ("b",))


def test_series_stand_over_time_or_over_the_number_of_the_point() -> None:
    late = series_picture([run("a", 1, 2, step=False)], ["loss"])
    assert [x for x, _y in late.lines[0].values] == [0.0, 1.0]
    timed = series_picture([run("a", 1, 2)], ["loss"], over="time")
    assert [x for x, _y in timed.lines[0].values] == [0.0, 1.0]
    assert timed.x.title == "seconds since the run began"


def test_all_times_of_a_run_are_counted_from_its_start() -> None:
    early, late = Point(12.0, 0, 1.0), Point(15.0, 0, 2.0)
    of_one = Plotted(label="a", metrics={"x": (early,), "y": (late,)}, config={}, began=10.0)
    unknown = Plotted(label="b", metrics={"x": (early,), "y": (late,)}, config={})
    timed = series_picture([of_one, unknown], ["x", "y"], over="time")
    assert [line.values[0][0] for line in timed.lines] == [2.0, 5.0, 0.0, 3.0]
    astray = Plotted(label="a", metrics={"x": (early,)}, config={}, began=99.0)
    assert series_picture([astray], ["x"], over="time").lines[0].values[0][0] == 0.0


def test_long_series_keep_their_peaks() -> None:
    values = [math.sin(n / 50) for n in range(10_000)]
    values[7777] = 99.0
    picture = series_picture([run("a", *values)], ["loss"])
    (line,) = picture.lines
    assert line.count == 10_000
    assert len(line.values) <= 2000
    assert max(y for _x, y in line.values) == 99.0
    assert (line.values[0], line.values[-1]) == ((0.0, values[0]), (9999.0, values[-1]))
    svg = svg_of(picture)
    assert 'data-points="10000"' in svg
    assert "<circle" not in svg
    assert thinned([(0.0, 1.0)] * 5, most=5) == [(0.0, 1.0)] * 5


def test_many_lines_look_different_and_the_legend_says_how_many_more() -> None:
    svg = svg_of(series_picture([run(f"r{n}", 1, n) for n in range(30)], ["loss"]))
    assert len(series_in(svg)) == 30
    assert "and 12 more" in texts(svg)
    assert len({style_of(n) for n in range(len(COLOURS) * len(DASHES))}) == 28
    assert 'stroke-dasharray="7 4"' in svg


def test_a_scatter_has_a_point_for_each_run() -> None:
    runs = [run("a", 9, 1, lr=0.1), run("b", 9, 2, lr=0.2), run("c", 5), run("d", lr=1)]
    picture = scatter_picture(runs, "loss", "lr")
    svg = svg_of(picture)
    found = series_in(svg)
    assert {label: len(points) for label, points in found.items()} == {"a": 1, "b": 1}
    assert found["a"][0][0] < found["b"][0][0]
    assert found["a"][0][1] > found["b"][0][1]
    assert picture.left_out == ("c", "d")
    assert {"a", "b", "lr", "last loss"} <= set(texts(svg))
    assert "2 runs: last loss against lr." in svg


def test_a_scatter_shows_the_value_that_is_asked_for() -> None:
    for value, expected in (("last", 1), ("min", 0), ("max", 9)):
        picture = scatter_picture([run("a", 9, 0, 1, m={"lr": 1})], "loss", "m.lr", value=value)
        assert picture.lines[0].values == ((1, expected),)


def test_settings_that_are_no_numbers_are_categories() -> None:
    runs = [run("a", 1, opt="adam"), run("b", 2, opt="sgd"), run("c", 3, opt=True), run("d", 4, opt=[1])]
    picture = scatter_picture(runs, "loss", "opt")
    assert picture.x.categories == ("[1]", "adam", "sgd", "true")
    assert len({points[0][0] for points in series_in(svg_of(picture)).values()}) == 4
    assert "a: adam, 1" in svg_of(scatter_picture([run("a", 1.0, opt="adam")], "loss", "opt"))


def test_names_of_points_cover_nothing_and_stay_inside() -> None:
    crowd = [run(f"point-{n}", 1, lr=0.5) for n in range(14)]
    names = [text for text in texts(svg_of(scatter_picture(crowd, "loss", "lr"))) if text.startswith("point")]
    assert 0 < len(names) < 14
    edge = [run("left-" + "x" * 20, 1, lr=0), run("right-" + "x" * 20, 2, lr=1)]
    svg = svg_of(scatter_picture(edge, "loss", "lr"))
    assert 'text-anchor="end">right-' in svg
    more = [run(f"r{n}", n, lr=n) for n in range(1, 20)]
    assert "r7" not in texts(svg_of(scatter_picture(more, "loss", "lr")))


def test_parallel_coordinates_have_an_axis_for_each_value_and_a_line_for_each_run() -> None:
    runs = [run("a", 1, lr=0.1, opt="x"), run("b", 2, lr=0.2, opt="y"), run("c", 3)]
    picture = parallel_picture(runs, "loss", ["lr", "opt"])
    svg = svg_of(picture)
    found = series_in(svg)
    assert {label: len(points) for label, points in found.items()} == {"a": 3, "b": 3}
    assert len({x for x, _y in found["a"]}) == 3
    assert picture.left_out == ("c",)
    assert {"lr", "opt", "last loss", "x", "y"} <= set(texts(svg))
    assert "Parallel coordinates of 2 runs over lr, opt, last loss" in svg
    assert svg.count('class="axis"') == 3


def test_a_picture_of_nothing_is_refused_with_what_there_is() -> None:
    with pytest.raises(CannotStartError) as refused:
        series_picture([run("a", 1)], ["acc"])
    assert refused.value.hint == "metrics there are: loss"
    with pytest.raises(CannotStartError) as refused:
        scatter_picture([run("a", 1, lr=1)], "loss", "depth")
    assert refused.value.hint == "metrics there are: loss; keys there are: lr"
    with pytest.raises(CannotStartError) as refused:
        parallel_picture([run("a")], "loss", ["depth"])
    assert refused.value.hint == "metrics there are: none; keys there are: none"


@pytest.mark.parametrize(
    ("values", "is_log", "texts_of"),
    [
        ([0, 10], None, ["0", "2", "4", "6", "8", "10"]),
        ([-1, 1], None, ["−1", "−0.5", "0", "0.5", "1"]),
        ([0.001, 0.1], None, ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1"]),
        ([0.0001, 1], None, ["0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1"]),
        ([1, 10**8], None, ["1", "10", "100", "1000", "10000", "100000", "1e6", "1e7", "1e8"]),
        ([2, 300], None, ["2", "5", "10", "20", "50", "100", "200"]),
        ([0.001, 1], False, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ([2, 3], True, ["2", "2.25", "2.5", "2.75", "3", "3.25"]),
        ([1e-12, 1e12], None, ["1e−12", "1e−8", "0.0001", "1", "10000", "1e8", "1e12"]),
        ([5], None, ["5"]),
        ([0], None, ["0"]),
    ],
)
def test_axes_show_round_numbers(values: list[float], is_log: bool | None, texts_of: list[str]) -> None:
    axis = axis_of("x", values, is_log=is_log)
    assert [tick.text for tick in axis.ticks] == texts_of
    assert all(-1e-9 <= tick.position <= 1 + 1e-9 for tick in axis.ticks)


def test_a_logarithmic_scale_is_refused_where_a_value_has_no_place_on_it() -> None:
    for values in ([-1, 1000], [0, 10], [-5]):
        with pytest.raises(CannotStartError, match="positive"):
            axis_of("loss", values, is_log=True)


@pytest.mark.parametrize(
    ("values", "texts_of"),
    [
        ([32, 64, 32], ["32", "64"]),
        ([0.1, 0.003, 0.01], ["0.003", "0.01", "0.1"]),
        ([90, 90], ["90"]),
        ([1, 2, 3, 4, 5, 6, 7], ["2", "4", "6"]),
        (list(range(60)), ["0", "20", "40", "60"]),
        ([n / 10 for n in range(8)], ["0", "0.2", "0.4", "0.6"]),
        ([10.0**-n for n in range(8)], ["1e−7", "1e−6", "1e−5", "0.0001", "0.001", "0.01", "0.1", "1"]),
        ([True, False], ["false", "true"]),
        (["net-10", "net-9", "net"], ["net", "net-9", "net-10"]),
    ],
)
def test_few_values_of_a_setting_are_each_written(values: list[object], texts_of: list[str]) -> None:
    assert [tick.text for tick in setting_axis("x", values).ticks] == texts_of


@pytest.mark.parametrize(
    ("values", "is_log"),
    [
        ([0.01, 0.03, 0.1], True),
        ([16, 32, 64, 128], True),
        ([1, 2, 5, 10, 1], True),
        ([2, 4, 8], False),
        ([0.1, 1.0], False),
        ([1, 4, 7, 10], False),
        ([0, 1, 10], False),
        ([-1, -10, -100], False),
        ([True, False, True], False),
    ],
)
def test_settings_spaced_by_factors_stand_on_a_logarithmic_axis(values: list[float], is_log: bool) -> None:
    assert setting_axis("x", values).is_log is is_log


def test_a_line_is_parted_where_points_are_missing() -> None:
    steps = [*range(10), *range(50, 60), 100, *range(150, 155)]
    points = tuple(Point(10.0 + n, float(n), 1.0 + n) for n in steps)
    picture = series_picture([Plotted(label="a", metrics={"loss": points}, config={})], ["loss"])
    (line,) = picture.lines
    assert [len(stretch) for stretch in line.stretches] == [10, 10, 1, 5] or line.breaks == (10,)
    svg = svg_of(picture)
    assert svg.count('stroke-dasharray="1 4"') == len(line.breaks)
    stretches = {value["stretch"] for value in vega_of(picture)["data"]["values"]}
    assert stretches == set(range(len(line.breaks) + 1))


@pytest.mark.parametrize(
    "steps",
    [
        [2.0**n for n in range(12)],
        [n + (n % 2) * 0.99 for n in range(40)],
        [0.0] * 9 + [5.0] + [9.0],
        [1.0, 100.0],
        [1.0],
    ],
)
def test_rarer_points_bunches_and_few_points_are_not_parted(steps: list[float]) -> None:
    points = tuple(Point(n, step, 1.0) for n, step in enumerate(steps))
    picture = series_picture([Plotted(label="a", metrics={"loss": points}, config={})], ["loss"])
    assert picture.lines[0].breaks == ()


@pytest.mark.parametrize(
    ("seconds", "unit", "last"),
    [(90, "seconds", 90), (600, "minutes", 10), (36_000, "hours", 10), (864_000, "days", 10)],
)
def test_time_is_told_in_a_unit_that_people_count_in(seconds: float, unit: str, last: float) -> None:
    points = (Point(5.0, None, 1.0), Point(5.0 + seconds, None, 2.0))
    picture = series_picture([Plotted(label="a", metrics={"loss": points}, config={})], ["loss"], over="time")
    assert picture.x.title == f"{unit} since the run began"
    assert picture.lines[0].values[-1][0] == pytest.approx(last)


def test_long_labels_leave_out_what_they_share() -> None:
    labels = [f"resnet50-imagenet-{opt}-with-a-long-ending-20260309" for opt in ("adam", "lion")]
    assert shown_labels(["short", *labels]) == ["short", "…adam…", "…lion…"]
    assert shown_labels([f"{'x' * 40}1", f"{'x' * 40}2"]) == [f"{'x' * 17}…{'x' * 16}{n}" for n in (1, 2)]
    alike = [f"{'y' * 20}-{n}{'z' * 40}-{'y' * 20}" for n in "12"]
    assert len(set(shown_labels([*alike, alike[0]]))) <= 2
    assert shown_labels(["a" * 50]) == [f"{'a' * 17}…{'a' * 17}"]


def test_titles_and_values_of_parallel_axes_have_room() -> None:
    keys = [f"section{n}.a_setting_with_a_long_name" for n in range(12)]
    config = {f"section{n}": {"a_setting_with_a_long_name": f"value {n}"} for n in range(12)}
    svg = svg_of(parallel_picture([run("a", 1, **config), run("b", 2, **config)], "loss", keys))
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    width = float(root.get("width"))
    assert width > 1200
    headings = [node for node in root.iter(f"{SVG}text") if node.get("font-size") == "13"]
    assert len(headings) == 13
    for row in (headings[::2], headings[1::2]):
        ends = [(float(n.get("x")), len(n.text) * 6.6 * 1.08 / 2) for n in row]
        assert all(x - half >= 0 and x + half <= width for x, half in ends)
        assert all(one[0] + one[1] <= other[0] - other[1] for one, other in pairwise(ends))
    many = [run(f"r{n}", n, opt=f"value {n}") for n in range(60)]
    shown = [
        text for text in texts(svg_of(parallel_picture(many, "loss", ["opt"]))) if text.startswith("value")
    ]
    assert 10 < len(shown) < 40


def test_letters_of_east_asia_are_given_their_room() -> None:
    wide = series_in(svg_of(series_picture([run("数" * 20, 1, 2)], ["loss"])))
    narrow = series_in(svg_of(series_picture([run("n" * 20, 1, 2)], ["loss"])))
    assert wide["数" * 20][-1][0] < narrow["n" * 20][-1][0] - 100


def test_a_span_beyond_a_double_is_drawn_all_the_same() -> None:
    axis = axis_of("x", [-1.7e308, 1.7e308])
    assert all(0 <= axis.position(value) <= 1 for value in (-1.7e308, 0, 1.7e308))
    assert all(0 <= tick.position <= 1 for tick in axis.ticks)


def test_texts_are_shortened_in_the_middle() -> None:
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert shortened("abc", 5) == "abc"
    assert category_of(None) == "null"
    assert number_text(1e7) == "1e7"


def test_crowded_names_of_categories_make_room() -> None:
    runs = [run(f"r{n}", n, opt=f"a long name of category {n}") for n in range(20)]
    svg = svg_of(scatter_picture(runs, "loss", "opt"))
    shown = [text for text in texts(svg) if text.startswith("a long name")]
    assert 1 < len(shown) < 20


def test_the_ramp_goes_from_low_to_high() -> None:
    assert ramp_colour(0) == "#440154"
    assert ramp_colour(1) == "#B4DE2C"


def test_vega_lite_holds_the_values() -> None:
    document = vega_of(series_picture([run("a", 1, 2, 3), run("b", 3, 2)], ["loss"]))
    assert json.loads(json.dumps(document)) == document
    values = document["data"]["values"]
    assert [value["run"] for value in values] == ["a", "a", "a", "b", "b"]
    assert document["mark"]["type"] == "line"
    assert document["encoding"]["y"]["title"] == "loss"
    scattered = vega_of(scatter_picture([run("a", 1, o="x"), run("b", 1000, o="y")], "loss", "o"))
    assert scattered["encoding"]["x"]["type"] == "nominal"
    assert scattered["encoding"]["y"]["scale"] == {"type": "log"}
    assert len(scattered["data"]["values"]) == 2
    parallel = vega_of(parallel_picture([run("a", 1, o="x"), run("b", 2, o="y")], "loss", ["o"]))
    assert [value["axis"] for value in parallel["data"]["values"]] == ["o", "last loss"] * 2
