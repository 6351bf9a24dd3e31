"""A job of a multirun is made again alone; options may stand anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

import runpact
from integration.hydra.program import CONTRACT
from integration.reproduce.conftest import git
from integration.runs.place import Place
from runpact.cli.main import run_command_line
from runpact.integrations.hydra.words import with_override, words_alone

Called = Callable[..., int]


def committed(place: Place) -> None:
    volatile = '    determinism: {volatile: [".hydra/**", "*.log"]}\n'
    place.write("contract.yaml", CONTRACT.replace("  sweep:\n", f"{volatile}  sweep:\n"))
    git(place.root, "init", "-q", "-b", "main")
    git(place.root, "add", "-A")
    git(place.root, "commit", "-qm", "one")


def started(place: Place, *words: str) -> None:
    subprocess.run([sys.executable, "train.py", *words], cwd=place.root, check=True, capture_output=True)


def again(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:
    capsys.readouterr()
    code = run_command_line(["reproduce", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.requirement("A-054", "AX-012")
def test_a_job_of_a_multirun_is_made_again_by_its_own_overrides(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    committed(place)
    started(place, "lr=0.1,0.2", "seed=1", "hydra.sweep.dir=elsewhere", "hydra.verbose=false", "-m")
    first, second = sorted(place.root.joinpath("runs").iterdir())
    code, told = again(capsys, str(first), "--yes")
    assert (code, told["word"], told["remarks"]) == (0, "reproduced", [])
    assert told["command"][1:] == ["train.py", "hydra.verbose=false", "lr=0.1", "seed=1"]
    assert len(list((place.root / "runs").iterdir())) == 3
    assert again(capsys, str(second), "--yes")[1]["word"] == "reproduced"


@pytest.mark.requirement("A-054")
def test_the_run_around_the_jobs_refers_to_its_jobs(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    committed(place)
    started(place, "-m", "lr=0.1,0.2")
    (around,) = (place.root / "sweeps").iterdir()
    code, told = again(capsys, str(around), "--check-only")
    assert (code, told["word"]) == (2, "not reproducible")
    (missing,) = (each["missing"] for each in told["ingredients"] if each["missing"])
    assert missing == ["it is made of jobs or trials, each a run of its own: reproduce these"]


def test_options_may_stand_behind_the_overrides(place: Place, called: Called) -> None:
    assert called(place.root / "train.py", "lr=0.1,0.2", "-m") == 0
    assert called(place.root / "train.py", "lr=0.3", "--config-name", "config") == 0
    assert len(list((place.root / "runs").iterdir())) == 3


def test_an_override_is_put_where_hydra_takes_it() -> None:
    assert with_override(["a=1", "-m"], "x=0") == ["x=0", "a=1", "-m"]
    assert with_override(["-cn", "a=1", "a=1", "b=2", "-m"], "x=0") == [
        "-cn",
        "a=1",
        "x=0",
        "a=1",
        "b=2",
        "-m",
    ]
    assert with_override(["-m"], "x=0") == ["-m", "x=0"]
    assert with_override(["a=1", "-m", "b=1", "--nonsense"], "x=0") == [
        "a=1", "-m", "b=1", "--nonsense", "x=0",
    ]  # fmt: skip


def test_words_of_a_job_are_those_of_the_program_without_what_makes_many() -> None:
    program = ("python", "-m", "train")
    given = (
        "-m",
        "-cn",
        "other",
        "a=1,2",
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=2",
        "hydra.verbose=true",
    )
    assert words_alone((*program, *given), given) == (*program, "--config-name=other", "hydra.verbose=true")
    assert words_alone(program, ()) == (*program, "hydra.mode=RUN")
    assert words_alone(("jupyter",), ("a=1",)) == ()


def test_a_program_whose_own_words_are_not_known_says_nothing_of_its_jobs(
    place: Place, called: Called
) -> None:
    """It was called from within another one, whose words these are."""
    assert called(place.root / "train.py", "-m", "lr=0.1") == 0
    (run,) = (place.root / "runs").iterdir()
    assert "run.reproduced_by" not in (run / ".runpact/events.jsonl").read_text()
    assert runpact.verify(run).value == "OK"
