"""A workspace with a policy, and a program that evaluates."""

from __future__ import annotations

from pathlib import Path

import pytest

CONTRACT = """contract: try.evidence
version: "1.0.0"
kinds:
  run:
    at: "runs/{nickname}/{started:%Y%m%d_%H%M%S}"
    clash: "_{n:02}"
    entries:
      - {file: report.json, required: false}
    latest:
      - {copy: report.json, to: "runs/{nickname}/report.json"}
policies:
  balanced:
    gates: [{metric: primary, of: ratio, statistic: upper, max: 1.1}]
    guards:
      - {name: invariants}
      - {name: metric_drift, limits: {max_drift: 1.0}}
    minimum_windows: 20
  strict: {like: balanced, profile: release, signature: required}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace, which is also the current directory."""
    (tmp_path / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path
