"""`runs list`, `runs best`, `report`: what the registry and the runs in it say."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any, Literal

import runpact
from quantlab.errors import SettingsError
from quantlab.place import existing, root, seen_from_root

_INDEX = "outputs/runs/runs_index"
Metric = Literal["sharpe_simple", "total_return", "max_drawdown"]


def places(folder: str | Path = "") -> dict[str, str]:
    """Return where the registry stands, as answers tell it; `folder` is another one that holds `outputs/`."""
    index = seen_from_root(str(root() / folder / _INDEX))
    files = {f"runs_index_{form}": f"{index}.{form}" for form in ("csv", "json", "md")}
    return {"runs_index_root": posixpath.dirname(index), **files}


def rows(mode: str = "") -> list[dict[str, Any]]:
    """Return the lines of the registry; none before the first run."""
    path = root() / f"{_INDEX}.json"
    if not path.is_file():
        return []
    listed = dict(runpact.read(path))["runs"]
    return [row for row in listed if not mode or row["mode"] == mode]


def best(metric: Metric, mode: str = "") -> dict[str, Any]:
    """Return the run with the greatest value.

    Raises:
        SettingsError: No run has one.
    """
    ranked = [row for row in rows(mode) if row[metric] is not None]
    if not ranked:
        raise SettingsError(f"no run has a value of {metric}", hint="`python main.py run` makes one")
    return max(ranked, key=lambda row: (row[metric], row["run_id"]))


def report_of(reference: str) -> dict[str, Any]:
    """Return the report of a run or a session.

    Raises:
        SettingsError: There is no such run, or it has none.
    """
    run = existing(reference, "a run with --run-dir")
    try:
        return dict(run.read("report.json"))
    except runpact.RunpactError as error:
        raise SettingsError(
            f"`{run.path}` has no report: {error.message}", hint=f"`runpact show {run.path}`"
        ) from error
