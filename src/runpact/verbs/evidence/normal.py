"""Bring a report into its normal form.

Knows: RFC 8785, and that a report must be evidence.
Does not know: whose report it is.
"""

from __future__ import annotations

from runpact.disk.evidence import MAX_SIZE
from runpact.disk.source import read_source
from runpact.model.digest import canonical_json
from runpact.model.errors import CannotStartError
from runpact.model.evidence.build import Stored
from runpact.model.evidence.refusal import EvidenceError
from runpact.verbs.evidence.verify_certificate import report_document, stored


def normal_report(path: str) -> tuple[bytes, Stored]:
    """Return a report's normal form, RFC 8785, and what it says.

    Raises:
        EvidenceError: It cannot be read, or is no evidence.
    """
    try:
        document = report_document(read_source(path, limit=MAX_SIZE))
        data = canonical_json(document)
    except EvidenceError:
        raise
    except CannotStartError as error:
        raise EvidenceError("report_unreadable", error.message, at=path) from error
    except ValueError as error:
        raise EvidenceError("malformed_report", f"it has no normal form: {error}", at=path) from error
    return data, stored(data, path)
