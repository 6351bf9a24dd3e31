"""Stage 04c: negative controls; noise must break contracts."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("04c", st)
