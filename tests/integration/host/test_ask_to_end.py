"""A process is asked to end only when it is the one that is meant."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from runpact.host import process
from runpact.host.process import ask_to_end, start_ticks, this_process
from runpact.model.run import Owner


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    made = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield made
    made.kill()
    made.wait()


def owner_of(child: subprocess.Popen[bytes], **other: object) -> Owner:
    facts = {"pid": child.pid, "start_ticks": start_ticks(child.pid)} | other
    return msgspec.structs.replace(this_process(), **facts)


def test_a_process_is_asked_by_sigterm_and_killed_by_sigkill(child: subprocess.Popen[bytes]) -> None:
    owner = owner_of(child)
    assert ask_to_end(owner, is_killed=False)
    assert child.wait() == -signal.SIGTERM
    assert not ask_to_end(owner, is_killed=False)


def test_a_process_that_is_to_be_killed_is(child: subprocess.Popen[bytes]) -> None:
    assert ask_to_end(owner_of(child), is_killed=True)
    assert child.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    "other",
    [
        {"start_ticks": 1},
        {"boot_id": "another"},
        {"host_id": "another"},
        {"pid_namespace": 1},
        {"pid": 2**22 + 1},
    ],
)
def test_another_process_of_that_number_is_left_alone(
    child: subprocess.Popen[bytes], other: dict[str, object]
) -> None:
    assert not ask_to_end(owner_of(child, **other), is_killed=True)
    assert child.poll() is None


def test_a_process_of_somebody_else_cannot_be_asked(
    child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int, _number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(process.signal, "pidfd_send_signal", refuse)
    assert not ask_to_end(owner_of(child), is_killed=True)
