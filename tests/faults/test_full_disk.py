"""On a disk that is too small, at whatever size, a run never claims more than what is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.fulldisk import NAMES, PROGRAMS, SIZES, private_mounts
from faults.shards import sharded


def held(figures: Callable[[str], None], *, every: int = 1, name: str = "") -> dict:
    """Demand that no size broke an invariant; return what was found."""
    words = private_mounts()
    if words is None:
        figures("full disk: left out, this system lets nobody mount a small file system")
        pytest.skip("needs mounts of its own: root, or user namespaces")
    found = sharded("faults.fulldisk", every=every, before=words)
    ends = ", ".join(f"{count} {end}" for end, count in sorted(found["became"].items()))
    figures(
        f"full disk{name}: {found['rooms']} real file systems too small or just large enough ({ends}), "
        f"{len(found['violations'])} violations, {found['seconds']:.0f} s"
    )
    assert found["violations"] == {}
    return found


def test_some_sizes_of_a_full_disk_break_no_invariant(figures: Callable[[str], None]) -> None:
    found = held(figures, every=8, name=", sample")
    assert found["became"].keys() >= {"no run", "finished"}


@pytest.mark.nightly
def test_no_size_of_a_full_disk_breaks_an_invariant(figures: Callable[[str], None]) -> None:
    found = held(figures)
    assert found["rooms"] == len(PROGRAMS) * (len(SIZES) + len(NAMES))
    assert len(SIZES) >= 64
    assert found["became"].keys() >= {"no run", "failed", "interrupted", "finished"}
