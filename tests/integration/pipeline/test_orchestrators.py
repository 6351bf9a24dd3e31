"""Several processes on one experiment: none loses what another one did."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integration.pipeline.pipeline import STAGES, Pipeline
from runpact.disk.experiment import ExperimentLock
from runpact.disk.stamps import Stamp
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.pipeline import proven
from runpact.verbs.pipeline.experiment import Experiment

RUN = [sys.executable, "-m", "runpact", "pipeline", "run", "--experiment", "x"]
WAIT = """\
n=0
while [ ! -e "$RUNPACT_EXPERIMENT_DIR/../../../go" ]; do
  n=$((n+1)); [ $n -lt 600 ] || exit 9; sleep 0.05
done
"""


def begun(pipeline: Pipeline, name: str) -> None:
    """Wait until a stage runs."""
    deadline = time.monotonic() + 60
    while not (pipeline.experiment / name / "logs/stdout.log").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_second_orchestrator_is_refused_and_names_the_first(pipeline: Pipeline) -> None:
    pipeline.write("stages/make.sh", WAIT + (pipeline.root / "stages/make.sh").read_text())
    first = subprocess.Popen(RUN, stderr=subprocess.DEVNULL)
    begun(pipeline, "01_make")
    code, document = pipeline.go()
    assert (code, document["error"]["code"]) == (2, "cannot-start")
    assert f"process {first.pid}" in document["error"]["message"]
    status = pipeline.json("pipeline", "status", "x")[1]
    assert (status["state"], status["stages"][0]["state"]) == ("running", "running")
    assert "runs now" in pipeline.call("pipeline", "status", "x")[1]
    assert pipeline.runs()[0]["state"] == "running"
    assert pipeline.call("check", "x")[0] == 2
    (pipeline.root.parent / "go").touch()
    assert first.wait(60) == 0
    assert set(pipeline.done().values()) == {"skipped"}


@pytest.mark.requirement("X-08")
def test_no_run_begins_in_an_attempt_that_is_open(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pipeline.write("stages/make.sh", WAIT + (pipeline.root / "stages/make.sh").read_text())
    running = subprocess.Popen(RUN, stderr=subprocess.DEVNULL)
    begun(pipeline, "01_make")
    attempt = pipeline.experiment / "01_make"
    monkeypatch.setenv("RUNPACT_RUN_DIR", str(attempt))
    monkeypatch.setenv("RUNPACT_RUN_UID", json.loads((attempt / ".runpact/run.json").read_text())["uid"])
    for words in (("run", "--kind", "experiment", "--", "true"), ("pipeline", "run", "--experiment", "y")):
        code, _out, err = pipeline.call(*words)
        assert (code, "the program of a stage makes no runs" in err) == (2, True), err
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "contract.yaml").write_text("contract: t.else\nversion: 1.0.0\nextends: runpact:basic@1\n")
    assert pipeline.call("run", "--workspace", str(elsewhere), "--guard", "off", "--", "true")[0] == 0
    (pipeline.root.parent / "go").touch()
    assert running.wait(60) == 0
    assert [path.name for path in (pipeline.root / "runs").iterdir()] == ["x"]


def test_a_second_orchestrator_may_wait_and_then_finds_nothing_to_do(pipeline: Pipeline) -> None:
    pipeline.write("stages/make.sh", WAIT + (pipeline.root / "stages/make.sh").read_text())
    first = subprocess.Popen(RUN, stderr=subprocess.DEVNULL)
    begun(pipeline, "01_make")
    second = subprocess.Popen([*RUN, "--wait", "120", "--json"], stdout=subprocess.PIPE)
    (pipeline.root.parent / "go").touch()
    assert first.wait(120) == 0
    told = json.loads(second.communicate(timeout=120)[0])
    assert {step["done"] for step in told["stages"]} == {"skipped"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_stage_and_the_pipeline_goes_on_later(pipeline: Pipeline, number: int) -> None:
    pipeline.write("stages/sum.sh", "exec sleep 60\n")
    process = subprocess.Popen(RUN, stderr=subprocess.PIPE)
    begun(pipeline, "02_sum")
    process.send_signal(number)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert b"next: runpact pipeline run --experiment x --from 02" in err
    status = pipeline.json("pipeline", "status", "x")[1]
    assert (status["state"], status["stages"][1]["state"]) == ("interrupted", "interrupted")
    pipeline.write("stages/sum.sh", 'echo 3 > "$2/total.txt"\n')
    assert pipeline.go("--from", "02")[0] == 0


def test_a_killed_orchestrator_leaves_an_interrupted_experiment_that_goes_on(pipeline: Pipeline) -> None:
    pipeline.write("stages/sum.sh", "sleep 0.5\n" + 'cat "$1"/*.json > "$2/total.txt"\n')
    process = subprocess.Popen(RUN, stderr=subprocess.DEVNULL)
    begun(pipeline, "02_sum")
    process.kill()
    process.wait(60)
    status = pipeline.json("pipeline", "status", "x")[1]
    assert (status["state"], status["stages"][1]["state"]) == ("interrupted", "interrupted")
    assert status["stages"][1]["why"].startswith("its last attempt is interrupted")
    assert pipeline.call("check", "x")[0] == 2
    time.sleep(0.7)  # its program outlives it
    assert pipeline.done()["01_make"] == "skipped"
    assert pipeline.story() == '{"value": 1}\n{"value": 2}\n2\n'
    assert pipeline.call("verify", "x")[0] == 0


def test_a_stage_that_kills_itself_is_an_error_and_not_its_exit_code(pipeline: Pipeline) -> None:
    pipeline.write("stages/sum.sh", "kill -9 $$\n")
    code, document = pipeline.go()
    assert (code, document["stopped_at"]) == (3, "02_sum")
    assert "ended-by-signal" in [each["code"] for each in document["stages"][1]["findings"]]


def test_a_stage_whose_time_is_over_is_stopped(pipeline: Pipeline) -> None:
    contract = (pipeline.root / "contract.yaml").read_text()
    pipeline.write(
        "contract.yaml", contract.replace("slug: sum\n", "slug: sum\n        timeout_seconds: 0.3\n")
    )
    pipeline.write("stages/sum.sh", "exec sleep 60\n")
    began = time.monotonic()
    code, document = pipeline.go("--to", "02")
    assert code == 3
    assert "timed-out" in [each["code"] for each in document["stages"][1]["findings"]]
    assert time.monotonic() - began < 30


@pytest.mark.requirement("X-04")
def test_the_manifest_loses_none_of_200_updates(pipeline: Pipeline) -> None:
    """Two hundred writers at once, each after its own change: the last view has what all of them did."""
    pipeline.go()
    loaded = load_contract(str(pipeline.root / "contract.yaml"))
    directory = str(pipeline.experiment)

    def update(number: int) -> None:
        lock = ExperimentLock(directory)
        assert lock.acquire(120)
        with lock:
            source = pipeline.experiment / "01_make"
            target = pipeline.experiment / f"1{number:03}_copy"
            _copied(source, number).rename(target)
            Experiment.open(directory, root=str(pipeline.root), loaded=loaded).write_view()

    def _copied(source: Path, number: int) -> Path:
        place = pipeline.root / f"copy{number}"
        subprocess.run(["cp", "-r", source, place], check=True)
        return place

    with ThreadPoolExecutor(16) as workers:
        list(workers.map(update, range(200)))
    assert sorted(pipeline.manifest["stages"]) == sorted([*STAGES, *(f"1{n:03}_copy" for n in range(200))])


def test_the_manifest_is_derived_again_when_it_is_cut_or_gone(pipeline: Pipeline) -> None:
    pipeline.go()
    whole = pipeline.manifest
    path = pipeline.experiment / "run_manifest.json"
    path.write_text("{")
    assert pipeline.call("verify", "x")[0] == 1
    assert [run["state"] for run in pipeline.runs()] == ["finished"]
    pipeline.go()
    assert pipeline.manifest == whole
    path.unlink()
    pipeline.go()
    assert pipeline.manifest == whole
    assert pipeline.call("verify", "x")[0] == 0


def test_a_torn_request_hides_nothing(pipeline: Pipeline) -> None:
    pipeline.go()
    (pipeline.experiment / ".runpact/pipeline.json").write_text('{"stages": ')
    assert [run["state"] for run in pipeline.runs()] == ["finished"]
    assert set(pipeline.done().values()) == {"skipped"}


def test_a_damaged_attempt_is_named_and_hides_no_other(pipeline: Pipeline) -> None:
    pipeline.go()
    (pipeline.experiment / "02_sum/.runpact/manifest.json").write_text("{")
    (pipeline.experiment / "01_make/numbers/a.json").write_text('{"value": 9}')
    assert pipeline.runs()[0]["state"] == "corrupt"
    code, out, _err = pipeline.call("verify", "x")
    assert code == 3
    assert "02_sum/.runpact/manifest.json" in out
    assert "01_make/numbers/a.json" in out
    code, out, _err = pipeline.call("check", "x")
    assert code == 3
    assert "02_sum/.runpact" in out
    assert "03_tell" in pipeline.call("pipeline", "status", "x")[1]
    assert pipeline.go()[0] == 0
    assert pipeline.call("check", "x")[0] == 0
    assert pipeline.call("verify", "x")[0] == 1  # the damaged attempt is kept, superseded, and told


def test_a_damaged_cache_costs_only_time(pipeline: Pipeline) -> None:
    pipeline.go()
    for damage in ("{", "[]", '["runpact.proven/2", {}, {}]', '["runpact.proven/1", {}, {}]'):
        (pipeline.experiment / ".runpact/proven.json").write_text(damage)
        assert set(pipeline.done().values()) == {"skipped"}


def test_a_rerun_of_a_middle_stage_makes_what_follows_stale_until_it_ran(pipeline: Pipeline) -> None:
    pipeline.go()
    pipeline.write("stages/sum.sh", 'echo 4 > "$2/total.txt"\n')
    pipeline.go("--only", "02")
    stage = pipeline.manifest["stages"]["03_tell"]
    assert stage["stale"]
    assert "02_sum/total/total.txt" in stage["why_stale"]
    assert pipeline.manifest["summary"]["stale"] == 1
    code, out, _err = pipeline.call("check", "x")
    assert code == 1
    assert "warning[stale]" in out
    assert pipeline.done()["03_tell"] == "ran"
    assert not pipeline.manifest["stages"]["03_tell"]["stale"]
    assert pipeline.story() == "4\n2\n"


def _chain(pipeline: Pipeline, stages: int) -> None:
    rows = [
        f'      - {{id: "{n:02}", slug: s, command: [/bin/sh, -c, "echo {n} > $RUNPACT_STAGE_DIR/o.txt"]'
        + (f", reads: {{a{n - 1:02}: {{}}}}" if n > 1 else "")
        + f", writes: {{a{n:02}: {{file: o.txt}}}}}}\n"
        for n in range(1, stages + 1)
    ]
    head = 'contract: acme.chain\nversion: "1.0.0"\nkinds:\n  experiment:\n    at: "runs/{experiment}"\n'
    pipeline.write("contract.yaml", f"{head}    sealed: by_stage\n    stages:\n{''.join(rows)}")
    for path in (pipeline.root / "runs").glob("*"):
        shutil.rmtree(path)


def test_what_an_idle_pipeline_looks_at_grows_with_its_stages_and_not_with_their_square(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = proven.stamp_of

    def stamp_of(path: str) -> Stamp:
        looked.append(path)
        return real(path)

    monkeypatch.setattr(proven, "stamp_of", stamp_of)
    counts = []
    for stages in (6, 12):
        _chain(pipeline, stages)
        pipeline.go("--durability", "none")
        time.sleep(0.15)  # younger stamps prove nothing
        pipeline.go("--durability", "none")
        looked.clear()
        assert set(pipeline.done("--durability", "none").values()) == {"skipped"}
        counts.append(len(looked))
    small, large = counts
    assert large < 2.5 * small


def test_what_runs_in_the_middle_is_seen_by_the_rows_that_are_held(pipeline: Pipeline) -> None:
    pipeline.go()
    place = Experiment.open(
        str(pipeline.experiment),
        root=str(pipeline.root),
        loaded=load_contract(str(pipeline.root / "contract.yaml")),
    )
    place.proven.hold()
    before = place.rows()
    assert place.rows() == before
    pipeline.write("stages/sum.sh", 'echo 4 > "$2/total.txt"\n')
    pipeline.go("--only", "02")
    assert place.rows() == before  # another process; who holds the lock is told by `began`
    place.proven.began("02_sum")
    after = place.rows()
    assert {name for name, row in after.items() if row != before[name]} == {"02_sum"}
    assert set(place.stale(after)) == {"03_tell"}
    place.proven.let_go()
    place.proven.began("02_sum")
    assert place.rows() == after
