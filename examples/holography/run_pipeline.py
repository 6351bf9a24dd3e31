"""The one way into a serious run: `runpact pipeline run` in this workspace.

    python run_pipeline.py --experiment demo --from 01 --to 09 --config configs/demo.json

Every other option of `runpact pipeline run` may be given too: --set, --only, --force, --jobs, --dry-run.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    beside = Path(sys.executable).parent  # so that `python` in the contract is this one
    os.environ["PATH"] = os.pathsep.join((str(beside), os.environ.get("PATH", os.defpath)))
    command = ("-m", "runpact", "pipeline", "run", "--workspace", str(HERE), *sys.argv[1:])
    os.execv(sys.executable, (sys.executable, *command))  # noqa: S606 - this interpreter, no shell
