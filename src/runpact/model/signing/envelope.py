"""Signed envelopes: DSSE v1, with Ed25519 and nothing else.

Knows: the form of an envelope, and the exact bytes that are signed.
Does not know: what they mean, who is trusted.

Source:
    The DSSE protocol and envelope, version 1.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated

import msgspec

from runpact.model.signing.ed25519 import SIGNATURE_SIZE
from runpact.model.signing.key import Signer, decode_exactly
from runpact.model.signing.reasons import refused

PAYLOAD_TYPE = "application/vnd.in-toto+json"
FILE = "attestation.dsse.json"
"""Name of an envelope; it stands beside what it vouches for."""


class Signature(msgspec.Struct, frozen=True):
    """One signature in an envelope."""

    key_id: str
    """Which key of the reader's own list to try; believed no further."""
    data: bytes
    """64 bytes."""


class Envelope(msgspec.Struct, frozen=True):
    """What was signed, and the signatures over it."""

    payload: bytes
    signatures: tuple[Signature, ...]
    payload_type: str = PAYLOAD_TYPE

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that every signature is over."""
        return pre_authentication_encoding(self.payload_type, self.payload)


class _Signature(msgspec.Struct, forbid_unknown_fields=True):
    keyid: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    sig: str


class _Envelope(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: Annotated[list[_Signature], msgspec.Meta(min_length=1, max_length=64)]


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return what is signed for a payload: nobody can read its type or end otherwise."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, signers: Sequence[Signer]) -> Envelope:
    """Return an envelope with the signature of each signer."""
    bare = Envelope(payload, ())
    made = tuple(Signature(signer.public.id, signer.sign(bare.signed_bytes)) for signer in signers)
    return msgspec.structs.replace(bare, signatures=made)


def parse_envelope(document: object) -> Envelope:
    """Return the envelope that JSON data is; nothing in it is believed yet.

    Raises:
        SignatureRefusedError: It is none.
    """
    try:
        found = msgspec.convert(document, _Envelope)
    except msgspec.ValidationError as error:
        raise refused("malformed_envelope", f"the envelope is malformed: {error}") from error
    payload = decode_exactly(found.payload)
    signatures = [(each.keyid, decode_exactly(each.sig)) for each in found.signatures]
    made = tuple(Signature(key_id, data) for key_id, data in signatures if data is not None)
    if payload is None or len(made) < len(signatures):
        raise refused("malformed_envelope", expected="base64 in its one form", got="another")
    if any(len(each.data) != SIGNATURE_SIZE for each in made):
        raise refused("malformed_envelope", expected=f"{SIGNATURE_SIZE} bytes a signature")
    return Envelope(payload, made, found.payload_type)


def envelope_document(envelope: Envelope) -> dict[str, object]:
    """Return an envelope as JSON data."""
    return {
        "payload": base64.b64encode(envelope.payload).decode(),
        "payloadType": envelope.payload_type,
        "signatures": [
            {"keyid": each.key_id, "sig": base64.b64encode(each.data).decode()}
            for each in envelope.signatures
        ],
    }
