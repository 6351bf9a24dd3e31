"""What a backtest leaves: its documents agree with each other, and with the command that makes them again."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from quantlab import report
from quantlab.bars import lines_of
from quantlab.errors import SettingsError
from quantlab.forward import evaluate
from quantlab.learn import Lesson, make_model
from quantlab.paper import make_session
from quantlab.portfolio import make_portfolio
from quantlab.research import make_run
from quantlab.series import generate
from quantlab.settings import Settings
from quantlab.sweeps import make_sweep

import runpact

CANONICAL = ("metadata.json", "config.json", "metrics.json", "report.json")
KPI = {"total_return", "sharpe_simple", "max_drawdown", "trades", "win_rate"}
SAID = Settings(
    ticker="GENERATED", fee=0.002, slippage_mode="atr", k_atr=0.1, rsi_buy_max=40.0, cooldown_days=0
)


def documents(answer: dict) -> dict[str, dict]:
    folder = Path(answer["artifacts_path"])
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}


def registry(desk: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (desk / "outputs/runs").glob("runs_index.*")}


@pytest.mark.requirement("E2.1", "E3.1", "E3.2", "E3.3", "E3.4", "E3.5", "E12.1")
def test_a_run_has_its_four_documents_with_all_their_fields(desk: Path) -> None:
    answer = make_run(SAID)
    found = documents(answer)
    assert {f"{name}.json" for name in found} == set(CANONICAL)
    assert {
        *("run_id", "created_at", "mode", "status", "command"),
        *("config_path", "config_hash", "request_id"),
    } <= found["metadata"].keys()
    assert {
        *(
            "ticker",
            "start",
            "end",
            "interval",
            "fee",
            "slippage_mode",
            "slippage_bps",
            "k_atr",
            "initial_cash",
        ),
        *("rsi_buy_max", "rsi_sell_min", "cooldown_days", "paper"),
    } <= found["config"].keys()
    assert set(found["metrics"]) == {"status", "summary", "best_result", "leaderboard_size"}
    assert set(found["metrics"]["summary"]) == KPI
    assert found["metrics"]["leaderboard_size"] == 1
    assert {
        *("schema_version", "artifact_type", "status", "header", "config_resolved"),
        *("results", "artifacts", "summary", "machine_contract", "reproduce"),
    } <= found["report"].keys()
    assert (found["report"]["schema_version"], found["report"]["artifact_type"]) == (
        "1.0",
        "quantlab_run_report",
    )
    assert found["metadata"]["status"] == found["report"]["status"] == found["metrics"]["status"] == "success"
    (checked,) = runpact.check(workspace=desk)
    assert checked.verdict is runpact.Verdict.OK
    assert runpact.verify(answer["artifacts_path"], workspace=desk) is runpact.Verdict.OK


@pytest.mark.requirement("E4.1", "E4.2", "E4.3", "E4.4", "E4.8", "E4.9")
def test_the_machine_contract_mirrors_the_summary_and_names_the_files(desk: Path) -> None:
    answer = make_run(SAID)
    found = documents(answer)["report"]
    machine = found["machine_contract"]
    assert {
        *("schema_version", "contract_type", "command", "status", "request_id"),
        *("run_id", "mode", "summary", "artifacts"),
    } <= machine.keys()
    assert machine["contract_type"] == "quantlab.run.result"
    assert (machine["command"], machine["mode"], machine["request_id"]) == ("run", "run", None)
    assert machine["summary"] == found["summary"] == documents(answer)["metrics"]["summary"]
    assert machine["run_id"] == answer["run_id"] == Path(answer["artifacts_path"]).name
    assert all((Path(answer["artifacts_path"]) / name).is_file() for name in machine["artifacts"].values())
    assert set(machine["artifacts"]) == {"metadata", "config", "metrics", "report", "trades"}


@pytest.mark.requirement("E3.6")
def test_the_config_hash_is_that_of_the_config_file(desk: Path) -> None:
    found = documents(make_run(SAID))
    text = json.dumps(found["config"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for number in (10000.0, 5.0, 40.0, 60.0):
        text = text.replace(f":{number},", f":{int(number)},")
    assert hashlib.sha256(text.encode()).hexdigest() == found["metadata"]["config_hash"]
    assert found["metadata"]["run_id"].endswith(found["metadata"]["config_hash"][:7])


@pytest.mark.requirement("E2.2", "E3.7")
def test_the_inventory_is_every_other_file_with_its_digest(desk: Path) -> None:
    answer = make_run(SAID)
    folder = Path(answer["artifacts_path"])
    listed = {
        row["file_name"]: (row["size_bytes"], row["sha256"])
        for row in documents(answer)["report"]["artifacts"]
    }
    found = {
        path.relative_to(folder).as_posix(): (
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
        if path.is_file() and ".runpact" not in path.parts and path.name != "report.json"
    }
    assert listed == found
    assert {"trades.csv", "run_report.md", "artifacts/equity.svg", "artifacts/drawdown.svg"} <= set(found)


@pytest.mark.requirement("E3.8")
@pytest.mark.parametrize("is_below", [False, True])
def test_the_command_of_a_report_makes_a_run_of_the_same_configuration(lab: Path, *, is_below: bool) -> None:
    prices = lab / "my prices.csv"
    prices.write_text("\n".join(lines_of(generate(8, 300))) + "\n", encoding="utf-8")
    here, main, data = (
        (lab / "sweeps", "../main.py", "../my prices.csv") if is_below else (lab, "main.py", prices.name)
    )
    words = ["--ticker=it's mine", f"--data={data}", "--fee=0.002", "--slippage-mode=atr", "--end=2010-12-31"]
    first = subprocess.run(
        [sys.executable, main, "run", *words, "--json"], cwd=here, capture_output=True, text=True, check=True
    )
    made = json.loads(first.stdout)["result"]
    told = documents(made)["report"]["reproduce"]
    line = told["command"].replace("python ", f"{shlex.quote(sys.executable)} ", 1)
    second = subprocess.run(f"{line} --json", shell=True, cwd=lab, capture_output=True, text=True, check=True)  # noqa: S602 - the line is for a shell
    again = json.loads(second.stdout)["result"]
    assert again["run_id"] != made["run_id"]
    assert documents(again)["metadata"]["config_hash"] == told["config_hash"]
    assert documents(again)["config"] == documents(made)["config"]
    assert again["summary"] == made["summary"]


def test_every_report_says_where_the_prices_come_from(desk: Path) -> None:
    for answer in (make_run(SAID), make_session(Settings(ticker="GENERATED", paper=True))):
        found = documents(answer)["report"]
        assert "GENERATED" in found["header"]["data_source"]
        assert "GENERATED" in found["results"][0]["data_source"]
        assert "no market" in (Path(answer["artifacts_path"]) / "run_report.md").read_text(encoding="utf-8")


def test_the_prices_of_a_file_are_an_input_of_the_run(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "acme.csv"
    path.write_text("\n".join(lines_of(generate(8, 100))) + "\n", encoding="utf-8")
    answer = make_run(Settings(ticker="ACME", data=str(path)))
    manifest = json.loads(
        (Path(answer["artifacts_path"]) / ".runpact/manifest.json").read_text(encoding="utf-8")
    )
    (noted,) = manifest["provenance"]["inputs"]
    assert noted["digest"] == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def test_trades_are_told_to_the_cent(desk: Path) -> None:
    answer = make_run(SAID)
    with (Path(answer["artifacts_path"]) / "trades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    closed = [row for row in rows if row["is_open"] == "false"]
    assert len(closed) == answer["summary"]["trades"]
    assert sum(float(row["pnl"]) > 0 for row in closed) / len(closed) == answer["summary"]["win_rate"]
    gained = sum(float(row["pnl"]) for row in rows)
    assert gained == pytest.approx(answer["summary"]["total_return"] * SAID.initial_cash)


@pytest.mark.requirement("E2.5")
def test_what_is_not_defined_is_null(desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text("date,open,high,low,close\n2020-01-06,1,1,1,1\n2020-01-07,1,1,1,1\n", encoding="utf-8")
    summary = documents(make_run(Settings(ticker="FLAT", data=str(path))))["report"]["summary"]
    assert (summary["sharpe_simple"], summary["win_rate"], summary["trades"]) == (None, None, 0)


@pytest.mark.requirement("E5.1", "E5.2", "E5.4", "E5.5", "E5.6", "E5.8")
def test_the_registry_lists_what_succeeded_and_nothing_refreshes_it_otherwise(desk: Path) -> None:
    answer = make_run(SAID)
    before = registry(desk)
    assert set(before) == {"runs_index.csv", "runs_index.json", "runs_index.md"}
    assert before["runs_index.csv"].decode().splitlines()[0] == (
        "run_id,mode,created_at,git_commit,ticker,start,end,sharpe_simple,total_return,max_drawdown,trades,path"
    )
    listed = json.loads(before["runs_index.json"])
    assert (listed["n_runs"], listed["root_dir"]) == (1, "outputs/runs")
    assert listed["runs"][0]["path"] == f"outputs/runs/{answer['run_id']}"
    assert type(listed["runs"][0]["trades"]) is int
    with (
        pytest.raises(RuntimeError),
        runpact.run(kind="run", captures={"mode": "run"}, config=SAID.config(), workspace=desk),
    ):
        raise RuntimeError
    with pytest.raises(SettingsError):
        Settings(rsi_buy_max=80.0).demand()
    assert registry(desk) == before


@pytest.mark.requirement("E5.3", "E5.9", "E6.2", "E1.2")
def test_a_paper_session_leaves_the_registry_untouched_byte_for_byte(desk: Path) -> None:
    make_run(SAID)
    before = registry(desk)
    runs = sorted((desk / "outputs/runs").iterdir())
    make_session(Settings(ticker="GENERATED", paper=True))
    assert registry(desk) == before
    assert sorted((desk / "outputs/runs").iterdir()) == runs


@pytest.mark.requirement("E2.4", "E5.10")
def test_eight_runs_of_one_configuration_at_once_have_eight_ids_and_are_all_listed(lab: Path) -> None:
    command = [sys.executable, "main.py", "run", "--ticker", "GENERATED", "--json"]
    runs = [subprocess.Popen(command, cwd=lab, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    answers = [json.loads(run.communicate()[0]) for run in runs]
    names = {answer["result"]["run_id"] for answer in answers}
    assert len(names) == 8
    listed = json.loads((lab / "outputs/runs/runs_index.json").read_text(encoding="utf-8"))
    assert {row["run_id"] for row in listed["runs"]} == names
    assert {checked.verdict.value for checked in runpact.check(workspace=lab)} == {"OK"}


@pytest.mark.requirement("E8.2")
def test_no_command_writes_a_name_of_old(desk: Path) -> None:
    make_run(SAID)
    make_session(Settings(ticker="GENERATED", paper=True))
    old = {"meta.json", "run_report.json", "forward_report.json", "portfolio_report.json"}
    assert not [path for path in desk.rglob("*") if path.name in old]


@pytest.mark.requirement("E8.1", "E8.3")
def test_a_report_of_old_is_read_and_the_canonical_one_wins(desk: Path) -> None:
    answer = make_run(SAID)
    old = desk / "outputs/runs/20200101_000000_run_1234567"
    old.mkdir()
    for name, legacy in (("metadata.json", "meta.json"), ("report.json", "run_report.json")):
        (old / legacy).write_bytes((Path(answer["artifacts_path"]) / name).read_bytes())
    for name in ("config.json", "metrics.json"):
        (old / name).write_bytes((Path(answer["artifacts_path"]) / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "runpact", "index", "views"], cwd=desk, check=True, capture_output=True
    )
    (row,) = [
        row for row in json.loads(registry(desk)["runs_index.json"])["runs"] if row["run_id"] == old.name
    ]
    assert (row["mode"], row["ticker"]) == ("run", "GENERATED")
    changed = json.loads((old / "meta.json").read_text(encoding="utf-8")) | {"mode": "other"}
    (old / "metadata.json").write_text(json.dumps(changed), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "runpact", "index", "views"], cwd=desk, check=True, capture_output=True
    )
    (row,) = [
        row for row in json.loads(registry(desk)["runs_index.json"])["runs"] if row["run_id"] == old.name
    ]
    assert row["mode"] == "other"


def test_two_runs_of_one_configuration_are_equal(desk: Path) -> None:
    one, two = make_run(SAID), make_run(SAID)
    found = runpact.diff(
        one["run_id"], two["run_id"], only=["config", "metrics", "artifacts"], workspace=desk
    )
    assert found.is_equal, found
    other = make_run(Settings(ticker="GENERATED", fee=0.003))
    assert not runpact.diff(one["run_id"], other["run_id"], only=["artifacts"], workspace=desk).is_equal


def test_times_are_utc_and_paths_are_not_of_this_machine(desk: Path) -> None:
    answer = make_run(SAID)
    found = documents(answer)
    assert found["metadata"]["created_at"].endswith("Z")
    told = json.dumps({name: found[name] for name in ("metadata", "config", "metrics", "report")})
    assert str(desk) not in told


def test_answers_name_what_was_made_as_the_workspace_sees_it(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = make_run(Settings(ticker="GENERATED", end="2017-12-29"))
    answers = [run, evaluate(run["run_id"]), evaluate(run["run_id"]), make_portfolio()]
    answers += [
        make_session(Settings(ticker="GENERATED", paper=True)),
        make_model(Lesson(ticker="GENERATED")),
    ]
    plan = desk / "plan.yaml"
    plan.write_text("{mode: grid, base: {ticker: GENERATED}, space: {rsi_buy_max: [30.0, 40.0]}}\n")
    answers.append(make_sweep(str(plan)))
    for answer in answers:
        assert str(tmp_path) not in json.dumps(answer)
        assert (desk / answer["report_path"]).parent == desk / answer["artifacts_path"]
        assert (desk / answer["report_path"]).is_file()
    away = make_sweep(str(plan), out_dir="away")
    assert (desk / away["runs_index_csv"]) == tmp_path / "away/outputs/runs/runs_index.csv"
    assert (desk / away["runs_index_csv"]).is_file()
    assert (desk / away["report_path"]).is_file()


def test_the_best_run_is_the_one_with_the_greatest_value(desk: Path, ask) -> None:
    for limit in (30.0, 45.0):
        make_run(Settings(ticker="GENERATED", rsi_buy_max=limit))
    send = {"schema_version": "1.0", "command": "runs-list"}
    _code, listed = ask(send)
    rows = listed["result"]["runs"]
    assert len(rows) == 2
    _code, best = ask(send | {"command": "runs-best", "params": {"metric": "total_return"}})
    assert best["result"] == max(rows, key=lambda row: row["total_return"])
    _code, none = ask(send | {"params": {"mode": "grid"}})
    assert none["result"] == {"runs": []}
    _code, told = ask(send | {"command": "report", "params": {"run_dir": rows[0]["run_id"]}})
    assert told["result"]["header"]["run_id"] == rows[0]["run_id"]


def test_a_table_for_people_breaks_at_no_cell() -> None:
    (_head, _rule, line) = report.table([{"a": "x|y\nz", "b": None, "c": 0.123456}])
    assert line == "| x\\|y z | – | 0.123456 |"


def test_a_run_of_the_program_takes_less_than_two_seconds_of_processor(lab: Path) -> None:
    before = os.times()
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "main.py", "run", "--ticker", "GENERATED"], cwd=lab, check=True, capture_output=True
    )
    after = os.times()
    used = after.children_user - before.children_user
    print(f"one run: {used:.2f} s of processor, {time.monotonic() - started:.2f} s")
    assert used < 5
