"""Named levels that a run without faults may reach.

Knows: that a tier needs its rules and its own condition.
Does not know: what a tier is good for.
"""

from __future__ import annotations

from runpact.model.finding import Finding, Severity
from runpact.model.judge.subject import Subject


def reached(subject: Subject) -> tuple[str, ...]:
    """Return the tiers a run reaches, in the contract's order; one that cannot be decided is not reached."""
    faults = [finding for finding in subject.findings if finding.severity in _COUNTING]
    return tuple(
        name
        for name, tier in subject.kind.tiers.items()
        if not _against(faults, tier.rules) and subject.decide(tier.when) is True
    )


_COUNTING = (Severity.INCOMPLETE, Severity.ERROR)


def _against(faults: list[Finding], rules: tuple[str, ...]) -> bool:
    return any(not rules or fault.rule in rules for fault in faults)
