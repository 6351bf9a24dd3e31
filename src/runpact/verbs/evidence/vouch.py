"""Find out who vouches for a certificate, by the reader's own trust file.

Knows: the order of the questions; that what was signed is read after a signature held, from the same bytes.
Does not know: what a certificate says, where things are.
"""

from __future__ import annotations

import msgspec

from runpact.disk.evidence import read_beside
from runpact.disk.source import read_source
from runpact.formats.jsondoc import parse
from runpact.model.errors import Fault, MalformedTrustError, SignatureRefusedError
from runpact.model.evidence.step import Step
from runpact.model.facts import FormatFault
from runpact.model.signing.envelope import FILE, parse_envelope
from runpact.model.signing.statement import Statement, parse_statement, refuse_other
from runpact.model.signing.trust import (
    Trust,
    TrustedKey,
    believed_keys,
    owners,
    parse_trust,
    refuse_doubtful,
)
from runpact.verbs.evidence.authenticate import Authenticator
from runpact.verbs.evidence.sign import strict_json

_LIMIT = 1_000_000


class Vouched(msgspec.Struct, frozen=True):
    """What was signed, and by whom."""

    statement: Statement
    keys: tuple[TrustedKey, ...]


def read_trust(path: str, *, shown: str) -> Trust:
    """Return whom the reader trusts.

    Args:
        path: Absolute path of the trust file.
        shown: How people call it.

    Raises:
        MalformedTrustError: It has faults; each with its JSON pointer.
        CannotStartError: It cannot be read.
    """
    fact = parse(read_source(path, limit=_LIMIT))
    if isinstance(fact, FormatFault):
        fault = Fault(fact.message, shown, at=fact.pointer)
        raise MalformedTrustError(
            f"the trust file is malformed: {fact.message}", at=f"{shown}{fact.pointer}", faults=(fault,)
        )
    return parse_trust(fact.value, file=shown)


def who_vouches(certificate: bytes, attestation: bytes, trust: Trust) -> Vouched:
    """Return who vouches for a certificate.

    The order is fixed, so that a fault always has the same reason: envelope, type, signatures, then the
    statement that they are over, the certificate it is about, role and time of each key, number, age.

    Raises:
        SignatureRefusedError: Nobody whom the reader trusts, or not enough of them.
    """
    envelope = parse_envelope(strict_json(attestation, "malformed_envelope"))
    keys = believed_keys(envelope, trust)
    statement = parse_statement(strict_json(envelope.payload, "malformed_statement"))
    refuse_other(statement, certificate, strict_json(certificate, "statement_differs"))
    return Vouched(statement, refuse_doubtful(keys, trust, signed_at=statement.predicate.signed_at))


def trusted_by(trust: Trust) -> Authenticator:
    """Return what says of a certificate whether those whom the reader trusts signed it."""

    def authenticate(certificate: str, data: bytes) -> Step:
        attestation = read_beside(certificate, FILE)
        if attestation is None:
            return Step(name="signature", reason="not_authenticated", observed="no signature")
        try:
            vouched = who_vouches(data, attestation, trust)
        except SignatureRefusedError as error:
            return Step(
                name="signature",
                reason=error.reason,
                message=error.message,
                expected=error.expected,
                observed=error.got,
            )
        return Step(name="signature", observed=f"{vouched.statement.told}, signed by {owners(vouched.keys)}")

    return authenticate
