"""What no entry names, and what no run may hold.

Knows: closed and open sets; links out of the run; pipes and devices.
Does not know: what entries demand.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.facts import FileFact
from runpact.model.finding import Finding, Severity
from runpact.model.judge.subject import Subject
from runpact.model.names import readable_path

_SEVERITY = {"advised": Severity.ADVICE, "refused": Severity.ERROR}


def judge_others(subject: Subject) -> Iterator[Finding]:
    """Yield unexpected names and those that make a run untrustworthy."""
    named = _named(subject)
    for fact in subject.tree.files:
        yield from _special(fact)
        if (
            fact.kind != "dir"
            and subject.kind.others in _SEVERITY
            and fact.path not in named
            and not _is_below(fact, subject)
        ):
            yield Finding(
                code="unexpected",
                severity=_SEVERITY[subject.kind.others],
                rule="others",
                path=fact.path,
                message="no entry of the contract names it",
                expected="only what the contract names",
                got=fact.path,
                hint="remove it, or give it an entry",
            )


def _named(subject: Subject) -> set[str]:
    return {fact.path for entry in subject.kind.entries for fact, _captures in subject.matches(entry)}


def _is_below(fact: FileFact, subject: Subject) -> bool:
    """Whether a file is one of runpact's records, or stands in a directory that an entry names."""
    folders = tuple(f"{entry.dir.rstrip('/')}/" for entry in subject.kind.entries if entry.dir is not None)
    return (
        subject.is_record(fact.path)
        or fact.path.startswith(folders)
        or fact.path in {"logs/stdout.log", "logs/stderr.log"}
    )


def _special(fact: FileFact) -> Iterator[Finding]:
    if readable_path(fact.path) != fact.path:
        yield _untrusted(
            fact, "undecodable-name", "its name is not UTF-8", "a UTF-8 name", readable_path(fact.path)
        )
    elif fact.kind == "other":
        yield _untrusted(
            fact,
            "special-file",
            "it is neither a file nor a directory",
            "files and directories",
            fact.fault or "a pipe, socket or device",
        )
    elif fact.escapes:
        yield _untrusted(
            fact,
            "escaping-link",
            "the link leads out of the run",
            "a relative link inside the run",
            fact.target or "",
        )
    elif fact.fault:
        yield _untrusted(fact, "unreadable", "it cannot be listed", "a readable directory", fact.fault)


def _untrusted(fact: FileFact, code: str, message: str, expected: str, got: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        path=fact.path,
        message=message,
        expected=expected,
        got=got,
        hint="remove it from the run",
    )
