"""When the power of a real ext4 file system is cut under a run, nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.powercut import why_not
from faults.shards import sharded

BEFORE = ("unshare", "--mount")
TEETH = ("files are not flushed", "directories are not flushed")
"""Broken protocols that only a power cut can show."""


def cut(figures: Callable[[str], None], *options: str, every: int = 1) -> dict:
    """Cut the power, or say why not."""
    reason = why_not()
    if reason:
        figures(f"real power cuts: left out, {reason}")
        pytest.skip(reason)
    return sharded("faults.powercut", *options, every=every, before=BEFORE)


def held(figures: Callable[[str], None], name: str, *options: str, every: int = 1) -> int:
    """Demand that no power cut broke an invariant; return how many there were."""
    found = cut(figures, *options, every=every)
    figures(
        f"real power cuts {name}: {found['points']} on ext4, {found['missed']} not hit, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    assert found["missed"] == 0
    return int(found["points"])


def test_a_few_real_power_cuts_lose_nothing_that_was_acknowledged(figures: Callable[[str], None]) -> None:
    assert held(figures, "durable, sample", every=37) >= 10


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["run", "placed"])
def test_a_real_power_cut_before_every_call_loses_nothing(figures: Callable[[str], None], kind: str) -> None:
    assert held(figures, f"durable, {kind}", "--kind", kind) >= 100


@pytest.mark.nightly
@pytest.mark.parametrize("mutant", TEETH)
def test_a_real_power_cut_shows_what_was_not_flushed(figures: Callable[[str], None], mutant: str) -> None:
    found = cut(figures, "--mutant", mutant, every=5)
    figures(
        f"real power cuts, {mutant}: {len(found['violations'])} of {found['points']} cuts break an invariant"
    )
    assert found["violations"]
