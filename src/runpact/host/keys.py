"""Private keys: made, opened, used to sign.

Knows: PKCS #8 in PEM, with or without a passphrase, by way of the library of the extra `sign`. Another
    sort of signer is another class here, with the same two members.
Does not know: where keys are kept, what is signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runpact.model.errors import CannotStartError, PrivateKeyError
from runpact.model.signing.key import PublicKey, Signer

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


class NewKey(msgspec.Struct, frozen=True):
    """A key that was just made."""

    private: bytes
    """The text of its file: PKCS #8 in PEM."""
    public: PublicKey


class _FileSigner:
    """Signs with a key that was read from a file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> PublicKey:
        return PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def new_key(passphrase: bytes | None) -> NewKey:
    """Make a key pair.

    Args:
        passphrase: What the private key is encrypted with; None for a plain one.

    Raises:
        CannotStartError: The extra `sign` is not installed.
    """
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _absent() from error
    key = Ed25519PrivateKey.generate()
    encryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return NewKey(private, PublicKey(key.public_key().public_bytes_raw()))


def is_encrypted(private: bytes) -> bool:
    """Whether a private key needs a passphrase."""
    return private.startswith(_ENCRYPTED)


def open_key(private: bytes, passphrase: bytes | None) -> Signer:
    """Return what signs with a private key.

    Args:
        private: The text of its file.
        passphrase: What it was encrypted with; None for a plain one.

    Raises:
        CannotStartError: It is no Ed25519 key, the passphrase is wrong, or the extra `sign` is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _absent() from error
    try:
        key = load_pem_private_key(private, passphrase if is_encrypted(private) else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        wrong = "the passphrase is wrong" if is_encrypted(private) else "it is no private key in PEM"
        raise PrivateKeyError(f"cannot open the key: {wrong}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise PrivateKeyError(
            "the key is of another sort", expected="Ed25519", got=type(key).__name__.lstrip("_")
        )
    return _FileSigner(key)


def _absent() -> CannotStartError:
    return CannotStartError(
        "signing needs the extra `sign`",
        expected="the package cryptography",
        got="nothing",
        hint="pip install 'runpact[sign]'",
    )
