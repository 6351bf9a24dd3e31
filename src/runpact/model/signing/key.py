"""Public keys, what they are called, and what signs.

Knows: the forms of an Ed25519 public key, its id.
Does not know: files, whether anybody trusts it.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Protocol

import msgspec

from runpact.model.digest import digest_bytes
from runpact.model.signing.ed25519 import key_fault

_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes in the DER of an Ed25519 public key (RFC 8410)."""
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]+)\n-----END PUBLIC KEY-----\n?")


class PublicKey(msgspec.Struct, frozen=True):
    """An Ed25519 public key that is safe to trust."""

    raw: bytes
    """32 bytes."""

    @property
    def id(self) -> str:
        """SHA-256 of the key in DER: what `openssl pkey -pubin -outform DER | sha256sum` prints."""
        return digest_bytes(_PREFIX + self.raw)

    @property
    def text(self) -> str:
        """Base64 of the key in DER: the middle line of its file."""
        return base64.b64encode(_PREFIX + self.raw).decode()

    @property
    def pem(self) -> str:
        """The text of its file."""
        return f"-----BEGIN PUBLIC KEY-----\n{self.text}\n-----END PUBLIC KEY-----\n"


class Signer(Protocol):
    """Holds a private key; `sign` returns the 64 bytes of an Ed25519 signature by `public`."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this one signs."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over exactly these bytes."""


def decode_exactly(text: str) -> bytes | None:
    """Return what base64 stands for; None unless it is the one form of these bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def public_key(text: str) -> PublicKey | str:
    """Return the key that a line of base64 is, or what is wrong with it."""
    data = decode_exactly(text)
    if data is None or not data.startswith(_PREFIX):
        return "no base64 of an Ed25519 public key in DER"
    raw = data[len(_PREFIX) :]
    return key_fault(raw) or PublicKey(raw)


def public_key_of_pem(text: str) -> PublicKey | str:
    """Return the key that a file holds, or what is wrong with it."""
    found = _PEM.fullmatch(text)
    return public_key(found[1]) if found else "no PEM file of one public key"
