"""Documents against their schemas.

Knows: which entries have one.
Does not know: how a document is parsed or a schema compiled.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Entry
from runpact.model.facts import FormatFault
from runpact.model.finding import Finding, Severity
from runpact.model.judge.subject import DOCUMENTS, Subject
from runpact.model.schema import validator_for


def judge_documents(subject: Subject) -> Iterator[Finding]:
    """Yield every place where a document cannot be read or is not what its schema says."""
    for entry in subject.kind.entries:
        for fact, _captures in subject.matches(entry):
            if fact.kind == "file" and (entry.schema is not None or _is_read(subject, entry, fact.path)):
                yield from _document(subject, entry, fact.path)


def _is_read(subject: Subject, entry: Entry, path: str) -> bool:
    return entry.file is not None and path.endswith(DOCUMENTS) and not subject.is_record(path)


def _document(subject: Subject, entry: Entry, path: str) -> Iterator[Finding]:
    document = subject.document(path)
    rule = f"entries/{entry.name}"
    if isinstance(document, FormatFault):
        yield Finding(
            code=document.code,
            severity=Severity.ERROR,
            rule=rule,
            path=_at(path, document.pointer),
            message=f"it cannot be read: {document.message}",
            expected="a strict document",
        )
        return
    if entry.schema is None:
        return
    validator = validator_for(entry.schema, subject.loaded.schemas)
    values = (
        enumerate(document.value)
        if document.is_rows and isinstance(document.value, list)
        else [(None, document.value)]
    )
    for row, value in values:
        for fault in validator.faults(value):
            pointer = fault.pointer if row is None else f"/{row}{fault.pointer}"
            yield Finding(
                code="schema",
                severity=Severity.ERROR,
                rule=rule,
                path=_at(path, pointer),
                message=fault.message,
                expected=fault.expected or None,
                got=fault.got or None,
            )


def _at(path: str, pointer: str) -> str:
    return f"{path}#{pointer}" if pointer else path
