"""Commands in namespaces of their own (W3)."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.runs.place import Place
from runpact.host import isolate, landlock, selftest
from runpact.host.child import run_child
from runpact.host.isolate import Isolation, start_isolated
from runpact.host.reach import reachable
from runpact.host.spawn import popen, send_below
from runpact.model.confinement import Fence
from runpact.model.errors import CommandNotFoundError, ConfinementError

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="`bwrap` is not on PATH: everything about namespaces is left out"
)


def ran(place: Place, script: str, *options: str) -> tuple[int, str, dict]:
    """Return exit code, what the command printed, and its confinement."""
    level = ("--confinement", "W3", "--require-confinement", "W3")
    code = place.call("run", *level, *options, "--", "sh", "-c", script)[0]
    folder = place.root / place.runs()[0]["path"]
    manifest = json.loads((folder / ".runpact/manifest.json").read_text())
    told = (folder / "logs/stdout.log").read_text() + (folder / "logs/stderr.log").read_text()
    return code, told, manifest["provenance"]["confinement"]


def test_an_isolated_command_sees_its_own_temporary_folders_and_processes(empty: Place) -> None:
    empty.write("input.txt", "declared")
    script = 'cat input.txt; touch $TMPDIR/x /dev/shm/x "$RUNPACT_RUN_DIR/x"; ls /dev/shm; echo $TMPDIR $$'
    code, told, record = ran(empty, script)
    assert code == 0, told
    words = told.replace("declared", "").split()
    assert words[:2] == ["x", "/tmp/own"]
    assert int(words[2]) < 9
    assert record["mechanism"] == ["namespaces", "landlock", "private temporary folder", "comparison"]
    assert not {"/tmp", "/dev/shm", "/var/tmp"} & set(record["opened"])


def test_a_program_in_namespaces_writes_into_its_run(empty: Place) -> None:
    empty.write(
        "work.py", "import runpact; run = runpact.current(); run.log({'a': 1}); run.save('x.json', {})"
    )
    code, told, _record = ran(empty, f"{sys.executable} work.py", "--cache", "tmp/**")
    assert code == 0, told
    assert empty.json("show", empty.runs()[0]["id"])[1]["metrics"][0]["name"] == "a"


def test_the_network_is_closed_to_all_but_the_command_itself(empty: Place) -> None:
    own = (
        "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print('own')"
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"import socket; {own}; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"
        code, told, record = ran(empty, f'{sys.executable} -c "{program}"', "--no-network")
    assert (code, told[:4], record["network"]) == (3, "own\n", "none")
    assert "Connection refused" in told


def test_reads_can_be_limited_in_namespaces_too(empty: Place) -> None:
    empty.write("a.txt", "declared")
    empty.write("b.txt", "other")
    code, told, record = ran(empty, "cat a.txt; cat b.txt", "--reads", "declared", "--input", "a.txt")
    assert (code, record["reads"]) == (3, "declared")
    assert told.startswith("declaredcat: b.txt: Permission denied")


def test_a_signal_reaches_the_program_inside(empty: Place) -> None:
    script = (
        'trap "echo ended > $RUNPACT_RUN_DIR/told; exit 5" TERM; touch $RUNPACT_RUN_DIR/up; sleep 30 & wait'
    )
    command = [sys.executable, "-m", "runpact", "run", "--confinement", "W3", "--", "sh", "-c", script]
    process = subprocess.Popen(command, cwd=empty.root, stderr=subprocess.DEVNULL)
    for _ in range(1000):
        if list(empty.root.glob("runs/*/up")):
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    (told,) = empty.root.glob("runs/*/told")
    assert told.read_text() == "ended\n"
    (run,) = empty.runs()
    assert (run["state"], run["reason"]) == ("interrupted", "stopped by signal 15")


def test_a_program_that_ended_meanwhile_is_sent_nothing() -> None:
    assert not send_below(0, 1, signal.SIGTERM)
    with subprocess.Popen(["true"]) as child:
        child.wait()
        assert not send_below(child.pid, 0, signal.SIGTERM)
        assert not send_below(child.pid, 1, signal.SIGTERM)


@pytest.mark.parametrize("flags", [(), ("--trace",)])
def test_what_stands_around_a_program_is_killed_with_it(empty: Place, flags: tuple[str, ...]) -> None:
    if flags and shutil.which("strace") is None:
        pytest.skip("`strace` is not on PATH: an isolated trace that is killed is left out")
    script = 'cd $RUNPACT_RUN_DIR; trap "" TERM; touch up; sleep 60'
    command = [
        sys.executable,
        "-m",
        "runpact",
        "run",
        "--confinement",
        "W3",
        *flags,
        "--",
        "sh",
        "-c",
        script,
    ]
    process = subprocess.Popen(command, cwd=empty.root, stderr=subprocess.DEVNULL)
    for _ in range(1000):
        if list(empty.root.glob("runs/*/up")):
            break
        time.sleep(0.02)
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    assert process.wait(60) == 128 + signal.SIGTERM


def test_an_input_in_a_temporary_folder_is_seen(
    empty: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = tmp_path_factory.mktemp("elsewhere")
    (told / "data.txt").write_text("data")
    (told / "other.txt").write_text("other")
    code, out, _record = ran(empty, f"cat {told}/data.txt; ls {told}", "--input", f"{told}/data.txt")
    assert (code, out) == (0, "datadata.txt\n")


def test_a_program_that_cannot_be_executed_is_told(empty: Place) -> None:
    program = empty.write("program", "#!/no/such/interpreter\n")
    program.chmod(0o700)
    with pytest.raises(CommandNotFoundError, match="cannot start"):
        run_child(
            (str(program),),
            cwd=str(empty.root),
            env=dict(os.environ),
            logs=(lambda _: None, lambda _: None),
            tee=False,
            fence=Fence(level="W3", private_in="/var/tmp", shown=(str(empty.root),)),
        )


def fake(folder: Path, script: str) -> dict[str, str]:
    """Return an environment with another `bwrap`, and with caches of its own."""
    (folder / "bwrap").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bwrap").chmod(0o700)
    return {"PATH": f"{folder}:/usr/bin:/bin", "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}


def test_namespaces_that_cannot_be_made_leave_w2(tmp_path: Path) -> None:
    assert reachable("W3", {"PATH": str(tmp_path), "TMPDIR": str(tmp_path)}).why.startswith(
        "the program `bwrap`"
    )
    selftest._is_proven.cache_clear()
    reach = reachable("W3", fake(tmp_path, "exit 1"))
    assert (reach.level, reach.why) == ("W2", "namespaces cannot be made here, or let an attack pass")
    selftest._is_proven.cache_clear()


def test_namespaces_that_hold_nothing_are_found_out(tmp_path: Path) -> None:
    honest = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
    selftest._is_proven.cache_clear()
    assert reachable("W3", fake(tmp_path, honest)).level == "W2"
    selftest._is_proven.cache_clear()


def test_an_isolation_that_fails_at_the_last_moment_starts_nothing(tmp_path: Path) -> None:
    environ = fake(tmp_path, "echo no namespaces >&2; exit 1")

    def begin(command: list[str], kept: tuple[int, ...]) -> subprocess.Popen[bytes]:
        return popen(command, cwd=str(tmp_path), env=environ, kept=kept)

    isolation = Isolation(landlock.Rules(), temporary=str(tmp_path), program=str(tmp_path / "bwrap"))
    with pytest.raises(ConfinementError, match="could not be isolated") as caught:
        start_isolated(("true",), isolation, begin, cwd=str(tmp_path))
    assert caught.value.got == "no namespaces"
    environ = fake(tmp_path, "exit 7")
    with pytest.raises(ConfinementError) as caught:
        start_isolated(("true",), isolation, begin, cwd=str(tmp_path))
    assert caught.value.got == "exit code 7"

    def refused(_command: list[str], _kept: tuple[int, ...]) -> subprocess.Popen[bytes]:
        raise OSError(errno.EAGAIN, "no more processes")

    with pytest.raises(OSError, match="no more processes"):
        start_isolated(("true",), isolation, refused, cwd=str(tmp_path))


@pytest.mark.parametrize("information", [b"", b"{", b"{}", b"[]", b'{"child-pid": null}'])
def test_a_number_that_is_not_told_is_none(information: bytes) -> None:
    assert isolate._first_of(information) == 0


def test_a_person_has_no_rights_to_drop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolation = Isolation(landlock.Rules(), temporary=str(tmp_path))
    told: list[list[str]] = []
    for user in (0, 1000):
        monkeypatch.setattr(isolate.os, "geteuid", lambda user=user: user)
        told.append(isolate._command(("true",), isolation, (5, 6), cwd="/"))
    assert ["--cap-drop" in command for command in told] == [True, False]


def test_a_level_below_is_taken_where_namespaces_are_missing(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = empty.root / "tools"
    tools.mkdir()
    for name in ("sh", "touch"):
        (tools / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tools))
    code, _out, err = empty.call("run", "--confinement", "W3", "--", "sh", "-c", 'touch "$TMPDIR/x"')
    assert code == 0
    assert "confinement W2: W3 was asked for: the program `bwrap`" in err
    assert empty.call("run", "--require-confinement", "W3", "--", "sh", "-c", ":")[0] == 2
