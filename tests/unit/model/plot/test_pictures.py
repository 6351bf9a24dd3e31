from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET

import pytest

from runpact.model.compare.series import Point
from runpact.model.errors import CannotStartError
from runpact.model.plot.axis import axis_of, category_of, number_text, shortened
from runpact.model.plot.picture import (
    Plotted,
    parallel_picture,
    scatter_picture,
    series_picture,
    thinned,
)
from runpact.model.plot.style import COLOURS, DASHES, ramp_colour, style_of
from runpact.model.plot.svg import svg_of
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
    assert timed.x.title == "seconds since the first point"


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
    assert picture.x.categories == ("adam", "sgd", "true", "[1]")
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
        ([0.001, 1], None, ["0.001", "0.01", "0.1", "1"]),
        ([0.001, 1], False, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ([2, 3], True, ["2", "2.25", "2.5", "2.75", "3", "3.25"]),
        ([-1, 1000], True, ["0", "200", "400", "600", "800", "1000"]),
        ([1e-12, 1e12], None, ["1e−12", "1e−8", "0.0001", "1", "10000", "1e8", "1e12"]),
        ([5], None, ["3", "4", "5", "6", "7"]),
        ([0], None, ["−0.4", "−0.2", "0", "0.2", "0.4"]),
    ],
)
def test_axes_show_round_numbers(values: list[float], is_log: bool | None, texts_of: list[str]) -> None:
    axis = axis_of("x", values, is_log=is_log)
    assert [tick.text for tick in axis.ticks] == texts_of
    assert all(-1e-9 <= tick.position <= 1 + 1e-9 for tick in axis.ticks)


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
