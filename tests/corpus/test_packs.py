"""Shipped packs: every tree they carry is judged as it should be, every rule they name is broken by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runpact.model.contract.cases import rule_ids
from runpact.workspace import Workspace, pack_names

PACKS = pack_names()
SEEDS = {
    "runpact:project-run@1": "A",
    "runpact:evidence@1": "B",
    "runpact:staged-pipeline@1": "C",
    "runpact:work-directory@1": "D",
    "runpact:run-registry@1": "E",
}
_RIGHT: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def _summary(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\npacks {len(_RIGHT)} of {len(PACKS)}")


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_judges_its_trees_right_and_every_rule_is_broken_by_one(pack: str) -> None:
    tried = Workspace.open(contract=pack).try_trees()
    assert {case.tree: case.faults for case in tried.cases if case.faults} == {}
    assert tried.unbroken == ()
    assert tried.is_ok
    _RIGHT.append(pack)


@pytest.mark.parametrize(("pack", "letter"), SEEDS.items())
def test_the_rules_of_a_pack_are_requirements(pack: str, letter: str) -> None:
    loaded = Workspace.open(contract=pack).lint()
    rules = rule_ids(loaded.contract, loaded.schemas)
    assert len(rules) >= 15
    assert [rule for rule in rules if not rule.startswith(letter)] == []


def test_every_seed_has_a_pack() -> None:
    assert SEEDS.keys() <= set(PACKS)
