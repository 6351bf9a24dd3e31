"""Processes that a stage, or the command of a run, leaves behind, and those of a runner that was killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.pipeline.pipeline import Pipeline
from runpact.host.orphans import end_processes, left_by_command

RUN = [sys.executable, "-m", "runpact", "pipeline", "run", "--experiment", "x", "--to", "01"]
LATE = """\
echo '{"value": 1}' > "$RUNPACT_STAGE_DIR/numbers/a.json"
setsid sh -c "sleep 1.5; echo late > $RUNPACT_STAGE_DIR/numbers/a.json" >/dev/null 2>&1 &
"""
DEAF = """\
trap "" TERM
echo '{"value": 1}' > "$RUNPACT_STAGE_DIR/numbers/a.json"
(sleep 60; echo late > "$RUNPACT_STAGE_DIR/numbers/late.json") &
"""


def _findings(document: dict) -> list[dict]:
    return [each for each in document["stages"][0]["findings"] if each["code"] == "left-running"]


def test_what_a_stage_leaves_behind_is_told_and_ended_before_the_seal(pipeline: Pipeline) -> None:
    pipeline.write("stages/make.sh", LATE)
    code, document = pipeline.go("--to", "01")
    assert code == 1
    assert {each["severity"] for each in _findings(document)} == {"warning"}
    assert any("sleep 1.5; echo late > a.json" in each["got"] for each in _findings(document))
    time.sleep(1.6)
    assert pipeline.call("verify", "x")[0] == 0
    assert "late" not in (pipeline.experiment / "01_make/numbers/a.json").read_text()


def test_what_ignores_the_request_to_end_is_killed(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runpact.verbs.life.execute._GRACE", 0.1)
    pipeline.write("stages/make.sh", DEAF)
    assert pipeline.go("--to", "01")[0] == 1
    assert left_by_command(_uid(pipeline), patience=0.0) == []


def test_a_stage_whose_time_is_over_leaves_nothing_behind(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runpact.host.child._LAST_SECONDS", 0.1)
    contract = (pipeline.root / "contract.yaml").read_text()
    pipeline.write(
        "contract.yaml", contract.replace("slug: make\n", "slug: make\n        timeout_seconds: 0.3\n")
    )
    pipeline.write("stages/make.sh", DEAF + "wait\n")
    code, document = pipeline.go("--to", "01")
    assert code == 3
    assert _findings(document)
    assert left_by_command(_uid(pipeline), patience=0.0) == []


def test_a_run_tells_what_its_command_left_behind(pipeline: Pipeline) -> None:
    pipeline.write("contract.yaml", 'contract: a\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\n')
    code, document = pipeline.json(
        "run", "--name", "a", "--", "sh", "-c", "setsid sleep 60 >/dev/null 2>&1 &"
    )
    told = [each for each in document["findings"] if each["code"] == "left-running"]
    try:
        assert (code, [each["got"] for each in told]) == (1, ["sleep 60"])
        assert "may still write" in told[0]["message"]
    finally:
        end_processes(document["uid"])


def test_what_outlived_a_killed_runner_is_named_and_ended_by_the_next(pipeline: Pipeline) -> None:
    pipeline.write("stages/make.sh", 'echo > "$RUNPACT_STAGE_DIR/numbers/began"; exec sleep 60\n')
    process = subprocess.Popen(RUN, stderr=subprocess.DEVNULL)
    while not (pipeline.experiment / "01_make/numbers/began").exists():
        time.sleep(0.02)
    process.kill()
    process.wait(60)
    (pid,) = pipeline.json("pipeline", "status", "x")[1]["stages"][0]["processes"]
    assert f"still running: {pid}" in pipeline.call("pipeline", "status", "x")[1]
    findings = pipeline.json("doctor")[1]["findings"]
    assert [each["got"] for each in findings if each["code"] == "orphan-process"] == [
        f"process {pid}: sleep 60"
    ]
    pipeline.write("stages/make.sh", """echo '{"value": 1}' > "$RUNPACT_STAGE_DIR/numbers/a.json"\n""")
    assert pipeline.go("--to", "01")[0] == 0
    assert end_processes(_uid(pipeline), grace=0.0) == []
    assert not _lives(pid)
    events = (pipeline.experiment / "01_make/.runpact/events.jsonl").read_text()
    assert f'"{pid}: sleep"' in events


def _lives(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def _uid(pipeline: Pipeline) -> str:
    return pipeline.json("show", "x/01_make")[1]["uid"]
