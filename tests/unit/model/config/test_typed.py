"""A configuration becomes a typed value at the gate, or every fault of it is told."""

from __future__ import annotations

import dataclasses
import enum
import typing
from pathlib import Path, PurePosixPath

import msgspec
import pydantic
import pytest

from runpact.model.config.typed import typed_value
from runpact.model.errors import ConfigError, Fault, UsageError


class Optimiser(msgspec.Struct, kw_only=True):
    lr: float
    steps: int = 10


@dataclasses.dataclass
class Settings:
    optimiser: Optimiser
    data: Path
    widths: tuple[int, ...] = (8,)
    tags: list[str] = dataclasses.field(default_factory=list)
    derived: int = dataclasses.field(default=3, init=False)

    def __post_init__(self) -> None:
        if len(self.widths) > 3:
            raise ValueError("at most three layers")


class Device(enum.Enum):
    CPU = "cpu"
    GPU = "gpu"


@dataclasses.dataclass
class Chosen:
    device: Device | None
    method: typing.Literal["orb", "corners"]
    steps: typing.Annotated[int, msgspec.Meta(ge=1)]
    more: list[typing.Literal["a", "b"]]


def test_the_values_that_may_stand_there_are_named():
    values = {"device": "tpu", "method": "corner", "steps": 0, "more": ["a", "c"]}
    assert faults_of(Chosen, values) == [
        ("/device", "one of cpu, gpu", "'tpu'"),
        ("/method", "one of orb, corners", "'corner'"),
        ("/more/1", "one of a, b", "'c'"),
        ("/steps", "int >= 1", "0"),
    ]


class Model(pydantic.BaseModel):
    model_config = {"extra": "forbid"}
    lr: float
    name: str = "tiny"


def faults_of(kind: type, values: dict[str, object]) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigError) as caught:
        typed_value(kind, values)
    return [(fault.at, fault.expected, fault.got) for fault in caught.value.faults]


@pytest.mark.requirement("AX-012")
def test_a_dataclass_with_a_struct_in_it_is_made_with_its_defaults():
    made = typed_value(Settings, {"optimiser": {"lr": 1}, "data": "x/y", "widths": [4, 2]})
    assert made == Settings(optimiser=Optimiser(lr=1.0), data=Path("x/y"), widths=(4, 2))
    assert made.derived == 3


@pytest.mark.requirement("AX-012")
def test_every_fault_is_told_with_key_expected_and_got():
    values = {"optimiser": {"lr": "fast", "stepz": 3}, "data": 7, "widths": [1, "two"], "seed": 1}
    assert faults_of(Settings, values) == [
        ("/data", "Path", "7"),
        ("/optimiser/lr", "float", "'fast'"),
        ("/optimiser/stepz", "one of lr, steps", "stepz"),
        ("/seed", "one of optimiser, data, widths, tags", "seed"),
        ("/widths/1", "int", "'two'"),
    ]


def test_a_mistyped_key_is_told_with_the_nearest_one():
    with pytest.raises(ConfigError) as caught:
        typed_value(Settings, {"optimiser": {"lr": 1.0, "stepz": 3}, "data": "x"})
    assert caught.value.faults == (
        Fault(
            "`optimiser.stepz` is not a known key",
            at="/optimiser/stepz",
            expected="one of lr, steps",
            got="stepz",
            hint="did you mean `optimiser.steps`?",
        ),
    )


def test_a_missing_key_is_told_with_its_type():
    assert faults_of(Settings, {"optimiser": {}, "data": "x"}) == [("/optimiser/lr", "float", "nothing")]


def test_a_table_where_another_value_is_wanted_is_told():
    assert faults_of(Settings, {"optimiser": 3, "data": "x"}) == [("/optimiser", "object", "3")]
    assert faults_of(Optimiser, {"lr": {"a": 1}}) == [("/lr", "float", "{'a': 1}")]


def test_what_the_type_itself_refuses_is_told():
    values = {"optimiser": {"lr": 1.0}, "data": "x", "widths": [1, 2, 3, 4]}
    assert [expected for _at, expected, _got in faults_of(Settings, values)] == ["at most three layers"]


def test_a_type_without_keys_takes_none():
    class Empty(msgspec.Struct):
        pass

    assert faults_of(Empty, {"a": 1}) == [("/a", "no key here", "a")]


def test_keys_of_a_mapping_are_told_as_near_as_they_can_be():
    class Named(msgspec.Struct):
        rates: dict[str, float]
        places: list[PurePosixPath] = []
        rows: list[dict[str, list[int]]] = []
        tried: list[Optimiser] = []

    assert faults_of(Named, {"rates": {"a": "x"}}) == [("/rates/...", "float", "{'a': 'x'}")]
    assert faults_of(Named, {"rates": {}, "places": [1]}) == [("/places/0", "PurePosixPath", "1")]
    tried = [{"lr": 1.0}, {"lr": "x"}]
    assert faults_of(Named, {"rates": {}, "tried": tried}) == [("/tried/1/lr", "float", "'x'")]
    rows = [{"a": [1]}, {"b": [2, "x"]}]
    assert faults_of(Named, {"rates": {}, "rows": rows}) == [("/rows/1/.../1", "int", "{'b': [2, 'x']}")]


@pytest.mark.requirement("AX-012")
def test_a_pydantic_model_speaks_for_itself():
    assert typed_value(Model, {"lr": 0.1}) == Model(lr=0.1)
    assert faults_of(Model, {"lr": "fast", "x": 1}) == [
        ("/lr", "Input should be a valid number, unable to parse string as a number", "'fast'"),
        ("/x", "Extra inputs are not permitted", "1"),
    ]
    assert faults_of(Model, {}) == [("/lr", "Field required", "nothing")]


def test_an_error_of_a_models_own_code_is_not_swallowed():
    class Odd:
        @classmethod
        def model_validate(cls, values: object) -> Odd:
            raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        typed_value(Odd, {})


@pytest.mark.parametrize("kind", [dict, int, "Settings"])
def test_a_type_that_declares_nothing_is_refused(kind):
    with pytest.raises(UsageError):
        typed_value(kind, {})
