"""Results of an application as people read them."""

from __future__ import annotations

import pytest

from runpact.app.text import result_lines


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        (None, []),
        ("a\x1b", ["a\\x1b"]),
        ([], ["[]"]),
        ([1, 2], ["[1,2]"]),
        ({"mode": "run", "id": None}, ["mode  run", "id    null"]),
        ({"a": {}, "b": []}, ["a  {}", "b  []"]),
        (
            {"id": "r", "summary": {"return": 0.5, "trades": 2}},
            ["id       r", "summary", "  return  0.5", "  trades  2"],
        ),
        ({"reasons": ["one, two", "three"]}, ["reasons", "  one, two", "  three"]),
        ({"counts": [1, 2]}, ["counts", "  [1,2]"]),
        (
            {"conditions": [{"name": "sealed", "holds": True}, {"name": "no", "holds": None}]},
            ["conditions", "  name    holds", "  sealed  true", "  no      null"],
        ),
        ([{"a": 1}, {"b": [2]}], ["a  1", "b", "  [2]"]),
        ({1: "x"}, ["1  x"]),
    ],
)
def test_a_result_is_text_without_json(result: object, lines: list[str]) -> None:
    assert result_lines(result) == lines
