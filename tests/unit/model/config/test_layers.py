"""Layers of a configuration, their origins, and where paths lead."""

from __future__ import annotations

import msgspec
import pytest

from runpact.model.config.coerce import read_text
from runpact.model.config.example import toml_example, yaml_example
from runpact.model.config.faults import dotted, nearest
from runpact.model.config.layers import Layered, Origin, base_of, resolve_paths
from runpact.model.config.schema import ConfigSchema, Declared, leaves, put, split_key

SCHEMA = {
    "additionalProperties": False,
    "properties": {
        "root": {"type": "string", "default": "./desk", "x-workdir": True},
        "train": {
            "$ref": "parts.json#/train",
            "description": "How a model is trained.",
        },
        "data": {"type": "string", "default": "./desk/data", "x-path": True},
        "extra": {"type": "object"},
    },
}
PARTS = {
    "train": {
        "additionalProperties": False,
        "properties": {
            "epochs": {"type": "integer", "default": 3},
            "device": {"enum": ["cpu", "mps"], "default": "cpu"},
            "weights": {"type": ["string", "null"], "x-path": True},
        },
    }
}
DOCUMENTS = {"s.json": msgspec.json.encode(SCHEMA), "parts.json": msgspec.json.encode(PARTS)}


@pytest.fixture
def schema() -> ConfigSchema:
    return ConfigSchema.of("s.json", DOCUMENTS)


def resolved(schema: ConfigSchema, values: dict, workdir: str | None = None) -> Layered:
    config = Layered()
    config.add(schema.defaults(), "default")
    config.add(values, "a.toml", {("root",): 2, ("train",): 4, ("train", "weights"): 5})
    resolve_paths(config, schema, base="/repo", workdir=workdir)
    return config


def test_defaults_are_those_of_the_schema_and_what_it_refers_to(schema: ConfigSchema) -> None:
    assert schema.defaults() == {
        "root": "./desk",
        "train": {"epochs": 3, "device": "cpu"},
        "data": "./desk/data",
    }
    assert schema.get(("train",)).description == "How a model is trained."


def test_what_a_closed_table_lacks_is_not_declared(schema: ConfigSchema) -> None:
    assert ("train", "epochs") in schema
    assert ("train", "epoch") not in schema
    assert ("extra", "anything", "below") in schema


def test_a_reference_without_end_ends() -> None:
    documents = {"s.json": msgspec.json.encode({"properties": {"a": {"$ref": "#/properties/a"}}})}
    assert ("a",) in ConfigSchema.of("s.json", documents)
    documents = {"s.json": msgspec.json.encode({"properties": {"a": {"$ref": "#"}}})}
    assert ("a", "a", "a") in ConfigSchema.of("s.json", documents)


@pytest.mark.requirement("D5.4", "D5.6")
def test_relative_paths_begin_at_the_base_and_others_stay(schema: ConfigSchema) -> None:
    config = resolved(schema, {"data": "d", "train": {"weights": "/abs/w.pt"}})
    assert config.get(("data",)) == "/repo/d"
    assert config.get(("train", "weights")) == "/abs/w.pt"
    assert resolved(schema, {"data": ""}).get(("data",)) == ""


@pytest.mark.requirement("D1.5")
@pytest.mark.parametrize("values", [{}, {"data": "./desk/data", "root": "./desk"}])
def test_a_workdir_takes_the_usual_paths_along(schema: ConfigSchema, values: dict) -> None:
    config = resolved(schema, values, workdir="/mnt/big")
    assert config.get(("root",)) == "/mnt/big"
    assert config.get(("data",)) == "/mnt/big/data"
    assert config.origin(("data",)) == Origin("--workdir")


@pytest.mark.requirement("D1.5")
def test_a_path_that_a_person_chose_stays_when_the_workdir_moves(schema: ConfigSchema) -> None:
    config = resolved(schema, {"data": "./desk/mine"}, workdir="/mnt/big")
    assert config.get(("data",)) == "/repo/desk/mine"


@pytest.mark.requirement("D5.2", "D5.3", "D5.7")
@pytest.mark.parametrize(
    ("file", "base"),
    [("/r/work-dir/config.toml", "/r"), ("/r/cfg/config.toml", "/r/cfg"), ("/work-dir/c.toml", "/")],
)
def test_in_a_folder_of_that_name_paths_begin_above(file: str, base: str) -> None:
    assert base_of(file, "work-dir") == base
    assert base_of(file, "") == file.rpartition("/")[0]


def test_a_value_knows_its_line_or_that_of_the_table_around(schema: ConfigSchema) -> None:
    config = resolved(schema, {"root": "x", "train": {"epochs": 5, "weights": "w"}})
    assert config.origin(("train", "weights")) == Origin("a.toml", 5)
    assert config.origin(("train", "epochs")) == Origin("a.toml", 4)
    assert config.origin(("train", "device")) == Origin("default")
    assert config.origin(("nothing",)) is None
    assert Origin("a.toml", 5).shown == "a.toml:5"


def test_a_later_value_takes_the_place_of_a_table_and_the_other_way_round() -> None:
    config = Layered()
    config.add({"a": {"b": 1, "c": 2}}, "default")
    config.put(("a",), 5, Origin("--set"))
    assert config.values == {"a": 5}
    config.add({"a": {"b": {"c": 1}}}, "f")
    assert config.values == {"a": {"b": {"c": 1}}}
    assert config.origins == {("a", "b", "c"): Origin("f")}
    config.add({"a": {}}, "g")
    assert config.values == {"a": {"b": {"c": 1}}}


@pytest.mark.requirement("D14.8", "D14.10")
@pytest.mark.parametrize(
    ("text", "types", "value"),
    [
        ("123", ("string",), "123"),
        ('"123"', ("string",), "123"),
        ("true", ("string",), "true"),
        ("123", ("integer",), 123),
        ("true", ("integer",), "true"),
        ("1.5", ("integer",), "1.5"),
        ("1.5", ("number",), 1.5),
        ("7", ("number",), 7),
        ("x", ("number",), "x"),
        ("TRUE", ("boolean",), True),
        ("1", ("boolean",), "1"),
        ("null", ("string", "null"), None),
        ("nil", ("null", "string"), "nil"),
        ("[1, 2]", ("array",), [1, 2]),
        ("1, 2", ("array",), "1, 2"),
        ('{"a": 1}', ("object",), {"a": 1}),
        ("a", ("object",), "a"),
        ("False", (), False),
        ("1e3", (), 1000.0),
        ("\udcff", (), "\udcff"),
        ("plain", (), "plain"),
    ],
)
def test_a_text_is_read_as_what_is_declared(text: str, types: tuple[str, ...], value: object) -> None:
    read = read_text(text, Declared(key=("k",), types=types))
    assert (read, type(read)) == (value, type(value))


def test_choices_of_text_make_a_text() -> None:
    assert read_text("1", Declared(key=("k",), choices=("1", "2"))) == "1"
    assert read_text("1", Declared(key=("k",), choices=(1, 2))) == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a.b", ("a", "b")),
        ('a."b.c".d', ("a", "b.c", "d")),
        (' a . "q\\"q" ', ("a", 'q"q')),
        ("", None),
        ("a.", None),
        (".a", None),
        ("a..b", None),
        ('"', None),
        ('""', None),
        ("a b", ("a b",)),
    ],
)
def test_a_dotted_key_is_parted(text: str, key: tuple[str, ...] | None) -> None:
    assert split_key(text) == key


@pytest.mark.requirement("D14.3")
def test_the_nearest_key_is_looked_for_beside_then_anywhere(schema: ConfigSchema) -> None:
    assert nearest(("train", "epoch"), schema) == ("train", "epochs")
    assert nearest(("trian", "epochs"), schema) == ("train", "epochs")
    assert nearest(("zzz",), schema) is None
    assert dotted(("a-b", "c.d")) == 'a-b."c.d"'


def test_leaves_and_put_are_each_others_opposite() -> None:
    values = {"a": {"b": [1], "c": {}}, "d": None}
    made: dict[str, object] = {}
    for key, value in leaves(values):
        put(made, key, value)
    assert made == values


def test_an_example_holds_every_key(schema: ConfigSchema) -> None:
    assert toml_example(schema) == (
        '# (text)\nroot = "./desk"\n# (path)\ndata = "./desk/data"\n# (object)\n# extra = \n\n'
        "# How a model is trained.\n[train]\n# (whole number)\nepochs = 3\n"
        '# (one of "cpu", "mps")\ndevice = "cpu"\n# (path)\n# weights = \n'
    )
    assert yaml_example(schema) == (
        '# (text)\nroot: "./desk"\n\n# How a model is trained.\ntrain:\n  # (whole number)\n  epochs: 3\n'
        '  # (one of "cpu", "mps")\n  device: "cpu"\n  # (path)\n  # weights: \n# (path)\ndata: "./desk/data"\n'
        "# (object)\n# extra: \n"
    )


def test_an_example_writes_nested_values() -> None:
    table = {"properties": {"a b": {"default": {"x y": [1, {}], "z": True}}, "s": {"writeOnly": True}}}
    schema = ConfigSchema.of("s", {"s": msgspec.json.encode(table)})
    assert '"a b" = { "x y" = [1, {}], z = true }' in toml_example(schema)
    assert "# (secret: write ${env:NAME})\n# s = " in toml_example(schema)
    assert '"a b": {"x y":[1,{}],"z":true}' in yaml_example(schema)


class _Unread(dict):
    """A table that nobody may look through."""

    def __iter__(self):
        raise AssertionError("every key was looked at for the sake of one")


def test_a_new_key_costs_no_look_at_the_others() -> None:
    config = Layered()
    config.origins = _Unread()
    config.add({"a": 1, "b": {"c": 2, "d": {}}}, "a.toml")
    config.add({"a": 3, "b": {"c": None, "e": 4}}, "b.toml")
    assert config.values == {"a": 3, "b": {"c": None, "d": {}, "e": 4}}
    assert config.origins == {
        ("a",): Origin("b.toml"),
        ("b", "c"): Origin("b.toml"),
        ("b", "d"): Origin("a.toml"),
        ("b", "e"): Origin("b.toml"),
    }
