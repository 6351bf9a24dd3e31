"""A pipeline that is killed or refused at any system call goes on, and comes to the same result."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.shards import sharded


def swept(*, every: int, jobs: int = 1) -> dict:
    """Sweep in processes side by side; return the sum of what they found."""
    return sharded("faults.pipelines", "--jobs", str(jobs), every=every)


def held(found: dict, name: str, figures: Callable[[str], None], *, at_least: int) -> None:
    """Demand that no fault broke an invariant."""
    figures(
        f"pipeline {name}: {found['points']} points at {found['calls']} calls, {found['missed']} not hit, "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["clean"] == []
    assert found["violations"] == {}
    assert found["missed"] * 100 <= found["points"]
    assert found["points"] >= at_least


def test_a_sample_of_faults_leaves_a_pipeline_that_goes_on(figures: Callable[[str], None]) -> None:
    held(swept(every=61), "sample", figures, at_least=25)


@pytest.mark.nightly
def test_every_fault_leaves_a_pipeline_that_goes_on(figures: Callable[[str], None]) -> None:
    held(swept(every=1), "every fault", figures, at_least=1500)


@pytest.mark.nightly
def test_faults_with_several_stages_at_once_leave_a_pipeline_that_goes_on(
    figures: Callable[[str], None],
) -> None:
    found = swept(every=5, jobs=2)
    found["missed"] = 0  # which call comes when is chance
    held(found, "two at once", figures, at_least=300)
