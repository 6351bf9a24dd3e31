"""The front door to keys, signatures and trust.

Knows: where a relative path begins.
Does not know: how anything is signed or believed.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.model.signing.key import Signer
    from runpact.model.signing.trust import Trust
    from runpact.verbs.evidence.sign import MadeKey, Passphrase  # noqa: TC004 - exported for annotations alone

__all__ = ["MadeKey", "Passphrase", "make_key", "sign", "signers", "trusted"]


def make_key(path: str, *, passphrase: bytes | None = None) -> MadeKey:
    """Make an Ed25519 key pair: `path`, which its owner alone can read, and `path`.pub."""
    from runpact.verbs.evidence.sign import make_key as make

    return make(_absolute(path), passphrase)


def signers(paths: Sequence[str], *, passphrase: Passphrase) -> list[Signer]:
    """Return what signs with these private keys."""
    from runpact.verbs.evidence.sign import load_key

    return [load_key(_absolute(path), passphrase) for path in paths]


def sign(certificate: str, using: Sequence[Signer]) -> str:
    """Write the attestation of a certificate beside it, or add signatures to it; return its path."""
    from runpact.verbs.evidence.sign import sign_certificate

    return sign_certificate(_absolute(certificate), using)


def trusted(path: str) -> Trust:
    """Return whom a trust file trusts."""
    from runpact.verbs.evidence.vouch import read_trust

    return read_trust(_absolute(path), shown=path)


def _absolute(path: str) -> str:
    return posixpath.normpath(posixpath.join(os.getcwd(), path))
