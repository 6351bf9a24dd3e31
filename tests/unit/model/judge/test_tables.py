"""Tables, cell by cell and as a whole."""

from __future__ import annotations

import pytest

from runpact.model.contract.language import Column
from runpact.model.judge.columns import MOST_KEPT, ColumnJudge
from unit.model.judge.memory import judged, told


def table(text: str, path: str = "t.csv") -> str:
    return f"entries: [{{file: {path}, id: R, table: {{{text}}}}}]"


@pytest.mark.parametrize(
    ("text", "content", "expected"),
    [
        ("columns: [a, b]", "a,b,c\n1,2,3\n", []),
        ("columns: [a, b]", "a,c\n1,2\n", ["missing-column R t.csv#/b"]),
        ("columns: {a: {required: false}, b/c: {id: C}}", "x\n", ["missing-column C t.csv#/b~1c"]),
        ("columns: [a], extra: refused", "a,b\n", ["extra-column R t.csv#/b"]),
        ('columns: {"m__*": {type: number}}, extra: refused', "m__x,m__y\n1,no\n", ["cell R t.csv#/0/m__y"]),
        ("columns: [a, b], column_order: given", "b,a\n", ["order R t.csv"]),
        ("columns: [a, b], column_order: given", "a,x,b\n", []),
        ("rows: {min: 2}", "a\n1\n", ["too-few R t.csv"]),
        ("rows: {equals: doc.n}", "a\n1\n", ["undecided R t.csv"]),
        ("order: [a]", "a\n9\n10\n", []),
        ("order: [a]", "a\nx\nw\nv\n", ["order R t.csv"]),
        ("order: [a]", "a\n1\nx\n", []),
        ("key: [a, b]", "a,b\n1,1\n1,2\n1,1\n", ["duplicate R t.csv#/2/a"]),
        ("columns: {a: {unique: true}}", "a\nx\ny\nx\n", ["cell R t.csv#/2/a"]),
        ("columns: {a: {empty: false}}", "a,b\n,1\n", ["cell R t.csv#/0/a"]),
        ("columns: {a: {enum: [x, 3, true]}}", "a\nx\n3\n\n", ["invalid-csv R t.csv#/2"]),
        ("columns: {a: {enum: [x, 3]}}", "a\nx\n3\nz\n", ["cell R t.csv#/2/a"]),
        ("columns: {a: {pattern: '[a-z]+'}}", "a\nx\n3\n", ["cell R t.csv#/1/a"]),
        (
            "columns: {a: {minimum: 0, maximum: 1}}",
            "a\n0\n1\n1.5\nx\n",
            ["cell R t.csv#/2/a", "cell R t.csv#/3/a"],
        ),
        ("columns: {a: {type: integer, minimum: 1, pattern: x}}", "a\n2\n", ["cell R t.csv#/0/a"]),
        ("columns: {a: {maximum: 1}}", "a\n2\n", ["cell R t.csv#/0/a"]),
        ("columns: {a: {type: integer, first: 1, step: 1}}", "a\n1\n2\n4\n5\n", ["cell R t.csv#/2/a"]),
        ("columns: {a: {type: integer, first: 1}}", "a\n2\n1\n", ["cell R t.csv#/0/a"]),
        ("columns: {a: {step: 1}}", "a\nx\ny\n", ["cell R t.csv#/1/a"]),
        ("columns: {a: {type: number, order: ascending}}", "a\n1\n1\n0\n", ["cell R t.csv#/2/a"]),
        ("columns: {a: {order: strictly_ascending}}", "a\nx\nx\n", ["cell R t.csv#/1/a"]),
        ("columns: {a: {type: date, order: descending}}", "a\n2026-02-01\n2026-01-01\n", []),
        ("columns: {a: {type: integer, order: strictly_descending}}", "a\n2\n2\n", ["cell R t.csv#/1/a"]),
        ("columns: {a: {equals: run.id}}", "a\na\nb\n", ["cell R t.csv#/1/a"]),
        ("columns: {a: {equals: doc.nothing}}", "a\na\n", ["undecided R t.csv"]),
        ("columns: {a: {id: C, severity: warning}}", "b\n", ["missing-column C t.csv#/a"]),
        ("columns: [a]", "a\n1,2\n", ["invalid-csv R t.csv#/0"]),
        ("columns: [a]", "", ["invalid-csv R t.csv"]),
    ],
)
def test_a_table_is_judged(text: str, content: str, expected: list[str]) -> None:
    assert told(table(text), {"t.csv": content}) == expected


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", ["1", "-7", 5], ["1.0", "x", True, 1.5]),
        ("number", ["1", "-.5", "1e3", 2, 2.5], ["nan", "inf", "1e999", "1_0", True, [], ""]),
        ("boolean", ["true", "False", True], ["yes", 1]),
        ("date", ["2026-02-28"], ["2026-02-30", "20260228", 5]),
        (
            "datetime",
            ["2026-01-01T00:00:00Z", "2026-01-01 00:00:00.5+02:00"],
            ["2026-01-01T00:00:00", "x", 5],
        ),
        ("json", ["{}", "1", {"a": 1}], ["{", "NaN"]),
        ("string", ["x"], [5]),
        ("any", ["x", 5], []),
    ],
)
def test_a_cell_is_read_as_its_type(kind: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        assert ColumnJudge("a", Column(type=kind, empty=False)).see(value) == ""
    for value in bad:
        assert ColumnJudge("a", Column(type=kind, empty=False)).see(value) != ""


@pytest.mark.parametrize(
    ("text", "content", "expected"),
    [
        ("columns: {a: {type: integer, step: 1}}", '{"a": 1}\n{"a": 2}\n{"a": 4}\n', ["cell R t.jsonl#/2/a"]),
        (
            "columns: {a: {empty: false}}",
            '{"a": null}\n{"b": 1}\n',
            ["cell R t.jsonl#/0/a", "cell R t.jsonl#/1/a"],
        ),
        ("columns: [a]", '{"b": 1}\n', ["missing-column R t.jsonl#/a"]),
        ("columns: [a]", '{"a": 1}\n{}\n', []),
        ("columns: [a]", "", []),
        ("columns: {a: {required: false}}", '{"b": 1}\n', []),
        ("key: [a]", '{"a": [1]}\n{"a": [1]}\n', ["duplicate R t.jsonl#/1/a"]),
        ("columns: {a: {order: ascending}}", '{"a": 2}\n{"a": "x"}\n', ["cell R t.jsonl#/1/a"]),
        ("order: [a]", '{"a": 2}\n{"a": 1}\n', ["order R t.jsonl"]),
        ("columns: [a]", "{\n", ["invalid-jsonl R t.jsonl#/0"]),
    ],
)
def test_rows_of_objects_are_judged_too(text: str, content: str, expected: list[str]) -> None:
    assert told(table(text, "t.jsonl"), {"t.jsonl": content}) == expected


def test_a_list_inside_a_document_is_a_table() -> None:
    kind = "entries: [{file: d.json, id: R, rows: {at: /items}, table: {columns: {a: {type: integer}}}}]"
    assert told(kind, {"d.json": {"items": [{"a": 1}, {"a": "x"}, 5]}}) == ["cell R d.json#/1/a"]
    assert told(kind, {"d.json": {"other": []}}) == ["not-a-document R d.json#/items"]


def test_a_file_nobody_can_read_is_told_once() -> None:
    kind = """
entries:
  - {files: "*.csv", as: all, id: A, table: {columns: [a]}}
  - {file: t.csv, id: B, table: {columns: [b]}}
"""
    assert told(kind, {"t.csv": "a\n1,2\n"}) == ["invalid-csv A t.csv#/0", "missing-column B t.csv#/b"]
    assert told(kind, {"t.csv": "a,a\n"}) == ["invalid-csv A t.csv"]


def test_many_faults_of_a_column_are_counted() -> None:
    content = "a\n" + "x\n" * 25
    report = judged(table("columns: {a: {type: integer}}"), {"t.csv": content})
    assert len(report.findings) == 21
    assert report.findings[-1].message == "and 5 more cells of this column"


def test_too_many_values_leave_uniqueness_undecided() -> None:
    content = "a\n" + "".join(f"{number}\n" for number in range(MOST_KEPT + 1))
    assert told(table("columns: {a: {unique: true}}"), {"t.csv": content}) == ["undecided R t.csv#/a"]


def test_a_column_weighs_what_it_says() -> None:
    report = judged(table("columns: {a: {severity: warning, enum: [x]}}"), {"t.csv": "a\ny\n"})
    assert [finding.severity.value for finding in report.findings] == ["warning"]
