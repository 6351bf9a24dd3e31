"""`runpact run --trace`: what a command reads and writes, by path."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

import runpact
from integration.runs.place import Place
from runpact.host.child import run_child
from runpact.model import trace as traces
from runpact.model.confinement import TRACE_GAP, Fence
from runpact.verbs.life.fence import note_trace

NEEDS_STRACE = pytest.mark.skipif(
    shutil.which("strace") is None, reason="`strace` is not on PATH: traces of real commands are left out"
)
PROGRAM = """\
import contextlib, os, sys
sys.path.insert(0, "lib")
import helper
from pathlib import Path
print(Path("declared.txt").read_text(), Path("data.txt").read_text())
run = Path(os.environ["RUNPACT_RUN_DIR"])
(run / "mine").write_text("x")
for attempt in (lambda: Path("stray").touch(), lambda: Path("data.txt").rename(run / "moved"),
                lambda: Path("../beside").mkdir()):
    with contextlib.suppress(OSError):
        attempt()
Path("missing.txt").exists()
"""


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace with a program that reads and writes more than it declares."""
    empty.write("work.py", PROGRAM)
    empty.write("lib/helper.py", "x = 1\n")
    empty.write("data.txt", "data")
    empty.write("declared.txt", "declared")
    return empty


def traced(place: Place, *options: str) -> tuple[int, str, dict]:
    """Return exit code, stderr and confinement of the program, traced."""
    options = ("--trace", "--input", "declared.txt", *options)
    code, _out, err = place.call("run", *options, "--", sys.executable, "work.py")
    folder = place.root / place.runs()[0]["path"]
    manifest = json.loads((folder / ".runpact/manifest.json").read_text())
    return code, err, manifest["provenance"]["confinement"]


@NEEDS_STRACE
def test_undeclared_reads_and_refused_writes_are_listed_by_path(place: Place) -> None:
    code, err, record = traced(place)
    assert code == 0, err
    assert record["undeclared"] == ["data.txt", "lib/helper.py"]
    told = {(stray["path"], stray["refused"]) for stray in record["strays"] if stray["seen_by"] == "trace"}
    assert told == {("stray", True), ("data.txt", True), ("[outside]/beside", True)}
    assert record["mechanism"][-1] == "trace"
    assert TRACE_GAP in record["gaps"]
    assert "read without being declared: 2\n  data.txt\n  lib/helper.py" in err
    assert "  stray (openat, refused)" in err
    assert f"  {place.root.parent}/beside (" in err
    document = place.json("run", "--trace", "--input", "data.txt", "--", sys.executable, "work.py")[1]
    assert document["undeclared"] == ["declared.txt", "lib/helper.py"]


@NEEDS_STRACE
def test_without_a_fence_a_traced_write_outside_is_a_warning(place: Place) -> None:
    code, err, record = traced(place, "--confinement", "W0")
    assert code == 1
    assert (record["requested"], record["level"], record["mechanism"]) == ("W0", "W0", ["trace"])
    assert {stray["path"] for stray in record["strays"]} == {"stray", "data.txt"}
    assert "seen by trace" in err
    assert not list(place.root.parent.glob("runpact-*"))


@NEEDS_STRACE
def test_a_write_that_was_traced_is_not_told_twice(place: Place) -> None:
    _code, _err, record = traced(place, "--confinement", "W1")
    assert [stray["seen_by"] for stray in record["strays"] if stray["path"] == "stray"] == ["trace"]


@NEEDS_STRACE
@pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="`bwrap` is not on PATH: traces inside namespaces are left out"
)
def test_what_hides_a_module_is_told_where_only_declared_files_are_read(place: Place) -> None:
    code, _err, record = traced(place, "--confinement", "W3", "--reads", "declared")
    assert (code, record["level"]) == (3, "W3")
    assert "lib" in record["undeclared"]


@NEEDS_STRACE
def test_a_trace_that_was_cut_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "MOST_PATHS", 3)
    _code, _err, record = traced(place)
    assert any("the trace named too many paths" in gap for gap in record["gaps"])


@NEEDS_STRACE
def test_a_command_that_spoils_its_trace_is_told_nothing_of(place: Place) -> None:
    place.write("spoil.sh", 'rm -f "$TMPDIR"/own/* "$TMPDIR"/*.log; rm -rf "$TMPDIR/own"')
    assert place.call("run", "--trace", "--", "sh", "spoil.sh")[0] == 0


@NEEDS_STRACE
def test_a_signal_reaches_a_traced_program(place: Place) -> None:
    script = (
        'trap "echo ended > $RUNPACT_RUN_DIR/told; exit 5" TERM; touch $RUNPACT_RUN_DIR/up; sleep 30 & wait'
    )
    command = [sys.executable, "-m", "runpact", "run", "--trace", "--", "sh", "-c", script]
    process = subprocess.Popen(command, cwd=place.root, stderr=subprocess.DEVNULL)
    for _ in range(1000):
        if list(place.root.glob("runs/*/up")):
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    (told,) = place.root.glob("runs/*/told")
    assert told.read_text() == "ended\n"


def test_without_strace_nothing_is_created(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = place.root / "tools"
    tools.mkdir()
    (tools / "true").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tools))
    code, _out, err = place.call("run", "--trace", "--", "true")
    assert code == 2
    assert "`strace`, which is not on PATH" in err
    assert not (place.root / "runs").exists()


@NEEDS_STRACE
def test_a_trace_is_handed_over_when_the_child_has_ended(place: Place) -> None:
    told: list[str] = []
    end = run_child(
        ("sh", "-c", "exit 3"),
        cwd=str(place.root),
        env=dict(os.environ),
        logs=(lambda _: None, lambda _: None),
        tee=False,
        fence=Fence(level="W0", private_in="/tmp", traced=("execve",)),
        on_trace=told.extend,
    )
    assert end.exit_code == 3
    assert "execve(" in told[0]


def test_a_run_that_has_ended_takes_no_trace(place: Place) -> None:
    with runpact.run(name="a", guard="off") as run:
        pass
    note_trace(run, ("sh",), ['1 unlink("/x") = 0'], readable=(), cwd=str(place.root), environ={})
    assert run.traced is None
