"""Stage 02: A(z), f(z), z_h and Δ, recovered from two-point functions."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("02", st)
