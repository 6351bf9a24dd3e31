"""What nobody meant: values without order, texts too long for a pattern, numbers beyond JSON."""

from __future__ import annotations

import numpy as np
import pytest

from unit.model.judge.memory import told

LONG = "a" * 1_000_000


@pytest.mark.parametrize(
    ("clause", "array"),
    [
        ("order: ascending", np.zeros(2, dtype=[("a", "<f8")])),
        ("first: 0", np.array(["", "b"])),
        ("order: ascending", np.array(1.0)),
    ],
)
def test_values_without_such_a_thing_are_undecided(clause: str, array: np.ndarray) -> None:
    found = told(f"entries: [{{file: a.npz, id: R, arrays: {{x: {{{clause}}}}}}}]", {"a.npz": {"x": array}})
    assert found == ["undecided R a.npz#/x"]


@pytest.mark.parametrize("clause", ['each: "a*a*a*b"', 'lines: [{pattern: "a*a*a*b"}]'])
def test_a_text_too_long_for_its_pattern_is_undecided(clause: str) -> None:
    found = told(f"entries: [{{file: a.txt, id: R, text: {{{clause}}}}}]", {"a.txt": f"{LONG}\n"})
    assert found == ["undecided R a.txt"]


def test_cells_too_long_for_their_pattern_are_undecided() -> None:
    kind = 'entries: [{file: a.csv, id: R, table: {columns: {x: {pattern: "a*a*a*b"}}}}]'
    assert told(kind, {"a.csv": f"x\n{LONG[:130_000]}\nb\n"}) == ["undecided R a.csv#/x"]


def test_a_text_of_too_many_lines_is_not_looked_at_line_by_line() -> None:
    rules = "rules: [{id: L, check: size(lines.a) > 0}, {id: F, check: size(lines_at('a.txt')) > 0}]"
    found = told(f"entries: [{{file: a.txt}}]\n{rules}", {"a.txt": "\n" * 1_000_001})
    assert sorted(each.split()[:2] for each in found) == [["undecided", "F"], ["undecided", "L"]]
