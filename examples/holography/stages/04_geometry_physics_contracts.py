"""Stage 04: physics contracts of the recovered geometries."""

from __future__ import annotations

import sys

from program import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("04"))
