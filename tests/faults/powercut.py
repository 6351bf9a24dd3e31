"""Real power cuts: an ext4 file system that is shut down under a run, mounted again and looked at.

Knows: how to make, shut down and mount an ext4 file system in a file; needs root.
Does not know: what must be true afterwards (`faults.oracle`).

    unshare --mount python -m faults.powercut [--kind K] [--mutant NAME] [--every N] [--offset K]

prints one JSON document. A shutdown throws away what the kernel had not written, as a power cut does: with
the journal's last transaction or without.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faults.children import told_by
from faults.inject import Injector, install
from faults.mutants import MUTANTS
from faults.oracle import End, violations
from faults.scenario import Fact, Tell, lay_out, make_run
from faults.sweep import SHARED_MEMORY

EXT4_IOC_SHUTDOWN = 0x8004587D
SHUTDOWNS = {"journal lost": 2, "journal kept": 1}
MEGABYTES = 24


def why_not() -> str:
    """Return what real power cuts lack here; empty when they can be made."""
    if os.geteuid() != 0:
        return "only root may shut a file system down"
    lacking = [tool for tool in ("unshare", "mkfs.ext4", "mount") if shutil.which(tool) is None]
    if lacking or not Path("/dev/loop-control").exists():
        return f"not here: {', '.join(lacking) or '/dev/loop-control'}"
    with tempfile.TemporaryDirectory(prefix="runpact-cut-") as folder:
        Disk.format(Path(folder))
        command = ["unshare", "--mount", "mount", "-o", "loop", f"{folder}/image", f"{folder}/disk"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return "" if done.returncode == 0 else f"an image cannot be mounted: {done.stderr.strip()}"


class Disk:
    """An ext4 file system in a file."""

    def __init__(self, folder: Path) -> None:
        """Store where its image and its mount point stand."""
        self.folder = folder
        self.mount_point = folder / "disk"

    @classmethod
    def format(cls, folder: Path) -> Disk:
        """Make the file system."""
        disk = cls(folder)
        disk.mount_point.mkdir()
        with (folder / "image").open("wb") as image:
            image.truncate(MEGABYTES << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", folder / "image"], check=True)
        return disk

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """Mount it for a while; mounting replays the journal."""
        subprocess.run(["mount", "-o", "loop", self.folder / "image", self.mount_point], check=True)
        try:
            yield self.mount_point
        finally:
            subprocess.run(["umount", self.mount_point], check=True)

    def cut_power(self, flag: int) -> None:
        """Shut it down: nothing that was not written by now ever will be."""
        descriptor = os.open(self.mount_point, os.O_RDONLY)
        fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", flag))
        os.close(descriptor)


class Cutter(Injector):
    """Cuts the power before one call, then ends the process."""

    def __init__(self, at: int, cut: Callable[[], None], tell: Tell) -> None:
        """Store the call, from 0, and how to cut."""
        super().__init__()
        self._at, self._cut, self._tell = at, cut, tell

    def call(self, name: str, real: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Make one call, or cut the power instead."""
        if len(self.calls) == self._at:
            self._tell("hit")
            self._cut()
            self.die()
        return super().call(name, real, *arguments, **keywords)


def one_cut(disk: Disk, kind: str, at: int, flag: int, prepare: Callable[[], None]) -> tuple[bool, list[str]]:
    """Cut the power before a call of a run; return whether that call came, and what is wrong."""
    with disk.mounted() as top:
        shutil.rmtree(top / "w", ignore_errors=True)
        lay_out(top / "w")
        subprocess.run(["sync", "-f", top], check=True)

        def work(tell: Tell) -> int:
            prepare()
            install(Cutter(at, lambda: disk.cut_power(flag), tell))
            code = make_run(top / "w", tell, kind=kind)
            tell("hit")
            disk.cut_power(flag)  # the run has ended: what was acknowledged must be there
            return code

        facts, _code = told_by(work)
    with disk.mounted() as top:
        wrong = violations(top / "w", facts, End("power"))
    return any(fact["fact"] == "hit" for fact in facts), wrong


def calls_of(kind: str) -> int:
    """Return how many calls an undisturbed run makes."""
    with tempfile.TemporaryDirectory(prefix="runpact-cut-", dir=base()) as folder:
        lay_out(Path(folder) / "w")

        def work(tell: Tell) -> int:
            injector = Injector()
            install(injector)
            code = make_run(Path(folder) / "w", tell, kind=kind)
            tell("calls", count=len(injector.calls))
            return code

        facts, _code = told_by(work)
    return next(count_of(fact) for fact in facts if fact["fact"] == "calls")


def count_of(fact: Fact) -> int:
    """Return the number that a fact tells."""
    assert isinstance(fact["count"], int)
    return fact["count"]


def base() -> Path | None:
    """Return where images are quick."""
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None


def cut_all(*, kind: str, prepare: Callable[[], None], every: int, offset: int) -> dict:
    """Cut the power before every `every`-th call, beginning at `offset`, in both ways; and after the last."""
    folder = Path(tempfile.mkdtemp(prefix="runpact-cut-", dir=base()))
    began = time.monotonic()
    found: dict[str, list[str]] = {}
    points = [(at, how) for at in range(calls_of(kind) + 1) for how in SHUTDOWNS][offset::every]
    missed = 0
    try:
        disk = Disk.format(folder)
        for at, how in points:
            is_hit, wrong = one_cut(disk, kind, at, SHUTDOWNS[how], prepare)
            missed += not is_hit
            if wrong:
                found[f"before call {at}, {how}"] = wrong
    finally:
        shutil.rmtree(folder)
    seconds = round(time.monotonic() - began, 2)
    return {"points": len(points), "missed": missed, "violations": found, "seconds": seconds}


def main(arguments: list[str]) -> int:
    """Cut the power as a process of its own, with mounts of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="run")
    parser.add_argument("--mutant", default="", choices=["", *MUTANTS])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--offset", type=int, default=0)
    said = parser.parse_args(arguments)
    prepare = MUTANTS[said.mutant].apply if said.mutant else lambda: None
    print(json.dumps(cut_all(kind=said.kind, prepare=prepare, every=said.every, offset=said.offset)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
