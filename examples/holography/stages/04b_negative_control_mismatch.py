"""Stage 04b: negative controls; geometries that are mixed up must break contracts."""

from __future__ import annotations

import sys

from program import run_stage

if __name__ == "__main__":
    sys.exit(run_stage("04b"))
