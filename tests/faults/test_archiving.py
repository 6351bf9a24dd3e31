"""Whoever is killed or refused anywhere while promoting or pruning loses nothing that is not archived."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from faults.shards import sharded

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on PATH")
pytestmark = pytest.mark.requirement("B-126")


def held(figures: Callable[[str], None], name: str, what: str, *, every: int = 1) -> int:
    """Demand that no fault broke an invariant, and that nearly every one struck; return how many."""
    found = sharded("faults.archiving", "--what", what, every=every)
    figures(
        f"promote and prune, {name}: {found['points']} points, {found['missed']} not hit, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    assert found["missed"] <= 1 + found["points"] // 100
    return int(found["points"])


def test_some_faults_while_promoting_and_pruning_lose_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "sample", "faults", every=61) >= 40


@pytest.mark.nightly
def test_every_fault_while_promoting_and_pruning_loses_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "every fault", "faults") >= 1000


@needs_strace
@pytest.mark.nightly
def test_a_kill_at_every_system_call_loses_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "kill at every system call", "kill") >= 300


@needs_strace
@pytest.mark.nightly
def test_every_refused_system_call_loses_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "every refused system call", "refuse", every=3) >= 100
