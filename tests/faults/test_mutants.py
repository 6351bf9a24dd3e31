"""Each way to break the protocol is caught by the layer that is named for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.layers import LAYERS
from faults.mutants import MUTANTS

TESTS = Path(__file__).parents[1]
QUICK = (
    "a run is built in its final place",
    "files are not flushed",
    "the lock is taken after publication",
    "readers trust the state word",
    "a plain rename publishes",
)
"""One mutant for each layer, caught within a second."""


def judged(*names: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "faults.mutants", *names],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def test_every_layer_has_mutants_and_ten_there_are() -> None:
    assert {mutant.layer for mutant in MUTANTS.values()} == LAYERS.keys()
    assert {MUTANTS[name].layer for name in QUICK} == LAYERS.keys()
    assert len(MUTANTS) >= 10


@pytest.mark.parametrize("name", QUICK)
def test_one_mutant_of_each_layer_is_caught(name: str) -> None:
    (found,) = judged("--without-controls", name)["mutants"].values()
    assert found["by"]
    assert not found["by"].startswith("error: ")


@pytest.mark.nightly
def test_every_mutant_is_caught_by_its_layer_and_the_protocol_itself_by_none(
    figures: Callable[[str], None],
) -> None:
    found = judged()
    caught = {name: line for name, line in found["mutants"].items() if line["by"]}
    figures(f"mutants: {len(caught)} of {len(MUTANTS)} caught")
    for name, line in found["mutants"].items():
        figures(f"mutants: {line['layer']:13} {name}: {line['by'][:90] or 'SLIPPED THROUGH'}")
    assert found["controls"] == dict.fromkeys(LAYERS, "")
    assert sorted(set(MUTANTS) - set(caught)) == []
    assert [name for name, line in caught.items() if line["by"].startswith("error: ")] == []
