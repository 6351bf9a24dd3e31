"""A workspace that promotes evidence and plain files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence_cases import arms, evaluate
from runpact.cli.main import run_command_line

CONTRACT = """contract: try.archive
version: "1.0.0"
kinds:
  run:
    at: "runs/{nickname}/{started:%Y%m%d_%H%M%S}"
    clash: "_{n:02}"
    entries:
      - {file: report.json, required: false}
    latest:
      - {copy: report.json, to: "runs/{nickname}/report.json"}
  study:
    at: "studies/{id}"
    entries: [{file: result.json}, {files: "plots/{plot}.svg", required: false}]
    places: {models: {at: "models/{run.id}", entries: [{file: m.bin, required: false}]}}
promotions:
  reports:
    from: [run]
    at: "reports/{label}"
    entries: [{file: report.json}, {file: evaluation.cert.json, required: run.label != "baseline"}]
  results:
    from: [study]
    at: "results/{label}"
    needs: doc.result.loss < 1.0
    entries: [{file: result.json}, {files: "plots/{plot}.svg", required: false}]
policies:
  balanced:
    gates: [{metric: primary, of: ratio, statistic: upper, max: 1.1}]
    guards:
      - {name: invariants}
      - {name: metric_drift, limits: {max_drift: 1.0}}
    minimum_windows: 20
  keeping: {keep: {newest: 1, within: 30}}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace, which is also the current directory."""
    (tmp_path / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pair(workspace: Path) -> Callable[..., Path]:
    """Return what makes a baseline and a subject with its certificate; returns the certificate's folder."""

    def make(name: str = "quant8", shift: float = 0.01) -> Path:
        if not (workspace / "runs" / "baseline").exists():
            evaluate("baseline")
        evaluate(name, arms(shift=shift))
        before = set((workspace / "reports_scratch").glob("*/evaluation.cert.json"))
        words = ("report", name, "--format", "cert", "--baseline", "baseline", "--policy", "balanced")
        assert run_command_line(list(words)) in {0, 3}
        (path,) = set((workspace / "reports_scratch").glob("*/evaluation.cert.json")) - before
        return path.parent

    return make
