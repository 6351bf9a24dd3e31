"""Faults that the kernel injects: a program of its own is killed or refused at its n-th system call.

Knows: how to have strace count, kill and refuse; which calls change anything.
Does not know: what must be true afterwards (`faults.oracle`), which module makes a call.

    python -m faults.traced [--kind K] [--durability D] [--what kill|refuse] [--every N] [--offset K]

prints one JSON document. One program is recorded first; then each of its calls between the scenario's marks
gets a program of its own. strace counts by name, so a call is named by its name and its number.
"""

from __future__ import annotations

import argparse
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

from faults.oracle import End, violations
from faults.scenario import BEGIN_MARK, END_MARK, TRACEBACK, lay_out, read_facts
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
_LINE = re.compile(r"^\d+ +(\w+)\((.*)$")
_SECONDS = 60


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
    """Runs the scenario under strace, each time in a workspace of its own."""

    def __init__(self, kind: str, durability: str) -> None:
        """Store what kind of run is made."""
        self.options = ["--kind", kind, "--durability", durability]
        self.folder = Path(
            tempfile.mkdtemp(
                prefix="runpact-trace-", dir=SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
            )
        )
        self.place = self.folder / "w"
        self.log = self.folder / "log"
        self.facts = self.folder / "facts"

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder)

    def start(self, *words: str) -> int:
        """Make a run under strace; return the exit code, negative when a signal ended it."""
        shutil.rmtree(self.place, ignore_errors=True)
        lay_out(self.place)
        self.facts.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        # with the quicker --seccomp-bpf strace does not send the signals it is asked for
        is_killing = any("signal=SIGKILL" in word for word in words)
        tracing = ["strace", "-f", *([] if is_killing else ["--seccomp-bpf"]), "-qq", "-o", str(self.log)]
        tracing += [part for word in words for part in ("-e", word)]
        scenario = [sys.executable, "-m", "faults.scenario", str(self.place), "--facts", str(self.facts)]
        environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*tracing, *scenario, *self.options],
            check=False,
            env=environment,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
        return done.returncode

    def record(self) -> list[Call]:
        """Return the calls between the marks."""
        code = self.start("trace=%file,%desc", "signal=none")
        assert code == 0, f"the recorded run exits with {code}"
        return list(_between_marks(self.log.read_text(errors="replace")))

    def judge(self, injection: Injection) -> tuple[bool, list[str]]:
        """Return whether the injection struck, and what is wrong."""
        code = self.start(f"trace={injection.call.name}", "signal=none", injection.words)
        if injection.how == "kill":
            is_hit, end = code < 0, End("killed")
        else:
            is_hit = "(INJECTED)" in self.log.read_text(errors="replace")
            end = End("exit", code, is_tidy=not injection.is_sticky)
        if not is_hit:
            return False, []
        facts = read_facts(self.facts.read_bytes()) if self.facts.exists() else []
        wrong = violations(self.place, facts, end) + tracebacks(facts)
        if code == TRACEBACK and not tracebacks(facts):
            wrong.append("the program ended with a traceback that it could not tell")
        return True, wrong


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


def trace_all(*, kind: str, durability: str, what: str, every: int, offset: int) -> dict:
    """Try every `every`-th injection, beginning at `offset`."""
    began = time.monotonic()
    tracer = Tracer(kind, durability)
    found: dict[str, list[str]] = {}
    missed = 0
    try:
        tracer.start("trace=none")  # what Python compiles on the way is compiled now
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
    print(json.dumps(trace_all(**vars(parser.parse_args(arguments)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
