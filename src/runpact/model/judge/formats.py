"""File formats by location, judged by content as well as by name.

Knows: the first matching glob decides; no match is a finding; what may never be trusted.
Does not know: how content is recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runpact.model.contract.language import FormatRule
from runpact.model.errors import RunpactError
from runpact.model.facts import AS_NAMED, FormatFault
from runpact.model.finding import Finding, Severity
from runpact.model.judge.subject import Subject
from runpact.model.template import compile_glob


def judge_formats(subject: Subject) -> Iterator[Finding]:
    """Yield every file whose format is not allowed where it stands."""
    rules = subject.kind.formats + subject.loaded.contract.formats
    if not rules:
        return
    for fact in subject.tree.files:
        if fact.kind == "file" and not subject.is_record(fact.path):
            yield from _file(subject, fact.path, rules)


def rule_at(path: str, rules: Iterable[FormatRule]) -> FormatRule | None:
    """Return the rule that decides which formats a place may have."""
    return next((rule for rule in rules if compile_glob(rule.in_).fullmatch(path)), None)


def _file(subject: Subject, path: str, rules: tuple[FormatRule, ...]) -> Iterator[Finding]:
    rule = rule_at(path, rules)
    if rule is None:
        yield _finding(path, "formats", "no format rule matches its place", "a rule for it", path)
        return
    try:
        content = subject.tree.content(path, AS_NAMED)
    except RunpactError as error:
        content = FormatFault("unreadable", error.message)
    name, allowed = rule.id or f"formats/{rule.in_}", " ".join(rule.allow)
    if isinstance(content, FormatFault):
        yield _finding(path, name, f"its format cannot be told: {content.message}", allowed, "unreadable")
        return
    named = [form for form in content.named if form in rule.allow]
    if not named and content.content == "pickle":
        yield _finding(path, name, "it is a pickle, which executes when read", allowed, "pickle")
    elif not named:
        yield _finding(
            path, name, "files of this name are not allowed here", allowed, " ".join(content.named) or path
        )
    elif content.fault is not None and path in subject.reported:
        return  # that it cannot be read was told with its place
    elif content.fault is not None:
        yield _unreadable(path, name, " or ".join(named), content.fault)
    elif not set(named) & set(content.fits):
        yield _finding(path, name, "its content is not what its name says", " ".join(named), content.content)
    elif content.pickle and not {"pt", "pickle"} & set(rule.allow):
        yield _finding(path, name, "it holds pickled objects, which execute when read", allowed, "pickle")


def _unreadable(path: str, rule: str, named: str, fault: FormatFault) -> Finding:
    """Return the finding of a file that looks like what it is named and is not read as such."""
    return Finding(
        code="format",
        severity=Severity.ERROR,
        rule=rule,
        path=f"{path}#{fault.pointer}" if fault.pointer else path,
        message=f"it cannot be read as {named}: {fault.message}",
        expected=f"strict {named}",
        got=fault.message,
        hint="formats are strict: no NaN or Infinity (write `null`), no key twice, nothing cut off",
    )


def _finding(path: str, rule: str, message: str, expected: str, got: str) -> Finding:
    return Finding(
        code="format",
        severity=Severity.ERROR,
        rule=rule,
        path=path,
        message=message,
        expected=expected,
        got=got,
        hint="write it in an allowed format, or allow the format there in the contract",
    )
