"""What the figures were measured on.

Knows: how to ask for processor, system, file system and revision.
Does not know: the figures.
"""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime


def describe(folder: str) -> dict[str, object]:
    """Return what a reader must know of the machine; nothing that names it."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _revision(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "file_system": _file_system(folder),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def load() -> float:
    """Return how many processes wanted a core in the last minute."""
    return round(os.getloadavg()[0], 1)


def _revision() -> str:
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        done = subprocess.run(
            ["git", "-C", here, "describe", "--always", "--dirty", "--abbrev=8", "--exclude=*"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip().replace("-dirty", " with changes")


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        return platform.machine()
    return names[0] if names else platform.machine()


def _file_system(folder: str) -> str:
    """Return the type of the file system that holds a folder."""
    folder = os.path.realpath(folder)
    best = ("", "unknown")
    try:
        with open("/proc/mounts", encoding="utf-8") as file:
            for line in file:
                _device, place, kind, *_rest = line.split()
                if (folder + "/").startswith(place.rstrip("/") + "/") and len(place) >= len(best[0]):
                    best = (place, kind)
    except OSError:
        pass
    return best[1]
