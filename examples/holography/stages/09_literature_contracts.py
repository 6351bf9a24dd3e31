"""Stage 09: literature values."""

from __future__ import annotations

import sys

from program import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("09"))
