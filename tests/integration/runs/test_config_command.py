"""Configurations: files, `--set`, `--workdir`, the environment, `runpact config`."""

from __future__ import annotations

import json
import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import runpact
from integration.runs.place import Place
from runpact.formats.encode import encode_value
from runpact.formats.lines import key_lines
from runpact.model.errors import ConfigError

CONTRACT = """\
contract: test.config
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    config: {schema: schemas/config.json, file: config.toml, above: work-dir}
    entries:
      - {file: config.resolved.toml, as: resolved, required: false, written: start, fields: run.config}
"""
SCHEMA = {
    "additionalProperties": False,
    "properties": {
        "root": {"type": "string", "default": "./desk", "x-workdir": True},
        "train": {
            "additionalProperties": False,
            "properties": {
                "epochs": {"type": "integer", "minimum": 1, "default": 3, "description": "How often."},
                "device": {"enum": ["cpu", "mps"], "default": "cpu"},
                "weights": {"type": "string", "x-path": True, "default": ""},
            },
        },
        "db": {"type": "string", "x-path": True, "default": "./desk/stats.db"},
        "key": {"type": "string", "writeOnly": True, "default": ""},
        "name": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$", "default": "a"},
    },
}
SECRET = "correct-horse-battery"


@pytest.fixture
def lab(empty: Place) -> Place:
    empty.write("contract.yaml", CONTRACT)
    empty.write("schemas/config.json", json.dumps(SCHEMA))
    return empty


def shown(lab: Place, *arguments: str) -> dict:
    code, document = lab.json("config", "show", *arguments)
    assert code == 0, document
    return document


@pytest.mark.requirement("D4.5")
def test_defaults_join_the_file_and_set_wins(lab: Place) -> None:
    lab.write("config.toml", "[train]\nepochs = 5\n")
    found = shown(lab, "--set", "train.device=mps", "--set", "name=123")
    assert found["config"]["train"] == {"epochs": 5, "device": "mps", "weights": ""}
    assert found["config"]["name"] == "123"
    assert found["origins"]["train.epochs"] == "config.toml:2"
    assert found["origins"]["train.device"] == "--set"
    assert found["origins"]["db"] == "default"
    assert found["source"] == "config.toml"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("c.yaml", "name: x\ntrain:\n  epochs: 4\n", 3),
        ("c.json", '{\n "train":\n  {"epochs": 4}}', 3),
        ("c.toml", "name = 'x'\n\n[train]\n# often\nepochs = 4\n", 5),
        ("c.toml", 'name = """\n[train]\n"""\n"train"."epochs" = 4\n', 4),
    ],
)
@pytest.mark.parametrize("is_wrong", [False, True])
def test_every_form_of_file_tells_its_lines(
    lab: Place, name: str, text: str, line: int, *, is_wrong: bool
) -> None:
    lab.write(name, text.replace("4", "true") if is_wrong else text.replace("x\n", "x\n"))
    if "[train]" in text and '"""' in text:
        lab.write("schemas/config.json", json.dumps({"properties": {"train": SCHEMA["properties"]["train"]}}))
    code, out, err = lab.call("config", "show", "--config", name, "--origin")
    assert code == (2 if is_wrong else 0)
    assert f"{name}:{line}" in (err if is_wrong else out)


@pytest.mark.requirement("D14.3", "D14.8", "D14.9")
def test_all_faults_are_told_at_once_with_their_places(lab: Place) -> None:
    lab.write(
        "bad.toml", 'name = "../../x"\n[train]\nepoch = 5\nepochs = true\ndevice = "cuda"\n[work]\na = 1\n'
    )
    code, _out, err = lab.call("run", "--config", "bad.toml", "--name", "a", "--", "true")
    assert code == 2
    for told in (
        "bad.toml:1", "bad.toml:3:1: `train.epoch` is not a known key", "did you mean `train.epochs`?",
        "bad.toml:4:1: `train.epochs`: true is not of type", "bad.toml:5:1", "bad.toml:7:1: `work` is not",
    ):  # fmt: skip
        assert told in err
    assert not (lab.root / "runs").exists()


@pytest.mark.requirement("D14.3")
@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.epoch=5", "`train.epoch` is not a known key"),
        ("train.epochs=0", "at least 1"),
        ("train.epochs=x", "a value of type integer"),
        ("train", "dotted.key=value"),
        (".=1", "dotted.key=value"),
        ("name.x=1", "goes through `name`, which is not a table"),
    ],
)
def test_an_override_that_does_not_fit_is_refused(lab: Place, override: str, told: str) -> None:
    code, _out, err = lab.call("config", "show", "--set", override)
    assert code == 2
    assert told in err


@pytest.mark.requirement("D1.5", "D5.9")
def test_a_workdir_moves_what_is_usual(lab: Place, tmp_path: Path) -> None:
    lab.write("config.toml", '[train]\nweights = "w.npz"\n')
    there = tmp_path / "elsewhere"
    found = shown(lab, "--workdir", str(there))["config"]
    assert found["root"] == str(there)
    assert found["db"] == str(there / "stats.db")
    assert found["train"]["weights"] == str(lab.root / "w.npz")


@pytest.mark.requirement("D5.2", "D5.3", "D5.5", "D5.9")
def test_paths_begin_at_the_file_or_above_the_folder_of_that_name(lab: Place) -> None:
    lab.write("work-dir/config.toml", "")
    lab.write("cfg/config.toml", "")
    inside = shown(lab, "--config", "work-dir/config.toml", "--set", "train.weights=w")
    assert inside["config"]["db"] == str(lab.root / "desk/stats.db")
    assert inside["config"]["train"]["weights"] == str(lab.root / "w")
    beside = shown(lab, "--config", "cfg/config.toml")
    assert beside["config"]["db"] == str(lab.root / "cfg/desk/stats.db")
    (lab.root / "link.toml").symlink_to("cfg/config.toml")
    assert shown(lab, "--config", "link.toml")["config"]["db"] == beside["config"]["db"]


@pytest.mark.requirement("D5.1", "D5.10", "D5.8")
def test_only_declared_paths_are_made_absolute_and_nothing_in_them_is_expanded(
    lab: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    found = shown(lab, "--set", "train.weights=~/w/$HOME.npz", "--set", "name=b")["config"]
    assert found["train"]["weights"] == str(lab.root / "~/w/$HOME.npz")
    assert found["name"] == "b"


@pytest.mark.requirement("D14.2")
def test_an_override_is_split_once_and_the_later_wins(empty: Place) -> None:
    empty.write("contract.yaml", CONTRACT.replace("schema: schemas/config.json, ", ""))
    texts = ("a.b=x=y", "a.c=1", "a.c=TRUE", "d.e.f=[1, 2]")
    found = shown(empty, *(word for text in texts for word in ("--set", text)))["config"]
    assert found == {"a": {"b": "x=y", "c": True}, "d": {"e": {"f": [1, 2]}}}
    for text in ("a", "=1", "a..b=1"):
        assert empty.call("config", "show", "--set", text)[0] == 2


@pytest.mark.requirement("D4.6")
def test_a_secret_comes_from_the_environment_and_stays_there(
    lab: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.write("config.toml", 'key = "${env:STATS_KEY}"\n')
    code, _out, err = lab.call("config", "show")
    assert code == 2
    assert (
        "config.toml:1:1: `key` is taken from the environment variable `STATS_KEY`, which is not set" in err
    )
    for value in ("1", "pin"):  # too short to be looked for: where it stands is known
        monkeypatch.setenv("STATS_KEY", value)
        assert shown(lab)["config"]["key"] == "${env:STATS_KEY}"
        with runpact.run(name=value, config=str(lab.root / "config.toml")) as run:
            assert run.config["key"] == value
        recorded = tomllib.loads((lab.root / f"runs/{value}/config.resolved.toml").read_text())
        assert recorded["key"] == "${env:STATS_KEY}"
        record = json.loads((lab.root / f"runs/{value}/.runpact/run.json").read_text())
        assert record["provenance"]["config"]["resolved"]["key"] == "${env:STATS_KEY}"
    monkeypatch.setenv("STATS_KEY", SECRET)
    assert shown(lab)["config"]["key"] == "${env:STATS_KEY}"
    with runpact.run(name="a", config=str(lab.root / "config.toml")) as run:
        assert run.config["key"] == SECRET
    for path in (lab.root / "runs/a").rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    recorded = tomllib.loads((lab.root / "runs/a/config.resolved.toml").read_text())
    assert recorded["key"] == "${env:STATS_KEY}"


@pytest.mark.requirement("D4.2", "D4.3")
def test_the_resolved_copy_alone_gives_the_same_configuration(lab: Place) -> None:
    lab.call("run", "--name", "a", "--set", "train.epochs=7", "--", "true")
    lab.call("run", "--name", "b", "--config", "runs/a/config.resolved.toml", "--", "true")
    first, second = ((lab.root / f"runs/{name}/config.resolved.toml").read_bytes() for name in "ab")
    assert first == second


def test_a_schema_may_be_absent(empty: Place) -> None:
    empty.write("contract.yaml", CONTRACT.replace("schema: schemas/config.json, ", ""))
    code, out, _err = empty.call("config", "show", "--set", "a.b=1")
    assert (code, out.splitlines()[1].split()) == (0, ["a.b", "1"])
    assert empty.call("config", "show")[1] == "the configuration is empty\n"
    code, _out, err = empty.call("config", "example")
    assert code == 2
    assert "declares no schema" in err


@pytest.mark.requirement("D3.4")
def test_an_example_holds_every_key_and_is_checked_for_drift(lab: Place) -> None:
    assert lab.call("config", "example", "--check", "config.toml")[0] == 3
    assert lab.call("config", "example", "--output", "config.toml")[0] == 0
    assert lab.call("config", "example", "--check", "config.toml")[0] == 0
    assert shown(lab)["origins"]["train.epochs"].startswith("config.toml:")
    assert "# How often. (whole number)" in lab.call("config", "example")[1]
    lab.write("contract.yaml", CONTRACT.replace("config.toml,", "config.json,"))
    code, _out, err = lab.call("config", "example")
    assert (code, "has no comments" in err) == (2, True)


def test_an_example_in_yaml_is_read_back(lab: Place) -> None:
    lab.write("contract.yaml", CONTRACT.replace("file: config.toml", "file: config.yaml"))
    lab.call("config", "example", "--output", "config.yaml")
    assert shown(lab)["config"]["train"]["epochs"] == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("file: config.toml", "file: ../c.toml"), "not a safe relative path"),
        (("file: config.toml", "file: config.ini"), "no configuration has such a name"),
        (("above: work-dir", "above: a/b"), "the name of a folder"),
        (("schemas/config.json", "schemas/none.json"), "the schema cannot be used"),
    ],
)
def test_what_a_contract_says_of_configurations_is_checked(
    lab: Place, change: tuple[str, str], told: str
) -> None:
    lab.write("contract.yaml", CONTRACT.replace(*change))
    code, _out, err = lab.call("contract", "lint")
    assert code == 2
    assert told in err


def test_a_contract_may_say_little_of_configurations(empty: Place) -> None:
    empty.write(
        "contract.yaml",
        CONTRACT.replace(
            "{schema: schemas/config.json, file: config.toml, above: work-dir}", "{description: Free.}"
        ),
    )
    assert "Free." in empty.call("contract", "docs")[1]


def test_a_default_that_its_schema_refuses_is_a_fault(lab: Place) -> None:
    lab.write(
        "schemas/config.json", '{"required": ["b"], "properties": {"a": {"type": "integer", "default": "x"}}}'
    )
    code, _out, err = lab.call("contract", "lint")
    assert code == 2
    assert "the default of `a` does not fit the schema" in err
    assert "`b`" not in err
    lab.write("schemas/config.json", '{"required": ["b"], "minProperties": 3}')
    _code, _out, err = lab.call("config", "show")
    assert "`b` is missing" in err
    assert "document: {} has less than 3 properties" in err


def test_the_contracts_page_lists_the_keys(lab: Place) -> None:
    page = lab.call("contract", "docs")[1]
    assert "| `train.epochs` | How often. (whole number) | `3` |" in page
    assert "In a folder `work-dir`" in page


VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.requirement("D4.7")
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES, max_size=4))
def test_a_configuration_survives_being_written_as_toml(values: dict) -> None:
    data, _suffix = encode_value(values, ".toml")
    read = tomllib.loads(data.decode())
    assert json.dumps(read, sort_keys=True) == json.dumps(values, sort_keys=True)
    assert {key[0] for key in key_lines(".toml", data)} <= values.keys()
    assert all(math.isfinite(line) for line in key_lines(".toml", data).values())


def test_the_root_is_no_place_for_configurations_of_programs(lab: Place) -> None:
    with pytest.raises(ConfigError, match="not plain data"), runpact.run(name="x", config={"a": object()}):
        pass
