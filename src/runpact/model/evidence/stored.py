"""Bulk that evidence refers to and does not hold: by digest, and by its place in a store.

Knows: how a report refers to it, and that a place follows from its digest.
Does not know: where a store is, what is in it.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Mapping

import msgspec

from runpact.model.digest import SHA256, is_digest
from runpact.model.evidence.refusal import EvidenceError

STORE = "store:"
"""Begins the place of what stands in a store."""


class StoredReference(msgspec.Struct, frozen=True):
    """One file in a store, as a report refers to it."""

    name: str
    place: str
    """`store:sha256/<hex>`: its path in any store."""
    sha256: str
    size: int

    @property
    def path(self) -> str:
        """Its path in a store."""
        return self.place.removeprefix(STORE)


def reference_to(name: str, digest: str, size: int) -> StoredReference:
    """Return the reference to a file of this digest."""
    return StoredReference(name, f"{STORE}{digest.replace(':', '/')}", digest, size)


def stored_in(report: Mapping[str, object], *, at: str) -> tuple[StoredReference, ...]:
    """Return what a report refers to in a store.

    Args:
        report: Its JSON data.
        at: How people call it.

    Raises:
        EvidenceError: A reference is none, or its place is not that of its digest.
    """
    artifacts = report.get("artifacts")
    listed = artifacts.get("stored", ()) if isinstance(artifacts, Mapping) else ()
    try:
        found = msgspec.convert(listed, tuple[StoredReference, ...])
    except msgspec.ValidationError as error:
        raise EvidenceError("malformed_report", f"artifacts.stored: {error}", at=at) from error
    for each in found:
        is_sound = is_digest(each.sha256) and each.sha256.startswith(SHA256)
        if not is_sound or each != reference_to(each.name, each.sha256, each.size):
            raise EvidenceError(
                "malformed_report",
                "a place in a store is that of its digest",
                at=at,
                expected="store:sha256/<hex> of `sha256`",
                got=f"{each.place:.100}",
            )
    return found
