"""Good and bad trees that show what a contract means.

Knows: what a case expects, whether the findings are what it expects, which rules no case breaks.
Does not know: where trees stand or how they are judged.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from runpact.model.contract.clause import Clause
from runpact.model.contract.entries import placed_entries, placed_rules
from runpact.model.contract.language import Contract, Entry
from runpact.model.finding import Finding, Severity


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a bad tree differs from the good one it begins as; applied in the order of the keys here."""

    delete: tuple[str, ...] = ()
    """Files or directories, relative to the tree."""
    rename: dict[str, str] = {}
    write: dict[str, str] = {}
    """Whole text by path."""
    copy: dict[str, str] = {}
    """File beside the cases, by the path it is copied to."""
    set: dict[str, Any] = {}
    """New value by place, as in `metrics.json#/loss`; the document is written anew."""
    unset: tuple[str, ...] = ()
    """Places that are taken out of their documents."""


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tree and what judging it must come to."""

    tree: str
    """Directory beside the cases; with `base`, only the name of the case."""
    verdict: Literal["ok", "fail"] = "ok"
    rule: str | None = None
    """The one rule that a bad tree breaks."""
    path: str | None = None
    """Where: `file` or `file#/pointer`, relative to the tree."""
    also: tuple[str, ...] = ()
    """Places that are an equally right answer."""
    base: str | None = None
    """The good tree that `edit` changes."""
    edit: Edit | None = None
    tier: str | None = None
    """Tier that a good tree reaches."""
    warn: tuple[str, ...] = ()
    """Rules that warn while the verdict stays ok."""
    note: str = ""

    @property
    def places(self) -> frozenset[str]:
        """Every place that is a right answer."""
        return frozenset({self.path, *self.also} - {None})  # type: ignore[arg-type]  # None was taken out


COUNTING = (Severity.INCOMPLETE, Severity.ERROR)


def disagreements(case: Case, findings: Iterable[Finding], tiers: Iterable[str]) -> tuple[str, ...]:
    """Return in what the judgement of a tree is not what its case expects; empty when it is."""
    counted = [finding for finding in findings if finding.because is None]
    serious = [finding for finding in counted if finding.severity in COUNTING]
    return tuple(_of_good(case, counted, tuple(tiers)) if case.verdict == "ok" else _of_bad(case, serious))


def _of_good(case: Case, counted: list[Finding], tiers: tuple[str, ...]) -> Iterator[str]:
    for finding in counted:
        is_warned = finding.severity is Severity.WARNING and finding.rule in case.warn
        if finding.severity is not Severity.ADVICE and not is_warned:
            yield f"not expected: {told(finding)}"
    for rule in case.warn:
        if not any(finding.rule == rule for finding in counted):
            yield f"rule {rule} did not warn"
    if case.tier is not None and case.tier not in tiers:
        yield f"tier {case.tier} was not reached"


def _of_bad(case: Case, serious: list[Finding]) -> Iterator[str]:
    right = [finding for finding in serious if finding.rule == case.rule and finding.path in case.places]
    if not right:
        yield f"not found: rule {case.rule} at {case.path}"
    yield from (f"not expected: {told(finding)}" for finding in serious if finding not in right)


def told(finding: Finding) -> str:
    """Return a finding in one line."""
    return f"{finding.severity.value}[{finding.code}] ({finding.rule}) {finding.path}: {finding.message}"


def rule_ids(contract: Contract, schemas: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return every rule id that a contract names, in its order; clauses without an id have none."""
    around = contract.workspace
    found = dict.fromkeys(each for entry in around.entries for each in _of_entry(entry))
    found |= dict.fromkeys(_ids(around.others if isinstance(around.others, tuple) else ()))
    found |= dict.fromkeys(rule.id for rule in around.rules)
    for name, kind in contract.kinds.items():
        for at, entries in placed_entries(contract):
            if at.startswith(f"/kinds/{name}/"):
                found |= dict.fromkeys(each for entry in entries for each in _of_entry(entry))
        others = kind.others if isinstance(kind.others, tuple) else ()
        found |= dict.fromkeys(_ids((*others, kind.strays, kind.states, *kind.inventories)))
        for inventory in kind.inventories:
            aspects = (inventory.rules.form, inventory.rules.covers, inventory.rules.digests)
            found |= dict.fromkeys(each for each in aspects if each)
        for _at, rules in placed_rules(kind, ""):
            found |= dict.fromkeys(rule.id for rule in rules)
    for text in schemas.values():
        found |= dict.fromkeys(_x_rules(msgspec.json.decode(text)))
    return tuple(found)


def _ids(clauses: Iterable[object]) -> Iterator[str]:
    for clause in clauses:
        if isinstance(clause, Clause):
            yield from ([clause.id] if clause.id is not None else [])
            yield from clause.ids.values()


def _of_entry(entry: Entry) -> Iterator[str]:
    yield from _ids((entry,))
    if entry.table is not None and isinstance(entry.table.columns, dict):
        yield from _ids(entry.table.columns.values())
    yield from _ids((entry.arrays or {}).values())
    if entry.text is not None:
        yield from _ids(entry.text.lines)


def _x_rules(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        rule = schema.get("x-rule")
        if isinstance(rule, str):
            yield rule
        for value in schema.values():
            yield from _x_rules(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _x_rules(item)
