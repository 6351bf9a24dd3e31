"""The files of a view: their shape is the contract's, their rows are the runs'."""

from __future__ import annotations

import csv
import io
import json

import pytest

from runpact.model.contract.language import IndexView, MarkdownView
from runpact.model.contract.viewfiles import view_files
from runpact.model.registry.pages import Line, Page, line_of, pages

MOMENT = "2026-01-02T03:04:05.000006Z"
COLUMNS = {"run_id": "run.id", "loss": "doc.metrics.loss"}


def view(**said: object) -> IndexView:
    return IndexView(**({"files": "runs/index.{csv,json,md}", "columns": COLUMNS} | said))


def lines(shape: IndexView, *rows: tuple[object, ...]) -> list[Line]:
    return [line_of(shape, dict(zip(shape.columns, row, strict=True))) for row in rows]


def made(shape: IndexView, *rows: tuple[object, ...]) -> dict[str, Page]:
    return {page.path.rpartition(".")[2]: page for page in pages(shape, lines(shape, *rows))}


@pytest.mark.parametrize(
    ("files", "paths"),
    [
        ("a/i.{csv,json,md}", ["a/i.csv", "a/i.json", "a/i.md"]),
        ("a/i.{md, csv}", ["a/i.csv", "a/i.md"]),
        ("i.json", ["i.json"]),
        ("a.b/i.x.csv", ["a.b/i.x.csv"]),
        ("i.xlsx", []),
        ("i.{csv,xlsx}", []),
        ("i.{csv,csv}", []),
        ("i", []),
        ("a/.csv", []),
        ("{a}/i.csv", []),
        ("i.{}", []),
    ],
)
def test_the_files_of_a_view_are_told_by_their_suffixes(files: str, paths: list[str]) -> None:
    assert list(view_files(files).values()) == paths


def test_each_form_lists_every_run() -> None:
    files = made(view(), ("a", 0.5), ("b", None))
    assert files["csv"].data(MOMENT) == b'run_id,loss\n"a",0.5\n"b",\n'
    assert json.loads(files["json"].data(MOMENT)) == {
        "format": "runpact.view/1",
        "generated_at": MOMENT,
        "count": 2,
        "runs": [{"run_id": "a", "loss": 0.5}, {"run_id": "b", "loss": None}],
    }
    assert files["md"].data(MOMENT).decode() == (
        f"# Runs\n\n- Folder: runs\n- Generated: {MOMENT}\n- Runs: 2\n\n"
        "| run_id | loss |\n| --- | --- |\n| a | 0.5 |\n| b |  |\n"
    )


def test_a_view_without_runs_says_so() -> None:
    files = made(view(markdown=MarkdownView(title="A *list*", empty="Nothing."), files="i.{csv,json,md}"))
    assert files["csv"].data(MOMENT) == b"run_id,loss\n"
    assert json.loads(files["json"].data(MOMENT))["runs"] == []
    text = files["md"].data(MOMENT).decode()
    assert text == f"# A \\*list\\*\n\n- Folder: .\n- Generated: {MOMENT}\n- Runs: 0\n\nNothing.\n"


def test_the_contract_says_the_keys_of_the_json_and_the_columns_of_the_markdown() -> None:
    keys = {"generated_at": "generated_at", "root_dir": "folder", "n_runs": "count", "runs": "runs"}
    shape = view(json=keys, markdown=MarkdownView(title="T", columns=("loss",)))
    files = made(shape, ("a", 0.5))
    document = json.loads(files["json"].data(MOMENT))
    assert list(document) == list(keys)
    assert (document["root_dir"], document["n_runs"]) == ("runs", 1)
    assert files["md"].data(MOMENT).decode().endswith("| loss |\n| --- |\n| 0.5 |\n")
    bare = made(view(json={"rows": "runs"}), ("a", 0.5))["json"]
    assert bare.data(MOMENT) == bare.data("") == b'{\n  "rows": [\n    {"run_id": "a", "loss": 0.5}\n  ]\n}\n'


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((), ["a", "b", "c", "d", "e", "f"]),
        (("loss",), ["c", "a", "b", "f", "d", "e"]),
        (("-loss",), ["f", "a", "b", "c", "d", "e"]),
        (("loss", "-run_id"), ["c", "b", "a", "f", "e", "d"]),
    ],
)
def test_rows_have_the_order_of_the_contract_and_lacking_values_come_last(
    order: tuple[str, ...], expected: list[str]
) -> None:
    rows = [("a", 1), ("b", 1.0), ("c", True), ("d", None), ("e", None), ("f", "x")]
    data = made(view(order=order), *rows)["csv"].data(MOMENT).decode()
    assert [row["run_id"] for row in csv.DictReader(io.StringIO(data))] == expected


def test_values_of_any_sort_have_an_order() -> None:
    shape = view(order=("loss",), files="i.csv")
    rows = [("a", [2]), ("b", {"x": 1}), ("c", "z"), ("d", [1])]
    data = made(shape, *rows)["csv"].data(MOMENT).decode()
    assert [row["run_id"] for row in csv.DictReader(io.StringIO(data))] == ["c", "d", "a", "b"]


@pytest.mark.parametrize("form", ["csv", "json", "md"])
def test_a_file_tells_whether_it_lists_these_runs(form: str) -> None:
    page, other = made(view(), ("a", 0.5))[form], made(view(), ("a", 0.6))[form]
    data = page.data(MOMENT)
    assert page.moment_in(data) == ("" if form == "csv" else MOMENT)
    assert other.moment_in(data) is None
    assert other.is_older(data)
    for damaged in (b"", data[:-3], b"garbage\n", data[1:]):
        assert page.moment_in(damaged) is None
        assert not page.is_older(damaged)
    if form != "csv":
        assert page.moment_in(page.data("yesterday")) is None
