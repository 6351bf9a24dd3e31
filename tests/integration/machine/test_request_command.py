"""`runpact request`: the engine's own commands for programs, by their own options and documents."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import jsonschema_rs
import msgspec
import pytest

import runpact
from runpact.cli import check
from runpact.cli.main import cli, run_command_line
from runpact.cli.offered import WITHHELD, WITHHELD_OPTIONS, Offered

Capture = pytest.CaptureFixture[str]
OFFERED = Offered(cli) if isinstance(cli, click.Group) else Offered(click.Group())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a workspace."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    (tmp_path / "contract.yaml").write_text(
        'contract: t.runs\nversion: "1.0.0"\nkinds:\n  run:\n    at: "runs/{name}"\n'
        "    entries: [{file: metrics.json}]\n"
    )
    return tmp_path


def answered(
    capfd: Capture, command: str, params: dict[str, object] | None = None, *words: str
) -> dict[str, object]:
    """Return the answer to a request, its code compared."""
    document = {"schema_version": "1.0", "request_id": "q", "command": command, "params": params or {}}
    code = run_command_line(["request", json.dumps(document), *words])
    out = capfd.readouterr()
    assert "Traceback" not in out.err
    (line,) = out.out.splitlines()
    answer = json.loads(line)
    assert answer["exit_code"] == code
    assert isinstance(answer, dict)
    return answer


def code_of(answer: dict[str, object]) -> tuple[object, object]:
    error = answer["error"]
    assert isinstance(error, dict)
    return answer["exit_code"], error["code"]


def made(
    capfd: Capture, name: str = "good", script: str = "echo '{}' > $RUNPACT_RUN_DIR/metrics.json"
) -> dict[str, object]:
    params = {"name": name, "durability": "none", "command": ["/bin/sh", "-c", script]}
    return answered(capfd, "run", params)


@pytest.mark.requirement("E1.1", "E4.9")
def test_a_program_runs_checks_and_lists_without_parsing_text(capfd: Capture, here: Path) -> None:
    answer = made(capfd, script="echo said; echo '{}' > $RUNPACT_RUN_DIR/metrics.json")
    assert (answer["status"], answer["result"]["state"]) == ("success", "finished")  # type: ignore[index]
    record = json.loads((here / "runs/good/.runpact/run.json").read_bytes())
    assert record["provenance"]["request"] == {"id": "q", "command": "run"}
    for command, params in (
        ("check", {"runs": ["good"]}),
        ("ls", {"filters": ["state = finished"], "limit": 5, "state": ["finished", "failed"]}),
        ("show", {"run": "good"}),
        ("verify", {"subject": "good"}),
        ("diff", {"runs": ["good", "good"], "patch": True}),
        ("config-show", {}),
        ("contract-lint", {}),
        ("tag", {"run": "good", "add": ["best"]}),
        ("index-rebuild", {}),
    ):
        assert answered(capfd, command, params)["status"] == "success", command


@pytest.mark.parametrize(
    ("command", "words"), [("check", []), ("ls", []), ("show", ["good"]), ("verify", ["good"])]
)
def test_the_result_is_the_document_of_the_command_line(
    capfd: Capture, command: str, words: list[str]
) -> None:
    made(capfd)
    code = run_command_line([command, *words, "--json"])
    document = json.loads(capfd.readouterr().out)
    names = {"show": "run", "verify": "subject"}
    answer = answered(capfd, command, {names[command]: words[0]} if words else {})
    assert (answer["result"], answer["exit_code"]) == (document, code)


def test_a_verdict_that_is_no_success_is_a_failure_with_its_document(capfd: Capture) -> None:
    made(capfd, "bare", "true")
    answer = answered(capfd, "check", {"runs": ["bare"]})
    assert (answer["status"], answer["exit_code"], answer["error"]) == ("failure", 2, None)
    assert answer["result"]["verdict"] == "INCOMPLETE"  # type: ignore[index]


def test_an_error_of_the_engine_keeps_its_exit_code(capfd: Capture, here: Path) -> None:
    assert code_of(answered(capfd, "show", {"run": "nowhere"})) == (2, "no_such_run")
    assert code_of(answered(capfd, "ls", {"filters": ["state ~~ 1"]})) == (64, "filter")
    (here / "contract.yaml").write_text("kinds: [")
    answer = answered(capfd, "check")
    assert code_of(answer) == (2, "malformed_contract")
    assert answer["error"]["faults"]  # type: ignore[index]


@pytest.mark.requirement("E10.5", "E10.7")
@pytest.mark.parametrize(
    ("command", "params", "code"),
    [
        ("check", {"strict": "yes"}, "invalid_params"),
        ("check", {"json": True}, "invalid_params"),
        ("check", {"is_strict": True}, "invalid_params"),
        ("ls", {"limit": 0}, "invalid_params"),
        ("ls", {"state": ["finishd"]}, "invalid_params"),
        ("ls", {"csv": True}, "invalid_params"),
        ("show", {}, "invalid_params"),
        ("show", {"run": "a\0b"}, "invalid_params"),
        ("show", {"run": None}, "invalid_params"),
        ("run", {"command": []}, "invalid_params"),
        ("run", {"command": ["true"], "passthrough": True}, "invalid_params"),
        ("tag", {"run": "good", "tags": ["+x"]}, "invalid_params"),
        ("request", {}, "unknown_command"),
        ("demo", {}, "unknown_command"),
        ("pipeline", {}, "unknown_command"),
        ("contract-docs", {}, "unknown_command"),
        ("no-such", {}, "unknown_command"),
    ],
)
def test_what_is_not_offered_is_refused_with_64(
    capfd: Capture, here: Path, command: str, params: dict[str, object], code: str
) -> None:
    before = sorted(here.rglob("*"))
    assert code_of(answered(capfd, command, params)) == (64, code)
    assert sorted(here.rglob("*")) == before


@pytest.mark.requirement("E10.7")
def test_some_commands_alone_can_be_offered(capfd: Capture) -> None:
    assert answered(capfd, "ls", {}, "--only", "ls", "--only", "contract-lint")["status"] == "success"
    refused = answered(capfd, "run", {"command": ["true"]}, "--only", "ls", "--only", "contract-lint")
    assert code_of(refused) == (64, "unknown_command")
    assert refused["error"]["expected"] == "`ls` or `contract-lint`"  # type: ignore[index]
    assert run_command_line(["request", "--schema", "--only", "ls"]) == 0
    assert list(json.loads(capfd.readouterr().out)["requests"]) == ["ls"]
    assert run_command_line(["request", "--only", "lss", "{}"]) == 64


@pytest.mark.requirement("E10.7")
def test_no_value_can_pass_for_an_option(capfd: Capture, here: Path) -> None:
    assert code_of(answered(capfd, "show", {"run": "--help"})) == (2, "no_such_run")
    assert code_of(answered(capfd, "check", {"runs": ["--trust-contract"]})) == (2, "no_such_run")
    assert code_of(answered(capfd, "config-show", {"config": "--kind=x"}))[0] == 2
    answer = made(capfd, script='test "$0" = --json || echo "{}" > $RUNPACT_RUN_DIR/metrics.json')
    assert answer["status"] == "success"
    assert [path.name for path in here.glob("runs/*")] == ["good"]


def test_what_only_the_command_itself_refuses_is_told_as_its_parameters(capfd: Capture) -> None:
    answer = answered(capfd, "ls", {"facets": "kind", "sort": "name"})
    assert code_of(answer) == (64, "usage")
    assert code_of(answered(capfd, "gate", {"experiment": "e"})) == (64, "invalid_params")


@pytest.mark.parametrize("payloads", [[], ["{}", "{}"], ["--nothing"], ["@missing"], ["{"]])
def test_what_is_no_request_is_answered_too(capfd: Capture, payloads: list[str]) -> None:
    code = run_command_line(["request", *payloads])
    answer = json.loads(capfd.readouterr().out)
    assert (code, answer["error"]["code"]) == (64, "invalid_request")


def test_lifecycle_signals_are_written_for_the_engine_as_well(capfd: Capture, here: Path) -> None:
    answered(capfd, "ls", {}, "--signal-file", "signals.jsonl")
    answered(capfd, "show", {"run": "nowhere"}, "--signal-file", "signals.jsonl")
    told = runpact.read_signals(here / "signals.jsonl")
    assert [(each.mode, each.status, each.request_id) for each in told] == [
        ("ls", "success", "q"),
        ("show", "error", "q"),
    ]


@pytest.mark.requirement("E11.3")
@pytest.mark.parametrize(("end", "status"), [("0", "success"), ("1", "error")])
def test_the_signal_of_a_run_names_it_however_it_ended(capfd: Capture, end: str, status: str) -> None:
    words = ["sh", "-c", f"echo 1 > $RUNPACT_RUN_DIR/metrics.json; exit {end}"]
    answer = answered(capfd, "run", {"name": "r", "command": words}, "--signal-file", "signals.jsonl")
    (told,) = runpact.read_signals("signals.jsonl")
    result = dict(answer["result"])
    assert (told.status, told.fields["run_id"]) == (status, result["id"])
    assert told.fields["artifacts_path"] == result["path"]


def test_a_file_that_cannot_be_read_or_written_is_an_error_of_storage(capfd: Capture, here: Path) -> None:
    (here / "folder").mkdir()
    answer = answered(capfd, "plot", {"metric": ["loss"], "output": "folder"})
    assert answer["status"] == "error"


def test_an_answer_that_cannot_be_written_is_an_error_of_storage() -> None:
    payload = json.dumps({"schema_version": "1.0", "command": "ls"})
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "runpact", "request", payload],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 3
    assert done.stderr == "error[storage]: the answer cannot be written: No space left on device\n"


@pytest.mark.requirement("E10.7")
def test_schemas_are_printed_the_same_each_time(capfd: Capture) -> None:
    printed = []
    for _time in range(2):
        assert run_command_line(["request", "--schema"]) == 0
        printed.append(capfd.readouterr().out)
    assert printed[0] == printed[1]
    everything = json.loads(printed[0])["requests"]
    assert list(everything) == sorted(OFFERED)
    assert run_command_line(["request", "--schema", "check"]) == 0
    assert json.loads(capfd.readouterr().out) == everything["check"]
    assert run_command_line(["request", "--schema", "chekc"]) == 64
    assert "did you mean `check`?" in capfd.readouterr().err


def leaves() -> dict[str, click.Command]:
    """Return every command that there is, by its name for programs."""
    assert isinstance(cli, click.Group)
    context = click.Context(cli)
    found: dict[str, click.Command] = {}
    for word in cli.list_commands(context):
        command = cli.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                each = command.get_command(context, inner)
                assert each is not None
                found[f"{word}-{inner}"] = each
        else:
            found[word] = command
    return found


def test_every_command_with_a_document_is_offered_or_withheld_for_a_reason() -> None:
    with_document = {
        name for name, command in leaves().items() if any("--json" in each.opts for each in command.params)
    }
    assert with_document - set(OFFERED) == WITHHELD.keys() - {"request"}
    assert len(OFFERED) == len(set(OFFERED))
    assert WITHHELD_OPTIONS.keys() <= set(OFFERED)


@pytest.mark.requirement("E4.9")
def test_a_sweep_is_asked_for_with_the_command_of_its_trials(capfd: Capture, here: Path) -> None:
    script = 'echo "{\\"loss\\": $0}" > $RUNPACT_RUN_DIR/metrics.json'
    params = {
        "grid": ["lr=1,2"],
        "objective": "metrics.json#/loss:min",
        "contract": "runpact:basic@1",
        "command": ["/bin/sh", "-c", script, "{lr}"],
    }
    answer = answered(capfd, "sweep", params)
    assert (answer["status"], answer["result"]["counts"]["finished"]) == ("success", 2)  # type: ignore[index]
    records = [json.loads(path.read_bytes()) for path in here.glob("runs/*/.runpact/run.json")]
    assert [each["provenance"]["request"] for each in records] == [{"id": "q", "command": "sweep"}] * 2


class Trailing(click.Command):
    """Takes what stands behind `--` as a command line of its own."""

    behind = "command"


def test_what_stands_behind_two_dashes_can_be_a_command_line_of_its_own() -> None:
    options = [click.Option(["--json"], is_flag=True), click.Argument(["file"], required=False)]
    group = click.Group(commands={"sweep": Trailing("sweep", params=options)})
    offered = Offered(group)
    value, faults = offered["sweep"].form.judge({"file": "plan.yaml", "command": ["echo", "--", "-x"]})
    assert faults == ()
    assert offered.words("sweep", value) == ["sweep", "--json", "plan.yaml", "--", "echo", "--", "-x"]
    value, _faults = offered["sweep"].form.judge({"file": "--json"})
    with pytest.raises(runpact.RunpactError):
        offered.words("sweep", value)


def test_a_command_that_is_not_offered_has_no_words() -> None:
    with pytest.raises(KeyError):
        OFFERED["demo"]
    with pytest.raises(KeyError):
        OFFERED.words("demo", None)


def sample(schema: dict[str, object], text: str = "--a=b") -> object:
    """Return a value that fits the schema of a parameter, and is not its default."""
    for word in ("anyOf", "enum"):
        choices = schema.get(word)
        if isinstance(choices, list):
            return sample(choices[0], text) if word == "anyOf" else choices[0]
    kind = schema.get("type")
    if kind == "array":
        items = schema.get("items")
        return [sample(items, text) if isinstance(items, dict) else "a"]
    return {"boolean": True, "integer": 3, "number": 0.5}.get(str(kind), text)


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_a_request_with_every_parameter_is_understood_by_its_command(name: str) -> None:
    command = OFFERED[name]
    schema = msgspec.json.schema(command.form.declared)
    (definition,) = schema["$defs"].values()
    found = OFFERED.path_of(name)
    assert found is not None
    path, declared = found
    behind = getattr(declared, "behind", None)
    text = "--a=b" if behind is None else "a=b"
    params = {key: sample(each, text) for key, each in definition["properties"].items() if key != "copy"}
    value, faults = command.form.judge(params)
    assert faults == ()
    words = OFFERED.words(name, value)
    context = declared.make_context("x", words[len(path) :])
    told = {
        max(each.opts, key=len).lstrip("-").replace("-", "_"): context.params.get(str(each.name))
        for each in declared.params
    }
    told |= {} if behind is None else {behind: context.params[behind]}
    assert told["json"] is True
    for key, each in params.items():
        given = list(told[key]) if isinstance(told[key], tuple) else told[key]
        assert given in (each, key), key  # a flag that stands for a word gives that word


@pytest.mark.requirement("E10.7")
@pytest.mark.parametrize("name", sorted(OFFERED))
def test_the_published_schema_of_a_command_is_one_and_refuses_what_it_does_not_know(
    name: str, capfd: Capture
) -> None:
    assert run_command_line(["request", "--schema", name]) == 0
    schema = json.loads(capfd.readouterr().out)
    validator = jsonschema_rs.validator_for(schema)
    request = {"schema_version": "1.0", "command": name, "params": {"no such thing": 1}}
    assert not validator.is_valid(request)


@pytest.mark.requirement("E10.6", "E11.8")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_a_signal_ends_is_told_as_interrupted(here: Path, number: int) -> None:
    params = {"name": "slow", "command": ["/bin/sh", "-c", "touch $RUNPACT_RUN_DIR/begun; exec sleep 60"]}
    payload = json.dumps({"schema_version": "1.0", "command": "run", "params": params})
    words = [sys.executable, "-m", "runpact", "request", payload, "--signal-file", "signals.jsonl"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while not (here / "runs/slow/begun").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, number)
    out, error = process.communicate(timeout=60)
    answer = json.loads(out)
    assert b"Traceback" not in error
    assert (process.returncode, code_of(answer)) == (128 + number, (128 + number, "interrupted"))
    assert answer["result"]["state"] == "interrupted"
    (told,) = runpact.read_signals(here / "signals.jsonl")
    assert (told.status, told.fields["run_id"]) == ("error", "slow")
    assert told.fields["artifacts_path"] == "runs/slow"


def test_a_command_that_is_stopped_is_told_as_interrupted(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_arguments: object, **_keywords: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "show_check", stopped)
    assert code_of(answered(capfd, "check")) == (130, "interrupted")


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied", "a"), OSError("odd")])
def test_a_system_call_that_is_refused_is_an_error_of_storage(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refused(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(Offered, "words", refused)
    assert code_of(answered(capfd, "check")) == (3, "storage")
