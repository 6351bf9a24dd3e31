"""Why a signature is not believed: stable codes, no two causes with the same one.

Knows: each code and what it means.
Does not know: where it is noticed.
"""

from __future__ import annotations

from runpact.model.errors import SignatureRefusedError

SIGNATURE_REASONS: dict[str, str] = {
    "malformed_envelope": "The envelope is no strict JSON of its form, or has base64 in another form.",
    "other_payload_type": "The envelope holds something else than an in-toto statement.",
    "untrusted_key": "No signature is by a key of the reader's trust file.",
    "signature_broken": "A signature that names a trusted key does not hold.",
    "malformed_statement": "What was signed is no statement about a certificate.",
    "statement_differs": "What was signed is about another certificate, or says something else of it.",
    "wrong_role": "The key may not sign certificates.",
    "key_revoked": "The key was revoked.",
    "key_not_yet_valid": "The key was not valid yet when it signed.",
    "key_expired": "The key was not valid any more when it signed.",
    "threshold_not_met": "Fewer different keys signed than the trust file demands.",
    "signature_too_old": "It was signed before the earliest moment that the trust file accepts.",
}
"""Meaning by code; all of them are errors, and an earlier one hides a later one."""


def refused(reason: str, message: str = "", *, expected: str = "", got: str = "") -> SignatureRefusedError:
    """Return the error to raise; without a message, what the reason means is the message."""
    told = message or SIGNATURE_REASONS[reason].rstrip(".")
    return SignatureRefusedError(reason, told, expected=expected, got=got)
