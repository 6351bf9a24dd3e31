"""Whoever is killed, refused or out of space while promoting a model leaves nothing that is half a model."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from faults.fulldisk import private_mounts
from faults.shards import sharded

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on PATH")


def held(figures: Callable[[str], None], name: str, what: str, *, every: int = 1) -> int:
    """Demand that no fault broke an invariant, and that nearly every one struck; return how many."""
    found = sharded("faults.registering", "--what", what, every=every)
    figures(
        f"registries, {name}: {found['points']} points, {found['missed']} not hit, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    assert found["missed"] <= 1 + found["points"] // 100
    return int(found["points"])


def test_some_faults_while_entering_and_removing_lose_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "sample", "faults", every=31) >= 15


@pytest.mark.nightly
def test_every_fault_while_entering_and_removing_loses_nothing(figures: Callable[[str], None]) -> None:
    assert held(figures, "every fault", "faults") >= 500


@needs_strace
@pytest.mark.nightly
def test_a_kill_at_every_system_call_leaves_no_half_model(figures: Callable[[str], None]) -> None:
    assert held(figures, "kill at every system call", "kill", every=2) >= 50


def full(figures: Callable[[str], None], name: str, *, every: int = 1) -> dict:
    """Demand that no room broke an invariant; return what was found."""
    words = private_mounts()
    if words is None:
        figures("registries, full disk: left out, this system lets nobody mount a small file system")
        pytest.skip("needs mounts of its own: root, or user namespaces")
    found = sharded("faults.registryfull", every=every, before=words)
    figures(
        f"registries, full disk, {name}: {found['rooms']} rooms, exit codes {found['ended']}, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    return found


def test_some_disks_that_are_too_small_hold_no_half_model(figures: Callable[[str], None]) -> None:
    assert full(figures, "sample", every=9)["ended"].keys() == {"0", "3"}


@pytest.mark.nightly
def test_no_disk_that_is_too_small_holds_a_half_model(figures: Callable[[str], None]) -> None:
    assert full(figures, "every room")["rooms"] == 80
