"""Stage 07: dimensions told by spectra alone."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("07", st)
