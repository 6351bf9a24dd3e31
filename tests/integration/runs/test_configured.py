"""A program hands in a configuration in whatever shape it has, and gets it typed."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json
from pathlib import Path

import msgspec
import pydantic
import pytest
from omegaconf import OmegaConf

import runpact
from integration.runs.place import Place
from runpact.model.errors import ConfigError, UsageError


class Mode(enum.Enum):
    FAST = 1


@dataclasses.dataclass
class Settings:
    lr: float
    data: Path = Path("x")
    mode: Mode | None = None


class Model(pydantic.BaseModel):
    lr: float


class Struct(msgspec.Struct):
    lr: float


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (argparse.Namespace(lr=0.1, out=Path("a/b")), {"lr": 0.1, "out": "a/b"}),
        (Settings(0.1, mode=Mode.FAST), {"lr": 0.1, "data": "x", "mode": 1}),
        (Model(lr=0.1), {"lr": 0.1}),
        (Struct(0.1), {"lr": 0.1}),
        (OmegaConf.create({"lr": 0.1, "twin": "${lr}"}), {"lr": 0.1, "twin": 0.1}),
    ],
)
def test_a_configuration_of_any_shape_is_recorded_as_plain_data(
    place: Place, given: object, expected: dict
) -> None:
    with runpact.run(config=given) as run:
        run.save("metrics", {"loss": 0.5})
    assert run.config == expected


@pytest.mark.requirement("AX-012")
def test_a_file_with_what_was_set_besides_becomes_a_typed_value(place: Place) -> None:
    place.write("train.toml", 'lr = 0.1\ndata = "x/y"\n')
    with runpact.run(config="train.toml", overrides=("lr=0.5",), typed=Settings) as run:
        assert run.typed == Settings(0.5, Path("x/y"))
        run.save("metrics", {"loss": 0.5})


@pytest.mark.requirement("AX-012")
def test_what_does_not_fit_makes_no_run(place: Place) -> None:
    with pytest.raises(ConfigError) as caught, runpact.run(config={"lr": "fast", "x": 1}, typed=Settings):
        pass
    assert [fault.at for fault in caught.value.faults] == ["/lr", "/x"]
    assert not (place.root / "runs").exists()


def test_what_composed_a_configuration_is_recorded_with_it(place: Place) -> None:
    with runpact.run(config=OmegaConf.create({"lr": 0.1, "twin": "${lr}"}), overrides=("lr=0.5",)) as run:
        run.save("metrics", {"loss": 0.5})
    config = json.loads((Path(run.dir) / ".runpact/run.json").read_text())["provenance"]["config"]
    assert config["composition"]["composed"] == {"lr": 0.1, "twin": "${lr}"}
    assert config["composition"]["by"].startswith("omegaconf 2.")
    assert config["overrides"] == ["lr=0.5"]
    assert config["resolved"] == {"lr": 0.5, "twin": 0.1}


@pytest.mark.parametrize("given", [argparse.Namespace(model=object()), Settings(0.1, data=object())])
def test_what_is_no_plain_data_is_refused(place: Place, given: object) -> None:
    with pytest.raises(ConfigError, match="not plain data"), runpact.run(config=given):
        pass


@pytest.mark.parametrize("given", [Settings, 7])
def test_what_is_no_configuration_is_refused(place: Place, given: object) -> None:
    with pytest.raises(UsageError), runpact.run(config=given):
        pass


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"a": {"b": "???"}}, "is not complete"),
        ({"a": [{"b": "${nowhere}"}]}, r"`a\[0\].b` cannot be resolved"),
    ],
)
def test_a_composed_configuration_must_be_whole(place: Place, broken: dict, told: str) -> None:
    with pytest.raises(ConfigError, match=told), runpact.run(config=OmegaConf.create(broken)):
        pass
