"""Writers that work at the same moment lose nothing and never share a directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def held(figures: Callable[[str], None], *, writers: int, runs: int, rounds: int) -> None:
    """Demand that every run that was told is there, whole, and its writer's own."""
    sizes = {"writers": writers, "runs": runs, "rounds": rounds}
    options = [part for name, value in sizes.items() for part in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", "faults.writing", *options],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=900,
    )
    found = json.loads(done.stdout)
    figures(
        f"writers: {writers} at once made {found['told']} of {found['asked']} runs, listed "
        f"{found['listings']} times meanwhile, {len(found['wrong'])} wrong, {found['seconds']} s; "
        f"{writers} claimed one id {found['claims']} times, {len(found['claimed_wrongly'])} wrong"
    )
    assert found["wrong"] == []
    assert found["claimed_wrongly"] == []
    assert found["told"] == found["asked"] == writers * runs
    assert found["listings"] >= 2
    assert found["claims"] == rounds * 2


def test_a_few_runs_of_eight_writers_are_all_kept(figures: Callable[[str], None]) -> None:
    held(figures, writers=8, runs=5, rounds=5)


@pytest.mark.nightly
def test_fifty_runs_of_each_of_eight_writers_are_all_kept(figures: Callable[[str], None]) -> None:
    held(figures, writers=8, runs=50, rounds=100)
