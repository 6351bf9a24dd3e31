"""Published schemas agree with what is accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Literal

import jsonschema_rs
import msgspec
import pytest

from runpact.model.machine.answer import answer_to, encode_answer
from runpact.model.machine.application import Application, Command
from runpact.model.machine.asked import Asked, parse_request
from runpact.model.machine.failure import Fault, refusal
from runpact.model.machine.form import form_of
from runpact.model.machine.schemas import all_schemas, answer_schema, request_schema


class Inner(msgspec.Struct):
    depth: int
    inner: Inner | None = None


@dataclass
class Params:
    config_path: Annotated[str, msgspec.Meta(min_length=1)]
    out_dir: str = "out"
    fee: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    side: Literal["long", "short"] = "long"
    tags: list[str] = field(default_factory=list)
    inner: Inner | None = None


class Node(msgspec.Struct):
    name: str
    below: list[Node] = []


SWEEP = Command(
    name="sweep",
    form=form_of(Params, {"sweep": "config_path", "sweep_outdir": "out_dir"}, reserved=frozenset()),
    summary="Sweep.",
)
TREE = Command(name="tree", form=form_of(Node, {}, reserved=frozenset()))
STOP = Command(name="stop", form=form_of(None, {}, reserved=frozenset()))
APPLICATION = Application(name="toy", version="1", commands={"sweep": SWEEP, "tree": TREE, "stop": STOP})


def is_accepted(command: Command, document: dict[str, object]) -> bool:
    asked = parse_request(document)
    return (
        isinstance(asked, Asked) and asked.command == command.name and not command.form.judge(asked.params)[1]
    )


@pytest.mark.requirement("E10.3", "E10.7")
@pytest.mark.parametrize(
    "params",
    [
        {"config_path": "a"},
        {"sweep": "a", "sweep_outdir": "b"},
        {"sweep": "a", "config_path": "a"},
        {"sweep": ""},
        {"out_dir": "a", "sweep_outdir": "b", "sweep": "a"},
        {},
        {"config_path": "a", "fee": -1},
        {"config_path": "a", "fee": 1},
        {"config_path": "a", "tags": ["a", 1]},
        {"config_path": "a", "inner": {"depth": 1, "inner": {"depth": 2}}},
        {"config_path": "a", "inner": {"depth": 1, "inner": {"depht": 2}}},
        {"config_path": "a", "inner": None, "side": "short"},
        {"config_path": "a", "signal_file": "x"},
        {"config_path": None},
        [],
        None,
    ],
)
def test_a_request_fits_the_schema_of_its_command_exactly_when_it_is_accepted(params: object) -> None:
    schema = request_schema(APPLICATION, SWEEP)
    for extra in ({}, {"request_id": "r"}, {"request_id": ""}, {"x": 1}, {"schema_version": "2.0"}):
        document = {"schema_version": "1.0", "command": "sweep", "params": params, **extra}
        assert jsonschema_rs.is_valid(schema, document) == is_accepted(SWEEP, document)


def test_schemas_of_types_within_themselves_and_of_nothing_hold_as_well() -> None:
    request = {"schema_version": "1.0", "command": "tree", "params": {"name": "a", "below": [{"name": "b"}]}}
    assert jsonschema_rs.is_valid(request_schema(APPLICATION, TREE), request)
    request["params"] = {"name": "a", "below": [{"nme": "b"}]}
    assert not jsonschema_rs.is_valid(request_schema(APPLICATION, TREE), request)
    nothing = request_schema(APPLICATION, STOP)
    assert jsonschema_rs.is_valid(nothing, {"schema_version": "1.0", "command": "stop"})
    assert not jsonschema_rs.is_valid(
        nothing, {"schema_version": "1.0", "command": "stop", "params": {"a": 1}}
    )


def test_answers_fit_the_published_schema() -> None:
    asked = Asked(command="run", params={}, request_id="r")
    failure = refusal("invalid_params", "bad", Fault(path="a", message="b"))
    for answer in (
        answer_to(asked, APPLICATION, 0, result={"a": 1}),
        answer_to(asked, APPLICATION, 2, error=failure),
    ):
        document = json.loads(encode_answer(answer, broken=1)[0])
        assert jsonschema_rs.is_valid(answer_schema(), document)
        for key in document:
            assert not jsonschema_rs.is_valid(
                answer_schema(), {k: v for k, v in document.items() if k != key}
            )


def test_all_schemas_stand_in_one_document() -> None:
    document = all_schemas(APPLICATION)
    assert list(document["requests"]) == ["sweep", "tree", "stop"]
    assert document["requests"]["sweep"] == request_schema(APPLICATION, SWEEP)
    assert document["answer"] == answer_schema()
