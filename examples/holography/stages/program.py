"""What the stage programs share: their command line, and the way to the package beside them.

    python stages/02_emergent_geometry_engine.py --folder out --config configs/demo.json

reads `out/<alias>` for every alias that the stage reads, writes `out/<alias>` for every one that it writes,
prints what came of it as JSON and ends with 0 (OK), 1 (WARNING), 2 (INCOMPLETE) or 3 (ERROR).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def run_stage(number: str) -> int:
    """Run one stage on folders and return its exit code."""
    from holography.steps import STEPS, Parameters  # noqa: PLC0415 - its folder is on the path only now

    stage = STEPS[number]
    parser = argparse.ArgumentParser(description=(stage.step.__doc__ or "").strip())
    parser.add_argument("--folder", type=Path, required=True, help="where aliases are read and written")
    parser.add_argument("--config", type=Path, required=True, help="JSON")
    parser.add_argument("--seed", type=int, help="instead of the configuration's")
    said = parser.parse_args()
    config = json.loads(said.config.read_text(encoding="utf-8"))
    parameters = Parameters(config, config["seed"] if said.seed is None else said.seed)
    absent = [alias for alias in stage.reads if not (said.folder / alias).is_dir()]
    if absent:
        sys.stderr.writelines(f"missing_artifact: {alias}\n" for alias in absent)
        return 2
    outputs = {alias: said.folder / alias for alias in stage.writes}
    outcome = stage.step({alias: said.folder / alias for alias in stage.reads}, parameters, outputs)
    report = {
        "stage": stage.name,
        "status": outcome.status,
        "counts": outcome.counts,
        "seed": parameters.seed,
    }
    told = {"errors": outcome.errors, "warnings": outcome.warnings, "missing": outcome.missing}
    print(json.dumps({**report, **{key: value for key, value in told.items() if value}}, ensure_ascii=False))
    return outcome.exit_code
