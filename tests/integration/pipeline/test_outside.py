"""Data that no stage made: one file, a folder, and links to either, in the workspace and out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integration.pipeline.pipeline import Pipeline

CONTRACT = """\
contract: test.outside
version: "1.0.0"
types:
  Number@1: {schema: {type: object, required: [value], properties: {value: {type: number}}}}
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
    stages:
      - id: "01"
        slug: read
        command: [sh, -c, 'cat "$1" > "$2/a.json"', sh, "{reads.raw}", "{writes.copy}"]
        reads: {raw: {outside: data/raw.json, type: Number@1}}
        writes: {copy: {file: copy/a.json}}
"""
NUMBER = '{"value": 3}'


@pytest.fixture
def place(pipeline: Pipeline) -> Pipeline:
    """A workspace whose one stage reads one file from outside."""
    pipeline.write("contract.yaml", CONTRACT)
    pipeline.write("data/raw.json", NUMBER)
    pipeline.write("big/v3.json", NUMBER)
    return pipeline


def _of_folder(place: Pipeline) -> None:
    text = CONTRACT.replace("data/raw.json", "data").replace('cat "$1"', 'cat "$1"/*.json')
    place.write("contract.yaml", text)


def _linked(place: Pipeline, target: str) -> None:
    (place.root / "data/raw.json").unlink()
    (place.root / "data/raw.json").symlink_to(target)


def _told(document: dict) -> list[dict]:
    return [each for each in document["stages"][0]["findings"] if each["code"] != "not-begun"]


def test_one_file_is_judged_whatever_stands_beside_it(place: Pipeline) -> None:
    (place.root / "data/other").symlink_to("/etc")
    os.mkfifo(place.root / "data/pipe")
    assert place.done() == {"01_read": "ran"}
    assert [each["path"] for each in place.result("01_read")["inputs"]] == ["../../data/raw.json"]


def test_one_file_is_still_judged_by_its_type(place: Pipeline) -> None:
    place.write("data/raw.json", '{"value": "three"}')
    code, document = place.go()
    assert code == 2
    assert {each["path"].partition("#")[0] for each in _told(document)} == {"../../data/raw.json"}


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_link_to_a_file_of_the_workspace_is_that_file(place: Pipeline, is_folder: bool) -> None:
    if is_folder:
        _of_folder(place)
    _linked(place, "../big/v3.json")
    assert place.done() == {"01_read": "ran"}
    assert place.done() == {"01_read": "skipped"}
    place.write("big/v3.json", '{"value": 4}')
    assert place.done() == {"01_read": "ran"}
    place.write("big/v3.json", '{"value": "four"}')
    assert place.go()[0] == 2


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_link_that_leads_out_is_one_fault_and_may_be_named(
    place: Pipeline,
    tmp_path: Path,
    is_folder: bool,
) -> None:
    if is_folder:
        _of_folder(place)
    (tmp_path / "ext.json").write_text(NUMBER)
    _linked(place, str(tmp_path / "ext.json"))
    code, document = place.go()
    (told,) = _told(document)
    assert (code, told["path"], told["got"]) == (2, "../../data/raw.json", str(tmp_path / "ext.json"))
    assert "--input raw=PATH" in told["hint"]


def test_a_link_that_leads_out_and_is_named_is_what_it_leads_to(place: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "ext.json").write_text(NUMBER)
    _linked(place, str(tmp_path / "ext.json"))
    assert place.done("--input", "raw=data/raw.json") == {"01_read": "ran"}
    assert [each["path"] for each in place.result("01_read")["inputs"]] == [str(tmp_path / "ext.json")]


def test_a_link_to_nothing_in_a_folder_is_a_fault(place: Pipeline) -> None:
    _of_folder(place)
    _linked(place, "../big/none.json")
    assert place.go()[0] == 2
