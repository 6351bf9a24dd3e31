"""A repository whose programs make runs: one by itself, one under `runpact run`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runpact.cli.main import run_command_line

TRAIN = """\
import os, pathlib
import numpy as np, runpact

seed = int(os.environ.get("NOBODY_RECORDS_THIS", "0"))
with runpact.run(name="detector", kind="run", config={"lr": 0.1}, seeds={"numpy": seed}) as run:
    weights = np.random.default_rng(seed).normal(size=(4, 4)) + float(pathlib.Path("bias.txt").read_text())
    run.save("artifacts/checkpoints/best.npz", {"w": weights})
    run.save("artifacts/checkpoints/last.npz", {"w": weights})
    run.save("metrics", {"loss": float(weights.sum())})
"""
COMMAND = """\
import json, os, pathlib
import numpy as np, runpact

run, config = runpact.current(), json.loads(os.environ["RUNPACT_CONFIG"])
weights = np.random.default_rng(config["seed"]).normal(size=8)
run.save("artifacts/checkpoints/best.npz", {"w": weights})
run.save("artifacts/checkpoints/last.npz", {"w": weights})
run.save("metrics", {"loss": float(weights.sum())})
"""


def git(folder: Path, *words: str) -> str:
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *author, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def run(*words: str) -> int:
    return run_command_line(list(words))


def start(program: str = "train.py", *, cwd: Path | None = None, **environ: str) -> None:
    """Run a program of the workspace by itself."""
    import os

    subprocess.run([sys.executable, program], cwd=cwd, check=True, env={**os.environ, **environ})


def only(name: str) -> Path:
    """Return the directory of the only run of a name."""
    (directory,) = Path("runs", name).iterdir()
    return directory


Answer = Callable[..., tuple[int, dict]]


@pytest.fixture
def again(capsys: pytest.CaptureFixture[str]) -> Answer:
    """Return what makes a run again: exit code and document."""

    def ask(*words: str) -> tuple[int, dict]:
        capsys.readouterr()
        code = run("reproduce", *words, "--json", *(["--yes"] if "--check-only" not in words else []))
        out = capsys.readouterr().out
        return code, json.loads(out) if out.startswith("{") else {}

    return ask


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace that is the root of a repository; the current directory."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git(folder, "init", "-q", "-b", "main")
    assert run("init", "--pack", "runpact:project-run@1", "--id", "try.again") == 0
    with (folder / "contract.yaml").open("a", encoding="utf-8") as contract:
        contract.write('kinds:\n  run:\n    made_by: ["**"]\n')
    for name, text in (("train.py", TRAIN), ("command.py", COMMAND), ("bias.txt", "0.5")):
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def other_packages(tmp_path: Path) -> str:
    """Return a search path with a package that is not in the present environment."""
    place = tmp_path / "site" / "nowhere_to_be_had-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: nowhere-to-be-had\nVersion: 1.0\n")
    return str(place.parent)
