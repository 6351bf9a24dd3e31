"""A signal at any moment ends a run honestly, and nothing that was acknowledged is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.shards import sharded


def held(figures: Callable[[str], None], name: str, *, count: int) -> dict:
    """Demand that no moment broke an invariant; return what was found."""
    found = sharded("faults.interrupts", "--signal", name, "--count", str(count))
    ends = ", ".join(f"{number} {end}" for end, number in sorted(found["became"].items()))
    figures(
        f"interrupts, {name}: {found['hits']} moments within a run, of {found['points']} ({ends}), "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    assert found["hits"] >= count // 4
    return found


@pytest.mark.requirement("D8.15")
def test_ctrl_c_at_some_moments_breaks_no_invariant(figures: Callable[[str], None]) -> None:
    held(figures, "SIGINT", count=60)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_at_every_moment_breaks_no_invariant(figures: Callable[[str], None], name: str) -> None:
    found = held(figures, name, count=2000)
    assert found["became"].keys() >= {"interrupted", "finished"}
