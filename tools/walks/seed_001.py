"""Seed 001: evidence and certification, on `examples/certification`.

Knows: which commands show which demands.
Does not know: what the example computes.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from walk import Walk

TITLE = "evidence and certification"
LETTER = "B"
_SMALL = ("train.steps=300", "evaluation.windows=120")


def produce(walk: Walk) -> None:
    """Make the baseline's run and look at what it left."""
    from walk import ROOT  # noqa: PLC0415 - imports this module

    shutil.copytree(ROOT / "examples" / "certification", walk.folder / "work", ignore=_outputs)
    overrides = [word for value in _SMALL for word in ("--set", value)]
    walk.run("python", "train.py", *overrides, within="work", shows=("B-002", "B-011", "B-130"))
    walk.file("work/runs/baseline/*/report.json", "B-012", "B-013", "B-020", holds=_is_timestamped)
    walk.file("work/runs/baseline/*/events.jsonl", "B-021")
    walk.file("work/runs/baseline/report.json", "B-023")
    walk.run("runpact", "check", within="work", says="OK", shows=("B-001",))
    walk.run("runpact", "verify", *_newest(walk, "baseline"), within="work", says="OK")


def _outputs(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in {"runs", "__pycache__", ".runpact-cache"}}


def _is_timestamped(path: Path) -> bool:
    return re.fullmatch(r"\d{8}_\d{6}(_\d{2})?", path.parent.name) is not None


def _newest(walk: Walk, name: str) -> list[str]:
    """Name the newest attempt of a nickname; nothing when there is none."""
    attempts = sorted((walk.folder / "work" / "runs" / name).glob("*/report.json"))
    return [attempts[-1].parent.relative_to(walk.folder / "work").as_posix()] if attempts else []
