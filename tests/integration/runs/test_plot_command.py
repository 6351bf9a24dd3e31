"""`runpact plot`: pictures of runs on disk."""

from __future__ import annotations

import json
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.verbs.judging.plot import _began

CONTRACT = 'contract: test.plot\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\n'


@pytest.fixture
def lab(empty: Place) -> Place:
    empty.write("contract.yaml", CONTRACT)
    for name, lr in (("a", 0.1), ("b", 0.2)):
        with runpact.run(name=name, config={"lr": lr, "m": {"depth": 2}}, unsafe_skip_check=True) as run:
            for step in range(4):
                run.log({"loss": lr * step}, step=step)
    with runpact.run(name="bare", unsafe_skip_check=True):
        pass
    return empty


def points_in(path: Path) -> dict[str, int]:
    picture = ET.parse(path)  # noqa: S314 - our own picture
    groups = picture.iter("{http://www.w3.org/2000/svg}g")
    return {g.get("data-label"): int(g.get("data-points")) for g in groups if g.get("class") == "series"}


@pytest.mark.parametrize(
    ("options", "points"),
    [
        ((), 4),
        (("--x", "time"), 4),
        (("--scatter", "lr"), 1),
        (("--scatter", "m.depth", "--value", "max", "--scale", "linear"), 1),
        (("--parallel", "lr, m.depth"), 3),
    ],
)
def test_pictures_show_each_run(lab: Place, options: tuple[str, ...], points: int) -> None:
    code, out, _err = lab.call("plot", "--metric", "loss", "-o", "x.svg", *options)
    assert code == 0
    assert points_in(lab.root / "x.svg") == {"a": points, "b": points}
    assert "2 drawn" in out
    assert "not drawn, for want of values: bare" in out


def test_only_the_named_runs_are_drawn_and_each_once(lab: Place) -> None:
    code, found = lab.json("plot", "b", "b", "--metric", "loss", "-o", "x.svg")
    assert code == 0
    assert found == {
        "format": "runpact.plot/1",
        "output": "x.svg",
        "title": "loss over step",
        "drawn": [{"label": "b", "points": 4}],
        "left_out": [],
    }


def test_runs_of_one_name_are_told_apart_by_their_paths(lab: Place) -> None:
    shutil.copytree(lab.root / "runs/a", lab.root / "other/a")
    lab.call("plot", "runs/a", "other/a", "--metric", "loss", "-o", "x.svg")
    assert points_in(lab.root / "x.svg") == {"runs/a": 4, "other/a": 4}


def test_vega_lite_is_written_as_json(lab: Place) -> None:
    assert lab.call("plot", "--metric", "loss", "-o", "x.json")[0] == 0
    document = json.loads((lab.root / "x.json").read_text())
    assert document["$schema"].endswith("vega-lite/v5.json")
    assert len(document["data"]["values"]) == 8
    assert lab.json("plot", "--metric", "loss", "--parallel", "lr", "-o", "x.json")[1]["drawn"] == [
        {"label": "a", "points": 2},
        {"label": "b", "points": 2},
    ]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--metric", "acc", "-o", "x.svg"), 2, "metrics there are: loss"),
        (("--metric", "loss", "--scatter", "depth", "-o", "x.svg"), 2, "keys there are: lr, m.depth"),
        (("--metric", "loss", "-o", "x.gif"), 64, "no picture has this suffix"),
        (("--metric", "loss", "--scatter", "lr", "--parallel", "lr", "-o", "x.svg"), 64, "not both"),
        (("--metric", "loss", "--metric", "acc", "--scatter", "lr", "-o", "x.svg"), 64, "one metric"),
        (("--metric", "loss", "-o", "runs/a/x.svg"), 64, "not written into a run"),
        (("--metric", "loss", "-o", "runs/a/deep/x.svg"), 64, "not written into a run"),
        (("--metric", "loss", "-o", "missing/x.svg"), 3, "cannot write picture"),
        (("-o", "x.svg"), 64, "--metric"),
    ],
)
def test_what_cannot_be_drawn_is_refused(lab: Place, words: tuple[str, ...], code: int, told: str) -> None:
    found, _out, err = lab.call("plot", *words)
    assert (found, told in err) == (code, True)
    assert not (lab.root / "x.svg").exists()


def test_many_runs_without_values_are_named_in_short(lab: Place) -> None:
    for number in range(6):
        with runpact.run(name=f"bare{number}", unsafe_skip_check=True):
            pass
    out = lab.call("plot", "--metric", "loss", "-o", "x.svg")[1]
    assert out.splitlines()[1] == "not drawn, for want of values: bare, bare0, bare1, bare2, bare3 …"


def test_a_start_that_is_no_moment_is_none() -> None:
    assert _began("2026-01-01T00:00:00.5Z") == 1767225600.5
    assert _began("some day") is None


def test_runs_are_asked_for_by_a_filter_and_settings_by_their_fields(lab: Place) -> None:
    asked = ("plot", "--metric", "loss", "-o", "x.svg")
    _code, document = lab.json(*asked, "--where", "name = b")
    assert [each["label"] for each in document["drawn"]] == ["b"]
    _code, document = lab.json(*asked, "--scatter", "config.m.depth")
    assert [each["label"] for each in document["drawn"]] == ["a", "b"]
    assert lab.call(*asked, "a", "--where", "name = b")[0] == 64
    assert lab.call(*asked, "--where", "nothing at all")[0] == 64


def test_png_says_what_it_needs(lab: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    code, _out, err = lab.call("plot", "--metric", "loss", "-o", "x.png")
    assert (code, "PNG needs matplotlib" in err) == (2, True)


@pytest.mark.nightly  # `do.py nightly` installs the extra `plots`, `do.py test` does not
@pytest.mark.parametrize(
    "options",
    [(), ("--x", "time"), ("--scatter", "lr"), ("--scatter", "opt"), ("--parallel", "lr,m.depth,opt")],
)
def test_png_is_drawn_with_the_extra(lab: Place, options: tuple[str, ...]) -> None:
    for name in ("$x^2$", "数据"):
        with runpact.run(
            name=f"n{len(name)}",
            config={"lr": 1, "m": {"depth": 2}, "opt": f"{name}_{{"},
            unsafe_skip_check=True,
        ) as run:
            for step in (*range(5), *range(90, 95)):
                run.log({"loss": 10.0**step}, step=step)
    assert lab.call("plot", "--metric", "loss", "-o", "x.png", *options)[0] == 0
    data = (lab.root / "x.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(data) > 5000
