"""Rows: what it costs to start a command behind a fence."""

from __future__ import annotations

import os
import shutil

from contest import Contest, Way, compete
from row import Scale, row

PROGRAM = "/bin/true"


@row(
    "fence",
    "starting and ending a command behind the kernel's fence (W2), ten folders open",
    budget=2.2,
    derived="1 ms beyond the 0.8 ms that starting it freely takes",
)
def fenced(place: str, scale: Scale) -> Contest:
    """Race a fenced child against a free one."""
    return _race(place, scale.of(300, 40), {"runpact": "W2"})


@row(
    "fence-isolated",
    "starting and ending a command in namespaces (W3)",
)
def isolated(place: str, scale: Scale) -> Contest:
    """Race an isolated child against a free one."""
    level = "W3" if shutil.which("bwrap") else "W2"
    return _race(place, scale.of(60, 10), {"runpact": level})


def _race(place: str, repetitions: int, levels: dict[str, str]) -> Contest:
    from runpact.host.child import run_child
    from runpact.host.openings import open_paths
    from runpact.model.confinement import Fence

    folders = [os.path.join(place, name) for name in "abcdefghij"]
    for folder in folders:
        os.makedirs(folder)

    def start(level: str) -> None:
        fence = None
        if level:
            opened = open_paths(folders, declared=(), closed=(), watched=(place,), environ=os.environ)
            private = place if level == "W3" else None
            fence = Fence(level=level, writable=opened.writable, private_in=private, shown=(place,))
        end = run_child(
            (PROGRAM,),
            cwd=place,
            env=dict(os.environ),
            logs=(lambda _: None, lambda _: None),
            tee=False,
            fence=fence,
        )
        if end.exit_code != 0 or end.enforced.level != (level or "W0"):
            raise RuntimeError(f"the child was held at {end.enforced.level}, not {level or 'W0'}")

    ways = {name: Way(lambda _number, level=level: start(level)) for name, level in levels.items()}
    for level in levels.values():
        start(level)  # the proof that it holds is kept
    return compete({**ways, "floor": Way(lambda _number: start(""))}, repetitions=repetitions)
