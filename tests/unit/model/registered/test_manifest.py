"""Manifests of models and data sets: the least that must be said, and that they are about what they say."""

from __future__ import annotations

import pytest

from runpact.model.errors import MalformedDocumentError, PromotionIncompleteError
from runpact.model.ledger.entry import ArchivedFile
from runpact.model.registered.manifest import (
    DataManifest,
    Described,
    ModelManifest,
    Origin,
    demand_described,
    parse_manifest,
    read_description,
    render_manifest,
)
from runpact.model.registered.uri import parse_uri

URI = parse_uri("local://vision/depth/tiny/pretrained/midas")
FILES = {"model.npz": ArchivedFile("sha256:" + "0" * 64, 3)}
MODEL = ModelManifest(
    uri=str(URI),
    model_name="tiny",
    domain="vision",
    skill="depth",
    format="npz",
    file="model.npz",
    git_hash="external",
    input_spec={"resolution": [2, 2], "normalization": "none"},
    class_map={},
    export={"opset": None},
    origin=Origin(run="u", run_id="r", path="runs/r", file="best.npz", config_digest=""),
    files=FILES,
)
DATA_URI = parse_uri("data://vision/depth/rooms/1.0")
DATA = DataManifest(
    uri=str(DATA_URI),
    dataset_name="rooms",
    domain="vision",
    skill="depth",
    version="1.0",
    class_map={},
    splits={"train": "train/**"},
    source_hash="sha256:" + "1" * 64,
    files=FILES,
)


@pytest.mark.requirement("AX-005", "AX-010")
def test_a_manifest_reads_back_as_it_was_written() -> None:
    assert parse_manifest(render_manifest(MODEL), URI) == MODEL
    assert parse_manifest(render_manifest(DATA), DATA_URI) == DATA


def test_a_manifest_about_something_else_is_refused() -> None:
    other = parse_uri("local://vision/depth/tiny/pretrained/other")
    with pytest.raises(MalformedDocumentError, match="about something else"):
        parse_manifest(render_manifest(MODEL), other)
    newer = render_manifest(MODEL).replace(b'"schema_version":"1"', b'"schema_version":"2"')
    with pytest.raises(MalformedDocumentError, match="about something else"):
        parse_manifest(newer, URI)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", render_manifest(DATA)])
def test_what_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedDocumentError, match="cannot be read"):
        parse_manifest(data, URI)


@pytest.mark.requirement("AX-005")
def test_an_incomplete_description_names_all_that_is_missing() -> None:
    with pytest.raises(PromotionIncompleteError) as caught:
        demand_described(Described(input_spec={"resolution": [1]}), at="model.json")
    assert [fault.message for fault in caught.value.faults] == [
        "`input_spec.normalization` is missing",
        "`export.opset` is missing",
    ]
    demand_described(Described(input_spec=MODEL.input_spec, export={"opset": 17}), at="model.json")


def test_a_description_has_known_keys_alone() -> None:
    said = read_description({"class_map": {"0": "wall"}, "notes": "n"}, "models", at="x")
    assert (said.class_map, said.notes) == ({"0": "wall"}, "n")
    assert read_description({"splits": {}}, "data", at="x") == Described()
    for value in ({"splits": {}}, {"input_specs": {}}, [1], {"class_map": 3}):
        with pytest.raises(MalformedDocumentError, match="cannot be understood"):
            read_description(value, "models", at="x")
