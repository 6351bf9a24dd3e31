"""Faults that the kernel injects: a process is killed or refused at its n-th system call.

Knows: how to have strace count, kill and refuse in a child of this process; which calls change anything.
Does not know: what must be true afterwards (`faults.oracle`), which module makes a call.

    python -m faults.traced [--kind K] [--durability D] [--what kill|refuse] [--every N] [--offset K]

prints one JSON document. One run is recorded first; then each of its calls between the scenario's marks
gets a run of its own. strace counts by name, so a call is named by its name and its number.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faults.children import told_by
from faults.fulldisk import FAILED, OwnFileError, write_own
from faults.oracle import End, violations
from faults.scenario import BEGIN_MARK, END_MARK, Fact, Tell, lay_out, make_run
from faults.sweep import SHARED_MEMORY, tracebacks

CHANGING = frozenset(
    {"write", "pwrite64", "ftruncate", "fallocate", "utimensat", "chmod", "fchmod"}
    | {"mkdir", "rmdir", "rename", "renameat", "renameat2", "unlink", "unlinkat"}
    | {"link", "linkat", "symlink", "symlinkat", "fsync", "fdatasync", "syncfs", "flock"}
)
"""Calls that change something, or make it durable."""
AROUND = frozenset({"openat", "close", "getdents64"})
"""Calls that a program is killed at too: what was opened may be created, what is closed was written."""
ERRORS = ("ENOSPC", "EIO")
STILL_WORKS = frozenset({"unlink", "unlinkat", "rmdir", "fsync", "fdatasync", "ftruncate", "flock", "chmod"})
"""What a full disk still does."""
_LINE = re.compile(r"^(\w+)\((.*)$")
_SECONDS = 60
PR_SET_PTRACER = 0x59616D61
ANYBODY = ctypes.c_ulong(-1)
"""Some systems let only a parent trace, unless the child says otherwise; strace is no parent here."""


@dataclass(frozen=True)
class Call:
    """One system call of the recorded program."""

    name: str
    number: int
    """Among the calls of that name, from 1."""
    is_creation: bool
    """It opens a file that it may create."""


@dataclass(frozen=True)
class Injection:
    """What the kernel does at a call."""

    call: Call
    how: str
    """`kill`, or the name of an error."""
    is_sticky: bool = False

    @property
    def words(self) -> str:
        """What strace is told."""
        what = "signal=SIGKILL" if self.how == "kill" else f"error={self.how}"
        return f"inject={self.call.name}:{what}:when={self.call.number}{'+' if self.is_sticky else ''}"


def injections(calls: list[Call], what: str) -> Iterator[Injection]:
    """Yield a kill for every call, or every refusal that makes sense."""
    for call in calls:
        is_changing = call.name in CHANGING or call.is_creation
        if what == "kill" and (is_changing or call.name in AROUND):
            yield Injection(call, "kill")
        elif what == "refuse" and is_changing:
            for error in ERRORS:
                yield Injection(call, error)
                # a sticky refusal to open would refuse every module that Python has yet to import
                if call.name != "openat" and not (error == "ENOSPC" and call.name in STILL_WORKS):
                    yield Injection(call, error, is_sticky=True)


class Tracer:
    """Runs a program under strace, each time in a child and a workspace of its own."""

    def __init__(self) -> None:
        """Make a folder, in memory where that can be."""
        base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="runpact-trace-", dir=base))
        self.place = self.folder / "w"
        self.log = self.folder / "log"

    def lay_out(self) -> None:
        """Make the workspace."""
        raise NotImplementedError

    def work(self, tell: Tell) -> int:
        """Do what is traced, in the child; return its exit code."""
        raise NotImplementedError

    def wrong(self, facts: list[Fact], end: End) -> list[str]:
        """Return what is wrong afterwards."""
        raise NotImplementedError

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder)

    def start(self, *words: str) -> tuple[list[Fact], int]:
        """Work under strace; return the facts and the exit code, negative when a signal ended it."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.lay_out()
        self.log.unlink(missing_ok=True)
        wait, go = os.pipe()
        tracers: list[subprocess.Popen[bytes]] = []

        def work(tell: Tell) -> int:
            ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
            os.read(wait, 1)
            os.path.lexists(BEGIN_MARK)
            code = self.work(tell)
            os.path.lexists(END_MARK)
            return code

        def attach(child: int) -> None:
            command = ["strace", "-p", str(child), "-qq", "-o", str(self.log)]
            command += [part for word in words for part in ("-e", word)]
            tracers.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
            _wait_for_tracer(child, tracers[0])
            os.write(go, b".")

        try:
            facts, code = told_by(work, meanwhile=attach)
            tracers[0].wait(_SECONDS)
        finally:
            os.close(wait)
            os.close(go)
        return facts, code

    def record(self) -> list[Call]:
        """Return the calls between the marks."""
        _facts, code = self.start("trace=%file,%desc", "signal=none")
        assert code == 0, f"what is recorded exits with {code}"
        return list(_between_marks(self.log.read_text(errors="replace")))

    def judge(self, injection: Injection) -> tuple[bool, list[str]]:
        """Return whether the injection struck, and what is wrong."""
        facts, code = self.start(f"trace={injection.call.name}", "signal=none", injection.words)
        if injection.how == "kill":
            is_hit, end = code < 0, End("killed")
        else:
            is_hit = "(INJECTED)" in self.log.read_text(errors="replace")
            end = End("exit", code, is_tidy=not injection.is_sticky)
        return is_hit, self.wrong(facts, end) + tracebacks(facts) if is_hit else []


class RunTracer(Tracer):
    """Makes runs under strace."""

    def __init__(self, kind: str, durability: str) -> None:
        """Store what kind of run is made, and make one: what is imported late is there then."""
        super().__init__()
        self.kind, self.durability = kind, durability
        self.lay_out()
        assert self.wrong([], End("killed")) == []

    def lay_out(self) -> None:
        """Make the workspace of the scenario."""
        lay_out(self.place)

    def work(self, tell: Tell) -> int:
        """Make the scenario's run."""
        try:
            return make_run(self.place, tell, kind=self.kind, durability=self.durability, write=write_own)
        except OwnFileError:
            return FAILED

    def wrong(self, facts: list[Fact], end: End) -> list[str]:
        """Ask the oracle."""
        return violations(self.place, facts, end)


def _wait_for_tracer(child: int, tracer: subprocess.Popen[bytes]) -> None:
    """Wait until the child is traced: strace attaches after it has read what it is to do."""
    for _time in range(_SECONDS * 1000):
        if "TracerPid:\t0\n" not in Path(f"/proc/{child}/status").read_text():
            return
        assert tracer.poll() is None, "strace cannot attach to a child of its parent"
        time.sleep(0.001)
    raise AssertionError("strace did not attach")


def _between_marks(log: str) -> Iterator[Call]:
    seen: Counter[str] = Counter()
    is_inside = False
    for line in log.splitlines():
        parts = _LINE.match(line)
        if parts is None:
            continue
        name, rest = parts.groups()
        seen[name] += 1
        if END_MARK in rest:
            return
        if is_inside:
            yield Call(name, seen[name], is_creation=name == "openat" and "O_CREAT" in rest)
        is_inside = is_inside or BEGIN_MARK in rest


def trace_all(tracer: Tracer, *, what: str, every: int, offset: int) -> dict:
    """Try every `every`-th injection, beginning at `offset`."""
    began = time.monotonic()
    found: dict[str, list[str]] = {}
    missed = 0
    try:
        points = list(injections(tracer.record(), what))[offset::every]
        for point in points:
            is_hit, wrong = tracer.judge(point)
            missed += not is_hit
            if wrong:
                found[point.words] = wrong
    finally:
        tracer.close()
    seconds = round(time.monotonic() - began, 2)
    return {"points": len(points), "missed": missed, "violations": found, "seconds": seconds}


def main(arguments: list[str]) -> int:
    """Trace as a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="run")
    parser.add_argument("--durability", default="commit")
    parser.add_argument("--what", default="kill", choices=["kill", "refuse"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    tracer = RunTracer(said.kind, said.durability)
    print(json.dumps(trace_all(tracer, what=said.what, every=said.every, offset=said.offset)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
