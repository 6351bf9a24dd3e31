"""What belongs into a repository."""

from __future__ import annotations

import pytest

from runpact.model.archive.belonging import Belongings, judge_belongings


def codes(largest: int | None = None, **said: object) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in judge_belongings(Belongings(folders=("reports",), **said), largest=largest):
        found.setdefault(each.path, []).append(each.code)
    return found


@pytest.mark.requirement("B-101", "B-102")
def test_weights_logs_and_large_files_do_not_belong() -> None:
    assert codes(
        copies={"reports/a/model.npz": 1, "reports/a/report.json": 9, "reports/a/big.json": 1_000_001},
        indexed={
            "data/x.npz": 5,
            "src/M.PT": 1,
            "a/events.jsonl": 2,
            "big.csv": 10_000_001,
            "ok.csv": 1_000_001,
        },
    ) == {
        "reports/a/model.npz": ["checkpoint-kept"],
        "reports/a/big.json": ["evidence-too-large"],
        "src/M.PT": ["checkpoint-kept"],
        "a/events.jsonl": ["log-kept"],
        "big.csv": ["evidence-too-large"],
    }


def test_a_limit_of_ones_own_holds_everywhere() -> None:
    assert codes(largest=8, copies={"reports/a/r.json": 9}, indexed={"x": 8}) == {
        "reports/a/r.json": ["evidence-too-large"]
    }
