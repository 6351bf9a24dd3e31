"""Stage 03: bulk equations, found in the samples by regression."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("03", st)
