"""Ten thousand trials in one sweep, listed by a registry view."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

import runpact
from integration.runs.place import Place

CONTRACT = """\
contract: test.many
version: "1.0.0"
workspace:
  indexes:
    - {files: "runs/index.{csv,json,md}", kinds: [run], columns: {id: run.id, lr: run.config.lr}}
kinds:
  run: {at: "runs/{name}"}
  sweep: {at: "sweeps/{name}", entries: [{file: leaderboard.csv}]}
"""
TRIALS = 10_000


@pytest.mark.nightly
@pytest.mark.requirement("E5.3")
def test_ten_thousand_trials_are_ranked_and_listed(empty: Place, figures: Callable[[str], None]) -> None:
    empty.write("contract.yaml", CONTRACT)
    began, used = time.monotonic(), time.process_time()
    found = runpact.sweep(
        {"lr": list(range(TRIALS))},
        trial=lambda trial: float(trial.settings["lr"]),
        objective="metrics.loss:max",
        durability="none",
    )
    seconds, cpu = time.monotonic() - began, time.process_time() - used
    assert found.outcome.counts.ranked == TRIALS
    assert found.outcome.best.trial.settings == {"lr": TRIALS - 1}
    listed = json.loads((empty.root / "runs/index.json").read_text())["runs"]
    assert len({row["id"] for row in listed}) == TRIALS
    began = time.monotonic()
    assert empty.call("index", "views")[0] == 0
    refresh = time.monotonic() - began
    figures(
        f"sweep of {TRIALS:,} trials with a view: {seconds / TRIALS * 1e3:.1f} ms each, "
        f"{cpu / TRIALS * 1e3:.1f} ms of processor time; one refresh of its files {refresh:.2f} s"
    )
