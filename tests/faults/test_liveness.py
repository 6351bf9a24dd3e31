"""A run is running as long as its owner lives, whatever was left behind and whatever looks like its owner."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faults.oracle import Found, runs_of
from faults.scenario import NAME, PLACES
from runpact.host.process import start_ticks

TESTS = Path(__file__).parents[1]
NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child")
"""Starts a program where process ids begin anew."""
REUSE = """\
import os, signal, subprocess, sys
owner = subprocess.Popen([sys.executable, "-m", "faults.owner", sys.argv[1], "alone"], stdout=subprocess.PIPE)
owner.stdout.readline()
owner.kill()
owner.wait()
with open("/proc/sys/kernel/ns_last_pid", "w") as file:
    file.write(str(owner.pid - 1))
child = os.fork()
if child == 0:
    signal.pause()
from faults.oracle import runs_of
from pathlib import Path
print(child == owner.pid, *(run.state for run in runs_of(Path(sys.argv[1]))))
os.kill(child, signal.SIGKILL)
"""
"""Lets an owner die and gives its process id to another process, then says what the run is taken for."""


def can_make_namespaces() -> bool:
    try:
        return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class Place:
    """A workspace with one run whose owner is still alive."""

    def __init__(self, folder: Path, owner: subprocess.Popen[bytes]) -> None:
        assert owner.stdout is not None
        self.folder = folder
        self.owner = owner
        self.stdout = owner.stdout
        self.left = json.loads(self.stdout.readline())[1:]

    def kill(self, *, is_reaped: bool = True) -> None:
        """Kill the owner, not what it left; unless it is reaped its process id is still taken."""
        self.owner.kill()
        if not self.left:
            self.stdout.read()  # in a namespace the owner dies with, but after, the program that we started
        if is_reaped:
            self.owner.wait()
        else:
            os.waitid(os.P_PID, self.owner.pid, os.WEXITED | os.WNOWAIT)

    def forge(self, **owner: object) -> None:
        """Change what the birth record says of the owner; the file and its lock stay."""
        path = self.folder / PLACES["run"] / NAME / ".runpact/run.json"
        record = json.loads(path.read_bytes())
        record["owner"] |= owner
        with path.open("r+b") as file:
            file.write(json.dumps(record).encode())
            file.truncate()

    @property
    def run(self) -> Found:
        (found,) = runs_of(self.folder)
        return found


@contextmanager
def opened(folder: Path, left: str = "alone", within: tuple[str, ...] = ()) -> Iterator[Place]:
    """Start an owner; kill it and what it left in the end."""
    owner = subprocess.Popen(
        [*within, sys.executable, "-m", "faults.owner", str(folder), left],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    with owner:
        place = Place(folder, owner)
        try:
            yield place
        finally:
            owner.kill()
            for pid in place.left:
                os.kill(pid, signal.SIGKILL)


def alive(place: Place) -> None:
    """The owner does nothing in particular."""


def stopped(place: Place) -> None:
    """The owner is stopped, as by a suspended terminal or a frozen machine."""
    place.owner.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, place.owner.pid, os.WSTOPPED | os.WNOWAIT)


def killed(place: Place) -> None:
    """The owner was killed and its parent knows."""
    place.kill()


def zombie(place: Place) -> None:
    """The owner was killed and its parent has not asked yet: its process id still names it."""
    place.kill(is_reaped=False)


def id_taken(place: Place) -> None:
    """The owner was killed and its process id belongs to somebody else now."""
    place.kill()
    place.forge(pid=os.getpid())


def rebooted(place: Place) -> None:
    """The owner's machine was started anew, and another process has its id and its start time."""
    place.kill()
    place.forge(pid=os.getpid(), start_ticks=start_ticks(os.getpid()), boot_id="another")


def elsewhere(place: Place) -> None:
    """The owner is another machine's, which holds its lock on a shared file system."""
    place.forge(host_id="another", boot_id="another")


def dead_elsewhere(place: Place) -> None:
    """The owner is another machine's, and nobody holds the lock: it may be dead, or the lock local."""
    place.kill()
    place.forge(host_id="another", boot_id="another")


def dead_in_a_container(place: Place) -> None:
    """The owner was killed in a container with a machine identity of its own, under this kernel."""
    place.kill()
    place.forge(host_id="another", pid_namespace=1)


def alive_in_a_container(place: Place) -> None:
    """The owner lives in a container with a machine identity of its own, under this kernel."""
    place.forge(host_id="another", pid_namespace=1, pid=1)


Case = tuple[Callable[[Place], None], str, str, str]
REAL: tuple[Case, ...] = (
    (alive, "alone", "running", ""),
    (alive, "child", "running", ""),
    (stopped, "alone", "running", ""),
    (killed, "alone", "interrupted", ""),
    (zombie, "alone", "interrupted", ""),
    (killed, "program", "interrupted", ""),
    (killed, "child", "interrupted", "a child of it still lives"),
    (zombie, "child", "interrupted", "a child of it still lives"),
)
"""What befalls the owner, what it left behind, and the state and reason to be told."""
FORGED: tuple[Case, ...] = (
    (id_taken, "alone", "interrupted", ""),
    (id_taken, "child", "interrupted", "a child of it still lives"),
    (rebooted, "alone", "interrupted", ""),
    (elsewhere, "alone", "running", ""),
    (dead_elsewhere, "alone", "unknown", "another host"),
    (alive_in_a_container, "alone", "running", ""),
    (dead_in_a_container, "alone", "interrupted", ""),
)
NAMESPACED: tuple[Case, ...] = ((alive, "alone", "running", ""), (killed, "alone", "interrupted", ""))


def wrong(folder: Path, case: Case, within: tuple[str, ...] = ()) -> list[str]:
    """Return what is told wrongly of the run in one case."""
    befalls, left, state, reason = case
    with opened(folder, left, within) as place:
        befalls(place)
        run = place.run
    name = f"{befalls.__name__}, {left}{', in its own pid namespace' if within else ''}"
    said = f"{run.state} ({run.reason})"
    return [] if run.state == state and reason in run.reason else [f"{name}: {said}, not {state}"]


def test_the_state_of_an_unsealed_run_follows_its_owner(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    began = time.monotonic()
    found = [
        line for number, case in enumerate([*REAL, *FORGED]) for line in wrong(tmp_path / str(number), case)
    ]
    real, left_out = len(REAL), ""
    if can_make_namespaces():
        for number, case in enumerate(NAMESPACED):
            found += wrong(tmp_path / f"namespace {number}", case, NAMESPACE)
        real += len(NAMESPACED)
    else:
        left_out = "; left out: real pid namespaces (unshare is refused)"
    figures(
        f"liveness: {real} cases with real processes, {len(FORGED)} with a forged owner, "
        f"{len(found)} wrong, {time.monotonic() - began:.0f} s{left_out}"
    )
    assert found == []


def test_a_run_whose_owners_process_id_was_given_again_is_interrupted(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    if not can_make_namespaces():
        figures("liveness: a process id given again: left out (unshare is refused); the forged case stands")
        return
    said: Any = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", REUSE, str(tmp_path / "w")],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    figures(f"liveness: a process id given again: {said[1]}")
    assert said == ["True", "interrupted"]


def test_a_stopped_owner_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    with opened(tmp_path / "w") as place:
        stopped(place)
        assert place.run.state == "running"
        place.owner.send_signal(signal.SIGCONT)
        place.owner.terminate()
        place.owner.wait()
        assert place.run.state == "interrupted"
        assert place.run.is_sealed


def test_another_run_can_be_made_beside_a_dead_one_whose_child_lives(tmp_path: Path) -> None:
    with opened(tmp_path / "w", "child") as place:
        place.kill()
        with opened(tmp_path / "w") as other:
            assert sorted(run.state for run in runs_of(other.folder)) == ["interrupted", "running"]
