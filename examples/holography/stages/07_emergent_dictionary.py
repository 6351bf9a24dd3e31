"""Stage 07: dimensions told by spectra alone."""

from __future__ import annotations

import sys

from program import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("07"))
