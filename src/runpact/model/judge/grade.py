"""How findings are made of clauses.

Knows: rule ids, severities, the grace of a migration.
Does not know: what was found.
"""

from __future__ import annotations

import msgspec

from runpact.model.contract.clause import Clause
from runpact.model.contract.language import Contract
from runpact.model.finding import Finding, Severity


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong at a place, before a clause says how much it weighs."""

    code: str
    path: str
    message: str
    expected: str | None = None
    got: str | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR
    leans: tuple[str, ...] = ()
    """Files without which this cannot be told; when one of them has a fault, this one follows from it."""


def graded(contract: Contract, clause: Clause, rule: str, fault: Fault) -> Finding:
    """Return the finding that a fault of a clause comes to."""
    return Finding(
        code=fault.code,
        severity=weight(contract, clause, fault.severity),
        rule=rule,
        path=fault.path,
        message=fault.message,
        expected=fault.expected,
        got=fault.got,
        hint=fault.hint,
    )


def weight(contract: Contract, clause: Clause, usual: Severity) -> Severity:
    """Return a clause's severity at this version of the contract."""
    if clause.error_from is not None and version_key(contract.version) < version_key(clause.error_from):
        return Severity.WARNING
    return Severity(clause.severity) if clause.severity is not None else usual


def version_key(text: str) -> tuple[int, int, int]:
    """Return the numbers of a version, missing ones being 0, for comparison."""
    numbers = [
        int(part) if part.isdigit() else 0 for part in text.split("-", 1)[0].split("+", 1)[0].split(".")
    ]
    first, second, third = (*numbers, 0, 0)[:3]
    return first, second, third
