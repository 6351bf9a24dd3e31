"""Documents of requests and of answers."""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from runpact.model.errors import ConfigError, NoSuchRunError, UsageError
from runpact.model.errors import Fault as DocumentFault
from runpact.model.machine.answer import Answer, answer_to, encode_answer
from runpact.model.machine.application import Application, check_errors, check_word
from runpact.model.machine.asked import Asked, Refused, parse_request
from runpact.model.machine.failure import Fault, engine_failure, refusal, shown
from runpact.model.machine.form import form_of

APPLICATION = Application(name="toy", version="1.2.3")


def asked(**more: object) -> Asked | Refused:
    return parse_request({"schema_version": "1.0", "command": "run", **more})


def refused(document: object) -> Refused:
    parsed = parse_request(document)
    assert isinstance(parsed, Refused)
    return parsed


@pytest.mark.requirement("E10.2")
def test_a_request_names_its_version_and_its_command() -> None:
    assert asked() == Asked(command="run", params={})
    assert asked(params={"a": 1}, request_id="r-1") == Asked(command="run", params={"a": 1}, request_id="r-1")
    assert asked(request_id=None) == Asked(command="run", params={})


@pytest.mark.requirement("E10.5")
@pytest.mark.parametrize("document", [[], [{"command": "run"}], None, 3, "run", True])
def test_what_is_no_object_is_no_request(document: object) -> None:
    assert refused(document).failure.code == "invalid_request"


@pytest.mark.requirement("E10.2")
@pytest.mark.parametrize("version", [1, 1.0, "1", "2.0", None, "1.0 "])
def test_another_version_is_not_understood_but_the_name_of_the_request_is(version: object) -> None:
    parsed = refused({"schema_version": version, "command": "run", "request_id": "r", "x": 1})
    assert parsed.failure.code == "unsupported_schema_version"
    assert (parsed.request_id, parsed.command) == ("r", "run")
    assert refused({"command": "run"}).failure.faults[0].got == "nothing"


def test_all_that_keeps_an_object_from_being_a_request_is_told() -> None:
    parsed = refused({"schema_version": "1.0", "comand": "run", "params": [], "request_id": "a\nb"})
    assert [(fault.path, fault.nearest) for fault in parsed.failure.faults] == [
        ("comand", "command"),
        ("command", None),
        ("params", None),
        ("request_id", None),
    ]
    assert (parsed.request_id, parsed.command) == (None, None)
    assert refused({"schema_version": "1.0", "command": ""}).failure.faults[0].got == '""'


@pytest.mark.parametrize("identity", ["", "x" * 201, 5, ["r"], "a\u2028b", "\ud800"])
def test_the_name_of_a_request_is_one_short_line(identity: object) -> None:
    assert isinstance(asked(request_id=identity), Refused)


@pytest.mark.requirement("E10.6", "E4.9")
def test_an_answer_has_every_key_whatever_it_says() -> None:
    keys = list(Answer.__struct_fields__)
    good = answer_to(Asked(command="run", params={}), APPLICATION, 0, result={"b": 1, "a": float("nan")})
    data, told = encode_answer(good, broken=1)
    assert (list(json.loads(data)), told) == (keys, good)
    assert json.loads(data)["result"] == {"a": None, "b": 1}
    assert json.loads(data)["request_id"] is None
    assert data.count(b"\n") == 1
    bad = answer_to(refused([]), APPLICATION, 2, error=refused([]).failure)
    assert list(json.loads(encode_answer(bad, broken=1)[0])) == keys


def test_an_answer_that_is_no_success_is_a_failure_and_none_at_all_an_error() -> None:
    request = Asked(command="run", params={})
    assert answer_to(request, APPLICATION, 0).status == "success"
    assert answer_to(request, APPLICATION, 3, result={}).status == "failure"
    assert answer_to(request, APPLICATION, 3, error=refusal("x", "y")).status == "error"


class Cell:
    ndim = 0

    def item(self) -> float:
        return 1.5


def test_paths_and_cells_of_arrays_are_told_as_what_they_stand_for() -> None:
    answer = answer_to(
        Asked(command="run", params={}),
        APPLICATION,
        0,
        result=[pathlib.PurePosixPath("a/b"), Cell(), {"\ud800"}],
    )
    assert json.loads(encode_answer(answer, broken=1)[0])["result"] == ["a/b", 1.5, ["\\ud800"]]
    named = msgspec.structs.replace(answer, result={"\ud800": "\udfff"})
    assert json.loads(encode_answer(named, broken=1)[0])["result"] == {"\\ud800": "\\udfff"}


def recursive() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


@pytest.mark.parametrize("result", [object(), {1, object()}, recursive()], ids=type)
def test_a_result_that_is_no_json_is_an_error_of_the_command(result: object) -> None:
    answer = answer_to(Asked(command="run", params={}), APPLICATION, 0, result=result)
    data, said = encode_answer(answer, broken=1, instead=lambda: {"run_id": "a"})
    told = json.loads(data)
    assert told["result"] == said.result == {"run_id": "a"}
    assert said.error is not None
    assert said.error.message == told["error"]["message"]
    assert (said.exit_code, told["exit_code"], told["status"], told["error"]["code"]) == (
        1,
        1,
        "error",
        "internal_error",
    )


def test_an_error_of_the_engine_keeps_what_it_knows() -> None:
    error = NoSuchRunError(
        "no run `x`", expected="an id", got="x", hint="look", faults=(DocumentFault("m", at="/a"),)
    )
    failure = engine_failure(error)
    assert (failure.code, failure.type, failure.hint) == ("no_such_run", "NoSuchRunError", "look")
    assert failure.faults == (Fault(path="/a", message="m"),)
    assert engine_failure(ConfigError("bad"), ["config"]).code == "config_error"
    assert engine_failure(ConfigError("bad")).code == "config"


def test_of_very_many_faults_a_hundred_are_told() -> None:
    faults = [Fault(path=str(number), message="m") for number in range(500)]
    assert len(refusal("code", "many", *faults).faults) == 100


def test_a_value_is_shown_in_one_short_line() -> None:
    assert shown({"a": object}) == '{"a": "<class \'object\'>"}'
    assert shown(recursive()) == "'list'"
    assert len(shown("x" * 1000)) == 80


@pytest.mark.parametrize("word", ["", "Run", "a b", "-a", "a--b", 5, "é"])
def test_names_are_small_letters_digits_and_dashes(word: str) -> None:
    with pytest.raises(UsageError):
        check_word(word, what="a command")


@pytest.mark.requirement("E10.4")
@pytest.mark.parametrize("errors", [{"data": 0}, {"data": 126}, {"data": True}, {"data": "3"}, {"Data": 3}])
def test_a_sort_of_error_has_a_fit_name_and_code(errors: dict[str, int]) -> None:
    assert check_errors({"config": 2, "data": 3, "strategy": 4}) == {"config": 2, "data": 3, "strategy": 4}
    with pytest.raises(UsageError):
        check_errors(errors)


@dataclass
class Wanting:
    """Parameters without defaults."""

    name: str
    anything: Any


def test_what_is_missing_is_told_with_what_it_is_to_be() -> None:
    faults = form_of(Wanting, {}, reserved=frozenset()).judge({}, is_text=False)[1]
    assert [(fault.message, fault.expected) for fault in faults] == [
        ("`name` is missing", "`str`"),
        ("`anything` is missing", ""),
    ]
    refused = parse_request({"command": "run"})
    assert isinstance(refused, Refused)
    assert refused.failure.message == "schema_version is missing"
