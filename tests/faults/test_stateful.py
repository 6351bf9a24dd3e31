"""Calls, faults, crashes and torn logs in any order, against a model of what was acknowledged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from faults.machine import RunMachine
from runpact.disk.appendlog import AppendLog

EXAMPLES = 500
FEW = 25


def told(examples: int, *, derandomize: bool = False) -> settings:
    return settings(
        derandomize=derandomize,
        max_examples=examples,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )


def test_a_few_programs_keep_every_invariant(figures: Callable[[str], None]) -> None:
    RunMachine.ended.clear()
    run_state_machine_as_test(RunMachine, settings=told(FEW, derandomize=True))
    figures(f"stateful model, sample: {RunMachine.tally()}")


@pytest.mark.nightly
def test_many_programs_keep_every_invariant(figures: Callable[[str], None]) -> None:
    RunMachine.ended.clear()
    run_state_machine_as_test(RunMachine, settings=told(EXAMPLES))
    assert sum(RunMachine.ended.values()) >= EXAMPLES // 2
    figures(f"stateful model: {RunMachine.tally()}")


@pytest.mark.nightly
def test_the_model_finds_a_log_that_is_not_mended(figures: Callable[[str], None]) -> None:
    quick = settings(told(EXAMPLES), phases=[Phase.generate], report_multiple_bugs=False)
    settle = AppendLog._settle
    AppendLog._settle = lambda _log: None  # type: ignore[method-assign]  # the mutant
    try:
        with pytest.raises(AssertionError):
            run_state_machine_as_test(RunMachine, settings=quick)
    finally:
        AppendLog._settle = settle  # type: ignore[method-assign]  # as it was
    figures("stateful model: a log that is not mended is found")
