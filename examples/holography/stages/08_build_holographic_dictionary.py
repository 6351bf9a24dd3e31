"""Stage 08: the dictionary between masses and dimensions."""

from __future__ import annotations

from program import run_step

import runpact

with runpact.stage() as st:
    run_step("08", st)
