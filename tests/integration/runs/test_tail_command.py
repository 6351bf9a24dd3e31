"""`runpact tail`: follows a live run to its end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.host import clock
from runpact.model.errors import CannotStartError
from runpact.model.run import State
from runpact.verbs.finding.tail import follow

CONTRACT = 'contract: test.tail\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\n'
LIVE = """\
import runpact, sys
with runpact.run(name="live", unsafe_skip_check=True) as run:
    for step in range(5):
        run.log({"loss": 1 / (step + 1)}, step=step)
    print("ready", flush=True)
    sys.stdin.readline()
    run.log({"loss": 0.0625, "acc": 2.0}, step=5)
    run.event("eval.ended", phase="x")
    if sys.argv[1] == "fail":
        raise SystemExit(7)
"""


@pytest.fixture
def lab(empty: Place) -> Place:
    empty.write("contract.yaml", CONTRACT)
    return empty


def live(end: str) -> subprocess.Popen:
    child = subprocess.Popen(
        [sys.executable, "-c", LIVE, end],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert child.stdout.readline() == "ready\n"
    return child


def watch(lab: Place, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "runpact", "tail", "live", "--interval", "0.05", *options]
    return subprocess.Popen(command, cwd=lab.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def rest_of(watcher: subprocess.Popen) -> tuple[str, str]:
    """Return what is still to be read; `communicate` would lose what `readline` had read ahead."""
    with watcher:
        return watcher.stdout.read(), watcher.stderr.read()


@pytest.mark.parametrize(("end", "code", "state"), [("finish", 0, "finished"), ("fail", 3, "failed")])
def test_a_live_run_is_followed_until_it_ends(lab: Place, end: str, code: int, state: str) -> None:
    child = live(end)
    watcher = watch(lab, "--json")
    first = json.loads(watcher.stdout.readline())
    child.communicate("\n")
    out, err = rest_of(watcher)
    lines = [first, *map(json.loads, out.splitlines())]
    assert (watcher.returncode, err) == (code, "")
    assert {line["format"] for line in lines} == {"runpact.tail/1"}
    assert [line["state"] for line in lines if line["what"] == "state"] == ["running", state]
    assert [line["seq"] for line in lines if line["what"] == "metrics"] == [1, 2, 3, 4, 5, 6]
    events = [line["event"] for line in lines if line["what"] == "event"]
    assert events[0] == "run.started"
    assert events[-2:] == ["eval.ended", "run.ended"]
    assert all("crc" not in line for line in lines)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_change_of_state_is_told(
    lab: Place, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    with contextlib.ExitStack() as ending:
        ending.enter_context(runpact.run(name="a", unsafe_skip_check=True))
        monkeypatch.setattr(clock, "wait", lambda _seconds: ending.close())
        code, out, _err = lab.call("tail", "a", *options)
    assert code == 0
    assert "running" in out.splitlines()[0]
    assert "finished" in out.splitlines()[-1]


@pytest.fixture
def heard() -> Iterator[None]:
    """SIGINT reaches what is started here, also where the tests themselves run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_ctrl_c_ends_the_watching_alone(lab: Place) -> None:
    child = live("finish")
    watcher = watch(lab)
    assert watcher.stdout.readline() == "running\n"
    watcher.send_signal(signal.SIGINT)
    _out, err = rest_of(watcher)
    assert (watcher.returncode, err.strip()) == (130, "")
    child.communicate("\n")
    assert child.returncode == 0
    assert lab.runs()[0]["state"] == "finished"


def test_a_killed_run_ends_the_watching(lab: Place) -> None:
    child = live("finish")
    watcher = watch(lab)
    assert watcher.stdout.readline() == "running\n"
    child.kill()
    out, err = rest_of(watcher)
    child.communicate()
    assert (watcher.returncode, err) == (3, "")
    assert out.splitlines()[-1].startswith("interrupted: its process ended")


def finished(name: str, points: int = 3) -> None:
    with runpact.run(name=name, unsafe_skip_check=True) as run:
        for step in range(points):
            run.log({f"m{number}": step for number in range(10)}, step=step)


def test_the_past_is_told_as_far_as_is_asked(lab: Place) -> None:
    finished("a")
    code, out, _err = lab.call("tail", "a", "-n", "1")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "finished"
    assert "step 2  m0 2  m1 2" in lines[1]
    assert lines[1].endswith("and 2 more  (1 point)")
    assert lines[2].split("  ")[1:] == ["run.ended", '{"state":"finished","error":null}']
    told = [json.loads(line) for line in lab.call("tail", "a", "--all", "--json")[1].splitlines()[1:]]
    assert [each["what"] for each in told[:2]] == ["event", "metrics"]
    assert [each["time"] for each in told] == sorted(each["time"] for each in told)
    assert {len(each["time"]) for each in told} == {27}
    everything = lab.call("tail", "a", "--all")[1]
    assert "run.started" in everything
    assert "(3 points)" in everything
    assert len(lab.call("tail", "a", "-n", "0", "--json")[1].splitlines()) == 1


def test_points_without_a_step_or_a_time_are_told(lab: Place) -> None:
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        run.log({"x": 1.5})
        run.event("long", text="y" * 300)
    out = lab.call("tail", "a", "--all")[1]
    assert "  x 1.5  (1 point)" in out
    assert "…" in out
    folder = lab.root / "runs/a"
    from runpact.model.journal import frame_line

    for file, body in (
        ("metrics", b'{"seq":2,"time":"?","step":"?","values":{"x":"?"}}'),
        ("events", b'{"seq":4}'),
    ):
        path = folder / f".runpact/{file}.jsonl"
        path.write_bytes(path.read_bytes() + frame_line(body))
    assert lab.call("tail", "a", "--all", "--json")[0] == 0
    out = lab.call("tail", "a", "-n", "1")[1]
    assert "??:??:??  step ?  x ?  (1 point)" in out
    assert "  ?\n" in out


def test_a_damaged_line_is_the_last_that_is_told(lab: Place) -> None:
    finished("a")
    path = lab.root / "runs/a/.runpact/metrics.jsonl"
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second.replace(b'"m0":1', b'"m0":9') + third)
    assert [line for line in lab.call("tail", "a", "--json")[1].splitlines() if '"metrics"' in line] != []
    assert lab.call("tail", "a", "--json")[1].count('"what":"metrics"') == 1
    path.unlink()
    path.mkdir()
    assert lab.call("tail", "a", "--json")[1].count('"what":"metrics"') == 0


def test_a_directory_without_a_log_cannot_be_followed(lab: Place) -> None:
    (lab.root / "runs/x").mkdir(parents=True)
    assert lab.call("tail", "x")[0] == 2
    with pytest.raises(CannotStartError):
        next(follow(str(lab.root / "runs/x"), last=None, pause=lambda: None))


def test_a_line_that_is_not_whole_yet_is_told_once_it_is(lab: Place, tmp_path: Path) -> None:
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        news = follow(run.dir, last=0, pause=lambda: None)
        assert next(news).standing.state is State.RUNNING
        path = f"{run.dir}/.runpact/metrics.jsonl"
        run.log({"x": 1.0})
        whole = Path(path).read_bytes()
        os.truncate(path, len(whole) - 5)
        assert next(news).metrics == []
        Path(path).write_bytes(whole)
        assert [point["seq"] for point in next(news).metrics] == [1]
    time.sleep(0)
    assert [each.is_last for each in news] == [False, True]
