"""What cannot be reconstructed counts as if it had never run; nothing is done by halves."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.pipeline.pipeline import Pipeline
from integration.pipeline.test_orchestrators import RUN, WAIT, begun
from runpact.disk import trash
from runpact.model.archive.trash import TrashRecord

PROMOTED = """\
promotions:
  results:
    from: [experiment]
    at: "results/{label}"
    entries: [{files: "{stage}/{alias}/{name}.txt"}]
"""


def cut(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


LOST = {
    "command, code and configuration": ".runpact/run.json",
    "inputs and verdict": ".runpact/result.json",
    "what was sealed": ".runpact/manifest.json",
    "outputs": "total/total.txt",
}


@pytest.mark.requirement("C-005")
@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("damage", [Path.unlink, cut])
def test_an_attempt_that_lacks_a_part_counts_as_if_it_had_never_run(
    pipeline: Pipeline, what: str, damage: Callable[[Path], None]
) -> None:
    contract = pipeline.root / "contract.yaml"
    contract.write_text(contract.read_text() + PROMOTED)
    assert pipeline.go()[0] == 0
    assert pipeline.call("promote", "x", "--as", "whole")[0] == 0
    damage(pipeline.experiment / "02_sum" / LOST[what])
    (row,) = pipeline.runs()
    verified = pipeline.call("verify", "x")[0]
    assert row["state"] != "finished" or verified == 3, row
    code, _out, err = pipeline.call("promote", "x", "--as", "broken")
    assert code in {2, 3}, err
    assert not (pipeline.root / "results/broken").exists()
    code, out, _err = pipeline.call("gate", "--experiment", "x", "--stage", "03")
    assert (code, "_artifact: runs/x/02_sum/total" in out) == (2, True), out
    assert pipeline.go("--only", "03", "--force")[0] == 2
    assert pipeline.why()["02_sum"] not in {"", "up to date"}
    assert pipeline.call("gate", "--experiment", "x", "--stage", "03")[0] == 0


@pytest.mark.requirement("C-112", "C-096")
def test_the_gate_is_asked_between_the_stages_of_one_call(pipeline: Pipeline) -> None:
    pipeline.write("stages/count.sh", WAIT + (pipeline.root / "stages/count.sh").read_text())
    running = subprocess.Popen(RUN, stderr=subprocess.PIPE)
    begun(pipeline, "02b_count")  # 02_sum has ended well, 03_tell is to read what it made
    assert pipeline.result("02_sum")["status"] == "OK"
    (pipeline.experiment / "02_sum/total/total.txt").write_text("another total\n")
    (pipeline.root.parent / "go").touch()
    _out, err = running.communicate(timeout=60)
    assert running.returncode == 2
    assert b"it is not the file that its producer recorded" in err
    closed = [each for each in pipeline.events() if each["event"] == "gate.closed"]
    assert {(each["stage"], each["path"]) for each in closed} == {("03_tell", "02_sum/total/total.txt")}
    code, out, _err = pipeline.call("gate", "--experiment", "x", "--stage", "03")
    assert (code, out.startswith("invalid_artifact: runs/x/02_sum/total/total.txt; ")) == (2, True)
    assert not (pipeline.experiment / "story").exists()


OBSERVED = [
    "logs/stdout.log",
    "logs/stderr.log",
    "cmd.txt",
    "meta_env.json",
    "stage_summary.json",
    "run_manifest.json",
]


@pytest.mark.requirement("C-124", "C-163")
@pytest.mark.parametrize("lacking", OBSERVED)
def test_a_stage_that_lacks_what_makes_it_observable_is_not_done(pipeline: Pipeline, lacking: str) -> None:
    text = (pipeline.root / "contract.yaml").read_text()
    line = "        - {file: meta_env.json, written: start, fields: {python: run.python}}\n"
    pipeline.write(
        "contract.yaml", text.replace("        - {file: cmd.txt", f"{line}        - {{file: cmd.txt")
    )
    assert pipeline.go("--to", "01")[0] == 0
    done = pipeline.json("pipeline", "done", "x", "--smoke", "x")[1]["stages"][0]
    assert done["label"] == "done", done
    if lacking == "run_manifest.json":
        manifest = pipeline.manifest
        del manifest["stages"]["01_make"]
        pipeline.write(f"runs/x/{lacking}", json.dumps(manifest))
    else:
        (pipeline.experiment / "01_make" / lacking).unlink()
    assert pipeline.json("pipeline", "done", "x", "--smoke", "x")[1]["stages"][0]["label"] == "in development"


@pytest.mark.requirement("C-137")
@pytest.mark.parametrize("mode", ["--link", "--copy"])
def test_a_legacy_folder_outlives_the_experiment_that_took_it_over(pipeline: Pipeline, mode: str) -> None:
    old = pipeline.write("outputs/old/numbers/a.json", '{"value": 1}').parent
    assert pipeline.call("import", "outputs/old", "--as", "x", mode)[0] == 0
    assert pipeline.go("--from", "02")[0] == 1
    before = {path: path.read_bytes() for path in old.iterdir()}
    record = TrashRecord(pruned="2026-01-01T00:00:00Z", runs=())
    name = trash.open_trash(str(pipeline.root), "20260101T000000Z", record)
    trash.throw(str(pipeline.root), name, "runs/x")
    assert not pipeline.experiment.exists()
    trash.remove(str(pipeline.root), name, "runs/x")
    assert not trash.is_kept(str(pipeline.root), name, "runs/x")
    assert {path: path.read_bytes() for path in old.iterdir()} == before
