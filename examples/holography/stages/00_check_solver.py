"""Stage 00: the solvers against solutions that are known exactly, before anything rests on them."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("00", st)
