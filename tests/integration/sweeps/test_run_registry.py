"""Sweeps under the pack `runpact:run-registry@1`: its files are made by the engine alone."""

from __future__ import annotations

import json

import pytest

import runpact
from integration.runs.place import Place
from trading import CONFIG, CONTRACT

BASE = CONFIG | {"lr": 0}
BEST = "metrics.sharpe_simple:max"
GRID = ["experiments.csv", "leaderboard.csv", "best_config.json", "config_resolved.yaml"]
WALK = [
    "walkforward.csv", "walkforward_summary.csv", "oos_leaderboard.csv", "selected_configs.csv",
    "split_metrics.csv", "config_resolved.yaml",
]  # fmt: skip


def backtest(trial: runpact.OpenTrial) -> dict:
    lr = trial.config["lr"]
    return {
        "total_return": lr / 10,
        "sharpe_simple": float(lr),
        "max_drawdown": 0.1,
        "trades": 3,
        "win_rate": 0.5,
    }


@pytest.fixture
def quant(empty: Place) -> Place:
    """A workspace under the pack, with columns of its own."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def document(place: Place, found: runpact.api.sweep.SweepResult, name: str) -> dict:
    return json.loads((place.root / found.path / name).read_text())


@pytest.mark.requirement("E2.2", "E2.3", "E4.5", "E5.2")
def test_a_grid_keeps_the_contract_and_stands_in_the_registry_with_its_trials(quant: Place) -> None:
    found = runpact.sweep({"lr": [1, 3, 2]}, trial=backtest, objective=BEST, config=BASE)
    assert quant.json("check")[1]["verdict"] == "OK"
    assert all((quant.root / found.path / name).is_file() for name in GRID)
    machine = document(quant, found, "report.json")["machine_contract"]
    assert machine["contract_type"] == "quantlab.sweep.result"
    assert (machine["best_result"]["lr"], machine["mode"], machine["command"]) == (3, "grid", "sweep")
    metrics = document(quant, found, "metrics.json")
    assert (metrics["summary"]["sharpe_simple"], metrics["leaderboard_size"]) == (3.0, 3)
    page = (quant.root / found.path / "report.html").read_text()
    assert page.index("<h2>Leaderboard</h2>") < page.index("<h2>Base configuration</h2>")
    assert page.count("<figure>") == 2
    assert "## Leaderboard" in (quant.root / found.path / "run_report.md").read_text()
    metadata = document(quant, found, "metadata.json")
    assert (metadata["n_runs"], [row["lr"] for row in metadata["top10"]]) == (3, [3, 2, 1])
    listed = json.loads((quant.root / "outputs/runs/runs_index.json").read_text())["runs"]
    assert {row["path"]: row["sharpe_simple"] for row in listed} == {
        found.path: 3.0, **{end.path: end.objective for end in found.outcome.ends},
    }  # fmt: skip


@pytest.mark.requirement("E2.3")
def test_a_walk_keeps_the_contract_and_has_the_tables_of_walks(quant: Place) -> None:
    months = [f"2020-{month:02}-01" for month in range(1, 7)]
    found = runpact.sweep(
        {"lr": [1, 2]},
        trial=backtest,
        objective=BEST,
        config=BASE,
        splits={"index": months, "walk": {"train": 2, "test": 2}},
    )
    assert quant.json("check")[1]["verdict"] == "OK"
    assert "_walkforward_" in found.path
    assert all((quant.root / found.path / name).is_file() for name in WALK)
    metadata = document(quant, found, "metadata.json")
    assert [metadata[name] for name in ("n_runs", "n_train_runs", "n_selected", "n_test_runs")] == [
        6,
        4,
        2,
        2,
    ]


def test_a_sweep_of_failures_tells_it_and_refreshes_nothing(quant: Place) -> None:
    def failing(_trial: runpact.OpenTrial) -> None:
        raise ValueError("no prices")

    found = runpact.sweep({"lr": [1]}, trial=failing, objective=BEST, config=BASE)
    assert found.verdict is runpact.Verdict.ERROR
    assert not (quant.root / "outputs/runs/runs_index.json").exists()
    assert document(quant, found, "metrics.json")["status"] == "failed"
