"""A contract as it is kept between processes: parsed, linted, and the digests of what it was made of.

Knows: how it is written and read back.
Does not know: where it is kept, whether its files are still the same.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import msgspec

from runpact.model.contract.language import Contract
from runpact.model.digest import PREFIX, digest_bytes

_HEAD = len(PREFIX) + 64


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """What a question about the contract's folder was answered with."""

    question: str
    path: str
    digest: str


class KeptContract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract without faults, and what has to be the same for it to hold."""

    contract: Contract
    """Merged with what it extends."""
    digest: str
    """Over the names and digests of `sources`."""
    pack: str = ""
    """Name of the pack that it is; empty for a file."""
    sources: dict[str, str]
    """Digest of each of its files, by path in a copy."""
    answers: tuple[Answer, ...] = ()
    """What its folder was asked while it was loaded."""
    packs: dict[str, str] = {}
    """Digest of the set of files of each pack that it is made of, by name."""


def encode_kept(kept: KeptContract) -> bytes | None:
    """Return the bytes to keep; None when they would not give the same contract back."""
    data = msgspec.msgpack.encode(kept)
    whole = digest_bytes(data).encode("ascii") + data
    return whole if decode_kept(whole) == kept else None


def decode_kept(whole: bytes) -> KeptContract | None:
    """Return what was kept; None when the bytes are not whole, or say something else."""
    head, data = whole[:_HEAD], whole[_HEAD:]
    if head != digest_bytes(data).encode("ascii"):
        return None
    try:
        return msgspec.msgpack.decode(data, type=KeptContract)
    except (msgspec.MsgspecError, RecursionError):
        return None
