"""Cases: what a tree must come to, and which rules no tree breaks."""

from __future__ import annotations

import pytest

from runpact.model.contract.cases import Case, disagreements, rule_ids
from runpact.model.finding import Finding, Severity
from runpact.model.reference import parts_of, replaced_at
from unit.model.judge.memory import contract_of


def finding(severity: str, rule: str, path: str, because: str | None = None) -> Finding:
    return Finding(code="x", severity=Severity(severity), message="m", rule=rule, path=path, because=because)


GOOD = Case(tree="g", tier="gold", warn=("W",))
BAD = Case(tree="b", verdict="fail", rule="R", path="a.json", also=("b.json",))


@pytest.mark.parametrize(
    ("case", "findings", "tiers", "expected"),
    [
        (GOOD, [finding("warning", "W", "a")], ["gold"], []),
        (GOOD, [finding("advice", "X", "a"), finding("warning", "W", "a")], ["gold"], []),
        (GOOD, [finding("error", "W", "a")], ["gold"], ["not expected: error[x] (W) a: m"]),
        (GOOD, [], [], ["rule W did not warn", "tier gold was not reached"]),
        (BAD, [finding("error", "R", "b.json")], [], []),
        (BAD, [finding("error", "R", "a.json"), finding("error", "S", "c", "a.json")], [], []),
        (BAD, [finding("warning", "R", "a.json")], [], ["not found: rule R at a.json"]),
        (
            BAD,
            [finding("error", "R", "a.json"), finding("incomplete", "S", "c")],
            [],
            ["not expected: incomplete[x] (S) c: m"],
        ),
    ],
)
def test_a_judgement_is_held_against_its_case(
    case: Case, findings: list[Finding], tiers: list[str], expected: list[str]
) -> None:
    assert list(disagreements(case, findings, tiers)) == expected


def test_every_clause_with_an_id_is_a_rule() -> None:
    loaded = contract_of("""
entries:
  - {file: a, id: E, schema: {x-rule: X, allOf: [{x-rule: Y}]}}
  - {file: t, table: {columns: {a: {id: C}, b: {}}}}
  - {file: u, table: {columns: [a]}}
  - {file: n, arrays: {q: {id: A}}}
  - {file: m, text: {lines: [{pattern: x, id: L}]}}
others: [{in: x, id: O}]
strays: {id: S}
states: {id: T, word: run.id, moves: {}}
inventories: [{of: a, id: I, rules: {form: F}}]
rules: [{id: R, check: 'true'}]
each_stage: {entries: [{file: s, id: G}], rules: [{id: H, check: 'true'}]}
""")
    assert set(rule_ids(loaded.contract, loaded.schemas)) == set("EXYCALOSTIFRGH")


@pytest.mark.parametrize(
    ("pointer", "value", "is_removed", "expected"),
    [
        ("", 5, False, 5),
        ("/a/b", 5, False, {"a": {"b": 5}, "l": [1, 2]}),
        ("/a/c", 5, False, {"a": {"b": 1, "c": 5}, "l": [1, 2]}),
        ("/l/0", 5, False, {"a": {"b": 1}, "l": [5, 2]}),
        ("/l/2", 5, False, {"a": {"b": 1}, "l": [1, 2, 5]}),
        ("/l/0", None, True, {"a": {"b": 1}, "l": [2]}),
        ("/a/b", None, True, {"a": {}, "l": [1, 2]}),
    ],
)
def test_a_place_can_be_changed_or_taken_out(
    pointer: str, value: object, is_removed: bool, expected: object
) -> None:
    document = {"a": {"b": 1}, "l": [1, 2]}
    assert replaced_at(document, parts_of(pointer), value, is_removed=is_removed) == expected
    assert document == {"a": {"b": 1}, "l": [1, 2]}


@pytest.mark.parametrize("pointer", ["/x/y", "/l/9", "/l/z", "/a/b/c"])
def test_a_place_that_nothing_leads_to_cannot_be_changed(pointer: str) -> None:
    with pytest.raises(KeyError):
        replaced_at({"a": {"b": 1}, "l": [1, 2]}, parts_of(pointer), 5)
