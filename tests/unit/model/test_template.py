"""Typed path templates, readable both ways."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runpact.model.contract.language import Kind
from runpact.model.errors import MalformedContractError, UnsafeNameError
from runpact.model.place import Place
from runpact.model.template import PathTemplate, compile_glob

MOMENT = datetime(2026, 3, 9, 6, 42, 10, 5, tzinfo=UTC)
UUID = "01a1fc26-2ea0-74b3-b832-2cddcef7537e"


@pytest.mark.parametrize(
    ("template", "values", "path"),
    [
        ("runs/{name}", {"name": "a-b.c"}, "runs/a-b.c"),
        (
            "runs/{p}/{started:%Y-%m-%d_%H-%M-%S}_{git:7}",
            {"p": "x", "started": MOMENT, "git": "abcdef0123"},
            "runs/x/2026-03-09_06-42-10_abcdef0",
        ),
        ("{started:%Y%m%dT%H%M%SZ}", {"started": MOMENT}, "20260309T064210Z"),
        ("{started:%j_%f}", {"started": MOMENT}, "068_000005"),
        ("{t:%Y}", {"t": "2026"}, "2026"),
        ("r_{git:7}", {"git": "nogit"}, "r_nogit"),
        ("frame_{frame:04}.npz", {"frame": 7}, "frame_0007.npz"),
        ("frame_{frame:04}.npz", {"frame": 12345}, "frame_12345.npz"),
        ("cmd_{n:2}", {"n": 7}, "cmd_07"),
        ("{k:int}", {"k": -3}, "-3"),
        ("{u:uuid}", {"u": UUID}, UUID),
        ("{d:sha256}", {"d": "a" * 64}, "a" * 64),
        ("{mode:grid|walk}", {"mode": "walk"}, "walk"),
        ("{s:slug}", {"s": "note_taker"}, "note_taker"),
        ("{x:/[A-C]{2}[0-9]+/}", {"x": "AB12"}, "AB12"),
        ("{stage.id}_{stage.slug:slug}", {"stage.id": "04b", "stage.slug": "x_y"}, "04b_x_y"),
        ("a/{n}/b/{n}", {"n": "q"}, "a/q/b/q"),
    ],
)
def test_what_is_rendered_reads_back(template: str, values: dict, path: str) -> None:
    parsed = PathTemplate.parse(template)
    assert parsed.render(values) == path
    found = parsed.match(path)
    assert found is not None
    assert set(found) == set(parsed.captures)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("runs/{name}", "runs/a/b"),
        ("runs/{name}", "runs/.a"),
        ("{t:%Y-%m-%d}", "2026-02-30"),
        ("{t:%Y-%m-%d}", "2026-2-03"),
        ("{git:7}", "ABCDEF0"),
        ("frame_{f:04}", "frame_00012"),
        ("frame_{f:04}", "frame_012"),
        ("{k:int}", "007"),
        ("{k:int}", "1٠"),
        ("frame_{f:04}", "frame_٠٠٠١"),
        ("{t:%Y}", "٢٠٢٦"),
        ("{m:a|b}", "c"),
        ("a/{n}/b/{n}", "a/q/b/r"),
    ],
)
def test_what_is_not_of_the_form_does_not_match(template: str, path: str) -> None:
    assert PathTemplate.parse(template).match(path) is None


@pytest.mark.parametrize(
    "template",
    [
        "{",
        "}",
        "{x",
        "{X}",
        "{x:foo}",
        "{t:%Q}",
        "{x:/(a+)+/}",
        r"{x:/(a)\1/}",
        "{x:/[/}",
        "{x:/(a)/}",
        "{x:/(?=a)/}",
        "{x:/" + "a" * 300 + "/}",
        "{x:/a**/}",
        "{x:/(?i)a/}b/{y:/(?x)b/}",
        "{x:/a{99999999999}/}",
        "{x:/}",
        "{x:0}",
        "{x:²}",
        "{x:٤}",
        "{x:99999999999}",
        "{git:99999999999}",
        "{t:%}",
        "{t:%Y%}",
        "{t:%Y%Y}",
        "{t:%Y/%m}",
        "{m:a/b|c}",
    ],
)
def test_a_template_that_cannot_be_read_is_refused(template: str) -> None:
    with pytest.raises(MalformedContractError):
        PathTemplate.parse(template)


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("{name}", {"name": "../x"}),
        ("{name}", {"name": ""}),
        ("{f:04}", {"f": "text"}),
        ("{m:a|b}", {"m": "c"}),
        ("{t:%Y}", {"t": "20"}),
        ("{x:/[ab]/}{y:/[ab]/}", {"x": "c", "y": "a"}),
        ("{x:/[ab-]+/}", {"x": ""}),
        ("{a}-{b}", {"a": "x-y", "b": "z"}),
    ],
)
def test_a_value_that_would_not_read_back_is_refused(template: str, values: dict) -> None:
    with pytest.raises(UnsafeNameError):
        PathTemplate.parse(template).render(values)


def test_a_capture_without_a_value_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        PathTemplate.parse("{name}").render({})


def test_the_static_prefix_is_the_directories_before_the_first_capture() -> None:
    prefixes = {
        text: PathTemplate.parse(text).static_prefix for text in ("runs/{a}", "a/b_{c}/d", "{a}", "x/y", ".")
    }
    assert prefixes == {"runs/{a}": "runs", "a/b_{c}/d": "a", "{a}": "", "x/y": "x/y", ".": "."}


def test_segments_match_level_by_level() -> None:
    runs, inner = PathTemplate.parse("runs/{m:a|b}_{n:2}").segments
    assert runs.fullmatch("runs")
    assert inner.fullmatch("a_01")
    assert not inner.fullmatch("c_01")


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("**", "a/b/c", True),
        ("a/**", "a/b/c", True),
        ("a/**", "b/c", False),
        ("*.json", "x.json", True),
        ("*.json", "a/x.json", False),
        ("**/*.json", "x.json", True),
        ("**/*.json", "a/b/x.json", True),
        ("**", "a\nb", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a+b.(c)", "a+b.(c)", True),
    ],
)
def test_globs(glob: str, path: str, fits: bool) -> None:
    assert (compile_glob(glob).fullmatch(path) is not None) is fits


def test_a_place_knows_its_runs_with_and_without_a_clash_suffix() -> None:
    place = Place.of("run", Kind(at="runs/{n}/{t:%Y%m%d}", clash="_{n:02}"))
    assert place.depth == 3
    assert place.match("runs/a/20260309") == {"n": "a", "t": "20260309"}
    assert place.match("runs/a/x") is None
    assert [test("runs") for test in place.levels] == [True, True, False]
    clashing = Place.of("run", Kind(at="runs/{name}_{t:%Y}", clash="-{n:02}"))
    assert clashing.match("runs/a_2026-01") == {"name": "a", "t": "2026"}
    root = Place.of("run", Kind(at="."))
    assert (root.depth, root.levels, root.match("."), root.match("x")) == (0, (), {}, None)


@pytest.mark.parametrize(
    ("pattern", "path", "captures"),
    [
        ("*.json", "a.json", {}),
        ("*.json", "b/a.json", None),
        ("**/frame_{n:04}.npz", "a/b/frame_0007.npz", {"n": "0007"}),
        ("*/{name}.t?t", "a/x.txt", {"name": "x"}),
        ("*/{name}.t?t", "a/b/x.txt", None),
    ],
)
def test_a_pattern_joins_globs_and_captures(pattern: str, path: str, captures: dict | None) -> None:
    assert captures == PathTemplate.pattern(pattern).match(path)


def test_a_capture_called_n_does_not_hide_runs_with_a_clash_suffix() -> None:
    place = Place.of("run", Kind(at="runs/{n}/{t:%Y%m%d}", clash="_{n:02}"))
    assert place.match("runs/a/20260309_01") == {"n": "a", "t": "20260309"}
