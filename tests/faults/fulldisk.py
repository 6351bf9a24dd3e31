"""Disks of every size that is too small: a real file system without room for blocks or for names.

Knows: how to mount a small file system that nobody else sees.
Does not know: what must be true afterwards (`faults.oracle`).

    unshare --mount python -m faults.fulldisk [--every N] [--offset K]

prints one JSON document. Room is given back before the oracle looks, as a user would free some.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from faults.children import told_by
from faults.oracle import End, runs_of, violations
from faults.scenario import Tell, lay_out, make_run, write_plainly
from faults.sweep import tracebacks

SIZES = tuple(f"size={16 + 4 * step}k" for step in range(64))
"""From the contract's own files up to more than the run needs."""
NAMES = tuple(f"nr_inodes={8 + 2 * step}" for step in range(24))
"""Room for so many files and directories."""
PROGRAMS = (False, True)
"""Whether the program goes on after a refused call."""
FAILED = 3
PLENTY = "size=64m,nr_inodes=10000"


class OwnFileError(Exception):
    """The disk refused a file that the program writes by itself; its user expects to see that."""


def write_own(path: str, data: bytes) -> None:
    """Write a file as a user's program does, and let its failure be told apart from runpact's."""
    try:
        write_plainly(path, data)
    except OSError as error:
        raise OwnFileError(path) from error


def private_mounts() -> tuple[str, ...] | None:
    """Return the words that give a command mounts of its own; None where the system refuses them."""
    for words in (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount")):
        trial = [*words, "mount", "-t", "tmpfs", "none", "/mnt"]
        if (
            shutil.which("unshare")
            and subprocess.run(trial, check=False, capture_output=True).returncode == 0
        ):
            return words
    return None


def fill(place: Path, room: str, *, stubborn: bool) -> tuple[str, list[str]]:
    """Make a run with so much room; return what became of it, and what is wrong."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", room, "none", place], check=True)
    try:
        workspace = place / "w"
        lay_out(workspace)

        def work(tell: Tell) -> int:
            try:
                return make_run(workspace, tell, write=write_own, stubborn=stubborn)
            except OwnFileError:
                return FAILED

        facts, code = told_by(work)
        subprocess.run(["mount", "-o", f"remount,{PLENTY}", place], check=True)
        became = " ".join(run.state for run in runs_of(workspace)) or "no run"
        end = End("exit", code) if code >= 0 else End("killed")
        return became, violations(workspace, facts, end) + tracebacks(facts)
    finally:
        subprocess.run(["umount", place], check=True)
        place.rmdir()


def fill_all(*, every: int, offset: int) -> dict:
    """Try every `every`-th room, beginning at `offset`."""
    base = Path(tempfile.mkdtemp(prefix="runpact-full-"))
    began = time.monotonic()
    became: Counter[str] = Counter()
    found: dict[str, list[str]] = {}
    rooms = [(room, stubborn) for stubborn in PROGRAMS for room in SIZES + NAMES][offset::every]
    try:
        for room, stubborn in rooms:
            state, wrong = fill(base / "disk", room, stubborn=stubborn)
            became[state] += 1
            if wrong:
                found[f"{room} {'stubborn' if stubborn else 'plain'}"] = wrong
    finally:
        base.rmdir()
    seconds = round(time.monotonic() - began, 2)
    return {"rooms": len(rooms), "became": dict(became), "violations": found, "seconds": seconds}


def main(arguments: list[str]) -> int:
    """Fill disks as a process of its own, with mounts of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    print(json.dumps(fill_all(every=said.every, offset=said.offset)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
