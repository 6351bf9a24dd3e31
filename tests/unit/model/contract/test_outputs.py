"""Which paths of a workspace are what runs write."""

from __future__ import annotations

import re

import pytest

from runpact.model.contract.outputs import output_pattern
from unit.model.judge.memory import contract_of, mapping

KIND = """
places: {export: {at: "export/{run.name}"}}
latest: [{to: "latest/report.md", copy: report.md}]
"""
WORKSPACE = """
caches: ["cache/**", "tmp?"]
log: log.jsonl
indexes: [{files: "index-*.json", columns: {a: run.id}}]
"""
PROMOTIONS = """
good: {from: [run], at: "models/{name}"}
"""


@pytest.fixture(scope="module")
def pattern() -> re.Pattern[str]:
    said = {"workspace": mapping(WORKSPACE), "promotions": mapping(PROMOTIONS)}
    return re.compile(output_pattern(contract_of(KIND, **said).contract))


@pytest.mark.parametrize(
    "path",
    [
        *("r/one/a.txt", "export/one/b/c.txt", "latest/report.md", "latest/report.md/part", "cache/a/b"),
        *("tmp1/x", "log.jsonl", "index-3.json", "models/m/x.npz"),
    ],
)
def test_what_runs_write_is_output(pattern: re.Pattern[str], path: str) -> None:
    assert pattern.fullmatch(path)


@pytest.mark.parametrize("path", ["r/notes.txt", "a.py", "latest/else.md", "models.py", "logXjsonl"])
def test_what_stands_beside_is_none(pattern: re.Pattern[str], path: str) -> None:
    assert not pattern.fullmatch(path)


def test_a_place_that_anything_would_fit_tells_nothing() -> None:
    assert output_pattern(contract_of("at: '{name}/{started:%Y}'").contract) == ""
    assert output_pattern(contract_of("at: ''").contract) == ""
