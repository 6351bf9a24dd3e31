"""A statistics service without room: what it acknowledges, refuses, keeps.

    python fullroom.py FOLDER tmpfs       as a child with mounts of its own
    python fullroom.py FOLDER limit

prints one JSON document. `tmpfs` is a real file system that is too small, and gets more room afterwards;
`limit` lets no file grow, which every system can do.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "examples" / "vision")]

from examples.vision.test_statistics import EVENT, serving  # noqa: E402 - found by the lines above
from runpact.telemetry import init_stats_db  # noqa: E402

ASKED = 120
SMALL, PLENTY = "size=256k", "size=16m"
MOST_BYTES = 120_000


def mounted(folder: Path) -> Callable[[], None]:
    """Take a small file system's room; return what gives more."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL, "none", str(folder)], check=True)
    return lambda: _remounted(folder)


def _remounted(folder: Path) -> None:
    subprocess.run(["mount", "-o", f"remount,{PLENTY}", str(folder)], check=True)


def limited(_folder: Path) -> Callable[[], None]:
    """Let no file of this process grow further; return what does."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def main(folder: Path, sort: str) -> None:
    """Post more than there is room for; free some; look again."""
    free = {"tmpfs": mounted, "limit": limited}[sort](folder)
    with serving(folder / "stats.db") as (client, _address):
        answers = [client.post([EVENT] * (1 + number % 3)) for number in range(ASKED)]
        health = client.get("/health")
        kept = client.get("/api/overview")[1]["events_total"]
        free()
        again = client.post(EVENT)
        healed = client.get("/health")
    with init_stats_db(folder / "stats.db") as store:
        reopened = store.overview().events_total
    refused = sorted({json.dumps(answer) for status, answer in answers if status != 201})
    print(
        json.dumps(
            {
                "statuses": sorted({status for status, _answer in answers}),
                "acknowledged": sum(answer["stored"] for status, answer in answers if status == 201),
                "refused": refused,
                "health": health,
                "kept": kept,
                "again": again,
                "healed": healed,
                "reopened": reopened,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
