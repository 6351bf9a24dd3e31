"""Where runs are made: in the folder of this example's contract, or the one that RUNPACT_WORKSPACE names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import runpact
from quantlab.errors import SettingsError

_HERE = Path(__file__).resolve().parents[2]


def root() -> Path:
    """Return the folder that holds the contract and `outputs/`."""
    return Path(os.environ.get("RUNPACT_WORKSPACE") or _HERE).resolve()


def program() -> str:
    """Return how the program is called from here."""
    return seen_from_here("main.py")


def seen_from_here(path: str) -> str:
    """Return a path relative to the workspace as the current directory sees it; from outside, as it is."""
    here = Path.cwd().resolve()
    return os.path.relpath(root() / path, here) if here.is_relative_to(root()) else path


def seen_from_root(path: str) -> str:
    """Return a path that the user named as the workspace sees it; outside of it, the absolute one."""
    if not path:
        return ""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - the path is the user's: links stay as they are named
    return absolute.relative_to(root()).as_posix() if absolute.is_relative_to(root()) else str(absolute)


def opened(mode: str, config: Mapping[str, Any], *, kind: str = "run") -> runpact.PendingRun:
    """Describe the run that is to hold results."""
    return runpact.run(kind=kind, captures={"mode": mode}, config=dict(config), workspace=root())


def existing(reference: str, what: str) -> runpact.RecordedRun:
    """Return a run by its id or path.

    Raises:
        SettingsError: There is none.
    """
    if not reference.strip():
        raise SettingsError(f"name {what}", hint="`python main.py runs list` lists the runs")
    try:
        return runpact.open_run(reference.strip(), workspace=root())
    except runpact.RunpactError as error:
        raise SettingsError(
            f"there is no run `{reference[:100]}`: {error.message}",
            hint="`python main.py runs list` lists them",
        ) from error


def found(question: str) -> list[runpact.RecordedRun]:
    """Return the finished runs that a filter holds for, newest first."""
    rows = runpact.runs(f"state = finished and {question}", workspace=root())
    return [runpact.open_run(root() / row.path, workspace=root()) for row in rows]


def is_true(run: runpact.RecordedRun) -> bool:
    """Whether a run keeps its contract, and its bytes are those that were sealed."""
    sound = {runpact.Verdict.OK, runpact.Verdict.WARNING}
    return run.verdict in {"OK", "WARNING"} and runpact.verify(run.directory, workspace=root()) in sound
