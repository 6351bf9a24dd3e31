"""An application answers programs: one document on stdout, the right code, signals in order."""

from __future__ import annotations

import errno
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import runpact
from integration.machine import toy
from runpact.host import diversion
from runpact.host.interruptions import Interruptions
from runpact.model.errors import ConfigError, NoSuchRunError
from runpact.model.machine.answer import answer_to
from runpact.model.machine.application import Application
from runpact.model.machine.asked import Asked
from runpact.verbs.machine.lifecycle import Signals
from runpact.verbs.machine.outcome import outcome_of

Capture = pytest.CaptureFixture[str]


@dataclass
class FailingParams:
    def __post_init__(self) -> None:
        raise KeyError("a")


@dataclass
class KindParams:
    kind: str


TOY = Path(toy.__file__)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    return tmp_path


def request(how: str = "well", **more: object) -> str:
    document = {
        "schema_version": "1.0",
        "command": "run",
        "params": {"how": how},
        "request_id": "r-1",
        **more,
    }
    return json.dumps(document)


def answered(capfd: Capture, *words: str) -> dict[str, object]:
    """Return the one document that a command line is answered with, its code compared."""
    code = toy.app.main(words)
    out = capfd.readouterr()
    assert "Traceback" not in out.err
    (line,) = out.out.splitlines()
    answer = json.loads(line)
    assert list(answer) == [
        *("schema_version", "application", "version", "request_id", "command"),
        *("status", "exit_code", "result", "error"),
    ]
    assert answer["exit_code"] == code
    return answer


def refusal_of(answer: dict[str, object]) -> tuple[object, object]:
    error = answer["error"]
    assert isinstance(error, dict)
    return answer["exit_code"], error["code"]


def signals(path: str = "signals.jsonl") -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def events(path: str = "signals.jsonl") -> list[tuple[object, object]]:
    return [(line["event"], line["mode"]) for line in signals(path)]


@pytest.mark.requirement("E10.1", "E10.6", "E1.1")
def test_a_request_is_answered_with_one_document_whatever_the_command_prints(capfd: Capture) -> None:
    assert answered(capfd, "--json-request", request()) == {
        "schema_version": "1.0",
        "application": "toylab",
        "version": "0.1.0",
        "request_id": "r-1",
        "command": "run",
        "status": "success",
        "exit_code": 0,
        "result": {"path": "a", "run_id": "r1", "summary": {"sharpe": 1.0}},
        "error": None,
    }


def test_what_a_command_prints_goes_to_stderr(capfd: Capture) -> None:
    toy.app.main(["--json-request", request()])
    assert {"said by Python", "said by a child", "said by the descriptor"} <= set(
        capfd.readouterr().err.splitlines()
    )


@pytest.mark.requirement("E10.1")
def test_a_request_comes_from_a_file_or_from_stdin(
    capfd: Capture, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "request.json").write_text(request("quietly"))
    assert answered(capfd, "--json-request", "@request.json")["status"] == "success"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(request("quietly").encode())))
    assert answered(capfd, "--json-request", "-")["result"] is None
    for payload in ("@missing.json", f"@{here}", "@a\0b"):
        assert refusal_of(answered(capfd, "--json-request", payload)) == (2, "invalid_request")
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal_of(answered(capfd, "--json-request", "-")) == (2, "invalid_request")


class BrokenStream(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise ValueError(buffer)


def test_a_stream_that_breaks_is_no_request(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(BrokenStream())))
    assert refusal_of(answered(capfd, "--json-request", "-")) == (2, "invalid_request")


@pytest.mark.requirement("E10.5", "E10.6")
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("", "invalid_request"),
        ("{", "invalid_request"),
        ("[]", "invalid_request"),
        ("NaN", "invalid_request"),
        ('{"schema_version": "1.0", "command": "run", "params": {"seconds": NaN}}', "invalid_request"),
        ('{"schema_version": "1.0", "command": "run", "command": "run"}', "invalid_request"),
        ('{"schema_version": "2.0", "command": "run"}', "unsupported_schema_version"),
        ('{"schema_version": "1.0", "command": "rnu"}', "unknown_command"),
        ('{"schema_version": "1.0", "command": "run", "params": {"signal_file": "x"}}', "invalid_params"),
        ('{"schema_version": "1.0", "command": "run", "params": {"how": 5}}', "invalid_params"),
        ("[" * 10_000 + "]" * 10_000, "invalid_request"),
        ('{"a": "\udc80"}', "invalid_request"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_request_is_answered_too(capfd: Capture, payload: str, code: str) -> None:
    assert refusal_of(answered(capfd, "--json-request", payload)) == (2, code)
    assert list(Path().iterdir()) == []


@pytest.mark.requirement("E10.6")
def test_a_request_of_many_megabytes_is_answered_too(capfd: Capture, here: Path) -> None:
    for length, code in ((10_000_000, "invalid_params"), (20_000_000, "invalid_request")):
        (here / "big.json").write_text(request(how="well", params={"x": "a" * length}))
        answer = answered(capfd, "--json-request", "@big.json")
        assert refusal_of(answer) == (2, code)
        assert len(json.dumps(answer)) < 2000


@pytest.mark.parametrize(
    "words",
    [
        ["--json-request"],
        ["--json-request", request(), "run"],
        ["--json-request", request(), "--request-id", "x"],
        ["--json-request", request(), "--ticker", "A"],
        ["--json"],
        ["--json-request", request(), "--check"],
        ["run", "--json", "--request-id", ""],
        ["run", "--json", "--request-id", "r", "--signal-file"],
    ],
)
def test_a_command_line_that_is_not_understood_is_answered_too(capfd: Capture, words: list[str]) -> None:
    assert refusal_of(answered(capfd, *words)) == (2, "invalid_request")


@pytest.mark.requirement("E10.4", "E10.6")
@pytest.mark.parametrize(
    ("how", "exit_code", "code"),
    [
        ("config", 2, "config_error"),
        ("data", 3, "data_error"),
        ("strategy", 4, "strategy_error"),
        ("undeclared", 1, "internal_error"),
        ("engine", 1, "no_such_run"),
        ("malformed", 1, "error"),
        ("badly told", 1, "internal_error"),
        ("odd", 1, "internal_error"),
        ("exit 3", 3, "command_failed"),
        ("exit 77", 1, "command_failed"),
        ("exit said so", 1, "command_failed"),
        ("no json", 1, "internal_error"),
        ("deep", 1, "internal_error"),
        ("signal SIGTERM", 143, "interrupted"),
        ("signal SIGINT", 130, "interrupted"),
        ("signal SIGHUP", 129, "interrupted"),
        ("panic", 143, "interrupted"),
    ],
)
def test_each_bad_end_has_its_code_and_one_terminal_signal(
    capfd: Capture, how: str, exit_code: int, code: str
) -> None:
    answer = answered(capfd, "--json-request", request(how), "--signal-file", "signals.jsonl")
    assert (answer["status"], answer["result"]) == ("error", None)
    assert refusal_of(answer) == (exit_code, code)
    assert events() == [("SESSION_STARTED", "run"), ("SESSION_FAILED", "run")]
    last = signals()[-1]
    assert (last["status"], last["exit_code"], last["error_code"]) == ("error", exit_code, code)


def test_an_exit_that_says_nothing_is_a_good_end(capfd: Capture) -> None:
    assert answered(capfd, "--json-request", request("exit "))["status"] == "success"
    assert answered(capfd, "--json-request", request("exit 0"))["status"] == "success"


@pytest.mark.requirement("E11.1", "E11.2", "E11.3", "E11.5")
def test_a_good_end_signals_where_its_results_are(capfd: Capture) -> None:
    answered(capfd, "--json-request", request(), "--signal-file", "deep/signals.jsonl")
    started, completed = signals("deep/signals.jsonl")
    assert (started["event"], started["status"], started["request_id"]) == (
        "SESSION_STARTED",
        "running",
        "r-1",
    )
    assert (completed["event"], completed["status"], completed["mode"]) == (
        "SESSION_COMPLETED",
        "success",
        "run",
    )
    assert (completed["run_id"], completed["summary"]) == ("r1", {"sharpe": 1.0})
    assert completed["runs_index_root"] == "outputs/runs"
    assert str(completed["timestamp"]).endswith("Z")
    answered(capfd, "again", "--json", "--signal-file", "deep/signals.jsonl")
    told = runpact.read_signals("deep/signals.jsonl")
    assert [(each.status, each.mode, each.request_id) for each in told] == [
        ("success", "run", "r-1"),
        ("success", "again", None),
    ]


@pytest.mark.requirement("E11.7")
def test_what_is_no_request_signals_its_failure_alone(capfd: Capture) -> None:
    for payload in ("[]", '{"schema_version": "3", "request_id": "r"}', '{"schema_version": "1.0"}'):
        answered(capfd, "--json-request", payload, "--signal-file", "signals.jsonl")
    assert events() == [("SESSION_FAILED", "unknown")] * 3
    assert [line["request_id"] for line in signals()] == [None, "r", None]
    answered(capfd, "--json-request", request(command="rnu"), "--signal-file", "signals.jsonl")
    assert events()[3:] == [("SESSION_STARTED", "rnu"), ("SESSION_FAILED", "rnu")]


@pytest.mark.requirement("E11.3")
@pytest.mark.parametrize("place", ["folder", "pipe", "file/below", "/dev/full", "locked/below"])
def test_signals_that_cannot_be_written_are_said_once_and_change_nothing(
    here: Path, capfd: Capture, place: str
) -> None:
    (here / "folder").mkdir()
    (here / "file").write_text("")
    os.mkfifo(here / "pipe")
    (here / "locked").symlink_to("/proc/nowhere")
    code = toy.app.main(["--json-request", request(), "--signal-file", place])
    assert code == 0
    assert capfd.readouterr().err.count("warning: no signal written") == 1


def test_a_second_end_is_not_signalled(here: Path) -> None:
    signals_of = Signals("signals.jsonl", sys.exit)
    answer = answer_to(Asked(command="run", params={}), Application(name="toy", version="1"), 0)
    signals_of.end(answer)
    signals_of.end(answer)
    assert events() == [("SESSION_COMPLETED", "unknown")]
    assert list(here.iterdir()) == [here / "signals.jsonl"]


def test_signals_from_a_folder_that_is_gone_change_nothing(here: Path, capfd: Capture) -> None:
    (here / "gone").mkdir()
    os.chdir(here / "gone")
    (here / "gone").rmdir()
    assert toy.app.main(["--json-request", request(), "--signal-file", "signals.jsonl"]) == 0
    out = capfd.readouterr()
    assert out.err.count("warning: no signal written") == 1
    assert json.loads(out.out)["status"] == "success"


def test_signals_that_hold_no_json_change_nothing(capfd: Capture) -> None:
    app = runpact.App("odd", version="1")

    @app.command("run")
    def run(params: object, call: runpact.Call) -> None:
        del params
        deep: list[object] = []
        deep.append(deep)
        call.signals.put(deep=deep)

    assert app.main(["run", "--json", "--signal-file", "signals.jsonl"]) == 0
    assert "warning: no signal written" in capfd.readouterr().err
    assert events() == [("SESSION_STARTED", "run")]


def test_signals_that_cannot_be_read_are_an_error(here: Path) -> None:
    with pytest.raises(runpact.RunpactError):
        runpact.read_signals(here / "missing.jsonl")


@pytest.mark.requirement("E4.9", "E4.1")
def test_a_run_that_a_command_returns_is_told_with_its_report(capfd: Capture) -> None:
    answer = answered(capfd, "--json-request", request("made"), "--signal-file", "signals.jsonl")
    result = answer["result"]
    assert isinstance(result, dict)
    assert (result["state"], result["machine_contract"]) == (
        "finished",
        {"contract_type": "toy", "summary": {"a": 1}},
    )
    assert result["report_path"] == f"{result['artifacts_path']}/report.json"
    last = signals()[-1]
    assert (last["run_id"], last["summary"]) == (result["run_id"], {"a": 1})
    record = json.loads(Path(str(result["artifacts_path"]), ".runpact/run.json").read_bytes())
    assert record["provenance"]["request"] == {"id": "r-1", "command": "run"}
    answer = answered(capfd, "--json-request", request("reportless"))
    assert "report_path" not in dict(answer["result"])  # type: ignore[call-overload]


@pytest.mark.requirement("E5.9", "E11.5", "E4.6")
def test_a_run_that_views_list_is_told_with_them_and_a_session_by_its_name(
    here: Path, capfd: Capture
) -> None:
    (here / "contract.yaml").write_text(
        'contract: t.runs\nversion: "1.0.0"\nkinds:\n  run: {at: "outputs/runs/{name}"}\n'
        '  session: {at: "outputs/paper/{session}"}\n'
        "workspace:\n  indexes:\n    - files: 'outputs/runs/runs_index.{csv,json,md}'\n"
        "      kinds: [run]\n      columns: {run_id: run.id}\n"
    )
    app = runpact.App("two", version="1")

    @app.command("run", params=KindParams)
    def run(params: KindParams, call: runpact.Call) -> object:
        del call
        with runpact.run(kind=params.kind, name="x", durability="none") as active:
            pass
        return active

    assert app.main(["run", "--kind", "run", "--json", "--signal-file", "signals.jsonl"]) == 0
    assert app.main(["run", "--kind", "session", "--json", "--signal-file", "signals.jsonl"]) == 0
    listed, paper = (json.loads(line)["result"] for line in capfd.readouterr().out.splitlines())
    root = "outputs/runs"
    index = {f"runs_index_{form}": f"{root}/runs_index.{form}" for form in ("csv", "json", "md")}
    assert {**index, "runs_index_root": root}.items() <= listed.items()
    assert all((here / path).is_file() for path in index.values())
    assert "session_id" not in listed
    assert (paper["run_id"], paper["session_id"], paper["artifacts_path"]) == ("x", "x", "outputs/paper/x")
    assert not any(name.startswith("runs_index") for name in paper)
    ends = [line for line in signals() if line["event"] == "SESSION_COMPLETED"]
    assert index.items() <= ends[0].items()
    assert (ends[1]["session_id"], ends[1]["mode"]) == ("x", "run")
    assert not any(name.startswith("runs_index") for name in ends[1])


def test_a_run_that_did_not_finish_is_no_good_end(capfd: Capture) -> None:
    answer = answered(capfd, "--json-request", request("failed"))
    assert (answer["status"], refusal_of(answer)) == ("error", (1, "command_failed"))
    assert dict(answer["result"])["state"] == "failed"  # type: ignore[call-overload]


@pytest.mark.requirement("E11.3")
@pytest.mark.parametrize(
    ("how", "state", "code"),
    [
        ("raised in", "failed", "data_error"),
        ("stopped in", "interrupted", "interrupted"),
        ("raised after", "finished", "strategy_error"),
    ],
)
def test_a_run_is_named_when_its_command_comes_to_no_good_end(
    here: Path, capfd: Capture, how: str, state: str, code: str
) -> None:
    answer = answered(capfd, "left", "--how", how, "--json", "--signal-file", "signals.jsonl")
    assert (answer["status"], refusal_of(answer)[1]) == ("error", code)
    result, last = dict(answer["result"]), signals()[-1]  # type: ignore[call-overload]
    assert (result["state"], result["kind"]) == (state, "run")
    assert result["run_id"].startswith("toy")
    assert (here / result["artifacts_path"]).is_dir()
    assert (last["run_id"], last["artifacts_path"]) == (result["run_id"], result["artifacts_path"])


def test_an_answer_of_its_own_stays_and_the_signal_names_the_run(here: Path, capfd: Capture) -> None:
    answer = answered(capfd, "left", "--how", "answered after", "--json", "--signal-file", "signals.jsonl")
    assert (answer["status"], answer["result"]) == ("failure", {"is_open": False})
    assert (here / str(signals()[-1]["artifacts_path"])).is_dir()


def test_a_result_that_is_no_json_names_the_run_in_answer_and_signal(capfd: Capture) -> None:
    answer = answered(capfd, "left", "--how", "no json after", "--json", "--signal-file", "signals.jsonl")
    result, last = dict(answer["result"]), signals()[-1]  # type: ignore[call-overload]
    assert refusal_of(answer) == (1, "internal_error")
    assert (result["state"], last["run_id"]) == ("finished", result["run_id"])
    assert last["message"] == dict(answer["error"])["message"]  # type: ignore[call-overload]


def test_a_sweep_that_a_command_returns_is_told_as_its_run(here: Path, capfd: Capture) -> None:
    answer = answered(capfd, "sweep", "--json", "--signal-file", "signals.jsonl")
    result = dict(answer["result"])  # type: ignore[call-overload]
    assert (answer["status"], result["state"], result["kind"]) == ("success", "finished", "sweep")
    assert (here / result["artifacts_path"]).is_dir()
    assert result["best_config"] == {"a": 1.0}
    assert result["counts"]["finished"] == len(result["leaderboard"]) == 2
    assert signals()[-1]["run_id"] == result["run_id"]


def test_a_sweep_of_which_nothing_finished_is_an_error(capfd: Capture) -> None:
    answer = answered(capfd, "sweep", "--how", "raised", "--json")
    assert (answer["status"], refusal_of(answer)) == ("error", (1, "command_failed"))
    assert dict(answer["result"])["state"] == "failed"  # type: ignore[call-overload]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_sweep_that_is_stopped_is_told_as_interrupted(here: Path, jobs: str) -> None:
    command = [sys.executable, str(TOY), "sweep", "--how", "wait", "--jobs", jobs, "--json"]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stderr is not None
        program.stderr.readline()
        program.send_signal(signal.SIGTERM)
        answer = json.loads(program.communicate()[0])
    assert (program.returncode, answer["error"]["code"]) == (143, "interrupted")
    assert answer["result"]["state"] == "interrupted"


@pytest.mark.parametrize("report", ["{", "[]", "{}", '{"machine_contract": 5}'])
def test_a_report_without_a_machine_contract_is_named_and_no_more(
    here: Path, capfd: Capture, report: str
) -> None:
    app = runpact.App("odd", version="1")

    @app.command("run")
    def run(params: object, call: runpact.Call) -> object:
        del params, call
        with runpact.run(name="toy", durability="none") as active:
            active.save("report.json", report.encode())
        return active

    assert app.main(["run", "--json"]) == 0
    result = json.loads(capfd.readouterr().out)["result"]
    assert "report_path" in result
    assert "machine_contract" not in result


@pytest.mark.requirement("E10.4")
def test_an_answer_that_is_no_success_keeps_its_result(capfd: Capture) -> None:
    answer = answered(capfd, "--json-request", request("closed strategy"), "--signal-file", "signals.jsonl")
    assert (answer["status"], answer["exit_code"], answer["error"]) == ("failure", 4, None)
    assert answer["result"] == {"is_open": False}
    assert events() == [("SESSION_STARTED", "run"), ("SESSION_FAILED", "run")]
    assert (signals()[-1]["exit_code"], signals()[-1]["error_code"]) == (4, "failure")
    assert refusal_of(answered(capfd, "--json-request", request("closed nowhere"))) == (1, "usage")


def test_a_command_that_catches_its_signal_ends_as_it_says(capfd: Capture) -> None:
    assert answered(capfd, "--json-request", request("caught"))["result"] == {"caught": True}


def test_options_do_what_a_request_does(capfd: Capture) -> None:
    answer = answered(capfd, "run", "--how", "quietly", "--json", "--request-id", "r-2")
    assert (answer["request_id"], answer["status"]) == ("r-2", "success")
    assert refusal_of(answered(capfd, "run", "--json", "--seconds", "x")) == (2, "invalid_params")


def test_people_are_told_in_text(capfd: Capture) -> None:
    assert toy.app.main(["again"]) == 0
    assert capfd.readouterr().out == "mode        again\nrequest_id  null\n"
    assert toy.app.main(["run", "--how", "data", "--ticker", "\x1b"]) == 3
    assert (
        capfd.readouterr().err
        == "error[data_error]: a fault of data\n  at        prices.csv\nhint: look there\n"
    )
    assert toy.app.main(["run", "--tikcer", "A"]) == 2
    assert "--tikcer: no option `--tikcer`; did you mean `ticker`?" in capfd.readouterr().err
    assert toy.app.main(["run", "--request-id", ""]) == 2
    assert toy.app.main(["run", "--how", "quietly"]) == 0
    assert "said by Python" in capfd.readouterr().out


@pytest.mark.parametrize("result", ["a\x1b", 5, [1, 2]])
def test_a_result_that_is_no_mapping_is_one_line(capfd: Capture, result: object) -> None:
    app = runpact.App("odd", version="1")
    app.command("run")(lambda _params, _call: result)
    assert app.main(["run"]) == 0
    assert capfd.readouterr().out in {"a\\x1b\n", "5\n", "[1,2]\n"}


def test_who_debugs_is_shown_where_an_error_was_raised(capfd: Capture) -> None:
    toy.app.main(["--json-request", request("odd"), "--debug"])
    out = capfd.readouterr()
    assert "Traceback" in out.err
    assert "OddExit" in out.err
    assert json.loads(out.out)["error"]["type"] == "OddExit"


@pytest.mark.requirement("E9.1")
def test_the_version_is_one_stable_line(capfd: Capture) -> None:
    assert toy.app.main(["--version"]) == 0
    assert capfd.readouterr().out == "0.1.0\n"


def test_help_says_what_there_is(capfd: Capture) -> None:
    assert toy.app.main(["--help"]) == 0
    assert "Make one run." in capfd.readouterr().out
    assert toy.app.main(["run", "-h"]) == 0
    assert "--ticker VALUE" in capfd.readouterr().out
    assert toy.app.main([]) == 2
    assert capfd.readouterr().err.startswith("Usage: ")
    assert toy.app.main(["--debug"]) == 2
    assert capfd.readouterr().err.startswith("Usage: ")


@pytest.mark.requirement("E10.7")
def test_schemas_are_printed_for_all_commands_or_for_one(capfd: Capture) -> None:
    assert toy.app.main(["--schema"]) == 0
    everything = json.loads(capfd.readouterr().out)
    assert everything == toy.app.schema()
    assert toy.app.main(["--schema", "run"]) == 0
    assert json.loads(capfd.readouterr().out) == everything["requests"]["run"] == toy.app.schema("run")
    assert toy.app.main(["--schema", "rnu"]) == 2
    with pytest.raises(runpact.RunpactError):
        toy.app.schema("rnu")


def test_a_command_is_declared_once_by_a_fit_name() -> None:
    app = runpact.App("odd", version="1")
    app.command("run")(lambda _params, _call: None)
    for name in ("run", "Run"):
        with pytest.raises(runpact.RunpactError):
            app.command(name)
    with pytest.raises(runpact.RunpactError):
        runpact.App("odd", version="1", check=["nothing"])


def test_signals_are_not_touched_outside_the_main_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def look() -> None:
        with Interruptions() as interruptions:
            seen.append(interruptions.run(lambda: signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_signal_that_came_before_the_command_keeps_it_from_beginning(capfd: Capture) -> None:
    with Interruptions() as interruptions:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit):
            interruptions.run(lambda: None)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert refusal_of(answered(capfd, "run", "--json", "--how", "signal SIGTERM")) == (143, "interrupted")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_while_a_request_is_waited_for_is_answered(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError(buffer)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Slow())))
    assert refusal_of(answered(capfd, "--json-request", "-")) == (143, "interrupted")


def ran(*words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # as given
        [sys.executable, str(TOY), *words],
        check=False,
        text=True,
        capture_output="stdout" not in more,
        timeout=60,
        **more,
    )


@pytest.mark.requirement("E10.6")
def test_an_answer_that_nobody_can_be_given_is_no_success(here: Path) -> None:
    with Path("/dev/full").open("w") as full:
        assert ran("--json-request", request(), stdout=full, stderr=subprocess.DEVNULL).returncode == 1
        assert ran("--json-request", request("data"), stdout=full, stderr=subprocess.DEVNULL).returncode == 3
    shell = f'"{sys.executable}" "{TOY}" again --json'
    for closed in ("<&-", "2>&-", "<&- 2>&-"):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{shell} {closed}"], check=False, capture_output=True, text=True
        )
        assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "success")
    texts = [
        f'"{sys.executable}" "{TOY}" {word}'
        for word in ("--version", "--schema", "--check", "again", "--help")
    ]
    for command in (shell, *texts):
        for full, code in ((">&-", {0, 1}), ("> /dev/full", {1}), ("| head -c 1 > /dev/null", {0})):
            words = ["/bin/sh", "-c", f"{command} {full}"]
            done = subprocess.run(words, check=False, capture_output=True, text=True)
            assert ("Traceback" not in done.stderr, done.returncode in code) == (True, True), (words, done)
            assert "Exception ignored" not in done.stderr
            assert (full != "> /dev/full") or "No space left on device" in done.stderr
    assert list(here.iterdir()) == []


@pytest.mark.requirement("E10.6")
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "error[storage]: the answer cannot be written: No",
        ),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
    ],
)
def test_why_an_answer_is_lost_is_said(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, error: OSError, code: int, said: str
) -> None:
    def refuse(_descriptor: int, _view: memoryview) -> int:
        raise error

    monkeypatch.setattr(diversion, "_written", refuse)
    assert toy.app.main(["again", "--json"]) == code
    assert capfd.readouterr().err.startswith(said)
    assert toy.app.main(["run", "--how", "data", "--json"]) == 3


@pytest.mark.parametrize("words", [[str(TOY), "again", "--json"], ["-m", "runpact", "request", "{}"]])
def test_an_answer_for_a_closed_stdout_is_no_success(here: Path, words: list[str]) -> None:
    line = shlex.join([sys.executable, *words])
    done = subprocess.run(["sh", "-c", f"{line} >&-"], check=False, capture_output=True, text=True)
    assert done.returncode not in {0, 141}
    assert "the answer cannot be written: stdout is closed" in done.stderr


@pytest.mark.requirement("E10.6")
def test_a_reader_that_has_left_is_told_by_the_code_alone(here: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, str(TOY), "again", "--json"],
        check=False,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_who_is_asked_twice_to_end_while_nobody_reads_the_answer_ends(here: Path) -> None:
    program = (
        "import runpact\n"
        "app = runpact.App('long', version='1')\n"
        "app.command('run')(lambda params, call: 'x' * 10_000_000)\n"
        "raise SystemExit(app.main())\n"
    )
    words = [sys.executable, "-c", program, "run", "--json", "--signal-file", "s"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (here / "s").exists() or len(events("s")) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for _time in range(20):
            process.terminate()
            time.sleep(0.2)
            if process.poll() is not None:
                break
        assert process.poll() == 128 + signal.SIGTERM
    assert events("s") == [("SESSION_STARTED", "run"), ("SESSION_COMPLETED", "run")]


def test_more_faults_than_are_told_are_said_to_be_more(capfd: Capture) -> None:
    answer = answered(capfd, "--json-request", request(params={f"x{n}": 1 for n in range(150)}))
    assert dict(answer["error"])["message"] == "more than 100 faults in the parameters"  # type: ignore[call-overload]


def test_a_forked_child_that_falls_out_of_the_command_answers_nothing(here: Path) -> None:
    (here / "forking.py").write_text(
        "import os, runpact\n"
        "app = runpact.App('forking', version='1')\n"
        "@app.command('run')\n"
        "def run(params, call):\n"
        "    child = os.fork()\n"
        "    if child:\n"
        "        os.waitpid(child, 0)\n"
        "raise SystemExit(app.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "forking.py", "run", "--json", "--signal-file", "s"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert len(done.stdout.splitlines()) == 1
    assert events("s") == [("SESSION_STARTED", "run"), ("SESSION_COMPLETED", "run")]


def test_an_error_of_the_engine_has_the_code_of_the_application_or_of_the_command_line() -> None:
    error = NoSuchRunError("no run `x`")
    assert outcome_of(error, Application(name="toy", version="1"), None).exit_code == 1
    named = Application(name="toy", version="1", errors={"config": 4})
    assert outcome_of(ConfigError("bad"), named, None).exit_code == 4
    assert outcome_of(error, Application(name="runpact", version="1", is_engine=True), None).exit_code == 2


def test_a_long_answer_reaches_a_slow_reader_whole() -> None:
    program = (
        "import os, runpact\n"
        "os.set_blocking(1, False)\n"
        "app = runpact.App('long', version='1')\n"
        "app.command('run')(lambda params, call: 'x' * 1_000_000)\n"
        "raise SystemExit(app.main())\n"
    )
    words = [sys.executable, "-c", program, "run", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        time.sleep(0.3)
        out = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert len(json.loads(out)["result"]) == 1_000_000


def test_a_type_of_parameters_that_fails_by_itself_is_a_fault_of_the_command(capfd: Capture) -> None:
    app = runpact.App("odd", version="1")
    app.command("run", params=FailingParams)(lambda _params, _call: None)
    assert app.main(["run", "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["error"]["type"] == "KeyError"


def test_words_that_are_no_unicode_are_answered_as_text(capfd: Capture) -> None:
    answer = answered(capfd, "run", "--json", "--how", "\udc80")
    assert refusal_of(answer) == (3, "data_error")
    answer = answered(capfd, "\udc80", "--json", "--signal-file", "signals.jsonl")
    assert refusal_of(answer) == (2, "unknown_command")
    (fault,) = answered(capfd, "run", "--json", "--seconds", "\udc80")["error"]["faults"]  # type: ignore[index]
    assert fault["got"] == '"\\udc80"'


@pytest.mark.requirement("E11.3", "E11.7")
def test_processes_share_one_file_of_signals_line_by_line(here: Path) -> None:
    children = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            try:
                for turn in range(25):
                    mine = Signals("signals.jsonl", sys.exit)
                    mine.begin("run", f"{number}-{turn}")
                    mine.end(
                        answer_to(Asked(command="run", params={}), Application(name="toy", version="1"), 0)
                    )
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    told = runpact.read_signals(here / "signals.jsonl")
    assert len(signals()) == 400
    assert {(each.status, each.request_id) for each in told} == {
        ("success", f"{number}-{turn}") for number in range(8) for turn in range(25)
    }


@pytest.mark.requirement("E11.3")
def test_a_file_of_signals_that_may_not_grow_changes_no_exit_code(here: Path) -> None:
    program = (
        "import resource, runpact\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "app = runpact.App('small', version='1')\n"
        "app.command('run')(lambda params, call: None)\n"
        "raise SystemExit(app.main())\n"
    )
    words = [sys.executable, "-c", program, "run", "--json", "--signal-file", "signals.jsonl"]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "success")
    assert done.stderr.count("warning: no signal written") == 1
    assert (here / "signals.jsonl").read_bytes() == b""


@pytest.mark.requirement("E4.9")
def test_threads_of_a_command_make_runs_of_the_same_request(capfd: Capture, here: Path) -> None:
    app = runpact.App("threads", version="1")

    def make(name: str) -> None:
        with runpact.run(name=name, durability="none"):
            pass

    @app.command("run")
    def run(params: object, call: runpact.Call) -> None:
        del params, call
        workers = [threading.Thread(target=make, args=(name,)) for name in ("a", "b")]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert app.main(["run", "--json", "--request-id", "r-9"]) == 0
    capfd.readouterr()
    make("c")
    asked = {
        path.parts[-3][0]: json.loads(path.read_bytes())["provenance"]["request"]
        for path in here.glob("runs/*/.runpact/run.json")
    }
    assert asked == {"a": {"id": "r-9", "command": "run"}, "b": {"id": "r-9", "command": "run"}, "c": None}
