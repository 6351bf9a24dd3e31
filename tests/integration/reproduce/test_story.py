"""A small project as its user meets it: the `runpact` command in a shell, its words and its exit codes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from integration.reproduce.conftest import git

FIT = """\
import json, os
import numpy as np, runpact

run, config = runpact.current(), json.loads(os.environ["RUNPACT_CONFIG"])
rng = np.random.default_rng(config["seed"])
x = np.column_stack([np.ones(50), np.linspace(0, 1, 50)])
y = x @ [1.0, 2.0] + rng.normal(scale=0.1, size=50)
weights = np.linalg.lstsq(x, y, rcond=None)[0]
run.save("artifacts/fit.npz", {"x": x, "weights": weights})
run.save("metrics", {"loss": float(np.mean((x @ weights - y) ** 2))})
"""


def shell(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "runpact", *words], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_a_fit_is_reproduced_or_differs_or_is_not_reproducible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    Path("fit.py").write_text(FIT)
    Path("uv.lock").write_text("version = 1\n")
    assert shell("init", "--id", "try.fit")[0] == 0
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    assert shell("run", "--name", "fit", "--set", "seed=0", "--quiet", "--", "python", "fit.py")[0] == 0
    (original,) = Path("runs").iterdir()

    Path("fit.py").write_text(FIT.replace("2.0", "3.0"))
    git(tmp_path, "commit", "-qam", "two")
    Path("fit.py").write_text("raise SystemExit('of today')\n")
    code, told = shell("reproduce", str(original), "--yes", "--quiet")
    assert (code, told.splitlines()[:2]) == (
        0,
        [f"reproduced {original}", "  2 files compared, 2 equal"],
    )

    code, told = shell("reproduce", str(original), "--set", "seed=1", "--yes", "--quiet")
    assert (code, told.splitlines()[0]) == (1, f"differs {original}")
    number = r"(-?\d\S*)"
    first = re.search(
        rf"different artifacts/fit\.npz#/weights\[0\]: {number} then, {number} now \(apart by {number}\)",
        told,
    )
    assert first is not None, told
    then, now, apart = map(float, first.groups())
    assert apart == pytest.approx(abs(then - now), rel=0.01)
    assert "fit.npz#/x" not in told, "it is the same with every seed"

    (original / ".runpact/environment/uv.lock").unlink()
    code, told = shell("reproduce", str(original), "--yes")
    assert (code, told.splitlines()) == (
        2,
        [f"not reproducible {original}", "  environment: the lock file `uv.lock` is gone"],
    )
