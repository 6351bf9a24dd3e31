"""Stage 06: the dataset of eigenmodes."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("06", st)
