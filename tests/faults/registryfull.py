"""Disks of every size that is too small for a model: a real file system that fills up while one is promoted.

Knows: how to leave just so much room on a small file system that nobody else sees.
Does not know: what must be true afterwards (`faults.registering`).

    unshare --mount python -m faults.registryfull [--every N] [--offset K]

prints one JSON document. Room is given back before the invariants are looked at, as a user would free some.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from faults.children import told_by
from faults.fulldisk import PLENTY
from faults.oracle import End
from faults.registering import Registries
from faults.sweep import tracebacks

ROOMS = tuple(range(0, 4_000, 50))
"""Free room, kB: from nothing to more than the model needs."""


def fill(registries: Registries, disk: Path, room: int) -> tuple[int, list[str]]:
    """Promote with so much room; return the exit code, and what is wrong."""
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", PLENTY, "none", disk], check=True)
    try:
        registries.place = disk / "w"
        registries.lay_out()
        used = os.statvfs(disk)
        size = (used.f_blocks - used.f_bfree) * used.f_frsize // 1024 + room
        subprocess.run(["mount", "-o", f"remount,size={size}k", disk], check=True)
        facts, code = told_by(registries.does)
        subprocess.run(["mount", "-o", f"remount,{PLENTY}", disk], check=True)
        return code, registries.wrong(facts, End("exit", code)) + tracebacks(facts)
    finally:
        subprocess.run(["umount", disk], check=True)
        disk.rmdir()


def main(arguments: list[str]) -> int:
    """Fill disks as a process of its own, with mounts of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    began, ended, found = time.monotonic(), Counter[str](), {}
    registries = Registries()
    rooms = ROOMS[said.offset :: said.every]
    for room in rooms:
        code, wrong = fill(registries, registries.folder / "disk", room)
        ended[str(code)] += 1
        if wrong:
            found[f"{room} kB"] = wrong
    seconds = round(time.monotonic() - began, 2)
    print(json.dumps({"rooms": len(rooms), "ended": ended, "violations": found, "seconds": seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
