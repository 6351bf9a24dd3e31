"""A workspace that sweeps are made in."""

from __future__ import annotations

import pytest

from integration.runs.place import Place

CONTRACT = """\
contract: test.sweeps
version: "1.0.0"
workspace:
  indexes:
    - files: "runs/index.{csv,json,md}"
      kinds: [run, sweep]
      columns: {run_id: run.id, path: run.path}
kinds:
  run:
    at: "runs/{name}-{started:%Y%m%d-%H%M%S}"
    clash: "-{n:02}"
    config:
      schema:
        type: object
        properties: {lr: {type: number, maximum: 100}, depth: {type: integer, default: 2}}
    entries:
      - {file: out.json, as: out, required: false}
  sweep:
    at: "sweeps/{mode}-{started:%Y%m%d-%H%M%S}-{digest:/[0-9a-f]{7}/}"
    clash: "-{n:02}"
    others: refused
    entries:
      - {file: leaderboard.csv, required: run.state == "finished"}
      - {files: "best_{what:slug}.json", as: bests, required: false}
      - file: summary.json
        fields: {size: sweep.leaderboard_size, best: sweep.best_result, mode: sweep.mode}
"""
CAPTURES = ("--sweep-capture", "mode={mode}", "--sweep-capture", "digest={digest:7}")


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace whose contract has a kind for sweeps and lists runs."""
    empty.write("contract.yaml", CONTRACT)
    return empty
