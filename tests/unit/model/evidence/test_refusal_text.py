"""What a program shows that lets a refusal pass."""

from __future__ import annotations

from runpact.model.evidence.refusal import EvidenceError


def test_a_refusal_of_evidence_says_all_that_is_known_in_its_text() -> None:
    error = EvidenceError("dataset_differs", "other data", at="#/data", expected="a", got="b", hint="use a")
    assert str(error).split("\n") == [
        "dataset_differs: other data",
        "  expected: a",
        "  got: b",
        "  at: #/data",
        "  hint: use a",
    ]


def test_a_refusal_without_more_is_one_line() -> None:
    assert str(EvidenceError("dataset_differs", "other data")) == "dataset_differs: other data"
