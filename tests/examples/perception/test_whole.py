"""The perception example at its real size, and its story: nightly."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.perception.conftest import TARGET, Repository

pytestmark = pytest.mark.nightly


@pytest.mark.requirement("A-053", "A-056", "AX-006", "AX-007")
def test_the_promoted_model_makes_real_pictures_three_times_as_true(
    repository: Repository, figures: Callable[[str], None]
) -> None:
    learnt = json.loads((repository.made("train") / "metrics.json").read_text())
    assert repository.call("models", "promote", "train", "--to", TARGET) == 0
    measured = json.loads((repository.made("apply") / "metrics.json").read_text())
    without = measured["without_model"]["mean_reprojection_px"]
    figures(
        f"perception: held out {learnt['before_px']:.2f} -> {learnt['after_px']:.2f} px; "
        f"reprojection {without:.2f} -> {measured['mean_reprojection_px']:.2f} px"
    )
    assert learnt["after_px"] < 0.6 * learnt["before_px"]
    assert 3 * measured["mean_reprojection_px"] < without
    assert repository.call("check") == 0


@pytest.mark.requirement("A-018")
def test_three_jobs_of_one_command_are_three_runs(repository: Repository) -> None:
    done = repository.project("evaluate", "-m", "motion.seed=1,2,3", "scene.frames=2")
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list((repository.root / "runs/evaluate").iterdir())) == 3
    assert repository.call("check") == 0


def test_the_demo_tells_its_story(tmp_path: Path, figures: Callable[[str], None]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "runpact", "demo", "perception"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures(f"perception: demo in {time.monotonic() - began:.0f} s")
    work = tmp_path / "runpact-demo/perception"
    assert len(list(work.glob("runs/*/*/artifacts/overlays/sheet.png"))) == 2
