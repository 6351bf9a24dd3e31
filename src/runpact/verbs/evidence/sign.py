"""Sign certificates, and make the keys for it.

Knows: that what is signed follows from the certificate; that an attestation only ever gains signatures.
Does not know: how a key is kept, how a certificate is judged.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Sequence

import msgspec

from runpact.disk.attestation import keep_attestation
from runpact.disk.keyfiles import keep_key, read_private_key
from runpact.disk.source import read_source
from runpact.formats.jsondoc import parse
from runpact.host import clock, keys
from runpact.model.digest import canonical_json
from runpact.model.facts import FormatFault
from runpact.model.signing.envelope import FILE, Envelope, envelope_document, parse_envelope, sign
from runpact.model.signing.key import PublicKey, Signer
from runpact.model.signing.reasons import refused
from runpact.model.signing.statement import (
    Engine,
    parse_statement,
    refuse_other,
    render_statement,
    statement_of,
)
from runpact.version import VERSION

MAX_SIZE = 16_000_000
"""Bytes of a certificate or an envelope; nothing larger is read."""

Passphrase = Callable[[str], bytes | None]
"""Returns the passphrase of a key, given its path; None when there is nobody to ask."""


class MadeKey(msgspec.Struct, frozen=True):
    """A key pair on disk."""

    private_path: str
    public_path: str
    public: PublicKey


def make_key(path: str, passphrase: bytes | None) -> MadeKey:
    """Make a key pair and keep it.

    Args:
        path: Absolute path of the private key; the public one stands beside it.
        passphrase: What the private key is encrypted with; None for a plain one.

    Raises:
        WriteOnceError: A key stands there already.
        CannotStartError: The extra `sign` is not installed.
    """
    made = keys.new_key(passphrase)
    return MadeKey(path, keep_key(path, made.private, made.public.pem.encode()), made.public)


def load_key(path: str, passphrase: Passphrase) -> Signer:
    """Return what signs with the key of a file; the passphrase is asked for only when it is needed.

    Raises:
        CannotStartError: It cannot be used.
    """
    private = read_private_key(path)
    return keys.open_key(private, passphrase(path) if keys.is_encrypted(private) else None)


def sign_certificate(path: str, signers: Sequence[Signer]) -> str:
    """Write the attestation of a certificate beside it, or add signatures to the one that stands there.

    Args:
        path: Absolute path of the certificate.
        signers: Who signs; one that signed already does not sign again.

    Returns:
        The path of the attestation.

    Raises:
        SignatureRefusedError: An attestation of something else stands there.
        CannotStartError: The certificate cannot be read.
    """
    data = read_source(path, limit=MAX_SIZE)
    place = posixpath.join(posixpath.dirname(path), FILE)
    document = strict_json(data, "statement_differs")
    present = _present(place, data, document)
    payload = present.payload if present else _payload(data, document)
    signed = {each.key_id for each in present.signatures} if present else set()
    added = sign(payload, [each for each in signers if each.public.id not in signed])
    if added.signatures:
        whole = Envelope(payload, (*(present.signatures if present else ()), *added.signatures))
        keep_attestation(place, canonical_json(envelope_document(whole)) + b"\n", is_new=present is None)
    return place


def _payload(data: bytes, document: object) -> bytes:
    moment = clock.utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    engine = Engine("runpact", VERSION)
    return render_statement(statement_of(data, document, signed_at=moment, engine=engine))


def _present(place: str, data: bytes, document: object) -> Envelope | None:
    """Return the attestation that stands there, if it is about this certificate."""
    if not os.path.lexists(place):
        return None
    envelope = parse_envelope(strict_json(read_source(place, limit=MAX_SIZE), "malformed_envelope"))
    refuse_other(parse_statement(strict_json(envelope.payload, "malformed_statement")), data, document)
    return envelope


def strict_json(data: bytes, reason: str) -> object:
    """Return the JSON data that bytes are.

    Raises:
        SignatureRefusedError: They are no strict JSON; with this reason.
    """
    fact = parse(data)
    if isinstance(fact, FormatFault):
        raise refused(reason, f"{fact.message} {fact.pointer}".rstrip(), got=fact.code)
    return fact.value
