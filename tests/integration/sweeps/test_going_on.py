"""Going on with a sweep: what is taken over, what is tried again, what is refused."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import runpact
from integration.runs.place import Place
from runpact.host.orphans import processes_of
from runpact.verbs.life.nest import Outer
from runpact.workspace import Workspace, goingon, sweeping

OBJECTIVE = "metrics.loss:min"
SAID = {"mode": "{mode}", "digest": "{digest:7}"}


def stopped_at(number: int):
    """Return a function that is stopped in one trial."""

    def trial(given: runpact.OpenTrial) -> float:
        if given.number == number:
            raise KeyboardInterrupt
        return float(given.number)

    return trial


def test_a_refused_trial_is_taken_over_and_tried_again_only_when_asked(place: Place) -> None:
    said = {"objective": OBJECTIVE, "sweep_captures": SAID}
    space = {"lr": [1, 1000, 2]}
    with pytest.raises(KeyboardInterrupt):
        runpact.sweep(space, trial=stopped_at(3), **said)
    path = runpact.runs("kind = sweep")[0].path
    found = runpact.sweep(space, trial=stopped_at(0), resume=path, **said)
    assert found.outcome.counts.resumed == 2
    assert {end.trial.number: end.state for end in found.outcome.ends} == {
        1: "finished",
        2: "refused",
        3: "finished",
    }
    again = runpact.sweep(space, trial=stopped_at(0), resume=path, retry=1, **said)
    assert (again.outcome.counts.resumed, again.outcome.counts.failed) == (2, 1)


def test_of_a_trial_that_failed_and_then_finished_the_end_that_is_done_counts(empty: Place) -> None:
    space = {"x": [1, 2]}
    calls: list[int] = []

    def failing(given: runpact.OpenTrial) -> float:
        calls.append(given.number)
        if len(calls) < 7:
            raise ValueError("not yet")
        return float(given.number)

    first = runpact.sweep(space, trial=failing, objective=OBJECTIVE)
    for _time in range(2):
        last = runpact.sweep(space, trial=failing, objective=OBJECTIVE, resume=first.path, retry=1)
    assert calls == [1, 2, 1, 1, 2, 2, 1, 2]
    assert last.outcome.counts.resumed == 0
    assert (
        runpact.sweep(
            space, trial=failing, objective=OBJECTIVE, resume=first.path, retry=1
        ).outcome.counts.resumed
        == 2
    )
    shown = sweeping.summary(Workspace.open(), last.path)
    assert shown is not None
    assert (shown.counts.finished, shown.counts.failed) == (2, 0)
    assert sweeping.summary(Workspace.open(), last.outcome.ends[0].path) is None


def test_a_trial_that_still_runs_is_waited_for_and_then_told(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        runpact.sweep({"x": [1, 2]}, trial=stopped_at(2), objective=OBJECTIVE)
    sweep = runpact.runs("kind = sweep")[0]
    monkeypatch.setattr(goingon, "_PATIENCE_SECONDS", 0.3)
    home = Workspace.open()
    request = home.request(kind="run", name="alive")
    outer = Outer(sweep.uid, sweep.directory, sweep.path)
    with home.start(msgspec.structs.replace(request, outer=outer)) as alive:
        with pytest.raises(runpact.RunpactError, match="still runs") as raised:
            runpact.sweep({"x": [1, 2]}, trial=stopped_at(0), objective=OBJECTIVE, resume=sweep.path)
        assert raised.value.at.endswith(alive.id)
    found = runpact.sweep({"x": [1, 2]}, trial=stopped_at(0), objective=OBJECTIVE, resume=sweep.path)
    assert found.outcome.counts.finished == 2


def test_a_terminal_shows_how_far_a_sweep_is_and_is_left_clean(empty: Place) -> None:
    ours, theirs = pty.openpty()
    line = [
        sys.executable,
        "-m",
        "runpact",
        "sweep",
        "--grid",
        "lr=3,1,2",
        "--objective",
        "out.json#/x:min",
        "--",
    ]
    script = 'sleep 0.2; test {lr} = 3 && exit 1; echo "{\\"x\\": {lr}}" > "$RUNPACT_RUN_DIR/out.json"'
    child = subprocess.Popen(
        [*line, "sh", "-c", script], stdout=subprocess.PIPE, stderr=theirs, cwd=empty.root
    )
    os.close(theirs)
    told = b""
    while piece := _read(ours):
        told += piece
    os.close(ours)
    out = child.communicate(timeout=60)[0]
    assert child.returncode == 1
    assert b"of 3 trials, 1 running" in told
    assert b"failed" in told
    assert b", best 1" in told
    assert b"\r\x1b[K" in told
    assert b"rank" in out
    assert Path(empty.root / "sweeps").is_dir()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other end was closed
        return b""


TRAIN = """\
import json, os, pathlib, sys, time
if pathlib.Path("slow").exists():
    time.sleep(60)
pathlib.Path(os.environ["RUNPACT_RUN_DIR"], "out.json").write_text(json.dumps({"loss": float(sys.argv[1])}))
"""
GRID = ["sweep", "--grid", "lr=1,2,3", "--objective", "out.json#/loss:min", "--jobs", "2"]


@pytest.fixture
def killed(empty: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Kill a sweep in a subfolder while its commands run; return its path, from another folder."""
    empty.write("contract.yaml", "contract: a.b\nversion: '1.0.0'\nextends: runpact:basic@1\n")
    empty.write("code/train.py", TRAIN)
    slow = empty.write("code/slow", "")
    line = [sys.executable, "-m", "runpact", *GRID, "--", sys.executable, "train.py", "{lr}"]
    with subprocess.Popen(line, cwd=empty.root / "code", stderr=subprocess.DEVNULL) as child:
        while sum(run["state"] == "running" and run["kind"] == "run" for run in empty.runs()) < 2:
            time.sleep(0.02)
        time.sleep(0.5)
        child.kill()
    slow.unlink()
    elsewhere = empty.write("elsewhere/slow", "").parent
    monkeypatch.chdir(elsewhere)
    yield next(run["path"] for run in empty.runs() if run["kind"] == "sweep")
    end_all(empty)


def processes(place: Place) -> list[int]:
    runs = {
        str(place.root / run["path"]): run["uid"]
        for run in place.json("ls", "--workspace", str(place.root))[1]["runs"]
    }
    return [each.pid for found in processes_of(runs).values() for each in found]


def end_all(place: Place) -> None:
    while found := processes(place):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def test_a_command_that_outlived_its_sweep_is_waited_for_and_then_told(
    empty: Place, killed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goingon, "_PATIENCE_SECONDS", 0.2)
    code, _out, err = empty.call("sweep", "--resume", killed, "--workspace", "..")
    assert code == 2
    assert "still runs" in err
    assert any(f"process {pid}" in err for pid in processes(empty))


def test_trials_go_on_where_they_were_begun_whoever_asks_from_where(empty: Place, killed: str) -> None:
    end_all(empty)
    code, found = empty.json("sweep", "--resume", killed, "--workspace", "..")
    assert (code, found["counts"]["finished"]) == (0, 3)
    went_on = next(
        run for run in empty.json("ls", "--workspace", "..")[1]["runs"] if run["id"] == found["id"]
    )
    events = (empty.root / went_on["path"] / ".runpact/events.jsonl").read_text().splitlines()
    planned = next(line for line in map(msgspec.json.decode, events) if line["event"] == "sweep.planned")
    assert planned["jobs"] == 2
    for path in (killed, found["path"]):
        page = empty.call("report", path, "--workspace", "..", "--format", "md")[1]
        assert "cd code && runpact sweep --grid lr=1,2,3 --objective" in page
        assert (f"{found['path']}, finished" in page) is (path == killed)
    code, out, _err = empty.call("reproduce", found["path"], "--workspace", "..", "--yes")
    assert code == 2
    assert "jobs or trials, each a run of its own" in out


def test_a_sweep_whose_folder_is_gone_is_not_gone_on_with(empty: Place, killed: str) -> None:
    end_all(empty)
    shutil.rmtree(empty.root / "code")
    code, _out, err = empty.call("sweep", "--resume", killed, "--workspace", "..")
    assert code == 2
    assert "is gone" in err
