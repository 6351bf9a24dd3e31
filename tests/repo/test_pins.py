"""The pins agree with each other and with what the project declares."""

import re
import tomllib

import pytest
from tracked import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LANES = sorted(path.stem for path in (ROOT / "requirements").glob("*.txt"))


def pins(lane: str) -> set[str]:
    text = (ROOT / "requirements" / f"{lane}.txt").read_text(encoding="utf-8")
    return {pin.strip() for pin in re.findall(r"^[A-Za-z0-9][^\s]*==[^\\\n]*", text, re.MULTILINE)}


def names(requirements: list[str]) -> set[str]:
    found = {re.split(r"[\s<>=!~;\[]", text)[0].lower().replace("_", "-") for text in requirements}
    return found - {"runpact"}


def test_uv_is_constrained_to_the_pins_of_the_test_lane():
    assert pins("test") == set(PROJECT["tool"]["uv"]["constraint-dependencies"])


@pytest.mark.parametrize("lane", ["core", "demo", "vision"])
def test_smaller_lanes_hold_a_part_of_the_test_lane(lane):
    assert pins(lane) - pins("test") == set()


@pytest.mark.parametrize("lane", ["perception", "quant", "test"])
def test_the_nightly_lane_holds_all_of_the_lanes_that_it_stands_in_for(lane):
    assert pins(lane) - pins("nightly") == set()


@pytest.mark.parametrize("lane", LANES)
def test_every_pin_has_a_hash(lane):
    text = (ROOT / "requirements" / f"{lane}.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert [entry.split()[0] for entry in entries if entry.strip() and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lane", LANES)
def test_no_pin_names_an_address(lane):
    assert "//" not in (ROOT / "requirements" / f"{lane}.txt").read_text(encoding="utf-8")


def test_every_declared_core_dependency_is_pinned_in_every_lane():
    declared = names(PROJECT["project"]["dependencies"])
    assert {lane: declared - names(list(pins(lane))) for lane in LANES} == {lane: set() for lane in LANES}


def test_the_extra_and_the_group_for_tests_are_the_same_list():
    extra = PROJECT["project"]["optional-dependencies"]["test"]
    assert [item for item in extra if not item.startswith("runpact[")] == PROJECT["dependency-groups"]["test"]


def test_every_core_dependency_has_its_reason():
    page = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text(encoding="utf-8").lower()
    assert {name for name in names(PROJECT["project"]["dependencies"]) if name not in page} == set()
