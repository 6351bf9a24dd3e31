"""`runpact.run(fence=True)`: a process that restricts itself for good."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.host import landlock
from runpact.model.errors import ConfinementError, UsageError

PROGRAM = """\
import ctypes, json, os, subprocess, sys, tempfile, threading, time
import runpact

def tried(work):
    try:
        work()
        return "done"
    except OSError as error:
        return type(error).__name__

tempfile.gettempdir()
if "thread" in sys.argv:
    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
with runpact.run(name="a", fence=True, guard=sys.argv[1]) as run:
    run.log({"loss": 1})
    run.save("metrics.json", {"loss": 1})
    told = {
        "mine": tried(lambda: open(run.path("x"), "w")),
        "stray": tried(lambda: open("stray", "w")),
        "child": subprocess.run(["sh", "-c", "touch stray"], stderr=subprocess.DEVNULL).returncode,
        "c": ctypes.CDLL(None).creat(b"stray", 0o600),
        "temporary": tried(lambda: tempfile.NamedTemporaryFile().close()),
    }
try:
    with runpact.run(name="b"):
        pass
except runpact.RunpactError as error:
    told["another"] = str(error)
print(json.dumps(told))
"""


def ran(place: Place, *arguments: str) -> tuple[dict, dict, str]:
    """Return what the program met, how its run was confined, and what it was told."""
    place.write("work.py", PROGRAM)
    done = subprocess.run(
        [sys.executable, "work.py", *arguments], cwd=place.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    folder = place.root / place.runs()[0]["path"]
    assert runpact.verify(folder) is runpact.Verdict.OK
    manifest = json.loads((folder / ".runpact/manifest.json").read_text())
    return json.loads(done.stdout), manifest["provenance"]["confinement"], done.stderr


def test_a_fenced_process_writes_into_its_run_and_nowhere_else(empty: Place) -> None:
    told, record, err = ran(empty, "off")
    assert told == {
        "mine": "done",
        "stray": "PermissionError",
        "child": 1,
        "c": -1,
        "temporary": "done",
        "another": "cannot write run directory: Permission denied; this process is fenced into another run",
    }
    assert (record["requested"], record["level"]) == ("W2", "W2")
    assert not (empty.root / "stray").exists()
    assert "only, for good" in err


def test_hook_and_kernel_are_recorded_together(empty: Place) -> None:
    told, record, _err = ran(empty, "refuse", "thread")
    assert told["stray"] == "StrayWriteError"
    assert (record["requested"], record["level"]) == ("W2+hook", "W2+hook")
    assert "1 thread that had begun before, not held" in record["gaps"]
    assert any(gap.startswith("files opened before the run began") for gap in record["gaps"])
    assert not any("C code" in gap for gap in record["gaps"])


def test_a_process_that_cannot_be_fenced_is_told(
    empty: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    with runpact.run(name="a", fence=True) as run:
        pass
    assert "W2 was asked for: this kernel has no Landlock" in capsys.readouterr().err
    assert run.confinement.lacking
    assert run.confinement.level == "W0+hook"
    with pytest.raises(ConfinementError), runpact.run(name="b", fence="required"):
        pass
    assert {each["name"]: each["state"] for each in empty.runs()} == {"a": "finished", "b": "failed"}
    assert "RUNPACT_CONFINEMENT" not in os.environ


def test_a_kernel_that_refuses_in_the_last_moment_is_told(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(_rules: object) -> None:
        raise OSError(7, "Argument list too long")

    with runpact.run(name="warm", guard="off"):
        pass
    monkeypatch.setattr(landlock, "restrict", refusing)
    with runpact.run(name="a", fence=True) as run:
        pass
    assert run.confinement.lacking == ("W2 was asked for: Landlock refused: Argument list too long",)
    with pytest.raises(ConfinementError), runpact.run(name="b", fence="required"):
        pass


@pytest.mark.parametrize("fence", ["W2", "yes", 3])
def test_a_word_that_is_no_fence_is_refused(fence: object) -> None:
    with pytest.raises(UsageError, match="unknown fence"):
        runpact.run(fence=fence)


def test_only_the_calling_thread_is_fenced(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "RUNPACT_CONFINEMENT"):
        monkeypatch.setenv(name, "/tmp")
    monkeypatch.setattr(tempfile, "tempdir", None)
    told: list[object] = []

    def work() -> None:
        with runpact.run(name="a", fence=True, guard="compare") as run:
            told.append(run.path("x"))
            try:
                Path("stray").touch()
            except PermissionError:
                told.append("refused")
        told.append(run.confinement.level)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told[1:] == ["refused", "W2"]
    assert os.environ["RUNPACT_CONFINEMENT"] == "W2"
    (empty.root / "free").touch()
