"""Whatever fails while frames and checkpoints are written, what was acknowledged is there and whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults import framing
from faults.inject import Fault, faults_of


@pytest.fixture(scope="module")
def calls() -> list[str]:
    """The system calls of one run."""
    return framing.calls_of_a_run()


def swept(faults: list[Fault], name: str, figures: Callable[[str], None]) -> None:
    """Try each of these faults; demand that none breaks a promise."""
    found = {str(fault): wrong for fault in faults if (wrong := framing.violations(fault))}
    figures(f"frames and checkpoints, {name}: {len(faults)} faults, {len(found)} violations")
    assert found == {}


def test_some_faults_lose_nothing_acknowledged(calls: list[str], figures: Callable[[str], None]) -> None:
    assert len(calls) > 100
    swept(faults_of(calls)[::97], "sample", figures)


def test_a_frame_that_could_not_be_taken_back_at_once_is_gone_in_the_end(
    calls: list[str], figures: Callable[[str], None]
) -> None:
    bursts = [fault for fault in faults_of(calls) if fault.mode == "burst"]
    swept(bursts[2:18:3], "bursts, sample", figures)


@pytest.mark.nightly
@pytest.mark.parametrize("shard", range(8))
def test_no_fault_loses_anything_acknowledged(
    calls: list[str], shard: int, figures: Callable[[str], None]
) -> None:
    swept(faults_of(calls)[shard::8], f"part {shard} of 8", figures)
