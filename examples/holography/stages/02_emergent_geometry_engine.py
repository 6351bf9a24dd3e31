"""Stage 02: A(z), f(z), z_h and Δ, recovered from two-point functions."""

from __future__ import annotations

import sys

from program import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("02"))
