"""Whatever is killed, whatever is damaged: every run is listed with a state that is true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.runs.place import Place

LOGGER = """\
import sys, runpact
with runpact.run(name='k') as run:
    for step in range(1000000):
        run.log({'x': step}, step=step)
        sys.stdout.write(f'{step}\\n'); sys.stdout.flush()
"""


def killed(place: Place, script: str = LOGGER, after: int = 200) -> int:
    """Kill a logging program once it acknowledged `after` points; return the last acknowledged step."""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, cwd=place.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        last = -1
        while last < after:
            last = int(process.stdout.readline())
        process.kill()
        rest = process.stdout.read().split(b"\n")
        return max([last, *(int(line) for line in rest[:-1] if line)])


@pytest.mark.requirement("B-042")
def test_a_killed_run_is_interrupted_at_once_and_keeps_every_acknowledged_point(empty: Place) -> None:
    acknowledged = killed(empty)
    (run,) = empty.runs()
    assert (run["state"], run["reason"]) == ("interrupted", "its process ended without sealing it")
    document = empty.json("show", run["id"])[1]
    assert document["metrics"][0]["count"] >= acknowledged + 1
    code, checked = empty.json("check", run["id"])
    assert code == 2
    assert "not-sealed" in {finding["code"] for finding in checked["findings"]}
    assert empty.call("run", "--", "true")[0] == 0


def test_a_torn_last_line_is_discarded_and_told(empty: Place) -> None:
    killed(empty, after=5)
    (run,) = empty.runs()
    log = empty.root / run["path"] / ".runpact/metrics.jsonl"
    count = empty.json("show", run["id"])[1]["metrics"][0]["count"]
    with log.open("ab") as file:
        file.write(b'{"seq":99')
    document = empty.json("show", run["id"])[1]
    assert (document["metrics"][0]["count"], document["discarded_bytes"]) == (count, 9)


def test_a_stopped_process_still_runs(empty: Place) -> None:
    command = [sys.executable, "-c", LOGGER]
    with subprocess.Popen(
        command, cwd=empty.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        assert [run["state"] for run in empty.runs()] == ["running"]
        code, document = empty.json("check")
        assert (code, document["findings"][0]["got"]) == (2, "running")
        process.kill()


def test_a_forked_child_that_keeps_the_lock_does_not_keep_the_run_alive(empty: Place) -> None:
    script = (
        "import os, time, signal, runpact\n"
        "with runpact.run(name='k'):\n"
        "    if os.fork() == 0:\n        time.sleep(20); os._exit(0)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=empty.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    process.wait()
    (run,) = empty.runs()
    assert run["state"] == "interrupted"
    assert "child of it still lives" in run["reason"]
    os.killpg(process.pid, signal.SIGKILL)


def rewritten(folder: Path, **owner: object) -> None:
    """Make a run look unsealed and owned by somebody else."""
    path = folder / ".runpact/run.json"
    document = json.loads(path.read_text())
    document["owner"] |= owner
    path.write_text(json.dumps(document))
    manifest = folder / ".runpact/manifest.json"
    manifest.write_text(manifest.read_text().replace('"sealed": true', '"sealed": false'))


@pytest.mark.parametrize(
    ("owner", "state"),
    [
        ({"boot_id": "another boot"}, "interrupted"),
        ({"host_id": "another host", "boot_id": "another boot"}, "unknown"),
        ({"host_id": "another container"}, "interrupted"),
        ({"pid_namespace": 1}, "interrupted"),
        ({"pid_namespace": 1, "boot_id": ""}, "unknown"),
        ({"pid": 2**22 + 1}, "interrupted"),
        ({"start_ticks": 1}, "interrupted"),
    ],
)
def test_an_owner_that_is_not_here_is_told_apart(
    place: Place, good_run: Path, owner: dict, state: str
) -> None:
    rewritten(good_run, **owner)
    assert [run["state"] for run in place.runs()] == [state]


def test_a_creation_that_never_completed_is_abandoned(place: Place, good_run: Path) -> None:
    staged = good_run.parent / ".new-0123456789abcdef"
    good_run.rename(staged)
    rewritten(staged, pid=2**22 + 1)
    assert [run["state"] for run in place.runs()] == ["abandoned"]
    (staged / ".runpact/run.json").unlink()
    assert [run["state"] for run in place.runs()] == ["abandoned"]


DAMAGES = {
    "manifest empty": lambda private: (private / "manifest.json").write_text(""),
    "manifest cut": lambda private: (private / "manifest.json").write_bytes(
        (private / "manifest.json").read_bytes()[:99]
    ),
    "manifest gone": lambda private: (private / "manifest.json").unlink(),
    "manifest binary": lambda private: (private / "manifest.json").write_bytes(b"\xff\0" * 50),
    "record empty": lambda private: (private / "run.json").write_text(""),
    "record gone": lambda private: (private / "run.json").unlink(),
    "record newer": lambda private: (private / "run.json").write_text(
        (private / "run.json").read_text().replace("runpact.run/1", "runpact.run/2")
    ),
    "record elsewhere": lambda private: (private / "run.json").write_text('{"format": 1}'),
    "seal gone": lambda private: (private / "seal").unlink(),
    "seal cut": lambda private: (private / "seal").write_bytes((private / "seal").read_bytes()[:50]),
    "seal flipped": lambda private: (private / "seal").write_bytes(
        b"[" + (private / "seal").read_bytes()[1:]
    ),
    "manifest edited": lambda private: (private / "manifest.json").write_text(
        (private / "manifest.json").read_text().replace("finished", "failed")
    ),
}


def test_one_damaged_run_never_hides_another(empty: Place) -> None:
    for _number in range(len(DAMAGES) + 3):
        assert empty.call("run", "--durability", "none", "--", "true")[0] == 0
    folders = [empty.root / run["path"] for run in empty.runs()]
    for folder, damage in zip(folders, DAMAGES.values(), strict=False):
        damage(folder / ".runpact")
    found = {run["path"]: run for run in empty.runs()}
    assert len(found) == len(DAMAGES) + 3
    broken = [str(folder.relative_to(empty.root)) for folder in folders[: len(DAMAGES)]]
    assert {path for path, run in found.items() if run["state"] == "corrupt"} == set(broken)
    assert all(found[path]["reason"] for path in broken)
    assert empty.call("check")[0] == 3


@pytest.mark.requirement("A-018", "B-014")
def test_eight_processes_make_their_runs_at_once(empty: Place) -> None:
    script = (
        "import runpact\n"
        "for number in range(10):\n"
        "    with runpact.run(name='p') as run:\n        run.log({'x': number}); run.save('x.json', number)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script], cwd=empty.root, stderr=subprocess.DEVNULL)
        for _ in range(8)
    ]
    assert [process.wait() for process in processes] == [0] * 8
    runs = empty.runs()
    assert (len(runs), {run["state"] for run in runs}) == (80, {"finished"})
    assert len({run["uid"] for run in runs}) == 80
    assert len(empty.json("ls", "--limit", "5")[1]["runs"]) == 5


def test_a_name_that_is_no_utf_8_is_sealed_verified_and_judged(empty: Place) -> None:
    script = 'cd "$RUNPACT_RUN_DIR"; touch "$(printf "bad\\377name")"'
    code, folder = empty.run_of(script, "--name", "a")
    assert code == 3
    assert "undecodable-name" in empty.call("check")[1]
    assert empty.json("check")[1]["findings"][0]["path"].endswith("/bad\\xffname")
    assert empty.call("verify", "a")[0] == 0
    os.unlink(os.fsencode(folder) + b"/bad\xffname")  # noqa: PTH108 - a name that pathlib cannot hold
    code, document = empty.json("verify", "a")
    assert (code, [finding["path"] for finding in document["findings"]]) == (3, ["bad\\xffname"])


def test_runs_behind_a_link_to_a_larger_disk_are_listed(
    empty: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (empty.root / "runs").symlink_to(tmp_path_factory.mktemp("disk"))
    assert empty.call("run", "--name", "a", "--", "true")[0] == 0
    assert [run["name"] for run in empty.runs()] == ["a"]


def test_too_many_open_files_are_an_error_of_the_machine(empty: Place) -> None:
    script = (
        "import resource, sys; from runpact.cli.main import run_command_line as call\n"
        "call(['run', '--name', 'warm', '--', 'true'])\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))\n"
        "sys.exit(call(['run', '--name', 'few', '--', 'true']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=empty.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "Too many open files" in done.stderr
    assert {run["state"] for run in empty.runs() if run["name"] == "few"} <= {"failed"}


def test_a_link_in_a_circle_hides_no_run(empty: Place) -> None:
    assert empty.call("run", "--name", "a", "--", "true")[0] == 0
    (empty.root / "circle").symlink_to("circle")
    (empty.root / "runs" / "circle").symlink_to("circle")
    assert [run["name"] for run in empty.runs()] == ["a"]
