"""The hard gate: is everything that a stage reads there, whole, fresh and of its type?

    python tools/assert_artifacts.py --experiment demo --stage 07

Every fault has a line of its own: `missing_artifact: …`, `stale_artifact: …`, `invalid_artifact: …`, with the
command that makes it anew. Exit code 2 when the gate is closed. The orchestrator asks the same before each
stage; this is for CI, before what is expensive. It is `runpact gate` in this workspace.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    command = ("-m", "runpact", "gate", "--workspace", str(HERE), *sys.argv[1:])
    os.execv(sys.executable, (sys.executable, *command))  # noqa: S606 - this interpreter, no shell
