"""Examines a certificate: strict reading, and comparison with the one that follows from the evidence.

Knows: what makes a certificate malformed; which reason a differing field stands for.
Does not know: files, how the expected certificate was built.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.evidence.certificate import (
    SCHEMA_VERSION,
    Certificate,
    EvidenceReference,
    forms_of,
)
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.step import Step
from runpact.model.names import is_relative

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def read_certificate(data: bytes, document: object) -> Certificate:
    """Return a certificate that is whole, by itself.

    Args:
        data: The bytes of the file.
        document: The JSON data that they are.

    Raises:
        EvidenceError: It is malformed, of another version, or altered.
    """
    if not isinstance(document, dict):
        raise EvidenceError("malformed_certificate", expected="an object", got=type(document).__name__)
    version = document.get("schema_version")
    if isinstance(version, str) and version != SCHEMA_VERSION:
        raise EvidenceError("unknown_version", expected=SCHEMA_VERSION, got=version)
    try:
        certificate = msgspec.convert(document, Certificate)
        form, own = forms_of(document)
    except (msgspec.ValidationError, ValueError) as error:
        raise EvidenceError("malformed_certificate", f"it does not fit its schema: {error}") from error
    if data != form:
        raise EvidenceError("malformed_certificate", "its bytes are not in their one form")
    for time in (certificate.created_at, certificate.policy_provenance.resolved_at):
        if _TIME.fullmatch(time) is None:
            raise EvidenceError("malformed_certificate", expected="a time, RFC 3339 in UTC", got=time)
    if own != certificate.digest:
        raise EvidenceError("altered_certificate", expected=certificate.digest, got=own)
    return certificate


def references_of(certificate: Certificate) -> tuple[EvidenceReference, EvidenceReference]:
    """Return the references to the reports of subject and baseline.

    Raises:
        EvidenceError: They are not exactly these two, or one is no path below the folder of the evidence.
    """
    if [each.role for each in certificate.evidence] != ["subject", "baseline"]:
        roles = ", ".join(each.role for each in certificate.evidence)
        raise EvidenceError("wrong_references", expected="subject, baseline", got=roles or "none")
    for each in certificate.evidence:
        _demand_beneath(each.path)
    subject, baseline = certificate.evidence
    return subject, baseline


def _demand_beneath(path: str) -> None:
    """Refuse a path that is not below the folder of the certificate, or in one beside it."""
    inner = path.removeprefix("../")
    if not is_relative(inner) or posixpath.normpath(inner) != inner:
        raise EvidenceError(
            "escaping_path", expected="a plain path below the folder of the evidence", got=path
        )


_REASONS = (
    ("/dataset/windows", "pairing", "pairing_differs"),
    ("/validation/paired", "pairing", "pairing_differs"),
    ("/statistics", "statistics", "statistics_differ"),
    ("/primary_metric", "statistics", "statistics_differ"),
    ("/gates", "gates", "gates_differ"),
    ("/guards", "guards", "guards_differ"),
    ("/variance", "guards", "guards_differ"),
    ("/attempt", "fields", "attempts_differ"),
    ("/decision", "decision", "decision_differs"),
    ("/reasons", "decision", "decision_differs"),
    ("/validation", "decision", "decision_differs"),
    ("", "fields", "fields_differ"),
)
"""Beginning of a pointer, step, reason; the first that fits."""
COMPARED = ("statistics", "gates", "guards", "fields", "decision")
"""Steps that compare, in order; `pairing` comes before them."""


def differing(stated: Mapping[str, object], expected: Mapping[str, object]) -> dict[str, Step]:
    """Return the first difference in each step, by the step's name; nothing for equal certificates.

    Args:
        stated: The certificate's document.
        expected: The fields that follow from evidence and policy.
    """
    found: dict[str, Step] = {}
    for pointer, old, new in _leaves({**stated, "digest": None}, {**expected, "digest": None}, ""):
        name, reason = next(
            (step, reason)
            for prefix, step, reason in _REASONS
            if pointer == prefix or pointer.startswith(f"{prefix}/") or not prefix
        )
        step = Step(name=name, reason=reason, message=pointer, expected=_told(new), observed=_told(old))
        found.setdefault(name, step)
    return found


_ABSENT = object()


def _leaves(stated: object, expected: object, at: str) -> Iterator[tuple[str, object, object]]:
    if isinstance(stated, Mapping) and isinstance(expected, Mapping):
        for key in sorted(stated.keys() | expected.keys()):
            yield from _leaves(stated.get(key, _ABSENT), expected.get(key, _ABSENT), f"{at}/{key}")
    elif isinstance(stated, list | tuple) and isinstance(expected, list | tuple):
        for number in range(max(len(stated), len(expected))):
            yield from _leaves(
                stated[number] if number < len(stated) else _ABSENT,
                expected[number] if number < len(expected) else _ABSENT,
                f"{at}/{number}",
            )
    elif isinstance(stated, bool) is not isinstance(expected, bool) or stated != expected:
        yield at, stated, expected


def _told(value: object) -> str:
    return "nothing" if value is _ABSENT else msgspec.json.encode(value).decode()[:200]
