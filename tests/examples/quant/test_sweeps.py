"""Sweeps: the best is the best, windows never overlap, an interrupted one goes on."""

from __future__ import annotations

import csv
import itertools
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from quantlab.errors import SettingsError, StrategyError
from quantlab.metrics import returns_of
from quantlab.research import traded
from quantlab.settings import Settings
from quantlab.sweeps import make_sweep, plan_in, plan_of

import runpact

GRID = (
    "{mode: grid, base: {ticker: GENERATED},"
    " space: {rsi_buy_max: [30.0, 40.0], rsi_sell_min: [55.0, 65.0], cooldown_days: [0, 5]}}"
)
WALK = (
    "{mode: walkforward, base: {ticker: GENERATED}, objective: total_return,"
    " space: {rsi_buy_max: [30.0, 45.0], rsi_sell_min: [55.0, 65.0]}, windows: {train: 500, test: 400}}"
)
TOO_LONG = (
    "{mode: walkforward, base: {ticker: GENERATED}, space: {fee: [0.1]}, windows: {train: 9000, test: 10}}"
)


def plan(folder: Path, text: str) -> str:
    path = folder / "plan.yaml"
    path.write_text(text + "\n", encoding="utf-8")
    return str(path)


def rows(answer: dict, name: str) -> list[dict[str, str]]:
    with (Path(answer["artifacts_path"]) / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def document(answer: dict, name: str) -> dict:
    return json.loads((Path(answer["artifacts_path"]) / name).read_text(encoding="utf-8"))


@pytest.mark.requirement("E2.1", "E2.3", "E4.5", "E5.2")
def test_a_grid_tries_every_setting_and_finds_the_best(desk: Path) -> None:
    answer = make_sweep(plan(desk, GRID))
    found = {}
    for buy, sell, wait in itertools.product((30.0, 40.0), (55.0, 65.0), (0, 5)):
        said = Settings(ticker="GENERATED", rsi_buy_max=buy, rsi_sell_min=sell, cooldown_days=wait)
        found[buy, sell, wait] = traded(said).summary
    best = max(found, key=lambda key: found[key]["sharpe_simple"])
    result = answer["best_result"]
    assert (result["rsi_buy_max"], result["rsi_sell_min"], result["cooldown_days"]) == best
    assert answer["summary"] == pytest.approx(found[best])
    board = rows(answer, "leaderboard.csv")
    values = [float(row["metrics.sharpe_simple"]) for row in board]
    assert values == sorted((each["sharpe_simple"] for each in found.values()), reverse=True)
    assert len(rows(answer, "experiments.csv")) == 8
    config = document(answer, "best_config.json")
    assert (config["rsi_buy_max"], config["rsi_sell_min"], config["cooldown_days"]) == best
    report = document(answer, "report.json")
    assert report["machine_contract"]["contract_type"] == "quantlab.sweep.result"
    assert report["machine_contract"]["best_result"] == result
    assert len(report["results"]) == 8
    assert (Path(answer["artifacts_path"]) / "config_resolved.yaml").is_file()
    assert (Path(answer["artifacts_path"]) / "artifacts/heatmap.svg").read_text().count("<rect") >= 4
    verdicts = {
        checked.path.split("/")[1]: checked.verdict.value for checked in runpact.check(workspace=desk)
    }
    assert verdicts == {"runs": "OK", "trials": "OK"}
    listed = json.loads((desk / "outputs/runs/runs_index.json").read_text())
    assert [row["mode"] for row in listed["runs"]] == ["grid"]


@pytest.mark.requirement("E2.3")
def test_a_walk_selects_on_one_window_and_is_judged_on_the_next(desk: Path) -> None:
    answer = make_sweep(plan(desk, WALK), jobs=2)
    for name in (
        *("walkforward.csv", "walkforward_summary.csv", "oos_leaderboard.csv", "selected_configs.csv"),
        *("split_metrics.csv", "oos_equity_curve.csv", "oos_equity_timeseries.csv", "config_resolved.yaml"),
    ):
        assert (Path(answer["artifacts_path"]) / name).stat().st_size > 0
    splits = rows(answer, "walkforward_summary.csv")
    assert len(splits) == 5
    for row in splits:
        assert row["train_end"] < row["test_start"]
    tests = [(row["test_start"], row["test_end"]) for row in splits]
    assert all(before[1] < after[0] for before, after in itertools.pairwise(tests))
    worth, changes = 10_000.0, []
    for row in splits:
        said = Settings(
            ticker="GENERATED",
            start=row["test_start"],
            end=row["test_end"],
            rsi_buy_max=float(row["rsi_buy_max"]),
            rsi_sell_min=float(row["rsi_sell_min"]),
        )
        best = max(
            traded(
                Settings(
                    ticker="GENERATED",
                    start=row["train_start"],
                    end=row["train_end"],
                    rsi_buy_max=buy,
                    rsi_sell_min=sell,
                )
            ).summary["total_return"]
            for buy, sell in itertools.product((30.0, 45.0), (55.0, 65.0))
        )
        assert float(row["train metrics.total_return"]) == pytest.approx(best)
        result = traded(said).result
        changes.append(returns_of(result.equity, result.initial))
    expected = worth * np.cumprod(1.0 + np.concatenate(changes))
    found = [float(row["equity"]) for row in rows(answer, "oos_equity_timeseries.csv")]
    assert found == pytest.approx(expected.tolist())
    assert answer["summary"]["total_return"] == pytest.approx(expected[-1] / worth - 1.0)
    assert float(rows(answer, "oos_equity_curve.csv")[-1]["equity"]) == pytest.approx(expected[-1])


def test_two_jobs_come_to_what_one_comes_to(desk: Path) -> None:
    one, two = make_sweep(plan(desk, GRID)), make_sweep(plan(desk, GRID), jobs=2)
    keys = ("rank", "rsi_buy_max", "rsi_sell_min", "cooldown_days", "metrics.sharpe_simple")
    boards = [[[row[key] for key in keys] for row in rows(each, "leaderboard.csv")] for each in (one, two)]
    assert boards[0] == boards[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "plan.yaml"),
        ("{mode: grid}", "space"),
        ("{mode: zigzag, space: {fee: [0.1]}}", "mode"),
        ("{mode: grid, space: {}}", "space"),
        ("{mode: grid, space: {fees: [0.1]}}", "no setting `fees`"),
        ("{mode: grid, base: {tickr: X}, space: {fee: [0.1]}}", "no setting `tickr`"),
        ("{mode: grid, base: {fee: x}, space: {fee: [0.1]}}", "fee"),
        ("{mode: grid, space: {fee: [0.1]}, windows: {train: 20, test: 10}}", "windows"),
        ("{mode: walkforward, space: {fee: [0.1]}}", "windows"),
        (TOO_LONG, "split"),
        ("{mode: grid, space: {fee: [0.1]}, jobs: 3}", "jobs"),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_before_anything_is_made(
    desk: Path, text: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        make_sweep(plan(desk, text))
    assert not list((desk / "outputs/runs").glob("*")) if (desk / "outputs").exists() else True


def test_trials_that_make_no_sense_fail_and_the_others_are_ranked(desk: Path) -> None:
    answer = make_sweep(
        plan(desk, "{mode: grid, base: {ticker: GENERATED}, space: {rsi_buy_max: [30.0, 90.0]}}")
    )
    board = rows(answer, "leaderboard.csv")
    assert [row["rank"] for row in board] == ["1", ""]
    assert "rsi_sell_min" in board[1]["reason"]


def test_a_sweep_in_which_nothing_can_be_ranked_is_an_error_with_the_reasons(desk: Path) -> None:
    with pytest.raises(StrategyError, match="rsi_sell_min"):
        make_sweep(plan(desk, "{mode: grid, base: {ticker: GENERATED}, space: {rsi_buy_max: [90.0, 95.0]}}"))


def test_an_interrupted_sweep_goes_on_and_repeats_nothing(lab: Path) -> None:
    text = "{mode: grid, base: {ticker: GENERATED}, space: {rsi_buy_max: [%s]}}"
    path = plan(lab, text % ", ".join(str(20 + number / 10) for number in range(60)))
    command = [sys.executable, "main.py", "sweep", "--config-path", path, "--json"]
    with subprocess.Popen(command, cwd=lab, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while len(list(lab.glob("outputs/trials/*/.runpact/seal"))) < 5 and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        answer = json.loads(process.communicate(timeout=60)[0])
    assert answer["error"]["code"] == "interrupted"
    (first,) = (path for path in (lab / "outputs/runs").iterdir() if "_grid_" in path.name)
    finished = {path.parent.parent.name for path in lab.glob("outputs/trials/*/.runpact/seal")}
    done = subprocess.run(
        [*command[:3], "--json", "--resume", first.name], cwd=lab, capture_output=True, text=True, check=True
    )
    again = json.loads(done.stdout)["result"]
    board = rows(again, "leaderboard.csv")
    assert len(board) == 60
    assert all(row["rank"] for row in board)
    trials = [path.name for path in (lab / "outputs/trials").iterdir()]
    assert len(trials) <= 61
    assert len(finished & set(trials)) == len(finished)


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["sweep", "--sweep", "a.yaml"], "a.yaml"),
        (["sweep", "--config-path=a.yaml", "--json"], "a.yaml"),
        (["--json-request", '{"command": "sweep", "params": {"config_path": "a.yaml"}}'], "a.yaml"),
    ],
)
def test_a_sweep_knows_its_plan_from_the_command_or_the_request(words: list[str], path: str) -> None:
    assert plan_in(["python", "main.py", *words]) == path


def test_a_sweep_that_names_no_plan_asks_for_it(desk: Path) -> None:
    with runpact.run(kind="sweep", workspace=desk, unsafe_skip_check=True) as run:
        pass
    for resume, folder in ((run.id, ""), ("", ""), (run.id, "elsewhere")):
        with pytest.raises(SettingsError, match="plan"):
            plan_of(resume, folder)


def sweeps_in(lab: Path) -> set[str]:
    runs = lab / "outputs/runs"
    return {path.name for path in runs.glob("2*_grid_*")} if runs.exists() else set()


def struck(command: list[str], lab: Path, number: int, wait: float) -> tuple[int, str | None]:
    """Begin a sweep, strike it a while after it stands there; return its exit code and its name."""
    before = sweeps_in(lab)
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is ignored, children ignore too
    said = (lab / "said.txt").open("wb")
    process = subprocess.Popen(command, cwd=lab, stdout=subprocess.DEVNULL, stderr=said)
    signal.signal(signal.SIGINT, usual)
    with said, process:
        while not sweeps_in(lab) - before and process.poll() is None:
            time.sleep(0.02)
        time.sleep(wait)
        process.send_signal(number)
        code = process.wait(120)
    return code, next(iter(sweeps_in(lab) - before), None)


@pytest.mark.nightly
def test_a_sweep_that_is_struck_again_and_again_tries_each_setting_once(lab: Path) -> None:
    draw = random.Random(9)
    values = ", ".join(str(20 + number / 10) for number in range(200))
    path = plan(lab, f"{{mode: grid, base: {{ticker: GENERATED}}, space: {{rsi_buy_max: [{values}]}}}}")
    command = [sys.executable, "main.py", "sweep", "--config-path", path]
    begun, codes = [], []
    for number in itertools.cycle([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]):
        words = [*command, "--resume", begun[-1]] if begun else command
        code, name = struck(words, lab, number, draw.uniform(0.0, 1.5))
        said = (lab / "said.txt").read_text(encoding="utf-8")
        if "ended before its plan was written" in said:
            begun.pop()  # it had tried nothing: the one before is gone on with
            continue
        codes.append(code)
        assert code in {0, -number, 128 + number}, (codes, said)
        if name is not None:
            state = runpact.open_run(name, workspace=lab).state
            assert state is (runpact.State.FINISHED if code == 0 else runpact.State.INTERRUPTED)
            begun.append(name)
        if code == 0 or len(codes) == 16:
            break
    if codes[-1] != 0:
        done = subprocess.run(
            [*command, "--json", "--resume", begun[-1]], cwd=lab, capture_output=True, check=True
        )
        begun.append(json.loads(done.stdout)["result"]["run_id"])
    finished = list(runpact.runs("kind = trial and state = finished", workspace=lab))
    tried = [
        runpact.open_run(lab / run.path, workspace=lab).read("config.json")["rsi_buy_max"] for run in finished
    ]
    assert len(tried) == len(set(tried)) == 200
    with (lab / "outputs/runs" / begun[-1] / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        assert sum(bool(row["rank"]) for row in csv.DictReader(file)) == 200
    print(f"struck: {codes}")
