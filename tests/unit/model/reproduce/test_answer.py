"""What may be changed of a run that is made again, and what is told of it."""

from __future__ import annotations

import pytest

from runpact.model.errors import UsageError
from runpact.model.inputs import Input
from runpact.model.reproduce.answer import Plan, demand_inputs, demand_runnable, setting_remarks

PLAN = Plan(run="runs/a", uid="u", ingredients=(), command=("a",), cwd=".", is_command=True)


def demand(*overrides: str) -> None:
    settings = {"a": {"b": 1, "c": {}}, "seed": 5}
    demand_runnable(PLAN, is_trusted=False, overrides=overrides, settings=settings)


def test_settings_on_record_may_be_changed_as_values_and_as_tables() -> None:
    demand("seed=6", "a.b=2", "a={}", "a.c={}", '"x.y"=3')


@pytest.mark.parametrize("override", ["sead=6", "a.d=1", "seed.x=1"])
def test_a_setting_that_the_run_has_not_is_refused(override: str) -> None:
    with pytest.raises(UsageError, match="the run has no setting") as refused:
        demand(override)
    assert refused.value.expected == "one of a, a.b, a.c, seed"


def test_an_input_that_the_run_has_not_is_refused() -> None:
    known = (Input(name="a.csv", digest="", size=1), Input(name="b", digest="", size=1))
    demand_inputs(("b", "a.csv"), known)
    with pytest.raises(UsageError, match="the run has no input `c`"):
        demand_inputs(("c",), known)
    with pytest.raises(UsageError) as refused:
        demand_inputs(("c",), ())
    assert refused.value.expected == "a run with an input"


def test_other_settings_are_told_by_their_keys_and_not_without_end() -> None:
    assert list(setting_remarks({"a": {"b": 1}, "c": "x"}, {"a": {"b": 2}, "d": True})) == [
        "the setting `a.b`: 1 then, 2 now",
        'the setting `c`: "x" then, none now',
        "the setting `d`: none then, true now",
    ]
    many = {str(number): number for number in range(12)}
    assert list(setting_remarks(many, {}))[-1] == "2 more settings are other ones"
