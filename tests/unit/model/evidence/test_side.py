"""Certificates side by side."""

from __future__ import annotations

import pytest

from runpact.model.evidence.side import side_by_side


def certificate(**changes: object) -> dict:
    return {
        "decision": "pass",
        "run_id": "a",
        "created_at": "now",
        "policy_provenance": {"policy_digest": "sha256:1", "resolved_at": "now"},
        "gates": [{"observed": 1.0}],
        "primary_metric": {"kind": "loss"},
    } | changes


@pytest.mark.requirement("B-117")
def test_certificates_that_differ_in_what_is_volatile_alone_are_equal() -> None:
    found = side_by_side([certificate(), certificate(created_at="later", producer={"name": "x"})])
    assert found.is_equal
    assert {row.at for row in found.told} >= {"/decision", "/run_id"}
    assert "/gates/0/observed" not in {row.at for row in found.told}


def test_what_differs_is_told_and_false_is_not_zero() -> None:
    found = side_by_side(
        [certificate(), certificate(gates=[{"observed": 2.0}], more=False), certificate(more=0)]
    )
    assert not found.is_equal
    differing = {row.at: row.values for row in found.told if not row.is_equal}
    assert differing == {"/gates/0/observed": (1.0, 2.0, 1.0), "/more": (None, False, 0)}
    assert found.remarks == ()


def test_numbers_of_different_things_are_not_comparable() -> None:
    other = certificate(primary_metric={"kind": "accuracy"}, policy_provenance={"policy_digest": "sha256:2"})
    found = side_by_side([certificate(), other])
    assert found.remarks == ("they were judged by other policies", "they measure other metrics")
