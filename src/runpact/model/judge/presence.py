"""What must, may and must not stand in a run.

Knows: required, forbidden, how many.
Does not know: what is in a file.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Count, Entry
from runpact.model.expression import Undecided
from runpact.model.finding import Finding, Severity
from runpact.model.judge.subject import Subject


def judge_presence(subject: Subject) -> Iterator[Finding]:
    """Yield what is missing, forbidden, miscounted or of the wrong sort."""
    for entry in subject.kind.entries:
        if not subject.is_record(entry.path):
            yield from _entry(subject, entry)


def _entry(subject: Subject, entry: Entry) -> Iterator[Finding]:
    found = [fact for fact, _captures in subject.matches(entry)]
    present = subject.by_path.get(entry.path.rstrip("/")) if entry.files is None else None
    if present is not None and not found:
        wanted = "a directory" if entry.dir is not None else "a file"
        yield _finding(
            entry, "wrong-sort", Severity.ERROR, f"it is no {wanted.split()[1]}", wanted, present.kind
        )
        return
    required, forbidden = subject.decide(entry.required), subject.decide(entry.forbidden)
    for word, condition, answer in (
        ("required", entry.required, required),
        ("forbidden", entry.forbidden, forbidden),
    ):
        if isinstance(answer, Undecided):
            yield _undecided(subject, entry, word, str(condition), answer)
    if forbidden is True:
        yield from (_forbidden(entry, fact.path) for fact in found)
    elif required is True and not found and entry.count is None:
        yield _missing(entry)
    if entry.count is not None and forbidden is not True and (required is True or found):
        yield from _counted(entry, entry.count, len(found))


def _missing(entry: Entry) -> Finding:
    what = {"file": "the file", "dir": "the directory"}.get(_word(entry), "every file of the pattern")
    condition = f" (required: {entry.required})" if isinstance(entry.required, str) else ""
    return Finding(
        code="missing",
        severity=Severity.INCOMPLETE,
        rule=_rule(entry),
        path=entry.path,
        message=f"{what} is missing{condition}",
        expected=entry.description or entry.path,
        got="nothing",
        hint=_hint(entry),
    )


def _hint(entry: Entry) -> str:
    if entry.fields is not None:
        return "runpact writes it into runs made under this contract; this one was made otherwise"
    return "write it into the run, or say `required: false` where it may be left out"


def _forbidden(entry: Entry, path: str) -> Finding:
    condition = f" when {entry.forbidden}" if isinstance(entry.forbidden, str) else ""
    return Finding(
        code="forbidden",
        severity=Severity.ERROR,
        rule=_rule(entry),
        path=path,
        message=f"it must not stand here{condition}",
        expected="nothing",
        got=path,
    )


def _counted(entry: Entry, count: Count, number: int) -> Iterator[Finding]:
    few = count.equals if count.equals is not None else count.min
    many = count.equals if count.equals is not None else count.max
    if few is not None and number < few:
        yield _finding(entry, "too-few", Severity.INCOMPLETE, "too few files", f"at least {few}", str(number))
    if many is not None and number > many:
        yield _finding(entry, "too-many", Severity.ERROR, "too many files", f"at most {many}", str(number))


def _undecided(subject: Subject, entry: Entry, word: str, condition: str, answer: Undecided) -> Finding:
    return Finding(
        code="undecided",
        severity=Severity.INCOMPLETE,
        rule=_rule(entry),
        path=entry.path,
        message=f"whether it is {word} could not be decided: {answer.reason}",
        expected=condition,
        because=subject.because_of(condition),
    )


def _finding(entry: Entry, code: str, severity: Severity, message: str, expected: str, got: str) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        rule=_rule(entry),
        path=entry.path,
        message=message,
        expected=expected,
        got=got,
    )


def _word(entry: Entry) -> str:
    return "file" if entry.file is not None else "dir" if entry.dir is not None else "files"


def _rule(entry: Entry) -> str:
    return f"entries/{entry.name}"
