"""Checkpoints: their names, which of them go, what a log tells of them."""

from __future__ import annotations

import numpy as np
import pytest

from runpact.model.checkpoints import (
    DROPPED,
    beyond,
    displaced,
    logged_checkpoints,
    stem_of_checkpoint,
)
from runpact.model.errors import UnsafeNameError, UsageError
from runpact.model.recovery import saved_files


@pytest.mark.parametrize(
    ("name", "expected"),
    [("best", ("best", None)), (0, ("step_000000", 0)), (np.int64(12), ("step_000012", 12))],
)
def test_a_checkpoint_has_a_name_or_the_number_of_its_step(
    name: object, expected: tuple[str, int | None]
) -> None:
    assert stem_of_checkpoint(name) == expected


@pytest.mark.parametrize("name", [-1, True, 1.5, None])
def test_anything_else_is_no_name(name: object) -> None:
    with pytest.raises(UsageError, match="checkpoint is called"):
        stem_of_checkpoint(name)


def test_a_name_stays_in_the_folder() -> None:
    with pytest.raises(UnsafeNameError):
        stem_of_checkpoint("../best")


def test_a_new_suffix_takes_the_place_of_the_old_one() -> None:
    assert displaced(["c/best.npz", "c/best.pt", "c/last.npz"], "c/best.pt") == ["c/best.npz"]


def test_only_numbered_ones_go() -> None:
    names = ["c/best.npz", "c/step_000001.npz", "c/step_000002.npz", "c/last.npz", "c/step_000003.npz"]
    assert beyond(names, 2) == ["c/step_000001.npz"]
    assert beyond(names, 3) == []


def test_a_log_tells_which_checkpoints_there_are() -> None:
    saved = {"event": "artifact.saved", "path": "c/best.npz", "size": 1, "digest": "d"}
    told = {**saved, "checkpoint": {"name": "best", "step": 3, "metrics": {"loss": 0.5}}}
    other = {**told, "path": "c/step_000001.npz"}
    events = [saved, other, told, {**told, "size": 2}, {"event": DROPPED, "path": "c/step_000001.npz"}]
    (best,) = logged_checkpoints([*events, {**told, "path": "c/bad", "size": "x"}])
    assert (best.name, best.size, best.step, best.metrics) == ("best", 2, 3, {"loss": 0.5})
    assert saved_files([told]) == {}
