"""Each job of a Hydra program is a run, and its directory is Hydra's."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import runpact
from integration.hydra.program import PROGRAM, write_conf
from integration.runs.place import Place

Called = Callable[..., int]
PROJECTS = 'contract: test.projects\nversion: "1.0.0"\nextends: runpact:project-run@1\n'


def folders(place: Place, below: str = "runs") -> list[Path]:
    return sorted((place.root / below).iterdir())


def record_of(run: Path) -> dict:
    return json.loads((run / ".runpact/run.json").read_text())


def config_of(run: Path) -> dict:
    return record_of(run)["provenance"]["config"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".runpact-cache")


def verdict(run: Path) -> str:
    return runpact.check(run)[0].verdict.value


@pytest.mark.requirement("AX-012")
def test_hydras_directory_is_the_run_and_the_function_gets_a_typed_value(
    place: Place, called: Called
) -> None:
    assert called(place.root / "train.py", "lr=0.3", "model=large") == 0
    (run,) = folders(place)
    assert {each.name for each in run.iterdir()} == {
        ".hydra", ".runpact", "config_resolved.yaml", "metrics.json", "train.log",
    }  # fmt: skip
    assert "width 64" in (run / "train.log").read_text()
    assert names(place.root) == ["conf", "contract.yaml", "runs", "train.py"]
    recorded = config_of(run)
    assert recorded["resolved"]["double"] == 0.3
    assert recorded["overrides"] == ["lr=0.3", "model=large"]
    assert recorded["source"] == "config"
    assert recorded["composition"]["composed"]["double"] == "${lr}"
    assert recorded["composition"]["choices"] == {"model": "large"}
    assert runpact.verify(run).value == "OK"
    assert json.loads((run / ".runpact/metrics.jsonl").read_text())["values"] == {"returned": 0.3}


@pytest.mark.requirement("A-022", "A-023", "A-024")
def test_a_projects_configurations_are_as_composed_and_resolved(place: Place, called: Called) -> None:
    place.write("contract.yaml", PROJECTS)
    write_conf(place, "projects/train/conf")
    program = place.write("projects/train/main.py", PROGRAM)
    assert called(program, "lr=0.3") == 0
    (run,) = folders(place, "runs/train")
    composed = OmegaConf.load(run / "config.yaml")
    assert OmegaConf.to_container(composed)["double"] == "${lr}"
    assert "${" not in (run / "config_resolved.yaml").read_text()
    resolved = OmegaConf.to_container(composed, resolve=True)
    assert resolved == OmegaConf.to_container(OmegaConf.load(run / "config_resolved.yaml"))
    assert verdict(run) == "OK"
    assert (run / "logs/main.log").exists()
    assert not (run / ".hydra").exists()  # it would hold absolute paths


@pytest.mark.requirement("A-024")
def test_a_resolved_configuration_with_other_values_keys_is_found(place: Place, called: Called) -> None:
    place.write("contract.yaml", PROJECTS)
    write_conf(place, "projects/train/conf")
    assert called(place.write("projects/train/main.py", PROGRAM)) == 0
    (run,) = folders(place, "runs/train")
    resolved = run / "config_resolved.yaml"
    resolved.write_text(resolved.read_text() + "more: 1\n")
    assert "A-024" in {finding.rule for finding in runpact.check(run)[0].report.findings}


@pytest.mark.requirement("A-018")
def test_twenty_jobs_of_one_name_are_twenty_whole_runs(place: Place, called: Called) -> None:
    seeds = ",".join(map(str, range(20)))
    assert called(place.root / "train.py", "-m", f"seed={seeds}") == 0
    runs = folders(place)
    assert len(runs) == 20
    assert {config_of(run)["resolved"]["seed"] for run in runs} == set(range(20))
    assert {runpact.open_run(run).state.value for run in runs} == {"finished"}
    assert {verdict(run) for run in runs} == {"OK"}
    assert all((run / ".hydra/overrides.yaml").exists() and (run / "train.log").exists() for run in runs)
    (sweep,) = folders(place, "sweeps")
    assert {runpact.open_run(run).parent for run in runs} == {runpact.open_run(sweep).uid}
    assert names(place.root) == ["conf", "contract.yaml", "runs", "sweeps", "train.py"]


@pytest.mark.nightly
def test_twenty_jobs_that_begin_in_the_same_seconds_have_names_of_their_own(
    place: Place, called: Called, figures: Callable[[str], None]
) -> None:
    place.write("contract.yaml", PROJECTS)
    write_conf(place, "projects/train/conf")
    program = place.write("projects/train/main.py", PROGRAM)
    began = time.monotonic()
    assert called(program, "-m", f"seed={','.join(map(str, range(20)))}") == 0
    took = time.monotonic() - began
    runs = folders(place, "runs/train")
    moments = [dt.datetime.fromisoformat(record_of(run)["started"]) for run in runs]
    seconds = Counter(moment.replace(microsecond=0) for moment in moments)
    span = (max(moments) - min(moments)).total_seconds()
    most = max(seconds.values())
    figures(f"hydra: 20 jobs in {took:.1f} s, begun within {span:.2f} s, {most} in one second")
    assert len(runs) == 20
    assert most > 1, "no two began in one second, so nothing was shown"
    assert {config_of(run)["resolved"]["seed"] for run in runs} == set(range(20))
    assert {runpact.open_run(run).state.value for run in runs} == {"finished"}
    assert {verdict(run) for run in runs} == {"OK"}


def test_a_multirun_ranks_its_jobs_by_what_they_returned(place: Place, called: Called) -> None:
    assert called(place.root / "train.py", "-m", "lr=0.3,0.1", "model=small,large") == 0
    (sweep,) = folders(place, "sweeps")
    rows = [*csv.DictReader((sweep / "leaderboard.csv").read_text().splitlines())]
    assert [(row["rank"], row["returned"]) for row in rows] == [
        ("1", "0.1"),
        ("2", "0.1"),
        ("3", "0.3"),
        ("4", "0.3"),
    ]
    assert {row["overrides"] for row in rows[:2]} == {"lr=0.1 model=small", "lr=0.1 model=large"}
    assert verdict(sweep) == "OK"
    assert (sweep / "multirun.yaml").exists()


def test_a_contract_without_such_a_kind_has_the_runs_alone(place: Place, called: Called) -> None:
    place.write("contract.yaml", PROJECTS)
    write_conf(place, "projects/train/conf")
    assert called(place.write("projects/train/main.py", PROGRAM), "-m", "lr=0.1,0.2") == 0
    assert len(folders(place, "runs/train")) == 2
    assert names(place.root) == ["conf", "contract.yaml", "projects", "runs", "train.py"]


MANY = """\
  multirun:
    at: "multi/{started:%Y%m%d}"
    entries: [{file: multirun.yaml, required: "true"}]
"""


@pytest.mark.requirement("AX-012")
def test_a_multirun_needs_no_name_and_tells_no_place_of_the_machine(place: Place, called: Called) -> None:
    place.write("contract.yaml", place.root.joinpath("contract.yaml").read_text() + MANY)
    inside, away = f"hydra.run.dir={place.root}/elsewhere", "hydra.job.env_set.AWAY=/srv/away"
    others = ("+hydra.job.env_set.TOKEN=hunter2-abc", inside, f"+{away}")
    assert called(place.root / "train.py", "-m", "lr=0.1", *others) == 0
    (multirun,) = folders(place, "multi")
    told = OmegaConf.load(multirun / "multirun.yaml")
    assert (told.hydra.sweep.dir, told.hydra.run.dir) == (f"multi/{multirun.name}", "elsewhere")
    assert told.hydra.job.env_set.AWAY == "[path]"
    assert told.lr == 0.1
    held = b"".join(path.read_bytes() for path in multirun.rglob("*.yaml") if path.is_file())
    assert str(place.root).encode() not in held
    assert b"hunter2-abc" not in held
    assert (runpact.verify(multirun).value, verdict(multirun)) == ("OK", "OK")


@pytest.mark.nightly
@pytest.mark.requirement("A-018")
def test_jobs_of_several_processes_at_once_share_no_directory(place: Place) -> None:
    seeds = ",".join(map(str, range(20)))
    launcher = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    done = subprocess.run([sys.executable, "train.py", "-m", *launcher, f"seed={seeds}"], check=False)
    assert done.returncode == 0
    runs = folders(place)
    (sweep,) = folders(place, "sweeps")
    assert {config_of(run)["resolved"]["seed"] for run in runs} == set(range(20))
    assert {runpact.open_run(run).state.value for run in runs} == {"finished"}
    assert {runpact.open_run(run).parent for run in runs} == {runpact.open_run(sweep).uid}


@pytest.mark.requirement("AX-012")
def test_a_configuration_that_does_not_fit_makes_no_run(
    place: Place, called: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(place.root / "train.py", "lr=fast", "+sead=3") == 2
    told = capsys.readouterr().err
    assert "`lr` does not fit\n      expected  float\n      got       'fast'" in told
    assert "did you mean `seed`?" in told
    assert not (place.root / "runs").exists()
    assert not (place.root / "outputs").exists()


def test_a_multirun_stops_at_the_first_configuration_that_does_not_fit(place: Place, called: Called) -> None:
    assert called(place.root / "train.py", "-m", "lr=0.1,fast,0.2") == 2
    assert len(folders(place)) == 1
    (sweep,) = folders(place, "sweeps")
    assert runpact.open_run(sweep).state.value == "failed"


@pytest.mark.parametrize("broken", ["lr=???", "lr=${nowhere}"])
def test_a_value_that_is_missing_or_cannot_be_resolved_makes_no_run(
    place: Place, called: Called, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    place.write("conf/config.yaml", f"{broken.replace('=', ': ')}\n")
    assert called(place.root / "train.py") == 2
    assert "`lr`" in capsys.readouterr().err
    assert not (place.root / "runs").exists()


def test_the_directory_of_the_run_is_what_hydra_says_it_is(place: Place, called: Called) -> None:
    place.write("conf/config.yaml", "where: ${hydra:runtime.output_dir}\n")
    place.write("train.py", WHERE)
    assert called(place.root / "train.py") == 0
    (run,) = folders(place)
    assert (run / "said.txt").read_text() == str(run)
    assert config_of(run)["resolved"] == {"where": "."}


WHERE = """\
import dataclasses
import runpact, runpact.hydra

@dataclasses.dataclass
class Settings:
    where: str

@runpact.hydra.main("conf", "config", typed=Settings)
def train(settings):
    runpact.current().save("said.txt", settings.where)

train()
"""


def test_a_function_that_fails_is_a_failed_run(place: Place, called: Called) -> None:
    body = "    raise ValueError('odd')\n"
    place.write("train.py", PROGRAM.replace("    return settings.lr\n", body))
    assert called(place.root / "train.py") == 1
    (run,) = folders(place)
    assert runpact.open_run(run).state.value == "failed"
    assert runpact.verify(run).value == "OK"


@pytest.mark.requirement("AX-012")
def test_no_secret_of_the_environment_or_the_command_line_is_recorded(
    place: Place, called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "tok-4711-abcdef")
    place.write("conf/config.yaml", "token: ${oc.env:MY_TOKEN}\npassword: none\nlr: 1\n")
    place.write("train.py", SECRET)
    assert called(place.root / "train.py", "password=hunter2-and-more") == 0
    (run,) = folders(place)
    held = b"".join(path.read_bytes() for path in run.rglob("*") if path.is_file())
    assert b"tok-4711-abcdef" not in held
    assert b"hunter2-and-more" not in held
    assert config_of(run)["composition"]["composed"]["token"] == "${oc.env:MY_TOKEN}"
    assert "token [redacted]\n" in (run / "train.log").read_text()
    assert not (run / ".hydra").exists()


SECRET = """\
import logging

import runpact.hydra

@runpact.hydra.main("conf", "config")
def train(config):
    assert config.token == "tok-4711-abcdef"
    logging.getLogger("train").info("token %s", config.token)
    try:
        raise ValueError(config.password)
    except ValueError:
        logging.exception("it failed")

train()
"""
CALLBACK = """\
import hydra, runpact

@hydra.main(config_path="conf", config_name="config", version_base="1.3")
def train(config):
    runpact.current().save("metrics.json", {"loss": config.lr})
    if config.seed == 13:
        raise ValueError("odd")

train()
"""
NAMED = "hydra: {callbacks: {runpact: {_target_: runpact.hydra.RunCallback, seeds: {numpy: 7}}}}\n"


def test_a_callback_in_the_configuration_does_the_same(place: Place, called: Called) -> None:
    program = place.write("train.py", CALLBACK)
    path = place.root / "conf/config.yaml"
    path.write_text(path.read_text() + NAMED)
    assert called(program, "lr=0.5") == 0
    assert called(program, "seed=13") == 1
    assert called(program, "-m", "seed=1,2") == 0
    assert [runpact.open_run(run).state.value for run in folders(place)] == [
        "finished", "failed", "finished", "finished",
    ]  # fmt: skip
    assert record_of(folders(place)[0])["provenance"]["seeds"] == {"numpy": 7}
    assert len(folders(place, "sweeps")) == 1
    assert not (place.root / "outputs").exists()


def test_a_callback_ends_a_program_whose_run_is_refused(
    place: Place, called: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    program = place.write("train.py", CALLBACK)
    path = place.root / "conf/config.yaml"
    path.write_text(path.read_text() + NAMED.replace("seeds: {numpy: 7}", "kind: nothing"))
    assert called(program) == 64
    assert "no kind `nothing`" in capsys.readouterr().err
    assert not (place.root / "runs").exists()


def test_a_callback_ends_a_program_whose_run_broke_its_contract(
    place: Place, called: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    program = place.write("train.py", CALLBACK)
    place.write("contract.yaml", STRICT.replace("metrics.json", "report.json"))
    path = place.root / "conf/config.yaml"
    path.write_text(path.read_text() + NAMED)
    assert called(program) == 3
    assert "report.json" in capsys.readouterr().err


STRICT = """\
contract: test.strict
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries: [{file: metrics.json}]
    others: refused
"""


def test_where_nothing_else_may_stand_hydra_writes_nothing(place: Place, called: Called) -> None:
    place.write("contract.yaml", STRICT)
    assert called(place.root / "train.py") == 0
    (run,) = folders(place)
    assert names(run) == [".runpact", "metrics.json"]
    assert verdict(run) == "OK"


def test_a_program_called_with_a_configuration_is_one_run(place: Place) -> None:
    import runpact.hydra

    @runpact.hydra.main(name="direct")
    def train(config: object) -> object:
        return config.lr

    assert train(OmegaConf.create({"lr": 0.1, "double": "${lr}"})) == 0.1
    (run,) = folders(place)
    assert config_of(run)["composition"]["composed"] == {"lr": 0.1, "double": "${lr}"}
