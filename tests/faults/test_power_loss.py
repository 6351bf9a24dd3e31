"""Whatever a power cut takes, no acknowledged fact is lost and nothing torn is believed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SHARDS = 2
STATES = 2500
"""Fewest states in which the whole lane cuts the power of a durable run."""


def cut(*, every: int = 1, options: tuple[str, ...] = ()) -> dict:
    """Cut the power in processes side by side; return the sum of what they found."""
    command = [sys.executable, "-m", "faults.powerloss", *options, "--every", str(every * SHARDS)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    shards = [
        subprocess.Popen([*command, "--offset", str(every * shard)], stdout=subprocess.PIPE, env=environment)
        for shard in range(SHARDS)
    ]
    total, *others = [json.loads(shard.communicate()[0]) for shard in shards]
    for other in others:
        total["violations"] |= other["violations"]
        total["seconds"] = max(total["seconds"], other["seconds"])
        for model, count in other["states"].items():
            total["states"][model] += count
    return total


def held(found: dict, name: str, figures: Callable[[str], None]) -> int:
    """Demand that no state broke an invariant; return how many there were."""
    states = found["states"]
    figures(
        f"power loss {name}: {states['ordered']} ordered and {states['adversarial']} adversarial states, "
        f"{found['changes']} changes, {found['flushes']} flushes, {len(found['violations'])} violations, "
        f"{found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    assert min(states.values()) > 0
    return sum(states.values())


def test_a_sample_of_power_cuts_loses_nothing_that_was_acknowledged(figures: Callable[[str], None]) -> None:
    assert held(cut(every=8), "durable, sample", figures) >= 150


@pytest.mark.nightly
def test_every_power_cut_loses_nothing_that_was_acknowledged(figures: Callable[[str], None]) -> None:
    layouts = {"run": (), "placed": ("--kind", "placed"), "taken name": ("--is-taken",)}
    states = [held(cut(options=options), f"durable, {name}", figures) for name, options in layouts.items()]
    assert sum(states) >= STATES


@pytest.mark.nightly
def test_without_durability_a_power_cut_may_lose_all_but_verifies_nothing_wrong(
    figures: Callable[[str], None],
) -> None:
    found = cut(every=2, options=("--durability", "none"))
    assert held(found, "not durable", figures) >= STATES
