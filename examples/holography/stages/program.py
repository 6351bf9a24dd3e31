"""What the stage programs share: a step of `holography.steps` between the aliases of its stage.

    python stages/02_emergent_geometry_engine.py --experiment X

makes an attempt of one stage by hand; `run_pipeline.py` runs them all. What is read is validated before the
step, what is written after it; `stage_summary.json` says how it ended. See docs/stages.md of runpact.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact import ActiveStage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def run_step(number: str, st: ActiveStage) -> None:
    """Run the step of one stage between its folders, and say what came of it.

    Physics is imported here, so that a stage started by hand does not import it twice. One thread for linear
    algebra: its matrices are small, and sums in another order would change the last digits.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from holography.steps import STEPS, Parameters  # noqa: PLC0415 - see above

    stage = STEPS[number]
    environment = json.loads(Path(st.dir, "meta_env.json").read_text(encoding="utf-8"))
    parameters = Parameters(st.config, int(st.seed), environment["git_sha"])
    inputs = {alias: Path(st.folder(alias)) for alias in stage.reads}
    outputs = {alias: Path(st.folder(alias)) for alias in stage.writes}
    outcome = stage.step(inputs, parameters, outputs)
    st.counts(**outcome.counts)
    for warning in outcome.warnings:
        st.warn(warning)
    if outcome.errors:
        st.fail("; ".join(outcome.errors))
    if outcome.status == "INCOMPLETE":
        st.incomplete("; ".join(outcome.missing) or "no input could be used")
