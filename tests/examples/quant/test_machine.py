"""The machine surfaces: health, requests, signals; one answer whatever is asked."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from quantlab.bars import lines_of
from quantlab.series import generate

COMMANDS = {
    *("run", "sweep", "forward", "portfolio", "paper", "learn"),
    *("promote", "runs-list", "runs-best", "report"),
}


def request(command: object = "run", **params: object) -> dict:
    return {"schema_version": "1.0", "request_id": "r-1", "command": command, "params": params}


def call(lab: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "main.py", *words]
    return subprocess.run(command, cwd=lab, capture_output=True, text=True, check=False)


def made(folder: Path) -> list[str]:
    """Name what runs left, the registry and runpact's own cache apart."""
    outputs = folder / "outputs"
    return (
        sorted(path.relative_to(outputs).as_posix() for path in outputs.glob("*/*"))
        if outputs.exists()
        else []
    )


@pytest.mark.requirement("E9.1", "E9.2", "E9.3")
def test_health_is_told_the_same_twice_without_a_heavy_import_or_a_file(lab: Path) -> None:
    before = sorted(path for path in lab.rglob("*") if "__pycache__" not in path.parts)
    assert call(lab, "--version").stdout == "0.1.0\n"
    first, second = call(lab, "--check"), call(lab, "--check")
    assert (first.returncode, first.stdout) == (0, second.stdout)
    found = json.loads(first.stdout)
    assert list(found) == [
        *("interpreter", "main_path", "project_root", "python_version", "quantlab_import"),
        *("src_root", "status", "venv_active", "version"),
    ]
    assert found["status"] == "ok"
    assert sorted(path for path in lab.rglob("*") if "__pycache__" not in path.parts) == before
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "main.py", "--check"],
        cwd=lab,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "numpy" not in told.stderr


@pytest.mark.requirement("E9.3")
def test_a_project_without_its_source_is_not_healthy(lab: Path) -> None:
    package = lab / "src" / "quantlab"
    package.rename(lab / "src" / "elsewhere")
    # The program itself imports from there: what is left of it still answers with an error code.
    assert call(lab, "--check").returncode != 0


@pytest.mark.requirement("E10.1", "E10.2")
def test_a_request_is_answered_with_what_it_made(desk: Path, ask) -> None:
    code, answer = ask(request(ticker="GENERATED", start="2015-01-05"))
    assert code == 0
    result = answer["result"]
    assert (answer["request_id"], answer["status"]) == ("r-1", "success")
    assert result["contract_type"] == "quantlab.run.result"
    report = json.loads(Path(result["report_path"]).read_text(encoding="utf-8"))
    assert report["machine_contract"]["request_id"] == "r-1"
    assert report["summary"] == result["summary"]
    metadata = json.loads((Path(result["artifacts_path"]) / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["request_id"] == "r-1"


@pytest.mark.requirement("E10.2")
def test_each_command_has_a_schema_that_its_requests_fit(program) -> None:
    for name in COMMANDS:
        schema = program.app.schema(name)
        jsonschema_rs.meta.validate(schema)
    fit = jsonschema_rs.validator_for(program.app.schema("run"))
    assert fit.is_valid(request(ticker="GENERATED", fee=0.0))
    assert not fit.is_valid(request(ticker="GENERATED", signal_file="x"))
    assert set(program.app.application.commands) == COMMANDS


@pytest.mark.requirement("E10.4", "E10.5", "E10.6", "E10.7")
@pytest.mark.parametrize(
    ("payload", "code", "error"),
    [
        ("[]", 2, "invalid_request"),
        ('["run"]', 2, "invalid_request"),
        ("", 2, "invalid_request"),
        ("{", 2, "invalid_request"),
        ("null", 2, "invalid_request"),
        ('{"schema_version": "1.0", "command": "run", "params": {"fee": NaN}}', 2, "invalid_request"),
        ('{"schema_version": "1.0", "command": "run", "command": "sweep"}', 2, "invalid_request"),
        ("[" * 10_000, 2, "invalid_request"),
        (request() | {"schema_version": "2.0"}, 2, "unsupported_schema_version"),
        (request() | {"schema_version": 1.0}, 2, "unsupported_schema_version"),
        ({"command": "run"}, 2, "unsupported_schema_version"),
        (request("trade"), 2, "unknown_command"),
        (request(None), 2, "invalid_request"),
        (request() | {"params": []}, 2, "invalid_request"),
        (request() | {"signal_file": "x"}, 2, "invalid_request"),
        (request(signal_file="x"), 2, "invalid_params"),
        (request(broker="live"), 2, "invalid_params"),
        (request(workspace="/tmp"), 2, "invalid_params"),
        (request(tickr="SP500"), 2, "invalid_params"),
        (request(fee="0.1"), 2, "invalid_params"),
        (request(fee=True), 2, "invalid_params"),
        (request(fee=-1), 2, "invalid_params"),
        (request(cooldown_days=1.5), 2, "invalid_params"),
        (request(slippage_mode="none"), 2, "invalid_params"),
        (request(interval="1h"), 2, "invalid_params"),
        (request(start="yesterday"), 2, "invalid_params"),
        (request("paper", pace=-1), 2, "invalid_params"),
        (request("sweep", config_path=""), 2, "invalid_params"),
        (request("sweep"), 2, "config_error"),
        (request("sweep", config_path="none.yaml"), 2, "config_error"),
        (request("forward", run_dir="none"), 2, "config_error"),
        (request("forward", run_dir="../../etc"), 2, "config_error"),
        (request("report", run_dir="none"), 2, "config_error"),
        (request("runs-best"), 2, "config_error"),
        (request("portfolio"), 2, "config_error"),
        (request(ticker="GENERATED", rsi_buy_max=80), 2, "config_error"),
        (request(ticker=" "), 2, "config_error"),
        (request(ticker="ACME"), 3, "data_error"),
        (request(ticker="GENERATED", start="1990-01-02"), 3, "data_error"),
        (request(ticker="GENERATED", end="2090-01-02"), 3, "data_error"),
        (request(ticker="GENERATED", start="2015-02-30"), 2, "config_error"),
        (request(ticker="GENERATED", end="2012-31-12"), 2, "config_error"),
        (request("learn", ticker="GENERATED", end="2012-31-12"), 2, "config_error"),
        (request(ticker="ACME", data="/nowhere/prices.csv"), 3, "data_error"),
        (request("learn", ticker="GENERATED", start="2019-01-01"), 3, "data_error"),
        (request("promote", model_run="none"), 4, "strategy_error"),
        (request("run", ticker="GENERATED", model_run="none"), 4, "strategy_error"),
        (request("paper", ticker="GENERATED", model_run="none"), 4, "strategy_error"),
        (request("run", ticker="GENERATED", model_run="none", paper=True), 4, "strategy_error"),
    ],
)
def test_a_bad_request_has_one_answer_the_right_code_and_leaves_nothing(
    desk: Path, ask, payload: object, code: int, error: str
) -> None:
    found, answer = ask(payload)
    assert (found, answer["error"]["code"], answer["status"]) == (code, error, "error")
    assert answer["error"]["message"]
    assert answer["result"] is None
    assert made(desk) == []


@pytest.mark.requirement("E10.5")
def test_all_faults_of_parameters_are_told_with_the_nearest_known_name(desk: Path, ask) -> None:
    _code, answer = ask(request(tickr="SP500", fee="x", cooldown_days=-1))
    faults = {fault["path"]: fault for fault in answer["error"]["faults"]}
    assert set(faults) == {"params.tickr", "params.fee", "params.cooldown_days"}
    assert faults["params.tickr"]["nearest"] == "ticker"


BARS = list(lines_of(generate(4, 60)))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("empty", []),
        ("no column", [line.rpartition(",")[0] for line in BARS]),
        ("no number", [*BARS[:30], BARS[30].rpartition(",")[0] + ",n/a", *BARS[31:]]),
        ("NaN", [*BARS[:30], BARS[30].rpartition(",")[0] + ",nan", *BARS[31:]]),
        ("negative", [*BARS[:30], BARS[30].replace(",", ",-", 1), *BARS[31:]]),
        ("gap", [*BARS[:20], *BARS[40:]]),
        ("twice", [*BARS[:20], BARS[19], *BARS[20:]]),
        ("unsorted", [BARS[0], *reversed(BARS[1:])]),
        ("binary", ["\x00\x01"]),
    ],
)
@pytest.mark.parametrize("command", ["run", "learn"])
def test_a_file_that_holds_no_prices_is_a_data_error(
    desk: Path, tmp_path: Path, ask, name: str, lines: list[str], command: str
) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, answer = ask(request(command, ticker="ACME", data=str(path)))
    assert (code, answer["error"]["code"]) == (3, "data_error"), name
    assert "prices.csv" in answer["error"]["message"]
    assert made(desk) == []


@pytest.mark.parametrize(("command", "key"), [("run", "data"), ("learn", "data"), ("sweep", "config_path")])
def test_a_file_is_called_as_the_user_called_it(desk: Path, ask, command: str, key: str) -> None:
    named = {"ticker": "ACME"} if command != "sweep" else {}
    _code, answer = ask(request(command, **named, **{key: "none.csv"}))
    assert answer["error"]["message"] == "none.csv: there is no such file"
    assert answer["error"]["hint"]


@pytest.mark.requirement("E10.3")
def test_a_sweep_is_asked_for_by_its_file_and_by_the_names_of_old(desk: Path, tmp_path: Path, ask) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("{mode: grid, base: {ticker: GENERATED}, space: {rsi_buy_max: [30.0, 40.0]}}\n")
    for key, folder in (("config_path", "out_dir"), ("sweep", "sweep_outdir")):
        away = tmp_path / key
        code, answer = ask(request("sweep", **{key: str(plan), folder: str(away)}))
        assert code == 0, answer
        assert Path(answer["result"]["artifacts_path"]).is_relative_to(away)
    assert made(desk) == []


def lines_in(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.requirement("E11.1", "E11.2", "E11.4", "E11.5")
@pytest.mark.parametrize("is_paper", [False, True])
def test_signals_tell_the_beginning_and_the_end(desk: Path, tmp_path: Path, ask, *, is_paper: bool) -> None:
    signals = tmp_path / "signals.jsonl"
    _code, answer = ask(request(ticker="GENERATED", paper=is_paper), "--signal-file", str(signals))
    first, last = lines_in(signals)
    assert (first["event"], first["status"], first["mode"]) == ("SESSION_STARTED", "running", "run")
    assert (last["event"], last["status"], last["mode"]) == ("SESSION_COMPLETED", "success", "run")
    assert last["run_id"] == answer["result"]["run_id"]
    assert last["report_path"] == answer["result"]["report_path"]
    assert last["summary"] == answer["result"]["summary"]
    assert ("session_id" in last) is is_paper
    assert any(key.startswith("runs_index") for key in last) is not is_paper


@pytest.mark.requirement("E11.6", "E11.7")
def test_signals_of_what_failed_end_with_the_reason(desk: Path, tmp_path: Path, ask) -> None:
    signals = tmp_path / "signals.jsonl"
    ask(request(ticker="ACME"), "--signal-file", str(signals))
    ask("[]", "--signal-file", str(signals))
    ask(request("trade"), "--signal-file", str(signals))
    told = [(line["event"], line["mode"], line.get("exit_code")) for line in lines_in(signals)]
    assert told == [
        ("SESSION_STARTED", "run", None),
        ("SESSION_FAILED", "run", 3),
        ("SESSION_FAILED", "unknown", 2),
        ("SESSION_STARTED", "trade", None),
        ("SESSION_FAILED", "trade", 2),
    ]


@pytest.mark.requirement("E11.3")
def test_signals_that_cannot_be_written_change_nothing(desk: Path, tmp_path: Path, ask) -> None:
    code, answer = ask(request(ticker="GENERATED"), "--signal-file", str(tmp_path))
    assert (code, answer["status"]) == (0, "success")


GOOD = [
    request(ticker="ACME", start="2015-01-05", end="2016-01-05", fee=0.01, rsi_buy_max=30.0, paper=False),
    request("sweep", config_path="none.yaml", jobs=2),
    request("forward", run_dir="none", end="2019-01-01", fresh=True),
    request("promote", model_run="none"),
    request("runs-best", metric="total_return", mode="grid"),
]


def mutated(text: str, draw: random.Random) -> str:
    """Change a request as a broken client would."""
    for _ in range(draw.randint(1, 3)):
        start = draw.randrange(len(text) + 1)
        end = min(len(text), start + draw.randint(0, 6))
        other = draw.choice(
            [
                "",
                '"',
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "0",
                "1e999",
                "-1",
                "null",
                "true",
                "é",
                "\x00",
                "\\u0000",
                "signal_file",
                "NaN",
                text[:20],
            ]
        )
        text = text[:start] + other + text[end:]
    return text


def mutate_and_ask(count: int, seed: int, ask, desk: Path) -> None:
    draw = random.Random(seed)
    codes: dict[int, int] = {}
    for _ in range(count):
        payload = mutated(json.dumps(draw.choice(GOOD)), draw)
        code, answer = ask(payload)
        codes[code] = codes.get(code, 0) + 1
        assert code in {2, 3, 4}, (payload, answer)
        assert answer["status"] == "error"
        assert answer["error"]["code"] != "internal_error", payload
    assert made(desk) == []
    print(f"{count} mutated requests: {codes}")


@pytest.mark.requirement("E10.5", "E10.6")
def test_a_mutated_request_has_one_answer_and_leaves_nothing(desk: Path, ask) -> None:
    mutate_and_ask(300, 1, ask, desk)


@pytest.mark.nightly
def test_five_thousand_mutated_requests_have_one_answer_each_and_leave_nothing(desk: Path, ask) -> None:
    mutate_and_ask(5000, 2, ask, desk)


@pytest.mark.requirement("E8.4")
def test_words_of_old_mean_the_commands_of_today(program) -> None:
    assert program.plain(["runs", "list", "--mode", "run"]) == ["runs-list", "--mode", "run"]
    assert program.plain(["--list-runs"]) == program.plain(["--runs-list"]) == ["runs-list"]
    assert program.plain(["--best-from"]) == program.plain(["runs", "best"]) == ["runs-best"]
    assert program.plain(["--report", "x"]) == program.plain(["report", "x"]) == ["report", "--run-dir", "x"]
    assert program.plain(["report", "--run-dir", "x"]) == ["report", "--run-dir", "x"]
    assert program.plain(["run", "--ticker", "x"]) == ["run", "--ticker", "x"]
