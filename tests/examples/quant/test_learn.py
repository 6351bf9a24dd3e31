"""Learned models: how they are made, and that none acts without passing the gate."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from quantlab import features, gate
from quantlab.errors import DataError, SettingsError, StrategyError
from quantlab.learn import Lesson, learned, make_model
from quantlab.logistic import fit, log_loss, sigmoid
from quantlab.research import make_run
from quantlab.series import generate
from quantlab.settings import Settings, asked
from quantlab.splits import split

import runpact

FREE = Lesson(ticker="GENERATED", horizon=1, margin=0.0, fee=0.0, slippage_bps=0.0)
"""Without costs the walk's echo can be traded upon."""
PARTS = {"dataset_manifest": 13, "feature_manifest": 11, "model_config": 11, "training_summary": 14}


def model_of(desk: Path, lesson: Lesson = FREE) -> tuple[str, Path]:
    name = make_model(lesson)["model_run_id"]
    return name, desk / "outputs/model_runs" / name


def validated(name: str) -> None:
    make_run(Settings(ticker="GENERATED", model_run=name, fee=0.0, slippage_bps=0.0, cooldown_days=0))


def failing(name: str) -> dict[str, str]:
    return {each["name"]: each["reason"] for each in gate.assess(name)["conditions"] if not each["holds"]}


@pytest.mark.requirement("E7.1", "E7.2", "E7.5")
def test_a_model_run_has_four_manifests_with_all_their_fields(desk: Path) -> None:
    _name, folder = model_of(desk)
    schemas = Path(gate.__file__).parents[2] / "schemas"
    for part, count in PARTS.items():
        document = json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
        required = json.loads((schemas / f"{part}.json").read_text(encoding="utf-8"))["required"]
        assert len(required) == count
        assert set(required) <= document.keys()
        assert document["artifact_type"] == f"quantlab.learned_model.{part}"
        assert document["schema_version"] == "1.0"
    assert document["status"] == "proposed"
    assert [checked.verdict.value for checked in runpact.check(workspace=desk)] == ["OK"]


@pytest.mark.requirement("E7.5")
@pytest.mark.parametrize("part", PARTS)
def test_a_manifest_without_any_one_of_its_fields_does_not_keep_the_contract(desk: Path, part: str) -> None:
    _name, folder = model_of(desk)
    path = folder / f"{part}.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    for field in whole:
        path.write_text(json.dumps({key: value for key, value in whole.items() if key != field}))
        (checked,) = runpact.check(folder, workspace=desk)
        assert checked.verdict is runpact.Verdict.ERROR, field
        assert {finding.rule for finding in checked.report.findings} & {"E7.5", "E7.6", "E7.7"}, field


@pytest.mark.requirement("E7.3")
def test_a_model_run_writes_no_report_and_is_in_no_registry(desk: Path) -> None:
    name, folder = model_of(desk)
    assert not (folder / "report.json").exists()
    assert not (desk / "outputs/runs/runs_index.csv").exists()
    validated(name)
    assert name not in [
        row.split(",")[0] for row in (desk / "outputs/runs/runs_index.csv").read_text().splitlines()
    ]
    (report,) = (desk / "outputs/runs").glob("*/report.json")
    assert json.loads(report.read_text())["config_resolved"]["model_run"] == name


@pytest.mark.requirement("E7.6")
def test_parts_follow_each_other_a_horizon_apart() -> None:
    for count, horizon in ((400, 1), (1000, 5), (5031, 21)):
        found = split(count, horizon)
        assert found.train[0] >= features.LOOKBACK
        assert found.validation[0] - found.train[1] == horizon
        assert found.test[0] - found.validation[1] == horizon
        assert found.test[1] == count - horizon
    with pytest.raises(DataError, match="too few"):
        split(100, 5)


@pytest.mark.requirement("E7.6")
def test_features_of_a_day_hang_on_no_later_day() -> None:
    bars = generate(2, 300)
    whole = features.matrix(bars)
    assert np.isfinite(whole[features.LOOKBACK :]).all()
    assert np.isnan(whole[features.LOOKBACK - 1]).any()
    for now in (features.LOOKBACK + 1, 100, 299):
        assert np.array_equal(features.matrix(bars.cut(0, now)), whole[:now], equal_nan=True)
    assert np.isnan(features.matrix(bars.cut(0, 5))).all()


def test_the_target_is_what_comes_later() -> None:
    bars = generate(2, 50)
    ahead = features.target(bars, 5)
    assert ahead[3] == pytest.approx(np.log(bars.close[8] / bars.close[3]))
    assert np.isnan(ahead[-5:]).all()


@pytest.mark.requirement("E7.6")
def test_the_model_is_the_same_whatever_the_test_days_are() -> None:
    known = learned(FREE)
    model = known.model
    first, last = known.split.test[0], len(known.bars)
    assert last > first
    rows = slice(*known.split.train)
    again = fit(known.values[rows], known.ahead[rows] > 0, known.penalty)
    assert np.array_equal(model.weights, again.weights)
    assert np.allclose(model.mean, known.values[rows].mean(axis=0))


def test_the_regression_finds_the_weights_that_made_the_data() -> None:
    random = np.random.default_rng(0)
    values = random.normal(3.0, 2.0, (20_000, 2))
    is_up = random.random(20_000) < sigmoid((values - 3.0) / 2.0 @ np.array([1.0, -0.5]))
    model = fit(values, is_up, 0.0)
    assert model.weights == pytest.approx([0.0, 1.0, -0.5], abs=0.06)
    worse = model._replace(weights=model.weights + 0.05)
    assert log_loss(model.probability(values), is_up) < log_loss(worse.probability(values), is_up)
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]


def test_a_column_that_never_changes_does_no_harm() -> None:
    values = np.column_stack([np.ones(50), np.arange(50.0)])
    assert np.isfinite(fit(values, np.arange(50) % 2 == 0, 1.0).weights).all()


@pytest.mark.requirement("E7.4", "E7.7")
def test_a_new_model_is_not_eligible_and_says_why(desk: Path) -> None:
    name, folder = model_of(desk)
    said = json.loads((folder / "training_summary.json").read_text())["promotion_assessment"]
    assert said["eligible_for_paper"] is False
    assert len(gate.CONDITIONS) == 9
    assert list(failing(name)) == ["validated_downstream"]
    with pytest.raises(StrategyError, match="validated_downstream"):
        gate.demand(name)


@pytest.mark.requirement("E7.7", "E7.8")
def test_a_model_that_was_validated_passes_all_nine_conditions(desk: Path) -> None:
    name, _folder = model_of(desk)
    validated(name)
    found = gate.assess(name)
    assert found["blocking_reasons"] == []
    assert found["eligible_for_paper"] is True
    gate.demand(name)


@pytest.mark.requirement("E7.7")
@pytest.mark.parametrize(
    "spelling", ["{id}", "{folder}", "outputs/model_runs/{id}", "./outputs/model_runs/{id}/"]
)
def test_a_backtest_validates_a_model_however_it_was_named(
    desk: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., tuple[int, dict]], spelling: str
) -> None:
    name, folder = model_of(desk)
    monkeypatch.chdir(desk)
    said = spelling.format(id=name, folder=folder)
    free = {"ticker": "GENERATED", "fee": 0.0, "slippage_bps": 0.0, "cooldown_days": 0}
    send = {"schema_version": "1.0", "command": "run", "params": {**free, "model_run": said}}
    code, answer = ask(send)
    assert code == 0, answer
    run = desk / "outputs/runs" / answer["result"]["run_id"]
    assert json.loads((run / "config.json").read_text())["model_run"] == name
    code, answer = ask({"schema_version": "1.0", "command": "promote", "params": {"model_run": said}})
    assert (code, answer["result"]["eligible_for_paper"]) == (0, True)


def test_a_model_of_another_workspace_is_refused(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _name, folder = model_of(desk)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(desk / "contract.yaml", other)
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(other))
    with pytest.raises(StrategyError, match="there is no model run"):
        asked(Settings(ticker="GENERATED", model_run=str(folder)))


def test_a_model_that_costs_eat_up_does_not_beat_the_baselines(desk: Path) -> None:
    name, _folder = model_of(desk, Lesson(ticker="GENERATED", horizon=1))
    assert "does not beat buy_and_hold" in failing(name)["beats_baselines"]


def test_a_validation_that_lost_money_or_covers_less_does_not_count(desk: Path) -> None:
    name, _folder = model_of(desk)
    make_run(Settings(ticker="GENERATED", model_run=name, fee=0.05, cooldown_days=0))
    make_run(Settings(ticker="GENERATED", model_run=name, fee=0.0, end="2019-01-03"))
    reason = failing(name)["validated_downstream"]
    assert "after costs" in reason
    assert "it does not cover" in reason


def edit(path: Path, place: str, value: object) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    *parents, last = place.split("/")
    at = document
    for part in parents:
        at = at[part]
    at[last] = value
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.requirement("E7.6", "E7.7")
@pytest.mark.parametrize(
    ("part", "place", "value", "condition"),
    [
        ("dataset_manifest", "split/test_start", "2015-01-05", "temporal_split"),
        ("feature_manifest", "normalisation/fitted_on", "all", "normalised_on_train"),
        ("feature_manifest", "lookback/uses_future_data", True, "no_future_data"),
        ("feature_manifest", "target", "up", "explicit_target"),
        ("model_config", "horizon", 2, "explicit_target"),
        ("dataset_manifest", "data_hash", "0" * 64, "identified"),
        ("feature_manifest", "feature_hash", "0" * 64, "identified"),
        ("model_config", "seeds", {"numpy": 1}, "identified"),
    ],
)
def test_a_record_that_was_changed_closes_the_gate(
    desk: Path, part: str, place: str, value: object, condition: str
) -> None:
    name, folder = model_of(desk)
    validated(name)
    edit(folder / f"{part}.json", place, value)
    found = failing(name)
    assert "sealed" in found
    assert condition in found


def test_weights_that_were_changed_close_the_gate(desk: Path) -> None:
    name, folder = model_of(desk)
    model = gate.model_in(gate.find(name))
    np.savez(folder / "model.npz", weights=model.weights, mean=model.mean + 1.0, spread=model.spread)
    assert {"sealed", "normalised_on_train"} <= failing(name).keys()


def test_a_manifest_that_is_gone_leaves_the_others_undecided(desk: Path) -> None:
    name, folder = model_of(desk)
    (folder / "feature_manifest.json").unlink()
    found = failing(name)
    assert set(found) == set(gate.CONDITIONS)
    assert "could not be decided" in found["identified"]


def test_what_is_no_model_run_has_no_gate(desk: Path) -> None:
    run = make_run(Settings(ticker="GENERATED"))["run_id"]
    for name in ("none", f"outputs/runs/{run}", "../x"):
        with pytest.raises(StrategyError):
            gate.assess(name)


@pytest.mark.requirement("E7.6")
def test_a_model_trades_no_day_that_it_has_seen_and_no_other_market(desk: Path) -> None:
    name, folder = model_of(desk)
    with pytest.raises(StrategyError, match="has seen the days before"):
        make_run(Settings(ticker="GENERATED", model_run=name, start="2012-01-02"))
    manifest = json.loads((folder / "dataset_manifest.json").read_text())
    run = make_run(Settings(ticker="GENERATED", model_run=name))
    config = json.loads((desk / "outputs/runs" / run["run_id"] / "config.json").read_text())
    assert config["start"] == manifest["split"]["test_start"]


@pytest.mark.parametrize("change", [{"horizon": 0}, {"margin": 0.5}, {"seed": -1}, {"fee": 2.0}])
def test_settings_that_make_no_sense_are_refused_before_anything_is_made(desk: Path, change: dict) -> None:
    with pytest.raises(SettingsError):
        make_model(Lesson(ticker="GENERATED", **change))
    assert not (desk / "outputs").exists()


def test_the_same_lesson_twice_gives_equal_models_under_two_names(desk: Path) -> None:
    (one, first), (two, second) = model_of(desk), model_of(desk)
    assert one != two
    assert (first / "model.npz").read_bytes() == (second / "model.npz").read_bytes()
