"""Going on with a sweep: what is taken over, what is tried again, what is refused."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import runpact
from integration.runs.place import Place
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
