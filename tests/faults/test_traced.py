"""A program that the kernel kills or refuses at any of its system calls leaves an honest run."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from faults.shards import sharded

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on PATH")


LAYOUTS = (("run", "commit"), ("placed", "none"))


def options(kind: str, durability: str) -> tuple[str, ...]:
    """Return the words that ask for a layout."""
    return ("--kind", kind, "--durability", durability)


def held(figures: Callable[[str], None], name: str, *said: str, every: int = 1) -> int:
    """Demand that no injection broke an invariant, and that nearly every one struck; return how many."""
    found = sharded("faults.traced", *said, every=every)
    figures(
        f"strace {name}: {found['points']} system calls, {found['missed']} not hit, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    assert found["missed"] <= 1 + found["points"] // 100
    return int(found["points"])


@needs_strace
def test_some_kills_at_system_calls_break_no_invariant(figures: Callable[[str], None]) -> None:
    assert held(figures, "kill, sample", every=16) >= 10


@needs_strace
def test_some_refused_system_calls_break_no_invariant(figures: Callable[[str], None]) -> None:
    assert held(figures, "refuse, sample", "--what", "refuse", every=20) >= 10


@needs_strace
@pytest.mark.nightly
def test_a_kill_at_every_system_call_breaks_no_invariant(figures: Callable[[str], None]) -> None:
    points = [
        held(figures, f"kill, {kind}, {durability}", *options(kind, durability))
        for kind, durability in LAYOUTS
    ]
    assert sum(points) >= 500


@needs_strace
@pytest.mark.nightly
def test_every_refused_system_call_breaks_no_invariant(figures: Callable[[str], None]) -> None:
    for kind, durability in LAYOUTS:
        told = options(kind, durability)
        assert held(figures, f"refuse, {kind}, {durability}", "--what", "refuse", *told) >= 250
