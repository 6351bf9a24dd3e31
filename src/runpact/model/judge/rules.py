"""Conditions across the files of a run.

Knows: three answers; an undecided rule hangs on the file it could not read.
Does not know: how an expression is evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Rule
from runpact.model.expression import Undecided, references
from runpact.model.finding import Finding, Severity
from runpact.model.judge.subject import Subject


def judge_rules(subject: Subject) -> Iterator[Finding]:
    """Yield every rule that does not hold or could not be decided."""
    for rule in subject.kind.rules:
        finding = _rule(subject, rule)
        if finding is not None:
            yield finding


def _rule(subject: Subject, rule: Rule) -> Finding | None:
    if rule.when is not None:
        applies = subject.decide(rule.when)
        if applies is False:
            return None
        if isinstance(applies, Undecided):
            return _undecided(subject, rule, applies)
    answer = subject.decide(rule.check)
    if isinstance(answer, Undecided):
        return _undecided(subject, rule, answer)
    if answer:
        return None
    return Finding(
        code="rule",
        severity=Severity(rule.severity),
        rule=rule.id,
        path=_place(subject, rule),
        message=rule.message or "the rule does not hold",
        expected=rule.check,
        hint=rule.hint or None,
    )


def _undecided(subject: Subject, rule: Rule, answer: Undecided) -> Finding:
    texts = (rule.check, rule.when or "")
    return Finding(
        code="undecided",
        severity=Severity.INCOMPLETE,
        rule=rule.id,
        path=_place(subject, rule),
        message=f"it could not be decided: {answer.reason}",
        expected=rule.check,
        because=subject.because_of(*texts),
        hint=rule.hint or None,
    )


def _place(subject: Subject, rule: Rule) -> str:
    """Return the first document or file the rule speaks of, with the place inside it."""
    entries = {entry.name: entry for entry in subject.kind.entries}
    for reference in references(rule.check):
        root, name, *inner = reference.split(".")
        path = (
            entries[name].path
            if name in entries
            else subject.kind.records.manifest
            if name == "manifest"
            else ""
        )
        if root == "doc" and path:
            return (
                f"{path}#/{'/'.join(inner)}"
                if inner and inner[-1] not in _METHODS
                else f"{path}" + (f"#/{'/'.join(inner[:-1])}" if inner[:-1] else "")
            )
        if root == "files" and path:
            return path
    return ""


_METHODS = frozenset(
    {"startsWith", "endsWith", "contains", "matches", "all", "exists", "exists_one", "filter", "map", "size"}
)
"""Names after a dot that are CEL's, not a document's."""
