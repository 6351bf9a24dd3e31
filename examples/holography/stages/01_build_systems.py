"""Stage 01: two-point functions of the systems of the configuration."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("01", st)
