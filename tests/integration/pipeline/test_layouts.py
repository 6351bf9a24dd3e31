"""Two layouts side by side: runs named by time and commit, and an experiment named by a person."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from integration.pipeline.pipeline import Pipeline
from integration.pipeline.staged import GOOD, STAGED
from runpact.formats.yamldoc import parse as parse_yaml

PROJECTS = "runpact:project-run@1"
SCRIPT = f"""\
cp {GOOD}/02_emergent_geometry_engine/predictions/* "$RUNPACT_STAGE_DIR/predictions/"
counts='{{"inputs_total": 4, "inputs_ok": 4, "inputs_failed": 0}}'
echo '{{"status": "OK", "exit_code": 0, "counts": '"$counts"'}}' \\
  > "$RUNPACT_STAGE_SUMMARY"
"""
PROJECT = """\
import json, os
folder = os.environ["RUNPACT_RUN_DIR"]
with open(f"{folder}/metrics.json", "w") as file:
    json.dump({"loss": 0.5}, file)
for name in os.environ.get("ALSO", "").split():
    open(f"{folder}/{name}", "w").close()
"""


class Side(Pipeline):
    """A workspace of a contract for pipelines, in which runs of projects are made as well."""

    commit = ""

    def project(self, *options: str) -> Path:
        """Make a run of a project; return its directory."""
        before = set((self.root / "runs/demo").glob("*"))
        words = ("--contract", PROJECTS, "--kind", "run", "--capture", "project=demo", *options)
        code, out, err = self.call(
            "run", *words, "--config", "config.json", "--", "python3", "projects/demo.py"
        )
        assert code in {0, 3}, out + err
        (made,) = set((self.root / "runs/demo").glob("*")) - before
        return made


@pytest.fixture
def side(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> Side:
    place = Side(pipeline.root, capsys)
    place.write("contract.yaml", STAGED)
    place.write("stages/02.sh", SCRIPT)
    place.write("projects/demo.py", PROJECT)
    place.write("config.json", '{"project": "demo", "rate": 0.1}')
    place.write(".gitignore", "runs/\n")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "a")):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(("git", *who, *words), cwd=place.root, check=True)
    told = subprocess.run(("git", "rev-parse", "HEAD"), cwd=place.root, check=True, capture_output=True)
    place.commit = told.stdout.decode().strip()
    return place


@pytest.mark.requirement("X-01")
def test_runs_named_by_time_and_an_experiment_named_by_a_person_stand_side_by_side(side: Side) -> None:
    first = side.project()
    assert side.go("--config", "config.json")[0] == 0
    second = side.project()
    for made in (first, second):
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d_{side.commit[:7]}(_\d\d)?", made.name)
        assert side.json("check", str(made), "--contract", PROJECTS)[1]["verdict"] == "OK"
    assert side.experiment.is_dir()
    assert side.json("check", "x")[1]["verdict"] == "OK"
    assert side.go()[1]["stages"][0]["done"] == "skipped"
    assert sorted(path.name for path in (side.root / "runs").iterdir()) == ["demo", "x"]
    found = {run["path"].rpartition("/")[0] for run in side.json("ls", "--contract", PROJECTS)[1]["runs"]}
    assert "runs/demo" in found


@pytest.mark.requirement("X-02")
def test_each_layout_has_its_configuration_in_its_own_files(side: Side) -> None:
    run = side.project()
    side.go("--config", "config.json")
    given = {"project": "demo", "rate": 0.1}
    for name in ("config.yaml", "config_resolved.yaml"):
        assert parse_yaml((run / name).read_bytes()).value == given
    assert json.loads((side.experiment / "config.resolved.json").read_text()) == given
    assert not (run / "config.resolved.json").exists()
    assert not (side.experiment / "config.yaml").exists()


@pytest.mark.requirement("X-03")
def test_each_layout_says_which_formats_it_allows(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALSO", "field.h5 notes.csv")
    run = side.project()
    findings = side.json("check", str(run), "--contract", PROJECTS)[1]["findings"]
    refused = {Path(each["path"]).name for each in findings if each["rule"] == "A-045"}
    assert refused == {"field.h5"}
    side.go("--config", "config.json")
    for name in ("field.h5", "notes.csv"):
        side.write(f"runs/x/{name}", "")
    findings = side.json("check", "x")[1]["findings"]
    assert [each for each in findings if Path(each["path"]).name in {"field.h5", "notes.csv"}] == []


@pytest.mark.requirement("X-06")
def test_the_commit_stands_in_the_path_or_in_the_record_alone(side: Side) -> None:
    run = side.project()
    assert side.commit[:7] in run.name
    assert json.loads((run / "run_manifest.json").read_text())["git_hash"] == side.commit
    side.go("--config", "config.json")
    assert side.manifest["stages"]["02_emergent_geometry_engine"]["git_sha"] == side.commit
    below = (path.relative_to(side.root).as_posix() for path in side.experiment.rglob("*"))
    assert [path for path in below if side.commit[:7] in path] == []


@pytest.mark.requirement("X-07")
def test_metrics_stand_in_one_file_or_in_the_summaries_of_stages(side: Side) -> None:
    run = side.project()
    assert json.loads((run / "metrics.json").read_text()) == {"loss": 0.5}
    side.go("--config", "config.json")
    summary = side.experiment / "02_emergent_geometry_engine/stage_summary.json"
    assert json.loads(summary.read_text())["counts"]["inputs_ok"] == 4
    assert list(side.experiment.rglob("metrics.json")) == []
    (run / "metrics.json").unlink()
    assert "A-010" in {
        each["rule"] for each in side.json("check", str(run), "--contract", PROJECTS)[1]["findings"]
    }
    summary.unlink()
    assert "C-044" in {each["rule"] for each in side.json("check", "x")[1]["findings"]}


@pytest.mark.requirement("X-04")
def test_one_manifest_is_sealed_and_the_other_one_follows_the_stages(side: Side) -> None:
    run = side.project()
    side.go("--config", "config.json")
    assert json.loads((run / "run_manifest.json").read_text())["sealed"] is True
    before = side.manifest
    assert before["sealed"] is False
    side.go("--force")
    name = "02_emergent_geometry_engine"
    assert (before["stages"][name]["attempt"], side.manifest["stages"][name]["attempt"]) == (1, 2)
    assert side.call("verify", str(run), "--contract", PROJECTS)[0] == 0
