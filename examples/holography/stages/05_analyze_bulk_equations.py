"""Stage 05: a report with figures."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("05", st)
