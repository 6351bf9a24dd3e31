"""Documents that are validated before they are used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import CannotStartError, MalformedDocumentError, UnsafeNameError, ValueRefusedError

PARAMETERS = """\
{
  "type": "object", "required": ["lr", "steps"], "additionalProperties": false,
  "properties": {"lr": {"$ref": "numbers.json#/$defs/rate"}, "steps": {"type": "integer", "minimum": 1}}
}
"""
NUMBERS = '{"$defs": {"rate": {"type": "number", "exclusiveMinimum": 0}}}'


@pytest.fixture
def place(place: Place) -> Place:
    """A workspace with a document and its schema."""
    place.write("parameters.yaml", "lr: 0.1\nsteps: 3\n")
    place.write("schemas/parameters.json", PARAMETERS)
    place.write("schemas/numbers.json", NUMBERS)
    return place


def inputs(place: Place, run: str) -> list[dict]:
    return place.json("show", run)[1]["provenance"]["inputs"]


def test_a_document_that_fits_its_schema_is_handed_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {"lr": 0.1, "steps": 3}
    assert runpact.read("parameters.yaml", schema="schemas/parameters.json") == expected
    assert runpact.read(Path("parameters.yaml"), schema=json.loads('{"type": "object"}')) == expected
    assert runpact.read("parameters.yaml") == expected
    (place.root / "deep").mkdir()
    monkeypatch.chdir(place.root / "deep")
    assert runpact.read("../parameters.yaml", schema="schemas/parameters.json") == expected
    assert runpact.read("../parameters.yaml", schema="../schemas/parameters.json") == expected


def test_every_fault_of_a_document_is_told_at_once(place: Place) -> None:
    place.write("parameters.yaml", "lr: -1\nsteps: 0.5\nmore: 1\nmuch: 2\n")
    with pytest.raises(MalformedDocumentError, match=r"`parameters\.yaml` may not be used: ") as caught:
        runpact.read("parameters.yaml", schema="schemas/parameters.json")
    assert {fault.at for fault in caught.value.faults} == {"/lr", "/steps", "/more", "/much"}
    assert {fault.file for fault in caught.value.faults} == {"parameters.yaml"}
    assert "more than 0" in {fault.expected for fault in caught.value.faults}
    place.write("many.json", json.dumps(dict.fromkeys("abcde", "x")))
    numbers = {"additionalProperties": {"type": "number"}}
    with pytest.raises(MalformedDocumentError, match="and 2 more"):
        runpact.read("many.json", schema=numbers)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"x": 1, "x": 2}'),
        ("a.json", "[NaN]"),
        ("a.yaml", "x: !!python/object:os.system {}"),
        ("a.toml", "x = "),
        ("a.jsonl", '{"a": 1}\n\n'),
        ("a.txt", "text"),
        ("a.png", "text"),
        ("a.npz", "text"),
    ],
)
def test_a_document_that_is_not_strictly_what_it_says_is_refused(place: Place, name: str, text: str) -> None:
    place.write(name, text)
    with pytest.raises(MalformedDocumentError, match="may not be used"):
        runpact.read(name)


def test_rows_and_headers_are_documents_too(place: Place) -> None:
    place.write("rows.jsonl", '{"a": 1}\n{"a": 2}\n')
    place.write("a.toml", "x = 1\n")
    np.savez("arrays.npz", depth=np.zeros((2, 3), "<f4"))
    np.save("one.npy", np.zeros(4, "<i2"))
    Path("linked.json").symlink_to("schemas/numbers.json")
    assert runpact.read("rows.jsonl") == [{"a": 1}, {"a": 2}]
    assert runpact.read("a.toml") == {"x": 1}
    shape = {"properties": {"depth": {"properties": {"shape": {"const": [2, 3]}}}}}
    assert runpact.read("arrays.npz", schema=shape) == {"depth": {"dtype": "<f4", "shape": [2, 3]}}
    assert runpact.read("one.npy") == {"dtype": "<i2", "shape": [4]}
    assert "$defs" in runpact.read("linked.json")  # type: ignore[operator]  # a document is any value


def test_a_document_that_cannot_be_read_at_all_is_another_error(place: Place) -> None:
    for path in ("absent.json", "schemas"):
        with pytest.raises(CannotStartError) as caught:
            runpact.read(path)
        assert not isinstance(caught.value, MalformedDocumentError)


@pytest.mark.parametrize(
    ("schema", "match"),
    [
        ("absent.json", "cannot read"),
        ({"type": "nonsense"}, "cannot be used"),
        ({"x": object()}, "not plain data"),
        ("broken.json", "cannot be used"),
        ("outside.json", "not a safe relative path"),
    ],
)
def test_a_schema_that_cannot_be_used_is_told(place: Place, schema: object, match: str) -> None:
    place.write("broken.json", "{")
    place.write("outside.json", '{"$ref": "../elsewhere.json"}')
    with pytest.raises((CannotStartError, UnsafeNameError), match=match):
        runpact.read("parameters.yaml", schema=schema)  # type: ignore[arg-type]  # one of each sort


def test_a_schema_outside_the_workspace_may_refer_to_its_neighbours(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("schemas")
    (folder / "parameters.json").write_text(PARAMETERS)
    (folder / "numbers.json").write_text(NUMBERS)
    assert runpact.read("parameters.yaml", schema=folder / "parameters.json") == {"lr": 0.1, "steps": 3}


def test_what_an_open_run_reads_is_an_input(place: Place) -> None:
    with runpact.run(name="first") as first:
        first.save("metrics", {"loss": 0.5})
        assert first.read("metrics") == {"loss": 0.5}
        assert runpact.read(first.path("metrics.json")) == {"loss": 0.5}
    with runpact.run(name="second") as second:
        runpact.read("parameters.yaml", schema="schemas/parameters.json", name="parameters")
        assert runpact.open_run("first").read("metrics") == {"loss": 0.5}
        assert runpact.open_run(first.uid).read("config.json") == {}
        second.save("metrics", {"loss": 0.25})
    assert inputs(place, first.id) == []
    own, metrics, _config = inputs(place, second.id)
    assert (own["name"], own["path"], own["run"]) == ("parameters", "parameters.yaml", None)
    assert (metrics["path"], metrics["run"]) == (f"runs/{first.id}/metrics.json", first.uid)


def test_a_run_of_another_workspace_is_named_as_origin(
    empty: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with runpact.run(name="source", workspace=elsewhere) as source:
        source.save("x.json", [1])
    with runpact.run(name="a") as run:
        assert runpact.open_run(source.dir).read("x.json") == [1]
    (each,) = inputs(empty, run.id)
    assert (each["name"], each["path"], each["run"]) == ("x.json", None, source.uid)


def test_an_entry_that_breaks_its_schema_is_not_handed_out(place: Place) -> None:
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        run.save("metrics", {"loss": "high"})
        with pytest.raises(MalformedDocumentError, match="/loss"):
            run.read("metrics")
    with pytest.raises(MalformedDocumentError, match="/loss"):
        runpact.open_run(run.id).read("metrics")


def test_a_file_that_is_not_the_sealed_one_is_not_handed_out(place: Place) -> None:
    with runpact.run(name="a") as run:
        path = Path(run.save("metrics", {"loss": 1}))
    path.write_text('{"loss": 2}')
    with pytest.raises(MalformedDocumentError, match="not the file that was sealed"):
        runpact.open_run(run.id).read("metrics")


def test_what_a_run_does_not_hold_cannot_be_read_from_it(place: Place) -> None:
    with runpact.run(name="a", unsafe_skip_check=True) as run:
        pass
    with pytest.raises(CannotStartError, match="cannot read"):
        runpact.open_run(run.id).read("metrics")
    with pytest.raises(UnsafeNameError):
        runpact.open_run(run.id).read("../../contract.yaml")


def test_a_foreign_folder_is_read_by_path(place: Place) -> None:
    place.write("old/run-1/result.json", "[1]")
    assert runpact.open_run("old/run-1").read("result.json") == [1]


TABLE = """\
contract: test.tables
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries: [{file: history.csv, table: {columns: {step: {type: integer}, loss: {type: number}}}}]
"""


def test_a_table_is_saved_from_text_and_read_as_rows(empty: Place) -> None:
    empty.write("contract.yaml", TABLE)
    with runpact.run(name="a", durability="none") as run:
        run.save("history.csv", "step,loss\n0,1.5\n1,0.75\n")
    assert runpact.open_run("a").read("history") == [{"step": 0, "loss": 1.5}, {"step": 1, "loss": 0.75}]
    assert runpact.read("runs/a/history.csv")[0] == {"step": "0", "loss": "1.5"}
    (empty.root / "broken.csv").write_bytes(b"a,b\n1\n")
    with pytest.raises(MalformedDocumentError):
        runpact.read("broken.csv")


def test_what_makes_no_table_is_refused_with_what_does(empty: Place) -> None:
    with runpact.run(name="a", durability="none") as run:
        for value in ("history.csv", 3, [], ["a"]):
            with pytest.raises(ValueRefusedError) as caught:
                run.save("history.csv", value)
            assert "a list of mappings with equal keys, as" in caught.value.expected
        run.save("history.csv", [{"step": 0}])
