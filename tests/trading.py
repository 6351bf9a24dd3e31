"""A trading desk's own contract on top of the general pack of run registries."""

from __future__ import annotations

_RESULTS = (
    "(present.metrics ? doc.metrics.summary : present.report ? doc.report.results[0] : doc.metadata.top10[0])"
)
CONFIG = {"ticker": "SPY", "start": "2020-01-01", "end": "2021-01-01", "interval": "1d"}


def _asked(key: str) -> str:
    return f"present.config ? doc.config.{key} : doc.report.config_resolved.{key}"


def _told(key: str, of_report: str) -> str:
    return f"present.metadata ? doc.metadata.{key} : doc.report.{of_report}.{key}"


_CELLS = {
    "run_id": "run.id",
    "mode": _told("mode", "machine_contract"),
    "created_at": _told("created_at", "header"),
    **{key: _asked(key) for key in ("ticker", "start", "end")},
    **{key: f"{_RESULTS}.{key}" for key in ("sharpe_simple", "total_return")},
    "trades": f"int({_RESULTS}.trades)",
    "path": "run.path",
}
CONTRACT = f"""\
contract: my.desk
version: "1.0.0"
extends: runpact:run-registry@1
workspace:
  indexes:
    - files: "outputs/runs/runs_index.{{csv,json,md}}"
      kinds: [run, sweep]
      where: present.metadata || present.report
      columns: {{{", ".join(f'{name}: "{cell}"' for name, cell in _CELLS.items())}}}
      json: {{generated_at: generated_at, root_dir: folder, n_runs: count, runs: runs}}
      markdown: {{title: Runs index, columns: [run_id, sharpe_simple]}}
"""
