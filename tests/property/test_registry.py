"""Registry views, whatever the values: nothing is lost in JSON, nothing acts in CSV and Markdown."""

from __future__ import annotations

import csv
import io
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from runpact.model.contract.language import IndexView
from runpact.model.registry.cells import csv_cell, json_cell, markdown_cell, plain_value
from runpact.model.registry.pages import line_of, pages

TEXT = st.text(max_size=12) | st.text(
    "=+-@|%'\"`[]()<>_*\\\n\r\t ;,\x00\x1b\u202e\udc80\ud800w.:/", max_size=12
)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=4)
VIEW = IndexView(files="i.{csv,json,md}", columns={"a": "run.a", "b": "run.b"})
HARMLESS = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|(?!\s*[=+\-@|%\t\r\n]).*", re.DOTALL)


@given(VALUES)
def test_json_reads_back_as_the_value_but_for_halves_of_characters(value: object) -> None:
    read = json.loads(json_cell(value))
    if "\\\\x" not in json_cell(value) and "\\\\u" not in json_cell(value):
        assert read == value
    assert json_cell(value).isascii() or not re.search("[\x00-\x1f\x7f-\x9f\u202e]", json_cell(value))


@given(NUMBERS)
def test_a_number_reads_back_as_the_same_number_in_each_form(value: float) -> None:
    assert type(value)(csv_cell(value)) == type(value)(markdown_cell(value)) == value
    assert json.loads(json_cell(value)) == value


@given(ROWS)
def test_a_csv_file_has_a_line_for_each_run_and_no_formula(rows: list[list[object]]) -> None:
    (data, *_others) = pages(VIEW, [line_of(VIEW, {"a": a, "b": b}) for a, b in rows])
    text = data.data("").decode()
    assert text.count("\n") == len(rows) + 1
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert [len(row) for row in read] == [2] * (len(rows) + 1)
    for cell in (cell for row in read for cell in row):
        assert HARMLESS.fullmatch(cell), cell
        assert "\x1b" not in cell


@given(ROWS)
def test_a_markdown_table_has_a_line_for_each_run_and_as_many_cells_as_columns(
    rows: list[list[object]],
) -> None:
    page = pages(VIEW, [line_of(VIEW, {"a": a, "b": b}) for a, b in rows])[2]
    table = [line for line in page.data("").decode().split("\n") if line.startswith("|")]
    assert len(table) == (len(rows) + 2 if rows else 0)
    for line in table:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
        assert not re.search(r"(?<!\\)(?:\\\\)*<", re.sub(r"(?<!\\)(?:\\\\)*(`+) ?.*?\1", "", line))


@given(ROWS)
def test_a_json_file_holds_what_the_runs_say(rows: list[list[object]]) -> None:
    plain = [[plain_value(value) for value in row] for row in rows]
    page = pages(VIEW, [line_of(VIEW, {"a": a, "b": b}) for a, b in plain])[1]
    document = json.loads(page.data("2026-01-01T00:00:00.000000Z"))
    assert document["count"] == len(document["runs"]) == len(rows)
    for row, read in zip(plain, document["runs"], strict=True):
        if not any(0xD800 <= ord(each) < 0xE000 for each in repr(row)) and "\\ud" not in repr(row):
            assert [read["a"], read["b"]] == row
