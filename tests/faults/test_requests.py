"""Requests that a signal ends at any moment: one answer, two signals, a run whose state is right at once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import runpact

PROGRAM = """\
import time
import runpact

app = runpact.App("slow", version="1")


@app.command("run")
def run(params, call):
    with runpact.run(name="slow") as active:
        for step in range(20):
            active.log({"loss": 1.0}, step=step)
            time.sleep(0.01)
    return active


if __name__ == "__main__":
    raise SystemExit(app.main())
"""
REQUEST = '{"schema_version": "1.0", "command": "run", "request_id": "r"}'
FAST, NIGHTLY = 3, 50
SEED = 20261121


def ended(folder: Path, number: int, delay: float) -> tuple[int, bytes, bool]:
    """Begin a request, end it after a while; return its exit code, its answer, and whether Rust panicked.

    A library in Rust that the signal's exception goes through prints it and raises one of its own.
    """
    words = [sys.executable, "main.py", "--json-request", REQUEST, "--signal-file", "signals.jsonl"]
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(delay)
    process.send_signal(number)
    out, error = process.communicate(timeout=120)
    has_panicked = b"panicked" in error
    # while the interpreter begins, nobody is there to answer
    assert b"Traceback" not in error or not out or has_panicked
    return process.returncode, out, has_panicked


def looked_at(folder: Path, number: int, delay: float) -> str:
    """End one request and judge what is left; return in a word how far it was."""
    code, out, has_panicked = ended(folder, number, delay)
    told = runpact.read_signals(folder / "signals.jsonl") if (folder / "signals.jsonl").exists() else ()
    states = [run.state.value for run in runpact.list_runs(workspace=folder)]
    assert set(states) <= {"finished", "interrupted", "abandoned", *(["failed"] if has_panicked else [])}
    if number == signal.SIGKILL:
        assert [each.status for each in told] in ([], ["unknown"], ["success"])
        assert out.count(b"\n") <= 1
        return told[0].status if told else "not begun"
    if not told:
        assert (out, code != 0) == (b"", True)
        return "not begun"
    answer = json.loads(out)
    (line,) = told
    assert answer["exit_code"] == code
    if answer["status"] == "success":
        assert (line.status, code, states) == ("success", 0, ["finished"])
        return "finished"
    assert (line.status, line.fields["exit_code"], answer["error"]["code"]) == ("error", code, "interrupted")
    assert code == 128 + number
    return "interrupted"


def swept(tmp_path: Path, count: int) -> Counter[tuple[str, str]]:
    chance = random.Random(SEED)
    found: Counter[tuple[str, str]] = Counter()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        for time_of in range(count):
            folder = tmp_path / f"{number.name}-{time_of}"
            folder.mkdir()
            (folder / "main.py").write_text(PROGRAM)
            found[number.name, looked_at(folder, number, chance.uniform(0.05, 1.2))] += 1
    return found


@pytest.mark.requirement("E11.7", "E11.8", "E10.6")
def test_a_request_that_is_ended_at_some_moment_is_answered_and_signalled(tmp_path: Path) -> None:
    assert sum(swept(tmp_path, FAST).values()) == 3 * FAST


@pytest.mark.nightly
@pytest.mark.requirement("E11.7", "E11.8")
def test_requests_that_are_ended_at_many_moments_are_answered_and_signalled(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    found = swept(tmp_path, NIGHTLY)
    said = ", ".join(f"{name} {how} {times}" for (name, how), times in sorted(found.items()))
    figures(f"requests ended by a signal: {said}")
    assert {("SIGTERM", "interrupted"), ("SIGINT", "interrupted"), ("SIGKILL", "unknown")} <= found.keys()


@pytest.mark.requirement("E11.8")
def test_a_killed_request_leaves_a_beginning_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PROGRAM.replace("0.01", "10"))
    words = [sys.executable, "main.py", "--json-request", REQUEST, "--signal-file", "signals.jsonl"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("runs/*/.runpact/metrics.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    assert process.communicate(timeout=60)[0] == b""
    assert [each.status for each in runpact.read_signals(tmp_path / "signals.jsonl")] == ["unknown"]
    assert [run.state.value for run in runpact.list_runs(workspace=tmp_path)] == ["interrupted"]
