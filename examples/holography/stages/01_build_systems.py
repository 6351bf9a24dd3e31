"""Stage 01: two-point functions of the systems of the configuration."""

from __future__ import annotations

import sys

from program import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("01"))
