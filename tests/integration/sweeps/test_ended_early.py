"""Sweeps that are ended from outside: states are right at once, and going on repeats and loses nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.runs.place import Place

TRIALS = 12
COMMAND = ["sh", "-c", 'sleep 0.0{lr}; echo "{\\"loss\\": {lr}}" > "$RUNPACT_RUN_DIR/out.json"']
OBJECTIVE = ("--objective", "out.json#/loss:max")
PROGRAM = """\
import sys, time
import runpact

def trial(given):
    time.sleep(given.config["lr"] / 200)
    given.run.save("out.json", {"loss": given.config["lr"]})

resume = sys.argv[2] if len(sys.argv) > 2 else None
found = runpact.sweep(
    {"lr": list(range(1, %d))},
    trial=trial,
    objective="out.json#/loss:max",
    jobs=int(sys.argv[1]),
    resume=resume,
)
print(found.path)
""" % (TRIALS + 1)  # noqa: UP031 - braces stand in the program
GRID = "lr=" + ",".join(str(number) for number in range(1, TRIALS + 1))
STARTING = 0.15
"""Up to so many seconds are counted from the start of the process."""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def command_line(*more: str) -> list[str]:
    return [sys.executable, "-m", "runpact", "sweep", *more, "--jobs", "2"]


def begun(place: Place, way: str, resume: str = "") -> subprocess.Popen[bytes]:
    """Start a sweep of commands, or of a function here or in two processes."""
    if way == "command":
        more = ["--resume", resume] if resume else ["--grid", GRID, *OBJECTIVE]
        line = [*command_line(*more), *([] if resume else ["--", *COMMAND])]
    else:
        place.write("program.py", PROGRAM)
        line = [sys.executable, "program.py", way[-1], *([resume] if resume else [])]
    return subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=place.root, start_new_session=True
    )


def sweeps_and_trials(place: Place) -> tuple[list[dict], list[dict]]:
    runs = place.runs()
    return [run for run in runs if run["kind"] == "sweep"], [run for run in runs if run["kind"] == "run"]


def settled(place: Place) -> tuple[list[dict], list[dict]]:
    """Return the runs once the processes that died with the sweep are gone."""
    for _look in range(100):
        found = sweeps_and_trials(place)
        if all(run["state"] != "running" for run in (*found[0], *found[1])):
            return found
        time.sleep(0.05)
    raise AssertionError([run["path"] for run in (*found[0], *found[1]) if run["state"] == "running"])


def struck(place: Place, way: str, number: signal.Signals, seconds: float) -> int:
    """Strike a sweep so long after its folder appeared, or while it starts; return its exit code."""
    child = begun(place, way)
    deadline = time.monotonic() + 60
    while seconds > STARTING and time.monotonic() < deadline and child.poll() is None:
        if any((place.root / "sweeps").glob("*")):
            break
        time.sleep(0.01)
    time.sleep(seconds)
    child.send_signal(number)
    _out, err = child.communicate(timeout=60)
    is_made = any((place.root / "sweeps").glob("*"))  # before that Python may be loading runpact itself
    assert way != "command" or not is_made or b"Traceback" not in err
    return child.returncode


def struck_after(place: Place, child: subprocess.Popen[bytes], number: signal.Signals, count: int) -> int:
    """Strike a sweep once so many trials have finished; return its exit code."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        if sum(run["state"] == "finished" for run in sweeps_and_trials(place)[1]) >= count:
            break
        time.sleep(0.02)
    child.send_signal(number)
    child.communicate(timeout=60)
    assert child.returncode not in {0, None}
    return child.returncode


def hold(place: Place, way: str, number: signal.Signals, seconds: float) -> tuple[str, int]:
    """Strike a sweep, see that its state is right, go on until it is done; return what was there."""
    code = struck(place, way, number, seconds)
    sweeps, trials = settled(place)
    assert {run["state"] for run in trials} <= {"finished", "interrupted", "abandoned"}, (
        way,
        number,
        seconds,
    )
    finished_before = {run["path"] for run in trials if run["state"] == "finished"}
    if not [sweep for sweep in sweeps if sweep["state"] != "abandoned"]:
        assert not trials
        return "nothing", 0
    assert len(sweeps) == 1
    if sweeps[0]["state"] == "finished":
        assert code in {0, -number, 128 + number}  # it may be struck behind its seal
        return "finished", len(finished_before)
    assert sweeps[0]["state"] == "interrupted"
    assert code != 0
    child = begun(place, way, sweeps[0]["path"])
    _out, err = child.communicate(timeout=120)
    if b"no sweep that can be gone on with" in err:
        assert child.returncode != 0
        assert not trials
        return "unplanned", 0
    assert child.returncode == 0, err.decode()
    judge(place, finished_before)
    return "went on", len(finished_before)


def judge(place: Place, finished_before: set[str]) -> None:
    """Demand that each trial finished exactly once, and that the last leaderboard has them all."""
    sweeps, trials = settled(place)
    done = [run for run in trials if run["state"] == "finished"]
    tried = Counter(json.loads((place.root / run["path"] / "out.json").read_text())["loss"] for run in done)
    assert tried == dict.fromkeys(range(1, TRIALS + 1), 1)
    last = next(run for run in sweeps if run["state"] == "finished")
    board = json.loads((place.root / last["path"] / "leaderboard.json").read_text())
    assert [row["rank"] for row in board["rows"]] == list(range(1, TRIALS + 1))
    assert finished_before <= {row["run"] for row in board["rows"]}


def moments(
    count: int, *, seed: int, signals: tuple[signal.Signals, ...]
) -> list[tuple[str, signal.Signals, float]]:
    """Return random moments, over all ways and these signals."""
    generator = random.Random(seed)
    ways = ("command", "function 1", "function 2")
    return [(ways[n % 3], signals[n // 3 % len(signals)], generator.uniform(0.0, 1.3)) for n in range(count)]


def swept(
    empty: Place,
    count: int,
    seed: int,
    figures: Callable[[str], None],
    signals: tuple[signal.Signals, ...] = SIGNALS,
) -> Counter[str]:
    root, found, kept = empty.root, Counter(), 0
    for number, (way, sign, seconds) in enumerate(moments(count, seed=seed, signals=signals)):
        empty.root = root / str(number)
        empty.root.mkdir()
        os.chdir(empty.root)
        what, finished = hold(empty, way, sign, seconds)
        found[what] += 1
        kept += finished
    os.chdir(root)
    figures(
        f"sweeps, {', '.join(each.name for each in signals)} at {count} moments: {dict(found)}, "
        f"{kept} trials taken over, none twice, none lost"
    )
    return found


def test_a_sample_of_moments_leaves_sweeps_that_go_on(empty: Place, figures: Callable[[str], None]) -> None:
    found = swept(empty, 6, 1, figures)
    assert found["went on"] >= 1


@pytest.mark.nightly
@pytest.mark.parametrize("number", SIGNALS)
def test_fifty_moments_of_each_signal_leave_sweeps_that_go_on(
    empty: Place, figures: Callable[[str], None], number: signal.Signals
) -> None:
    found = swept(empty, 51, int(number), figures, (number,))
    assert found["went on"] >= 10  # where a moment falls is chance


def test_two_processes_cannot_go_on_with_one_sweep(empty: Place) -> None:
    struck_after(empty, begun(empty, "command"), signal.SIGKILL, 2)
    sweeps, _trials = settled(empty)
    assert sweeps
    path = sweeps[0]["path"]
    first = begun(empty, "command", path)
    for _look in range(100):
        if len(sweeps_and_trials(empty)[0]) > 1:
            break
        time.sleep(0.05)
    code, _out, err = empty.call("sweep", "--resume", path)
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert code == 2
    assert "another process runs the sweep" in err
    judge(empty, set())
    assert "nothing is left to do" in empty.call("sweep", "--resume", path)[2]


def test_a_changed_base_configuration_is_told(empty: Place) -> None:
    base = empty.write("base.yaml", "a: 1\n")
    child = subprocess.Popen(
        [*command_line("--grid", GRID, *OBJECTIVE, "--config", "base.yaml"), "--", *COMMAND],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=empty.root,
    )  # fmt: skip
    assert struck_after(empty, child, signal.SIGTERM, 1) == 143
    path = sweeps_and_trials(empty)[0][0]["path"]
    base.write_text("a: 2\n")
    code, _out, err = empty.call("sweep", "--resume", path)
    assert code == 2
    assert "the configuration has changed" in err
    base.write_text("a: 1\n")
    assert empty.call("sweep", "--resume", path, "--jobs", "2")[0] == 0
    judge(empty, set())


def test_a_finished_trial_that_no_log_has_is_taken_over(empty: Place) -> None:
    struck_after(empty, begun(empty, "command"), signal.SIGKILL, 3)
    sweeps, trials = settled(empty)
    done = {run["path"] for run in trials if run["state"] == "finished"}
    assert done
    log = empty.root / sweeps[0]["path"] / ".runpact/events.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(line for line in lines if "sweep.trial" not in line))
    code, found = empty.json("sweep", "--resume", sweeps[0]["path"])
    assert (code, found["counts"]["resumed"]) == (0, len(done))
    judge(empty, done)


def test_one_that_went_on_can_be_gone_on_with(empty: Place) -> None:
    struck_after(empty, begun(empty, "command"), signal.SIGTERM, 2)
    first = settled(empty)[0][0]["path"]
    child = begun(empty, "command", first)
    struck_after(empty, child, signal.SIGKILL, 4)
    sweeps, trials = settled(empty)
    done = {run["path"] for run in trials if run["state"] == "finished"}
    assert Path(empty.root / sweeps[0]["path"]).is_dir()
    code, _found = empty.json("sweep", "--resume", sweeps[0]["path"])
    assert code == 0
    judge(empty, done)
