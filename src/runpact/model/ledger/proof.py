"""A proof that an entry stands in a ledger, to be checked without the ledger.

Knows: what a proof holds, and what it comes to against a head that the reader knows.
Does not know: files.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import msgspec

from runpact.model.digest import PREFIX, is_digest
from runpact.model.errors import MalformedDocumentError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.ledger.entry import Ledger, head_of, read_head
from runpact.model.ledger.merkle import leaf_hash, path_to, root_by_path, root_of

FORMAT = "runpact.ledger-proof/1"


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry, and the way from it to the root of its tree."""

    format: str = FORMAT
    seq: int
    entry: str
    """The line of the ledger."""
    head: str
    """Number of entries and root, as in `12:sha256:…`."""
    path: tuple[str, ...]
    """The other half at each step, beginning at the entry."""


def prove(ledger: Ledger, seq: int) -> Proof:
    """Return the proof of an entry.

    Args:
        ledger: Without a fault.
        seq: Number of the entry, from 1; it is there.
    """
    path = path_to(seq - 1, ledger.leaves)
    return Proof(
        seq=seq,
        entry=ledger.lines[seq - 1].decode(),
        head=ledger.head,
        path=tuple(f"{PREFIX}{step.hex()}" for step in path),
    )


def parse_proof(data: bytes) -> Proof:
    """Read a proof.

    Raises:
        MalformedDocumentError: It is none.
    """
    try:
        proof = msgspec.json.decode(data, type=Proof)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedDocumentError(f"this is no proof: {error}") from error
    head = read_head(proof.head)
    if (
        proof.format != FORMAT
        or head is None
        or not 1 <= proof.seq <= head[0]
        or not all(map(is_digest, proof.path))
    ):
        raise MalformedDocumentError(
            "this is no proof: a field of it is not what it must be",
            expected=f"{FORMAT}, a number within the head, digests",
        )
    return proof


def judge_proof(proof: Proof, known: str | None) -> Report:
    """Return what a proof comes to.

    Args:
        proof: As it was read.
        known: Head that the reader knows by other ways than the proof; None when there is none.
    """
    size, root = read_head(proof.head) or (0, "")
    path = [bytes.fromhex(step.removeprefix(PREFIX)) for step in proof.path]
    found = root_by_path(leaf_hash(proof.entry.encode()), path, index=proof.seq - 1, size=size)
    if found is None or f"{PREFIX}{found.hex()}" != root:
        return Report((_wrong("the entry does not lead to the root that the proof names", root),))
    if known is None:
        unknown = Finding(
            code="head-unknown",
            severity=Severity.WARNING,
            message="the proof holds for its own head, and nobody says that this is the ledger's",
            got=proof.head,
            hint="give the head that you know with --head, or verify it where the ledger is",
        )
        return Report((unknown,))
    if known != proof.head:
        return Report((_wrong("the proof is of another ledger, or of another moment of it", known),))
    return Report()


def judge_growth(ledger: Ledger, known: str) -> Report:
    """Return whether a ledger begins with the one that a head was taken of.

    Args:
        ledger: As it stands now.
        known: A head that somebody kept, in its form.
    """
    size, root = read_head(known) or (0, "")
    then = f"{PREFIX}{root_of(ledger.leaves[:size]).hex()}"
    if size > len(ledger.lines) or then != root:
        got = head_of(min(size, len(ledger.lines)), root_of(ledger.leaves[:size]))
        return Report((_wrong("the ledger does not begin as it did when that head was taken", known, got),))
    return Report()


def _wrong(message: str, expected: str, got: str | None = None) -> Finding:
    return Finding(
        code="ledger-differs", severity=Severity.ERROR, message=message, expected=expected, got=got
    )
