"""Expressions: a table of what each comes to, and three answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runpact.model.expression import (
    ExpressionError,
    Scope,
    Undecided,
    compile_expression,
    load_core,
)
from runpact.model.functions import FUNCTIONS, OF_CEL, OF_RUNS
from runpact.model.reference import calls

ROOT = Path(__file__).resolve().parents[3]
TABLE = yaml.safe_load((ROOT / "docs/expressions.yaml").read_text(encoding="utf-8"))
VARIABLES = TABLE["context"]


@pytest.mark.parametrize(("text", "value"), TABLE["values"])
def test_an_expression_has_its_value(text: str, value: object) -> None:
    assert Scope(VARIABLES).evaluate(text) == value
    assert Scope(VARIABLES).evaluate(text) == value


@pytest.mark.parametrize("text", TABLE["undecided"])
def test_what_is_missing_or_does_not_fit_is_undecided(text: str) -> None:
    answer = Scope(VARIABLES).decide(text)
    assert isinstance(answer, Undecided)
    assert answer.reason


def test_a_whole_number_beyond_a_double_is_larger_than_any() -> None:
    scope = Scope({"much": 10**400, "little": -(10**400), "most": 10**308})
    assert scope.evaluate("much > most && little < -most && most > 1e307") is True


def test_a_value_that_is_no_boolean_decides_nothing() -> None:
    assert Scope(VARIABLES).decide("1") == Undecided("it is int, not true or false")
    assert Scope(VARIABLES).decide("true") is True


@pytest.mark.parametrize("text", TABLE["malformed"])
def test_what_is_no_expression_is_told_with_its_column(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)
    with pytest.raises(ExpressionError):
        Scope({}).evaluate(text)


def test_functions_can_be_added() -> None:
    assert Scope({}, {"twice": lambda x: 2 * x}).evaluate("twice(4)") == 8


def test_a_package_without_a_core_of_its_own_is_imported_whole() -> None:
    assert load_core("json").loads("1") == 1
    assert load_core("cel").compile("1 + 1").execute() == 2


def test_every_function_stands_in_the_table_and_on_the_page() -> None:
    page = (ROOT / "docs/contract-language.md").read_text(encoding="utf-8")
    for name in FUNCTIONS.keys() | OF_CEL:
        assert any(name in calls(text) for text, _value in TABLE["values"]), name
    for name in FUNCTIONS.keys() | OF_RUNS:
        assert f"`{name}(" in page, name


def test_what_is_written_keeps_its_order_or_is_sorted() -> None:
    scope = Scope({"run": {"config": {"b": 1, "a": {"d": 2, "c": [{"f": 3, "e": 4}]}}, "none": None}})
    assert str(scope.written("run.config")) == str({"b": 1, "a": {"d": 2, "c": [{"f": 3, "e": 4}]}})
    made = scope.written("{'z': run.config, 'y': [run.config.a]}")
    inner = {"c": [{"e": 4, "f": 3}], "d": 2}
    assert str(made) == str({"y": [inner], "z": {"a": inner, "b": 1}})
    assert scope.written("run.none") is None
    assert isinstance(scope.written("run.gone.more"), Undecided)
