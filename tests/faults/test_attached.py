"""Processes that write into one run take turns; whatever becomes of one, nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def found_by(*options: str) -> dict:
    """Look for violations in a process of its own."""
    command = [sys.executable, "-m", "faults.attached", *options]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def held(found: dict, who: str, figures: Callable[[str], None], *, at_least: int) -> None:
    """Demand that no fault of one process broke an invariant."""
    figures(
        f"attached, fault in the {who}: {found['points']} points at {found['calls']} calls, "
        f"{found['missed']} not hit, {len(found['violations'])} violations"
    )
    assert found["clean"] == []
    assert found["violations"] == {}
    assert found["missed"] * 100 <= found["points"]
    assert found["points"] >= at_least


@pytest.mark.parametrize("who", ["worker", "owner"])
def test_a_fault_in_one_process_does_not_reach_the_others(who: str, figures: Callable[[str], None]) -> None:
    held(found_by("--who", who, "--every", "23"), who, figures, at_least=35)


@pytest.mark.nightly
@pytest.mark.parametrize("who", ["worker", "owner"])
def test_every_fault_in_one_process_leaves_the_others_whole(who: str, figures: Callable[[str], None]) -> None:
    held(found_by("--who", who), who, figures, at_least=800)


def test_processes_that_write_at_once_and_are_killed_lose_nothing(figures: Callable[[str], None]) -> None:
    found = found_by("--storm", "20")
    figures(f"attached, at once: {found['runs']} runs, {found['killed']} processes killed, 0 violations")
    assert found["violations"] == {}
    assert found["killed"] == 2 * found["runs"]


def test_without_turns_the_same_loses_lines() -> None:
    storms = (found_by("--storm", "8", "--without-turns") for _attempt in range(10))
    assert any(storm["violations"] for storm in storms), "a race may be missed, but not so often"
