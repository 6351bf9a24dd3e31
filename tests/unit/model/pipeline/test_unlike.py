"""What tells two configurations apart."""

from __future__ import annotations

import pytest

from runpact.model.pipeline.unlike import told_apart


@pytest.mark.parametrize(
    ("own", "given", "told"),
    [
        ({"a": 1}, {"a": 1}, ("", "")),
        ({"a": {"b": 1.0}}, {"a": {"b": 99.0}}, ("a.b: 1.0", "a.b: 99.0")),
        ({"a": "x"}, {}, ('a: "x"', "a: nothing")),
        ({"a": "x" * 99}, {"a": ""}, (f'a: "{"x" * 59}…', 'a: ""')),
        (
            {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1},
            {"a": 2, "b": 2, "c": 2, "d": 2, "e": 2},
            ("a: 1, b: 1, c: 1 and 2 more", "a: 2, b: 2, c: 2 and 2 more"),
        ),
    ],
)
def test_keys_that_differ_are_named_with_both_values(
    own: dict[str, object], given: dict[str, object], told: tuple[str, str]
) -> None:
    assert told_apart(own, given) == told
