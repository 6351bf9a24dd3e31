"""Conditions across the files of a run.

Knows: three answers, `foreach`, the place a rule speaks of; an undecided rule hangs on the file it could
not read; a rule that matched nothing says so.
Does not know: how an expression is evaluated.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from runpact.model.contract.language import Rule
from runpact.model.expression import Undecided
from runpact.model.finding import Finding, Severity
from runpact.model.judge.claims import slots_filled
from runpact.model.judge.frame import EMPTY, Frame, Stuck
from runpact.model.judge.grade import Fault
from runpact.model.judge.loops import frames, is_chain
from runpact.model.judge.matches import judge_match
from runpact.model.judge.presence import undecided
from runpact.model.judge.subject import Subject
from runpact.model.judge.validators import judge_validator
from runpact.model.names import is_relative
from runpact.model.reference import literals, references

MOST_FAULTS = 50
"""Faults told of one rule; the rest are counted."""


def judge_rules(subject: Subject) -> Iterator[Finding]:
    """Yield every rule that does not hold or could not be decided."""
    for rule in subject.kind.rules:
        faults = list(_rule(subject, rule))
        for fault in faults[:MOST_FAULTS]:
            yield subject.finding(rule, rule.id, fault)
        if len(faults) > MOST_FAULTS:
            yield subject.finding(rule, rule.id, _more(faults))


def _rule(subject: Subject, rule: Rule) -> Iterator[Fault]:
    number = 0
    if rule.when is not None and not _is_bound(rule.when, rule):
        applies = subject.decide(rule.when)
        if isinstance(applies, Undecided):
            yield _undecided(subject, rule, rule.when, applies, EMPTY)
        if applies is not True:
            return
    for frame in frames(subject, rule.foreach):
        if isinstance(frame, Stuck):
            number += 1
            if rule.when is not None and subject.decide(rule.when, frame.frame) is False:
                continue
            yield _stuck(subject, rule, frame)
            continue
        number += 1
        yield from _framed(subject, rule, frame)
    if number == 0:
        yield vacuous(subject, rule)


def _stuck(subject: Subject, rule: Rule, stuck: Stuck) -> Fault:
    texts = tuple(rule.foreach.values())
    bound = len(stuck.frame.places)
    place = _place(subject, rule, texts[min(bound, len(texts) - 1)], stuck.frame)
    return undecided(subject, place, stuck.answer, texts, "it", stuck.frame)


def _is_bound(text: str, rule: Rule) -> bool:
    """Whether a condition speaks of an item, so that it must be asked for each."""
    return any(reference.root in {*rule.foreach, "index", "previous"} for reference in references(text))


def _framed(subject: Subject, rule: Rule, frame: Frame) -> Iterator[Fault]:
    if rule.when is not None and _is_bound(rule.when, rule):
        applies = subject.decide(rule.when, frame)
        if applies is False:
            return
        if isinstance(applies, Undecided):
            yield _undecided(subject, rule, rule.when, applies, frame)
            return
    checks = (rule.check,) if isinstance(rule.check, str) else rule.check or ()
    for check in checks:
        answer = subject.decide(check, frame)
        if isinstance(answer, Undecided):
            yield _undecided(subject, rule, check, answer, frame)
        elif not answer:
            yield _broken(subject, rule, check, frame)
    if rule.match is not None:
        yield from judge_match(subject, rule, rule.match, frame)
    if rule.validator is not None:
        yield from judge_validator(subject, rule.validator)


def _broken(subject: Subject, rule: Rule, check: str, frame: Frame) -> Fault:
    return Fault(
        code="rule",
        path=_place(subject, rule, check, frame),
        message=slots_filled(rule.message, frame) or "the rule does not hold",
        expected=check,
        got=_got(subject, rule, check, frame),
        hint=rule.hint or None,
    )


def _got(subject: Subject, rule: Rule, check: str, frame: Frame) -> str | None:
    """Return the value at the place a rule speaks of, when it is a short one."""
    for reference in references(rule.at or check):
        if subject.located(reference, frame) is None or reference.root == "files":
            continue
        value = subject.evaluate(reference.text, frame)
        if isinstance(value, str | int | float | bool) or value is None:
            return f"{reference.text} = {value!r}"[:160]
        break
    items = [(name, frame.variables[name]) for name in frame.places]
    told = [f"{name} = {value!r}" for name, value in items if isinstance(value, str | int | float | bool)]
    return ", ".join(told)[:160] or None


def _undecided(subject: Subject, rule: Rule, text: str, answer: Undecided, frame: Frame) -> Fault:
    texts = (text, *rule.foreach.values())
    return undecided(subject, _place(subject, rule, text, frame), answer, texts, "it", frame)


def _place(subject: Subject, rule: Rule, check: str, frame: Frame) -> str:
    """Return the place a rule names, or the first that its condition speaks of."""
    if rule.at is not None and (said := _said_place(subject, rule.at, frame)):
        return said
    for text in (rule.at, check, *reversed(rule.foreach.values())):
        place = subject.place_of(text, frame) if text else None
        if place is not None and place.path:
            return place.text
    bound = next((place.text for place in reversed(frame.places.values()) if place.path), "")
    return bound or _pattern(subject, check)


def _said_place(subject: Subject, at: str, frame: Frame) -> str:
    """Return the path that an expression yields; nothing where it is a chain of names, which has a place."""
    if is_chain(at):
        return ""
    value = subject.evaluate(at, frame)
    return value if isinstance(value, str) and is_relative(value.partition("#")[0]) else ""


def _pattern(subject: Subject, check: str) -> str:
    """Return the path or pattern of the first entry whose files a condition counts, or a path it spells."""
    names = (reference.name for reference in references(check) if reference.root == "files")
    counted = (path for name in names if name for path in subject.names.paths_of(name))
    spelled = (text for text in literals(check) if text in subject.by_path)
    return next(itertools.chain(counted, spelled), "")


def vacuous(subject: Subject, rule: Rule) -> Fault:
    """Return the advice that a rule had nothing to judge."""
    text = next(iter(rule.foreach.values()), "")
    place = subject.place_of(text)
    return Fault(
        code="vacuous",
        severity=Severity.ADVICE,
        path=place.text if place is not None else "",
        message=f"rule {rule.id} matched nothing",
        expected=f"something in {', '.join(rule.foreach.values())}",
        got="nothing",
        hint="`--strict` makes this INCOMPLETE",
    )


def _more(faults: list[Fault]) -> Fault:
    rest = faults[MOST_FAULTS:]
    worst = max(rest, key=lambda fault: list(Severity).index(fault.severity))
    return Fault(
        code=worst.code,
        severity=worst.severity,
        path=worst.path.split("#", 1)[0],
        message=f"and {len(rest)} more faults of this rule",
        leans=() if any(not fault.leans for fault in rest) else worst.leans,
    )
