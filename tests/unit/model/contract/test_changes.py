"""Which changes of a contract can break runs."""

from __future__ import annotations

import pytest

from runpact.model.contract.changes import changes, needed_version
from unit.model.judge.memory import contract_of

SCHEMA = "entries: [{file: a.json, schema: {type: object}}]"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("others: allowed", "others: allowed", []),
        ("others: allowed", "others: refused", [("kinds/run/others", True)]),
        ("others: refused", "others: advised", [("kinds/run/others", False)]),
        ("others: refused", 'others: [{in: "x"}]', [("kinds/run/others", True)]),
        ("entries: []", "entries: [{file: a.json}]", [("kinds/run/entries/a.json", True)]),
        ("entries: []", "entries: [{file: a.json, required: false}]", [("kinds/run/entries/a.json", False)]),
        (
            "entries: []",
            "entries: [{file: a.json, required: false, size: {min: 1}}]",
            [("kinds/run/entries/a.json", True)],
        ),
        ("entries: []", "entries: [{file: a.json, severity: advice}]", [("kinds/run/entries/a.json", False)]),
        ("entries: [{file: a.json}]", "entries: []", [("kinds/run/entries/a.json", False)]),
        (
            "entries: [{file: a, required: false}]",
            "entries: [{file: a}]",
            [("kinds/run/entries/a/required", True)],
        ),
        (
            "entries: [{file: a}]",
            "entries: [{file: a, required: false}]",
            [("kinds/run/entries/a/required", False)],
        ),
        (
            "entries: [{file: a}]",
            "entries: [{file: a, forbidden: true}]",
            [("kinds/run/entries/a/forbidden", True)],
        ),
        (
            "entries: [{file: a}]",
            "entries: [{file: a, required: run.x}]",
            [("kinds/run/entries/a/required", True)],
        ),
        (
            "entries: [{file: a, size: {min: 2}}]",
            "entries: [{file: a, size: {min: 1}}]",
            [("kinds/run/entries/a/size/min", False)],
        ),
        (
            "entries: [{file: a, size: {max: 2}}]",
            "entries: [{file: a, size: {max: 1}}]",
            [("kinds/run/entries/a/size/max", True)],
        ),
        (
            "entries: [{file: a, size: {max: 2}}]",
            "entries: [{file: a, size: {min: 1}}]",
            [("kinds/run/entries/a/size/min", True), ("kinds/run/entries/a/size/max", False)],
        ),
        (
            "entries: [{file: a}]",
            "entries: [{file: a, canonical: true}]",
            [("kinds/run/entries/a/canonical", True)],
        ),
        (
            "entries: [{file: a, canonical: true}]",
            "entries: [{file: a}]",
            [("kinds/run/entries/a/canonical", False)],
        ),
        ("entries: [{file: a, description: x}]", "entries: [{file: a, description: y}]", []),
        (
            "entries: [{file: a, written: seal}]",
            "entries: [{file: a, written: start}]",
            [("kinds/run/entries/a/written", False)],
        ),
        (SCHEMA, SCHEMA.replace("object", "array"), [("kinds/run/entries/a.json/schema", True)]),
        ("rules: []", "rules: [{id: R, check: 'true'}]", [("kinds/run/rules/R", True)]),
        ("rules: []", "rules: [{id: R, check: 'true', severity: warning}]", [("kinds/run/rules/R", False)]),
        (
            "rules: [{id: R, check: 'true'}, {id: R, check: 'false'}]",
            "rules: [{id: R, check: 'true'}]",
            [("kinds/run/rules/R (2)", False)],
        ),
        (
            "rules: [{id: R, check: 'true', severity: warning}]",
            "rules: [{id: R, check: 'true', severity: error}]",
            [("kinds/run/rules/R/severity", True)],
        ),
        (
            "rules: [{id: R, check: 'true'}]",
            "rules: [{id: R, check: '1 == 1'}]",
            [("kinds/run/rules/R/check", True)],
        ),
        ("tiers: {t: {}}", "tiers: {}", [("kinds/run/tiers/t", True)]),
        (
            "formats: [{in: a, allow: [json, csv]}]",
            "formats: [{in: a, allow: [json]}]",
            [("kinds/run/formats", True)],
        ),
        ("inventories: [{of: a}]", "inventories: []", [("kinds/run/inventories/a", False)]),
        (
            "each_stage: {entries: [{file: a}]}",
            "each_stage: {entries: [{file: a}, {file: b}], rules: [{id: R, check: 'true'}]}",
            [("kinds/run/each_stage/entries/b", True), ("kinds/run/each_stage/rules/R", True)],
        ),
        (
            "stages: [{id: '01', slug: a}]",
            "stages: [{id: '01', slug: a}, {id: '02', slug: b}]",
            [("kinds/run/stages/02", False)],
        ),
    ],
)
def test_a_change_is_named_and_weighed(old: str, new: str, expected: list[tuple[str, bool]]) -> None:
    found = changes(contract_of(old), contract_of(new))
    assert [(change.at, change.is_breaking) for change in found] == expected


def test_a_kind_that_goes_leaves_its_runs_without_one() -> None:
    kinds = {"run": {"at": "a"}, "other": {"at": "b"}}
    (change,) = changes(contract_of("{}", kinds=kinds), contract_of("{}", kinds={"run": {"at": "a"}}))
    assert (change.at, change.sort, change.is_breaking) == ("kinds/other", "removed", True)


def test_other_formats_can_break_runs() -> None:
    old = contract_of("{}", formats=[{"in": "a", "allow": ["json", "csv"]}])
    new = contract_of("{}", formats=[{"in": "a", "allow": ["csv", "json", "npz"]}])
    assert [change.is_breaking for change in changes(old, new)] == [True]


def test_a_schema_file_that_changes_can_break_documents() -> None:
    kind = "entries: [{file: a.json, schema: s.json}]"
    old, new = contract_of(kind), contract_of(kind)
    old.schemas["s.json"], new.schemas["s.json"] = b"{}", b'{"type": "object"}'
    assert [(change.at, change.is_breaking) for change in changes(old, new)] == [("s.json", True)]
    assert changes(old, old) == ()


def test_long_values_are_told_in_short() -> None:
    long = " && ".join(["true"] * 80)
    (change,) = changes(
        contract_of("rules: [{id: R, check: 'true'}]"), contract_of(f"rules: [{{id: R, check: {long}}}]")
    )
    assert change.new is not None
    assert len(change.new) == 160


def test_the_needed_version_follows_the_worst_change() -> None:
    old = contract_of("others: allowed")
    assert needed_version(old.contract, changes(old, old)) == "1.0.0"
    assert needed_version(old.contract, changes(old, contract_of("others: refused"))) == "2.0.0"
    assert needed_version(old.contract, changes(contract_of("others: refused"), old)) == "1.1.0"


def test_a_change_of_a_registry_view_breaks_no_run() -> None:
    old = contract_of("{}", workspace={"indexes": [{"files": "i.csv", "columns": {"a": "run.id"}}]})
    new = contract_of("{}", workspace={"indexes": [{"files": "i.csv", "columns": {"b": "run.id"}}]})
    assert [(each.at, each.is_breaking) for each in changes(old, new)] == [("workspace/indexes", False)]
