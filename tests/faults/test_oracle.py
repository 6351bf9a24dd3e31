"""The oracle has teeth: each spoiled run is reported under the invariant it breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.oracle import End, violations
from faults.scenario import PLACES, Fact, lay_out, make_run, read_facts

FINISHED = End("exit", code=0)


@pytest.fixture(params=list(PLACES))
def finished(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path, list[Fact]]:
    """A workspace, its finished run, and what was acknowledged."""
    facts: list[Fact] = []
    lay_out(tmp_path)
    kind = request.param

    def tell(fact: str, **fields: object) -> None:
        facts.append({"fact": fact, **fields})

    assert make_run(tmp_path, tell, kind=kind) == 0
    return tmp_path, tmp_path / PLACES[kind] / "a", facts


def test_a_finished_run_breaks_no_invariant(finished: tuple[Path, Path, list[Fact]]) -> None:
    folder, run, facts = finished
    assert violations(folder, facts, FINISHED) == []
    assert (run.parent / "a-01").is_dir()
    assert {"event", "points", "artifact", "file", "sealed"} <= {fact["fact"] for fact in facts}


def log_of(run: Path, name: str) -> Path:
    return run / json.loads((run / ".runpact/run.json").read_text())["records"][name]


def without_last_lines(path: Path, count: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-count]))


SPOILED: dict[str, Callable[[Path], object]] = {
    "kept: 3 event": lambda run: without_last_lines(log_of(run, "events"), 3),
    "kept: 4 points": lambda run: without_last_lines(log_of(run, "metrics"), 1),
    "kept: first.bin was": lambda run: (run / "parts/first.bin").unlink(),
    "kept: second.bin is not": lambda run: (run / "parts/second.bin").write_bytes(b""),
    "kept: own.txt is not": lambda run: (run / "notes/own.txt").write_bytes(b"other"),
    "kept: the acknowledged run": lambda run: run.rename(run.parent / "b"),
    "born: a is visible": lambda run: (run / ".runpact/run.json").unlink(),
    "true: ": lambda run: (run / "more.txt").write_text("added"),
    "whole: status.json": lambda run: (run / "status.json").write_text('{"id": "a"'),
    "whole: a line of the log": lambda run: (run.parent.parent / "log.txt").write_text('{"level"\n{"event"'),
    "whole: the latest copy": lambda run: (run.parent.parent / "latest/result.json").write_text("{"),
    "classifiable: ": lambda run: (run / ".runpact/seal").unlink(),
}


@pytest.mark.parametrize("expected", SPOILED)
def test_each_way_to_spoil_a_run_is_reported(finished: tuple[Path, Path, list[Fact]], expected: str) -> None:
    folder, run, facts = finished
    SPOILED[expected](run)
    found = violations(folder, facts, FINISHED, rerun=False)
    assert any(line.startswith(expected) for line in found), found


def test_entries_that_nobody_asked_for_are_reported(finished: tuple[Path, Path, list[Fact]]) -> None:
    folder, _run, facts = finished
    unasked = [fact for fact in facts if fact.get("what") != "event"]
    (line,) = violations(folder, unasked, FINISHED, rerun=False)
    assert line.startswith("nothing invented: 0 event")


def test_an_exit_code_that_lies_is_reported(finished: tuple[Path, Path, list[Fact]]) -> None:
    folder, _run, facts = finished
    (line,) = violations(folder, facts, End("exit", code=3), rerun=False)
    assert line.startswith("honest exit: exit code 3")


def test_a_run_that_was_killed_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    lay_out(tmp_path)
    command = [sys.executable, "-m", "faults.scenario", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        told = b"".join(process.stdout.readline() for _line in range(7))
        process.kill()
        facts = read_facts(told + process.stdout.read())
    assert violations(tmp_path, facts, End("killed")) == []
    without_last_lines(tmp_path / "runs/a/.runpact/metrics.jsonl", 1)
    points = [fact["number"] for fact in facts if fact["fact"] == "points"]
    lost = violations(tmp_path, [*facts, {"fact": "points", "number": 9}], End("killed"), rerun=False)
    assert any(line.startswith(f"kept: {len(points) + 1} points") for line in lost)
