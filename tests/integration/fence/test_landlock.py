"""Landlock itself: each version of its interface, and what a thread may still do."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from runpact.host import landlock
from runpact.host.landlock import Rules

pytestmark = pytest.mark.skipif(
    landlock.abi() < 7,
    reason="older interfaces are simulated on ABI 7: all tests of Landlock itself are left out",
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def in_a_thread(work: Callable[[], object]) -> object:
    """Return what work answers, or the error number it met, in a thread of its own."""
    answers: list[object] = []

    def call() -> None:
        try:
            answers.append(work())
        except OSError as error:
            answers.append(error.errno)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    return answers[0]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder that is open and one that is not."""
    for name in ("open", "held"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").write_text("whole")
    return tmp_path / "open", tmp_path / "held"


def tried(rules: Rules, work: Callable[[], object]) -> object:
    def restricted() -> object:
        landlock.restrict(rules)
        return work()

    return in_a_thread(restricted)


def test_a_thread_restricts_itself_and_no_other(folders: tuple[Path, Path]) -> None:
    opened, held = folders
    rules = Rules(writable=(str(opened),))
    assert tried(rules, lambda: (opened / "new").write_text("x")) == 1
    assert tried(rules, lambda: (held / "new").write_text("x")) == errno.EACCES
    assert in_a_thread(lambda: (held / "new").write_text("x")) == 1


@pytest.mark.parametrize("version", range(2, 8))
def test_each_version_refuses_what_it_can(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    opened, held = folders
    monkeypatch.setattr(landlock, "abi", lambda: version)
    rules = Rules(writable=(str(opened),), has_network=False, is_scoped=True)
    assert tried(rules, (held / "new").touch) == errno.EACCES
    assert tried(rules, lambda: (held / "kept").open("a")) == errno.EACCES
    cut = tried(rules, lambda: os.truncate(held / "kept", 1))
    assert cut == (errno.EACCES if version >= 3 else None)
    (opened / "folder").mkdir()
    assert tried(rules, lambda: (opened / "kept").rename(opened / "folder/kept")) == opened / "folder/kept"
    with socket.create_server(("127.0.0.1", 0)) as server:
        connected = tried(rules, lambda: socket.create_connection(server.getsockname()).close())
    assert connected == (errno.EACCES if version >= 4 else None)
    killed = tried(rules, lambda: os.kill(os.getppid(), 0))
    assert killed == (errno.EPERM if version >= 6 else None)


@pytest.mark.parametrize("version", [0, 1])
def test_too_old_a_version_is_none(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: version)
    assert tried(Rules(), lambda: None) == errno.ENOSYS


def test_a_kernel_that_hides_landlock_has_version_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(*_arguments: object) -> int:
        raise OSError(errno.EPERM, "as a container answers")

    monkeypatch.setattr(landlock, "_call", hidden)
    landlock.abi.cache_clear()
    try:
        assert landlock.abi() == 0
    finally:
        landlock.abi.cache_clear()


def test_a_c_library_without_the_call_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="has no `no_such_call`"):
        landlock._answer("no_such_call")
    del monkeypatch


def test_reading_and_running_can_be_limited_too(folders: tuple[Path, Path]) -> None:
    opened, held = folders
    (opened / "program").write_text("#!/bin/true\n")
    (opened / "program").chmod(0o700)
    readable = Rules(readable=(str(opened), "/usr", "/bin", "/lib", "/lib64"))
    assert tried(readable, (opened / "kept").read_text) == "whole"
    assert tried(readable, lambda: subprocess.run([opened / "program"], check=False).returncode) == 0
    assert tried(readable, (held / "kept").read_text) == errno.EACCES
    assert tried(readable, partial(names, held)) == errno.EACCES
    assert tried(readable, (opened / "new").touch) == errno.EACCES
    assert tried(readable, lambda: (held / "kept").stat().st_size) == 5  # that it is there is not hidden


def test_a_single_file_can_be_opened(folders: tuple[Path, Path]) -> None:
    _opened, held = folders
    rules = Rules(writable=(str(held / "kept"), str(held / "missing")))
    assert tried(rules, lambda: (held / "kept").write_text("new")) == 3
    assert tried(rules, (held / "missing").touch) == errno.EACCES
    assert tried(rules, (held / "kept").unlink) == errno.EACCES


def test_devices_can_be_written_and_not_made(folders: tuple[Path, Path]) -> None:
    opened, _held = folders
    rules = Rules(writable=(str(opened),), devices=("/dev/null",))
    assert tried(rules, lambda: Path("/dev/null").write_text("x")) == 1
    assert tried(rules, lambda: Path("/dev/zero").write_text("x")) == errno.EACCES
    made = tried(rules, lambda: os.mknod(opened / "disk", 0o600 | 0o060000, os.makedev(1, 1)))
    assert made in {errno.EACCES, errno.EPERM}


def test_a_bare_interpreter_restricts_itself_and_becomes_a_program(folders: tuple[Path, Path]) -> None:
    opened, held = folders
    reading, writing = os.pipe()
    rules = f'{{"writable": ["{opened}"], "devices": ["/dev/null"], "report": {writing}}}'
    script = f"echo x > {opened}/new; echo x > {held}/new; exit 7"
    command = [sys.executable, "-I", "-S", landlock.__file__, rules, "sh", "-c", script]
    ended = subprocess.run(command, pass_fds=(writing,), check=False, stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading, "rb") as report:
        assert report.read() == b"restricted"
    assert ended.returncode == 7
    assert (names(opened), names(held)) == (["kept", "new"], ["kept"])


def test_children_of_a_fenced_child_are_fenced_and_can_be_ended(folders: tuple[Path, Path]) -> None:
    opened, held = folders
    rules = Rules(writable=(str(opened),), devices=("/dev/null",))
    script = f"import subprocess; subprocess.run(['sh', '-c', 'sleep 9; echo > {held}/new'])"
    child = tried(rules, lambda: subprocess.Popen([sys.executable, "-c", script], start_new_session=True))
    assert isinstance(child, subprocess.Popen)
    os.killpg(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
