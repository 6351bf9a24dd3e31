"""A doctor that is killed or refused anywhere loses nothing, and another one completes what it began."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from faults.shards import sharded

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on PATH")


def held(figures: Callable[[str], None], name: str, what: str, *, every: int = 1) -> int:
    """Demand that no fault broke an invariant, and that nearly every one struck; return how many."""
    found = sharded("faults.mending", "--what", what, every=every)
    figures(
        f"doctor --fix, {name}: {found['points']} points, {found['missed']} not hit, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    assert found["missed"] <= 1 + found["points"] // 100
    return int(found["points"])


def test_some_faults_while_a_workspace_is_treated_lose_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "sample", "faults", every=61) >= 40


@needs_strace
def test_some_kills_while_a_workspace_is_treated_lose_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "kill, sample", "kill", every=131) >= 5


@pytest.mark.nightly
def test_every_fault_while_a_workspace_is_treated_loses_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "every fault", "faults") >= 2000


@needs_strace
@pytest.mark.nightly
def test_a_kill_at_every_system_call_of_a_treatment_loses_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "kill at every system call", "kill") >= 500


@needs_strace
@pytest.mark.nightly
def test_every_refused_system_call_of_a_treatment_loses_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "every refused system call", "refuse", every=3) >= 200
