"""Stage 09: literature values."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("09", st)
