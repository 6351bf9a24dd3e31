"""Contracts found in the wild: every tree is judged as its case says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runpact.workspace import Workspace

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/contract.yaml"))
_RIGHT: dict[str, tuple[int, int]] = {}


@pytest.fixture(scope="module", autouse=True)
def _summary(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if not _RIGHT:  # another worker judges the trees
        return
    right, total = (sum(column) for column in zip(*_RIGHT.values(), strict=True))
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\ncorpus {right} of {total}")


@pytest.mark.parametrize("case", CASES)
def test_every_tree_of_the_corpus_is_judged_as_its_case_says(case: str) -> None:
    tried = Workspace.open(contract=str(HERE / case / "contract.yaml")).try_trees()
    _RIGHT[case] = (tried.right, len(tried.cases))
    assert {each.tree: each.faults for each in tried.cases if each.faults} == {}


def test_the_corpus_has_all_its_cases() -> None:
    assert CASES == sorted(path.parent.name for path in HERE.glob("*/cases.json"))


def test_no_contract_of_the_corpus_needs_python() -> None:
    assert [case for case in CASES if "validator" in (HERE / case / "contract.yaml").read_text()] == []
