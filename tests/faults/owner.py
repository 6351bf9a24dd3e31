"""A program that begins a run and stays in it until somebody kills it.

Knows: the ways in which a run's owner can leave something behind: nothing, a started program, a forked child.
Does not know: who looks at the run meanwhile, or what they should see.

    python -m faults.owner FOLDER alone|program|child

prints one line, the process ids of itself and of what it left, once its run is open.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import runpact
from faults.scenario import NAME, event_fields, lay_out

STAYS = ("sleep", "600")


def main(arguments: list[str]) -> int:
    """Begin a run and wait for the end."""
    folder, left = Path(arguments[0]), arguments[1]
    if not (folder / "contract.yaml").exists():
        lay_out(folder)
    with runpact.run(kind="run", name=NAME, workspace=folder, durability="none") as run:
        run.event("scenario.event", **event_fields(1))
        pids = [os.getpid()]
        if left == "program":
            pids.append(subprocess.Popen(STAYS).pid)
        if left == "child":
            pids.append(_forked())
        sys.stdout.write(json.dumps(pids) + "\n")
        sys.stdout.flush()
        signal.pause()
    return 0


def _forked() -> int:
    """Leave a child of fork as a data loader does; it inherits every descriptor, and so the lock."""
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    return child


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
