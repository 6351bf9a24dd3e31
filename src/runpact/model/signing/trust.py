"""Whom a reader trusts: keys with owners, roles, time of validity, revocation; how many must sign.

Knows: the form of a trust file, every fault of one, which of its keys vouch for what was signed when.
Does not know: files, clocks. No verdict depends on the day on which it is asked for.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from runpact.model.errors import Fault, MalformedTrustError
from runpact.model.signing.ed25519 import is_valid
from runpact.model.signing.envelope import PAYLOAD_TYPE, Envelope
from runpact.model.signing.key import PublicKey, public_key
from runpact.model.signing.reasons import refused
from runpact.model.signing.statement import MOMENT

FORMAT = "runpact.trust/1"
CERTIFY = "certify"
"""The role of those who sign certificates."""
Moment = Annotated[str, msgspec.Meta(pattern=MOMENT)]
KeyId = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}$(?!\n)")]
RoleName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$(?!\n)")]


class Revocation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Since when a key is not to be believed any more."""

    at: Moment
    reason: Literal["compromised", "retired"]
    """`compromised`: nothing it ever signed is believed; `retired`: what it signed before is."""


class TrustedKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that the reader trusts."""

    id: KeyId
    """SHA-256 of the key in DER."""
    public: str
    """The key: base64 of its DER, the middle line of its file."""
    owner: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Whose it is; for people."""
    roles: Annotated[tuple[RoleName, ...], msgspec.Meta(min_length=1)]
    """What it may sign; `certify` for certificates."""
    valid_from: Moment | None = None
    """First moment at which it may sign; null for always."""
    valid_until: Moment | None = None
    """First moment at which it may sign no more; null for never."""
    revoked: Revocation | None = None
    """Null while it is not."""


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must come together before something is believed."""

    threshold: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    """How many different keys must have signed."""


class Trust(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a reader trusts."""

    format: Literal["runpact.trust/1"]
    roles: dict[RoleName, Role]
    """Thresholds by role; `certify` must be there."""
    keys: Annotated[tuple[TrustedKey, ...], msgspec.Meta(min_length=1, max_length=1000)]
    not_before: Moment | None = None
    """What was signed before is too old to be believed: raise it to rule out older certificates."""


def parse_trust(document: object, *, file: str = "") -> Trust:
    """Return the trust that JSON data is.

    Raises:
        MalformedTrustError: It has faults; each with its JSON pointer.
    """
    try:
        trust = msgspec.convert(document, Trust)
    except msgspec.ValidationError as error:
        message, _, at = f"{error}".partition(" - at `$")
        raise _malformed([Fault(message, file, at=_pointer(at.rstrip("`")))], file) from error
    faults = [Fault(message, file, at=at) for at, message in _faults(trust)]
    if faults:
        raise _malformed(faults, file)
    return trust


def _malformed(faults: list[Fault], file: str) -> MalformedTrustError:
    first = faults[0]
    return MalformedTrustError(
        f"the trust file is malformed: {first.message}",
        at=f"{file}{first.at or '/'}",
        faults=tuple(faults),
        hint="docs/signing.md describes the trust file",
    )


def _pointer(path: str) -> str:
    """Return the JSON pointer of a place as the decoder writes it."""
    parts = re.findall(r"\.([\w-]+)|\[(\d+|\.\.\.)\]", path)
    return "".join(f"/{name or number}" for name, number in parts)


def _faults(trust: Trust) -> Iterator[tuple[str, str]]:
    """Yield what is wrong by pointer and message."""
    seen: set[str] = set()
    for number, key in enumerate(trust.keys):
        at = f"/keys/{number}"
        found = public_key(key.public)
        if isinstance(found, str):
            yield f"{at}/public", found
        elif found.id != key.id:
            yield f"{at}/id", f"the id of this key is {found.id}"
        if key.id in seen:
            yield f"{at}/id", "the key is listed twice: it would count twice"
        seen.add(key.id)
        if not key.owner.isprintable():
            yield f"{at}/owner", "it has characters that cannot be seen"
        if key.valid_from and key.valid_until and key.valid_from >= key.valid_until:
            yield f"{at}/valid_until", "the key is never valid"
    if CERTIFY not in trust.roles:
        yield "/roles", f"the role `{CERTIFY}` is missing"
    for name, role in trust.roles.items():
        holders = sum(name in key.roles for key in trust.keys)
        if holders < role.threshold:
            yield f"/roles/{name}/threshold", f"{role.threshold} keys are demanded, {holders} have the role"


def believed_keys(envelope: Envelope, trust: Trust) -> tuple[TrustedKey, ...]:
    """Return the different trusted keys whose signatures hold; one that does not hold spoils the envelope.

    Raises:
        SignatureRefusedError: The payload is of another type, a signature of a trusted key is broken, or none
            is of a trusted key.
    """
    if envelope.payload_type != PAYLOAD_TYPE:
        raise refused("other_payload_type", expected=PAYLOAD_TYPE, got=envelope.payload_type[:200])
    keys = {key.id: key for key in trust.keys}
    found: dict[str, TrustedKey] = {}
    for signature in envelope.signatures:
        key = keys.get(signature.key_id)
        if key is None:
            continue
        if not is_valid(_raw(key), envelope.signed_bytes, signature.data):
            raise refused("signature_broken", got=f"signature of {_told(key)}")
        found[key.id] = key
    if not found:
        raise refused(
            "untrusted_key",
            expected="a key of the trust file",
            got=", ".join(each.key_id for each in envelope.signatures)[:200],
        )
    return tuple(found.values())


def refuse_doubtful(keys: tuple[TrustedKey, ...], trust: Trust, *, signed_at: str) -> tuple[TrustedKey, ...]:
    """Return the keys that vouch for a certificate: enough of them, each in its role and time.

    Raises:
        SignatureRefusedError: They are too few; the reason is the first key's that does not count.
    """
    doubts = [(key, _doubt(key, signed_at)) for key in keys]
    vouching = tuple(key for key, doubt in doubts if not doubt)
    threshold = trust.roles[CERTIFY].threshold
    if len(vouching) < threshold:
        key, doubt = next(((key, doubt) for key, doubt in doubts if doubt), (None, "threshold_not_met"))
        got = f"{_told(key)}, signed {signed_at}" if key else str(len(vouching))
        raise refused(doubt, expected=f"{threshold} keys with role `{CERTIFY}`", got=got)
    if trust.not_before is not None and signed_at < trust.not_before:
        raise refused("signature_too_old", expected=f"{trust.not_before} or later", got=signed_at)
    return vouching


def _doubt(key: TrustedKey, signed_at: str) -> str:
    """Return why a key does not count; empty when it does."""
    if CERTIFY not in key.roles:
        return "wrong_role"
    if key.revoked and (key.revoked.reason == "compromised" or signed_at >= key.revoked.at):
        return "key_revoked"
    if key.valid_from and signed_at < key.valid_from:
        return "key_not_yet_valid"
    return "key_expired" if key.valid_until and signed_at >= key.valid_until else ""


def _raw(key: TrustedKey) -> bytes:
    found = public_key(key.public)
    return found.raw if isinstance(found, PublicKey) else b""


def _told(key: TrustedKey) -> str:
    return f"{key.owner} ({key.id[:19]}…)" if key.owner else key.id


def owners(keys: tuple[TrustedKey, ...]) -> str:
    """Return whose the keys are, for people."""
    return " and ".join(map(_told, keys))
