"""The whole example at its real size, and what breaks it: nightly."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.vision.workbench import EXAMPLE, System
from runpact.cli.main import run_command_line

pytestmark = pytest.mark.nightly
SECONDS = 30.0
SENDERS = 4
BATCH = 50


def started(system: System, module: str, *settings: str) -> subprocess.Popen[str]:
    """Start a program in a process of its own."""
    sets = [part for text in settings for part in ("--set", text)]
    return subprocess.Popen(
        [sys.executable, "-m", module, "--config", str(system.config), "--workdir", str(system.root), *sets],
        cwd=EXAMPLE,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def listed(system: System) -> dict[str, dict]:
    """Return what runpact knows of each run, by id."""
    command = [sys.executable, "-m", "runpact", "ls", "--json", "--workspace", str(EXAMPLE), "--workdir"]
    done = subprocess.run([*command, str(system.root)], capture_output=True, text=True, check=True)
    return {run["id"]: run for run in json.loads(done.stdout)["runs"]}


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.requirement("D7.2", "D7.3", "D8.8")
def test_eight_bits_cost_less_than_two_points(system: System, figures: Callable[[str], None]) -> None:
    from scenes.cli import main as make_scenes
    from train.cli import main

    assert make_scenes(["--config", str(system.config), "--workdir", str(system.root)]) == 0
    began = time.monotonic()
    assert system.call(main) == 0
    block = system.newest()["artifacts"]
    found = block["yolo"]["map50"]
    sizes = block["yolo"]["bytes"]
    spent = time.monotonic() - began
    figures(
        f"vision: mAP50 {found['float']:.3f} ({sizes['float'] / 1000:.0f} kB), "
        f"int8 {found['int8']:.3f} ({sizes['int8'] / 1000:.0f} kB), trained in {spent:.0f} s"
    )
    assert found["float"] > 0.8
    assert found["int8"] > found["float"] - 0.02


@pytest.mark.requirement("D4.3")
def test_the_resolved_settings_alone_train_the_same_model(copied: System) -> None:
    from train.cli import main

    assert copied.call(main, "train.epochs=2", "workspace.run_name=one", "train.seed=11") == 0
    first = copied.runs()[-1]
    assert main(["--config", str(first / "config.resolved.toml")]) == 0
    second = copied.runs()[-1]
    records = [json.loads((run / ".runpact/run.json").read_text())["provenance"] for run in (first, second)]
    assert records[0]["config"]["digest"] == records[1]["config"]["digest"]
    models = [(copied.root / "models" / run.name / "model.onnx").read_bytes() for run in (first, second)]
    assert models[0] == models[1]


@pytest.mark.requirement("D8.2", "D8.3")
def test_twenty_starts_at_once_are_twenty_runs(copied: System) -> None:
    before = len(copied.runs())
    programs = [started(copied, "deploy.edge.cli", "deploy.edge.max_frames=1") for _ in range(20)]
    printed = [program.communicate(timeout=300) for program in programs]
    assert [program.returncode for program in programs] == [0] * 20, printed
    ids = {re.search(r"run_id=(.+)", output)[1] for output, _problems in printed}
    assert (len(ids), len(copied.runs())) == (20, before + 20)
    assert all(re.fullmatch(r"exp001-\d{8}-\d{6}(-\d{2})?", name) for name in ids)
    lines = [json.loads(line) for line in (copied.root / "log.txt").read_text().splitlines()]
    assert {line["run_id"] for line in lines if line["event"] == "deploy-edge.done"} >= ids
    where = ["--workspace", str(EXAMPLE), "--workdir", str(copied.root)]
    assert run_command_line(["check", *where]) == 0


@pytest.mark.requirement("D8.15")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_training_that_is_stopped_is_interrupted_and_keeps_its_metrics(
    copied: System, number: signal.Signals, code: int
) -> None:
    before = set(copied.runs())
    program = started(copied, "train.cli", "train.epochs=10000")
    until(lambda: any((run / ".runpact/metrics.jsonl").is_file() for run in set(copied.runs()) - before))
    (run,) = set(copied.runs()) - before
    until(lambda: (run / ".runpact/metrics.jsonl").read_text().count("map50") > 2)
    program.send_signal(number)
    program.communicate(timeout=60)
    assert program.returncode == code
    known = listed(copied)[run.name]
    assert known["state"] == "interrupted"
    where = ["--workspace", str(EXAMPLE), "--workdir", str(copied.root)]
    curve = copied.root / "tmp/map50.json"
    assert run_command_line(["plot", *where, "--metric", "map50", "-o", str(curve), str(run)]) == 0
    assert "map50" in curve.read_text()
    if number != signal.SIGKILL:
        metrics = json.loads((run / "metrics.json").read_text())
        assert (metrics["status"], json.loads((run / "artifacts.json").read_text())["status"]) == (
            "failed",
        ) * 2
        assert metrics["error"]


@contextmanager
def served(system: System) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Run the statistics service; gives its process, host and port."""
    with started(system, "deploy.statistics.api", "deploy.statistics.port=0") as service:
        try:
            parts = urllib.parse.urlsplit(re.match(r"listening=(\S+)", service.stdout.readline())[1])
            yield service, parts.hostname, parts.port
        finally:
            service.kill()


@pytest.mark.requirement("D10.1", "D10.5")
def test_at_its_highest_rate_the_service_loses_nothing_it_acknowledged(
    system: System, figures: Callable[[str], None]
) -> None:
    acknowledged, requests = [0] * SENDERS, [0] * SENDERS
    with served(system) as (service, host, port):
        stop = time.monotonic() + SECONDS

        def send(number: int) -> None:
            event = {
                "source_id": f"edge-{number:02}",
                "ts_utc": "2025-01-01T12:00:00.123456+00:00",
                "total_detections": 3,
                "counts_by_class": {"one": 1, "two": 2},
                "latency_ms": 1.25,
            }
            body = json.dumps({"events": [event] * BATCH}).encode()
            connection = http.client.HTTPConnection(host, port, timeout=30)
            while time.monotonic() < stop:
                try:
                    connection.request("POST", "/api/events", body)
                    answer = connection.getresponse()
                    stored = json.loads(answer.read())["stored"]
                except OSError:
                    return
                acknowledged[number] += stored
                requests[number] += 1
            connection.close()

        senders = [threading.Thread(target=send, args=(number,)) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        service.kill()
        service.wait()
    from runpact.telemetry import open_stats_db

    path = system.root / "stats/stats.db"
    with open_stats_db(path) as store:
        stored = {each.source_id: each.events for each in store.per_source()}
    total = sum(acknowledged)
    figures(
        f"vision: statistics service, {SENDERS} clients, {BATCH} events a request, {SECONDS:.0f} s: "
        f"{total / SECONDS:,.0f} events/s in {sum(requests) / SECONDS:,.0f} requests/s; then killed: "
        f"{total:,} acknowledged, {sum(stored.values()):,} stored"
    )
    assert stored == {f"edge-{number:02}": count for number, count in enumerate(acknowledged)}
    assert path.stat().st_size / total < 250


def test_the_readme_followed_literally_works(tmp_path: Path) -> None:
    project = tmp_path / "vision"
    ignored = shutil.ignore_patterns(
        "__pycache__", *(["datasets", "models", "runs", "outputs", "stats", "tmp"]), "config.toml"
    )
    shutil.copytree(EXAMPLE, project, ignore=ignored)
    block = re.findall(r"```\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)[1]
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in lines:
        is_service = "deploy.remote" in line or "statistics" in line
        until_stopped = ["timeout", "--preserve-status", "-s", "TERM", "15"] if is_service else []
        done = subprocess.run(
            [*until_stopped, *line.split()],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr[-2000:])


def test_the_demo_tells_its_story(tmp_path: Path, figures: Callable[[str], None]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "runpact", "demo", "vision"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures(f"vision: demo in {time.monotonic() - began:.0f} s")
    work = tmp_path / "runpact-demo/vision/work-dir"
    assert (work / "outputs/map50.svg").stat().st_size > 1000
    assert (work / "outputs/film.jpg").stat().st_size > 1000
    assert "3 OK" in done.stdout
