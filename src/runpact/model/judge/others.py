"""What no entry names, and what no run may hold.

Knows: closed and open sets; links out of the run, also those of an import; pipes and devices.
Does not know: what entries demand.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Kind, Others
from runpact.model.facts import FileFact
from runpact.model.finding import Finding, Severity
from runpact.model.judge.grade import Fault
from runpact.model.judge.subject import Subject
from runpact.model.names import readable_path
from runpact.model.template import compile_glob

_SEVERITY = {"advised": Severity.ADVICE, "refused": Severity.ERROR}
_LINKS = ("link leads", "links lead")
CAPTURED = frozenset({"logs/stdout.log", "logs/stderr.log"})
"""Streams that runpact itself captures."""


def judge_others(subject: Subject) -> Iterator[Finding]:
    """Yield unexpected names and those that make a run untrustworthy."""
    for fact in subject.tree.files:
        yield from _special(fact)
    yield from _external([fact.path for fact in subject.tree.files if fact.is_external])
    others = subject.kind.others
    clauses = (Others(in_="**", are=others),) if isinstance(others, str) else others
    if any(clause.are in _SEVERITY for clause in clauses):
        yield from _unexpected(subject, clauses)


def takes(kind: Kind, path: str) -> bool:
    """Whether a run of a kind may hold a file there that no entry need name."""
    others = kind.others
    clauses = (Others(in_="**", are=others),) if isinstance(others, str) else others
    clause = next((each for each in clauses if compile_glob(each.in_).fullmatch(path)), None)
    if clause is None or clause.are not in _SEVERITY:
        return True
    folders = tuple(each.rstrip("/") + "/" for entry in kind.entries if entry.dir for each in entry.paths)
    files = {
        each
        for entry in kind.entries
        if not entry.dir and entry.forbidden is not True
        for each in entry.paths
    }
    return path in files or (clause.in_ == "**" and path.startswith(folders))


def _unexpected(subject: Subject, clauses: tuple[Others, ...]) -> Iterator[Finding]:
    named, folders = _named(subject)
    for fact in subject.tree.files:
        if fact.kind == "dir" or fact.path in named or subject.is_record(fact.path) or fact.path in CAPTURED:
            continue
        clause = next((each for each in clauses if compile_glob(each.in_).fullmatch(fact.path)), None)
        is_taken = clause is not None and clause.in_ == "**" and fact.path.startswith(folders)
        if clause is not None and clause.are in _SEVERITY and not is_taken:
            fault = Fault(
                code="unexpected",
                severity=_SEVERITY[clause.are],
                path=fact.path,
                message="no entry of the contract names it",
                expected="only what the contract names",
                got=fact.path,
                hint=clause.hint or "remove it, or give it an entry",
            )
            yield subject.finding(clause, clause.id or "others", fault)


def _named(subject: Subject) -> tuple[set[str], tuple[str, ...]]:
    """Return the files that entries name, and the directories that they take whole.

    What is said of a place inside such a directory comes before that.

    An entry that only forbids, and one that speaks of every file, names nothing.
    """
    files: set[str] = set()
    folders: list[str] = []
    for entry in subject.kind.entries:
        if entry.forbidden is True or (entry.pattern or "").startswith("**/*") or entry.pattern == "**":
            continue
        for claim in subject.claims(entry):
            if entry.wants_directory:
                folders.append(f"{claim.path}/")
            else:
                files.add(claim.path)
    return files, tuple(folders)


def _special(fact: FileFact) -> Iterator[Finding]:
    if readable_path(fact.path) != fact.path:
        shown = readable_path(fact.path)
        yield _untrusted(fact, "undecodable-name", "its name is not UTF-8", "a UTF-8 name", shown)
    elif fact.kind == "other":
        got = fact.fault or "a pipe, socket or device"
        message = "it is neither a file nor a directory"
        yield _untrusted(fact, "special-file", message, "files and directories", got)
    elif fact.escapes:
        expected = "a relative link inside the run"
        yield _untrusted(fact, "escaping-link", "the link leads out of the run", expected, fact.target or "")
    elif fact.fault:
        yield _untrusted(fact, "unreadable", "it cannot be listed", "a readable directory", fact.fault)


def _external(paths: list[str]) -> Iterator[Finding]:
    if paths:
        yield Finding(
            code="external-files",
            severity=Severity.ADVICE,
            path=paths[0].partition("/")[0],
            message=f"{len(paths)} {_LINKS[len(paths) > 1]} to what was imported: `external: true`",
            expected="files of its own, for an experiment that is to be moved or promoted",
            got=f"files outside, judged where they stand, as `{paths[0]}`",
            hint="import the folder with --copy",
        )


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
