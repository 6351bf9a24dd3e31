"""Documents: readable, canonical, and what their schemas say.

Knows: which entries claim something of a document.
Does not know: how a document is parsed or a schema compiled.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.codes import CODES
from runpact.model.contract.language import Entry
from runpact.model.facts import AS_NAMED, DocumentFact, Form, FormatFault
from runpact.model.finding import Finding, Severity
from runpact.model.judge.claim import Claim
from runpact.model.judge.grade import Fault
from runpact.model.judge.subject import Subject
from runpact.model.schema import inline_name, validator_for

_UNTOLD = {"not-a-document", "no-reader"}
"""What says nothing against a file."""


def judge_documents(subject: Subject) -> Iterator[Finding]:
    """Yield every place where a document cannot be read or is not what its schema says.

    Entries that claim a format come first, so that a file nobody can read is their fault.
    """
    unreadable: set[str] = set()
    for entry in sorted(subject.kind.entries, key=lambda entry: entry.format_ is None):
        for claim in subject.contents(entry):
            if claim.fact is not None and claim.fact.kind == "file":
                yield from _judge(subject, entry, claim, unreadable)


def _judge(subject: Subject, entry: Entry, claim: Claim, unreadable: set[str]) -> Iterator[Finding]:
    if entry.format_ is not None:
        for fault in _format(subject, entry, claim.path):
            unreadable.add(claim.path)
            yield subject.finding(entry, entry.rule, fault)
    if claim.path in unreadable:
        return
    if entry.schema is not None or entry.canonical or _is_read(subject, entry, claim.path):
        document = subject.document(claim.path)
        if isinstance(document, FormatFault) and (
            entry.schema is None or _has_no_header(subject, claim.path)
        ):
            unreadable.add(claim.path)
            yield subject.finding(entry, entry.rule, _unreadable(claim.path, document))
            return
        yield from _schema(subject, entry, claim.path, document)
    if entry.canonical and not subject.tree.is_canonical(claim.path):
        yield subject.finding(entry, entry.rule, _loose(claim.path))


def _format(subject: Subject, entry: Entry, path: str) -> Iterator[Fault]:
    """Yield why a file is not of a format that its entry claims."""
    formats = (entry.format_,) if isinstance(entry.format_, str) else entry.format_ or ()
    said = Form(formats[0]) if len(formats) == 1 else AS_NAMED
    content = subject.tree.content(path, said)
    fault = content if isinstance(content, FormatFault) else content.fault
    if fault is None and not isinstance(content, FormatFault) and set(formats) & set(content.fits):
        fault = _damage(subject, path)
        if fault is None:
            return
    if fault is not None:
        yield _unreadable(path, fault)
        return
    message = "its content is not what its place demands"
    got = getattr(content, "content", None)
    yield Fault(code="format", path=path, message=message, expected=" or ".join(formats), got=got)


def _damage(subject: Subject, path: str) -> FormatFault | None:
    """Return why a file of the right sort cannot be read; None where only its first bytes can be judged."""
    found = subject.document(path) if subject.is_document(path) else subject.tree.header(path)
    return found if isinstance(found, FormatFault) and found.code not in _UNTOLD else None


def _is_read(subject: Subject, entry: Entry, path: str) -> bool:
    return entry.file is not None and subject.is_document(path) and not subject.is_record(path)


def _has_no_header(subject: Subject, path: str) -> bool:
    return isinstance(subject.tree.header(path), FormatFault) and isinstance(subject.rows(path), FormatFault)


def _unreadable(path: str, fault: FormatFault) -> Fault:
    return Fault(
        code=fault.code,
        path=f"{path}#{fault.pointer}" if fault.pointer else path,
        message=f"it cannot be read: {fault.message}",
        expected="a strict document",
        severity=CODES[fault.code].severity,
    )


def _loose(path: str) -> Fault:
    return Fault(
        code="not-canonical",
        path=path,
        message="its bytes are not canonical JSON",
        expected="sorted keys, no blanks, no final newline (RFC 8785)",
        got="the same document written otherwise",
    )


def _schema(
    subject: Subject, entry: Entry, path: str, document: DocumentFact | FormatFault
) -> Iterator[Finding]:
    if entry.schema is None:
        return
    validator = validator_for(inline_name(entry.schema), subject.loaded.schemas)
    for row, value in _values(subject, path, document):
        for fault in validator.faults(value):
            pointer = fault.pointer if row is None else f"/{row}{fault.pointer}"
            yield subject.finding(
                entry,
                fault.rule or entry.rule,
                Fault(
                    code="schema",
                    severity=Severity.ERROR,
                    path=f"{path}#{pointer}" if pointer else path,
                    message=fault.message,
                    expected=fault.expected or None,
                    got=fault.got or None,
                ),
            )


def _values(
    subject: Subject, path: str, document: DocumentFact | FormatFault
) -> Iterator[tuple[int | None, object]]:
    """Yield what a schema judges: a document, each row of a table, or what a header says."""
    if isinstance(document, DocumentFact):
        if document.is_rows and isinstance(document.value, list):
            yield from enumerate(document.value)
        else:
            yield None, document.value
        return
    rows = subject.rows(path)
    if not isinstance(rows, FormatFault):
        yield from enumerate(rows)
        return
    yield None, subject.tree.header(path)
