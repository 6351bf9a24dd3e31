"""Stage 04: physics contracts of the recovered geometries."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("04", st)
