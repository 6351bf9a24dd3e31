"""Attacks on a fence: a program that tries to write outside its run, each way on a target of its own.

    python attacks.py HELD TMP SHM    tries all; what each call answered: $RUNPACT_RUN_DIR/answers.json

HELD is a folder of the workspace with one folder for each attack, made by `lay_out`; TMP and SHM are folders
for the attacks on temporary places. What really happened is told by `changed`, from outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ATTACKS: dict[str, Callable[[Path, Path], object]] = {}
"""By name: called with the attack's own folder, and with an empty folder in the run."""
NEW_USER, NEW_MOUNTS, BIND = 0x10000000, 0x20000, 0x1000
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17


def attack(function: Callable[[Path, Path], object]) -> Callable[[Path, Path], object]:
    ATTACKS[function.__name__] = function
    return function


def c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def refused_by_c(answer: int) -> None:
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def in_child(work: Callable[[], object]) -> None:
    """Run in a forked process; what it raised is raised here."""
    child = os.fork()
    if child == 0:
        code = errno.EIO
        try:
            work()
            code = 0
        except OSError as error:
            code = error.errno or errno.EIO
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))


@attack
def create(held: Path, _run: Path) -> None:
    (held / "new").write_text("x")


@attack
def append(held: Path, _run: Path) -> None:
    with (held / "kept").open("a") as file:
        file.write("x")


@attack
def cut(held: Path, _run: Path) -> None:
    os.truncate(held / "kept", 1)


@attack
def open_to_cut(held: Path, _run: Path) -> None:
    os.close(os.open(held / "kept", os.O_RDONLY | os.O_TRUNC))


@attack
def unlink(held: Path, _run: Path) -> None:
    (held / "kept").unlink()


@attack
def mkdir(held: Path, _run: Path) -> None:
    (held / "new").mkdir()


@attack
def rmdir(held: Path, _run: Path) -> None:
    (held / "empty").rmdir()


@attack
def symlink(held: Path, _run: Path) -> None:
    (held / "new").symlink_to("kept")


@attack
def pipe(held: Path, _run: Path) -> None:
    os.mkfifo(held / "new")


@attack
def rename_in(held: Path, run: Path) -> None:
    (held / "kept").rename(run / "moved")


@attack
def rename_out(held: Path, run: Path) -> None:
    (run / "mine").write_text("x")
    (run / "mine").rename(held / "new")


@attack
def exchange(held: Path, run: Path) -> None:
    (run / "mine").write_text("x")
    refused_by_c(c_library().renameat2(-100, bytes(run / "mine"), -100, bytes(held / "kept"), 2))


@attack
def link_in_and_write(held: Path, run: Path) -> None:
    os.link(held / "kept", run / "linked")
    (run / "linked").write_text("spoiled")


@attack
def by_a_link_in_the_run(held: Path, run: Path) -> None:
    (run / "way").symlink_to(held)
    (run / "way/new").write_text("x")


@attack
def by_dots(held: Path, run: Path) -> None:
    (run / os.path.relpath(held, run) / "new").write_text("x")


@attack
def by_a_directory_descriptor(held: Path, run: Path) -> None:
    descriptor = os.open(held, os.O_RDONLY)
    os.chdir(run)
    try:
        os.mkdir("new", dir_fd=descriptor)
    finally:
        os.close(descriptor)


@attack
def by_proc(held: Path, _run: Path) -> None:
    Path(f"/proc/self/root{held}/new").write_text("x")


@attack
def by_c(held: Path, _run: Path) -> None:
    refused_by_c(c_library().creat(bytes(held / "new"), 0o600))


@attack
def by_a_shell(held: Path, _run: Path) -> None:
    if subprocess.run(
        ["sh", "-c", f"echo x > '{held}/new'"], check=False, stderr=subprocess.DEVNULL
    ).returncode:
        raise PermissionError(errno.EACCES, "the shell was refused")


@attack
def by_a_daemon(held: Path, run: Path) -> None:
    def work() -> None:
        os.setsid()
        if os.fork() == 0:
            with contextlib.suppress(OSError):
                (held / "new").write_text("x")
            (run / "done").touch()
            os._exit(0)

    in_child(work)
    for _ in range(500):
        if (run / "done").exists():
            return
        time.sleep(0.01)


@attack
def by_a_mount(held: Path, run: Path) -> None:
    def work() -> None:
        refused_by_c(c_library().unshare(NEW_USER | NEW_MOUNTS))
        refused_by_c(c_library().mount(bytes(held), bytes(run), None, BIND, None))
        (run / "new").write_text("x")

    in_child(work)


@attack
def chmod(held: Path, _run: Path) -> None:
    (held / "kept").chmod(0o600)


@attack
def utime(held: Path, _run: Path) -> None:
    os.utime(held / "kept", (1, 1))


@attack
def setxattr(held: Path, _run: Path) -> None:
    os.setxattr(held / "kept", "user.spoiled", b"1")


@attack
def by_an_inherited_descriptor(held: Path, _run: Path) -> None:
    os.write(int((held / "descriptor").read_text()), b"spoiled")


@attack
def by_standard_input(_held: Path, _run: Path) -> None:
    os.write(0, b"spoiled")


@attack
def by_asking_a_program(held: Path, _run: Path) -> None:
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(os.path.relpath(held / "ask"))
        asked.sendall(b"write")
        asked.recv(1)


@attack
def take_over_the_parent(_held: Path, _run: Path) -> None:
    parent = os.getppid()
    refused_by_c(c_library().ptrace(PTRACE_SEIZE, parent, None, None))
    c_library().ptrace(PTRACE_DETACH, parent, None, None)


@attack
def in_temporary_folder(held: Path, _run: Path) -> None:
    (held / "new").write_text("x")


@attack
def in_shared_memory(held: Path, _run: Path) -> None:
    (held / "new").write_text("x")


ELSEWHERE = {"in_temporary_folder": "tmp", "in_shared_memory": "shm"}
"""Attacks on folders outside the workspace, by the name of the folder."""


def target(name: str, held: Path, outside: dict[str, Path]) -> Path:
    """Return the folder that an attack is on."""
    return outside[ELSEWHERE[name]] if name in ELSEWHERE else held / name


def lay_out(folder: Path) -> None:
    """Make what one attack may spoil."""
    folder.mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "kept").write_text("whole")
    os.utime(folder / "kept", (1_000_000, 1_000_000))


def state(folder: Path) -> list[tuple[object, ...]]:
    """Return all that an attack could change of a folder; what the test put there apart."""
    return sorted(_states(folder), key=str)


def _states(folder: Path) -> Iterator[tuple[object, ...]]:
    for path in sorted(folder.iterdir()):
        if path.name in {"ask", "descriptor"}:
            continue
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        names = os.listxattr(path, follow_symlinks=False)
        yield (path.name, status.st_mode, status.st_nlink, int(status.st_mtime), content, tuple(names))


def main() -> None:
    held = Path(sys.argv[1])
    outside = {"tmp": Path(sys.argv[2]), "shm": Path(sys.argv[3])}
    run = Path(os.environ["RUNPACT_RUN_DIR"])
    answers: dict[str, str] = {}
    for name, function in ATTACKS.items():
        place = run / "tries" / name
        place.mkdir(parents=True)
        os.chdir(run)
        try:
            function(target(name, held, outside), place)
            answers[name] = "done"
        except OSError as error:
            answers[name] = errno.errorcode.get(error.errno or 0, "OSError")
    (run / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
