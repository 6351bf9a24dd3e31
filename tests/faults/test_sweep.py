"""Every fault at every system call of the writer leaves a run that is honest and complete."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.shards import sharded


def swept(*, every: int, **options: str) -> dict:
    """Sweep in processes side by side; return the sum of what they found."""
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return sharded("faults.sweep", *arguments, every=every)


def held(found: dict, name: str, figures: Callable[[str], None], *, at_least: int) -> None:
    """Demand that no fault broke an invariant, and that nearly every one struck."""
    figures(
        f"sweep {name}: {found['points']} points at {found['calls']} calls, {found['missed']} not hit, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["clean"] == []
    assert found["violations"] == {}
    assert found["missed"] * 100 <= found["points"]
    assert found["points"] >= at_least
    assert {"write", "rename", "flock", "renameat2", "unlink"} <= found["names"].keys()


def test_a_sample_of_faults_breaks_no_invariant(figures: Callable[[str], None]) -> None:
    held(swept(every=10), "durable, sample", figures, at_least=250)


def test_a_sample_of_faults_under_runpact_run_breaks_no_invariant(figures: Callable[[str], None]) -> None:
    held(swept(every=37, way="command", durability="none"), "runpact run, sample", figures, at_least=30)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("way", "kind", "durability"),
    [
        ("api", "run", "commit"),
        ("api", "run", "none"),
        ("api", "placed", "commit"),
        ("api", "placed", "none"),
        ("stubborn", "run", "commit"),
        ("stubborn", "placed", "none"),
        ("race", "run", "commit"),
        ("command", "run", "commit"),
        ("command", "placed", "none"),
    ],
)
def test_every_fault_at_every_call_breaks_no_invariant(
    figures: Callable[[str], None], way: str, kind: str, durability: str
) -> None:
    found = swept(every=1, way=way, kind=kind, durability=durability)
    held(found, f"{way}, {kind}, {durability}", figures, at_least=1000)


@pytest.mark.nightly
def test_faults_while_the_state_of_the_code_is_stored_break_no_invariant(
    figures: Callable[[str], None],
) -> None:
    plain, found = (swept(every=every, way=way) for every, way in ((500, "api"), (5, "repository")))
    assert found["calls"] > plain["calls"]
    held(found, "within a repository", figures, at_least=500)
