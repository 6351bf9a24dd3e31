"""Stage 07b: eigenvalues against closed forms."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("07b", st)
