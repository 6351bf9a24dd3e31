"""Forward runs and portfolios: later days, in parts, together."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from quantlab.bars import lines_of
from quantlab.errors import DataError, SettingsError
from quantlab.forward import evaluate
from quantlab.portfolio import make_portfolio
from quantlab.research import make_run
from quantlab.series import generate
from quantlab.settings import Settings
from quantlab.sweeps import make_sweep

import runpact

EARLY = Settings(ticker="GENERATED", end="2017-06-30")


def told(desk: Path, answer: dict, name: str = "report.json"):
    return json.loads((desk / "outputs/runs" / answer["run_id"] / name).read_text(encoding="utf-8"))


def state(desk: Path, answer: dict):
    return told(desk, answer, "forward_state.json")


def rows(desk: Path, answer: dict, name: str) -> list[dict[str, str]]:
    with (desk / "outputs/runs" / answer["run_id"] / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def verdicts(desk: Path) -> set[str]:
    return {checked.verdict.value for checked in runpact.check(workspace=desk)}


def test_an_evaluation_begins_on_the_day_after_the_run(desk: Path) -> None:
    source = make_run(EARLY)
    forward = evaluate(source["run_id"])
    assert told(desk, source)["config_resolved"]["end"] == "2017-06-30"
    assert told(desk, forward)["config_resolved"]["start"] == "2017-07-03"
    assert rows(desk, forward, "equity.csv")[0]["date"] == "2017-07-03"
    assert told(desk, forward)["machine_contract"]["contract_type"] == "quantlab.forward.result"
    assert verdicts(desk) == {"OK"}


@pytest.mark.requirement("E5.2")
def test_an_evaluation_goes_on_where_the_last_one_stopped_and_comes_to_the_same(desk: Path) -> None:
    source = make_run(EARLY)["run_id"]
    first = evaluate(source, end="2018-02-05")
    second = evaluate(source, end="2018-09-03")
    third = evaluate(source)
    whole = evaluate(source, fresh=True)
    assert state(desk, third)["continues"] == second["run_id"]
    assert state(desk, second)["continues"] == first["run_id"]
    assert state(desk, whole)["continues"] is None
    assert state(desk, third)["new_bars"] < state(desk, whole)["new_bars"]
    assert third["summary"] == pytest.approx(whole["summary"], rel=1e-9)
    assert rows(desk, third, "trades.csv") == rows(desk, whole, "trades.csv")
    assert told(desk, third, "config.json") == told(desk, whole, "config.json")
    listed = rows(desk, {"run_id": "."}, "runs_index.csv")
    assert {row["mode"] for row in listed} == {"run", "forward"}
    assert len(listed) == 5
    assert verdicts(desk) == {"OK"}


def test_an_evaluation_that_has_nothing_new_makes_no_run(desk: Path) -> None:
    source = make_run(EARLY)["run_id"]
    done = evaluate(source)
    again = evaluate(source)
    assert (again["status"], again["run_id"]) == ("up_to_date", done["run_id"])
    assert len(list((desk / "outputs/runs").glob("*_forward_*"))) == 1


def test_an_evaluation_that_was_spoilt_is_not_built_upon(desk: Path) -> None:
    source = make_run(EARLY)["run_id"]
    spoilt = evaluate(source, end="2018-02-05")
    with (desk / "outputs/runs" / spoilt["run_id"] / "equity.csv").open("a") as file:
        file.write("2018-02-06,1000000\n")
    assert state(desk, evaluate(source))["continues"] is None


def test_new_days_in_the_file_are_evaluated_when_they_come(desk: Path, tmp_path: Path) -> None:
    bars, path = generate(11, 700), tmp_path / "prices.csv"
    path.write_text("\n".join(lines_of(bars.cut(0, 600))) + "\n", encoding="utf-8")
    said = Settings(ticker="ACME", data=str(path), end=str(bars.dates[400]))
    source = make_run(said)["run_id"]
    first = evaluate(source)
    path.write_text("\n".join(lines_of(bars)) + "\n", encoding="utf-8")
    second = evaluate(source)
    found = state(desk, second)
    assert (found["source_run"], found["continues"], found["new_bars"]) == (source, first["run_id"], 100)
    assert told(desk, second)["config_resolved"]["end"] == str(bars.dates[-1])


def test_what_is_no_backtest_is_not_evaluated(desk: Path) -> None:
    source = make_run(EARLY)["run_id"]
    forward = evaluate(source)["run_id"]
    for reference in ("", "nothing", "../../etc", forward):
        with pytest.raises(SettingsError):
            evaluate(reference)
    with pytest.raises(SettingsError, match="is a forward, no backtest") as told:
        evaluate(forward)
    assert f"it evaluates `{source}`" in told.value.hint
    changed = desk / "outputs/runs" / source / "config.json"
    changed.write_text(changed.read_text().replace('"fee":', '"fee" :'), encoding="utf-8")
    with pytest.raises(SettingsError, match="unchanged"):
        evaluate(source)


@pytest.mark.parametrize(
    ("mode", "more"), [("grid", ""), ("walkforward", "windows: {train: 300, test: 100}, ")]
)
def test_an_evaluation_of_a_sweep_says_which_backtest_to_make(desk: Path, mode: str, more: str) -> None:
    path = desk / "plan.yaml"
    base = "{ticker: GENERATED, end: '2012-12-31'}"
    path.write_text(f"{{mode: {mode}, base: {base}, {more}space: {{rsi_buy_max: [30.0, 45.0]}}}}\n")
    sweep = make_sweep(str(path))
    with pytest.raises(SettingsError, match="is a sweep, no backtest") as told:
        evaluate(sweep["run_id"])
    if mode == "walkforward":
        assert "selected_configs.csv" in told.value.hint
        return
    (command,) = re.findall(r"`python main.py run (.*)`", told.value.hint)
    assert f"--rsi-buy-max={sweep['best_result']['rsi_buy_max']}" in command
    assert "--end=2012-12-31" in command


def test_a_run_that_reaches_the_last_bar_has_no_days_after_it(desk: Path) -> None:
    with pytest.raises(DataError, match="no bars after"):
        evaluate(make_run(Settings(ticker="GENERATED"))["run_id"])


def test_a_portfolio_is_the_weighted_sum_of_what_its_members_earned(desk: Path) -> None:
    members = []
    for limit in (30.0, 45.0):
        run = make_run(Settings(ticker="GENERATED", end="2017-06-30", rsi_buy_max=limit))
        members.append(evaluate(run["run_id"]))
    answer = make_portfolio(",".join(each["run_id"] for each in members), "3,1", 1000.0)
    curves = [[float(row["equity"]) for row in rows(desk, each, "equity.csv")] for each in members]
    found = [float(row["equity"]) for row in rows(desk, answer, "equity.csv")]
    expected = [750 * a / curves[0][0] + 250 * b / curves[1][0] for a, b in zip(*curves, strict=True)]
    assert found == pytest.approx(expected, rel=1e-12)
    report = told(desk, answer)
    assert report["config_resolved"]["weights"] == [0.75, 0.25]
    assert told(desk, answer, "members.json")["correlation"][0][0] == pytest.approx(1.0)
    assert report["machine_contract"]["contract_type"] == "quantlab.portfolio.result"
    assert verdicts(desk) == {"OK"}


def test_a_portfolio_takes_the_newest_forward_run_of_each_backtest_by_itself(desk: Path) -> None:
    source = make_run(EARLY)["run_id"]
    evaluate(source, end="2018-02-05")
    newest = evaluate(source)
    other = evaluate(make_run(Settings(ticker="GENERATED", end="2017-06-30", fee=0.0))["run_id"])
    report = told(desk, make_portfolio())
    assert sorted(report["config_resolved"]["runs"]) == sorted([newest["run_id"], other["run_id"]])


def test_a_portfolio_of_nothing_or_of_other_runs_is_refused(desk: Path) -> None:
    with pytest.raises(SettingsError, match="no forward run"):
        make_portfolio()
    source = make_run(EARLY)["run_id"]
    forward = evaluate(source)["run_id"]
    for runs, weights in (
        (source, ""),
        ("none", ""),
        (forward, "x"),
        (forward, "0"),
        (forward, "1,2"),
        (forward, "-1"),
    ):
        with pytest.raises(SettingsError):
            make_portfolio(runs, weights)
    assert not list((desk / "outputs/runs").glob("*_portfolio_*"))


def test_members_without_common_days_are_refused(desk: Path, tmp_path: Path) -> None:
    bars, names = generate(3, 700), []
    for name, start, end in (("a", 0, 300), ("b", 350, 700)):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines_of(bars.cut(start, end))) + "\n", encoding="utf-8")
        said = Settings(ticker=name, data=str(path), end=str(bars.dates[start + 200]))
        names.append(evaluate(make_run(said)["run_id"])["run_id"])
    with pytest.raises(DataError, match="no two days in common"):
        make_portfolio(",".join(names))


def test_a_workspace_that_was_moved_goes_on(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_run(EARLY)["run_id"]
    first = evaluate(source, end="2018-02-05")["run_id"]
    shutil.move(desk, tmp_path / "moved")
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(tmp_path / "moved"))
    assert state(tmp_path / "moved", evaluate(source))["continues"] == first
