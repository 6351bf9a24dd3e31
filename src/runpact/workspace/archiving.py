"""The front door to the archive: the ledger, promotion, retention, pruning.

Knows: which workspace, which runs a person means.
Does not know: what may be promoted or pruned.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from runpact.model.finding import Report
from runpact.model.ledger.proof import Proof, parse_proof

if TYPE_CHECKING:
    from runpact.model.ledger.entry import Ledger
    from runpact.workspace import Workspace


def ledger(place: Workspace) -> Ledger:
    """Return what can be read of the ledger."""
    from runpact.verbs.ledger import ledger_of

    return ledger_of(place.data_root)


def prove(place: Workspace, reference: str) -> Proof:
    """Return the proof that an entry stands in the ledger.

    Args:
        place: The workspace.
        reference: Number of the entry, or run or folder that it names.

    Raises:
        CannotStartError: There is no such entry.
    """
    from runpact.verbs.ledger import prove_entry

    return prove_entry(place.data_root, reference)


def verify_ledger(place: Workspace, *, head: str | None = None) -> tuple[Ledger, Report]:
    """Return the ledger and what it comes to, also against a head that was kept."""
    from runpact.verbs.ledger import verify_ledger

    return verify_ledger(place.data_root, head)


def verify_proof(place: Workspace, path: str, *, head: str | None = None) -> tuple[Proof, Report]:
    """Return a proof and what it comes to, against a head or the ledger of the workspace.

    Raises:
        CannotStartError: There is no such file.
        MalformedDocumentError: It is no proof.
    """
    from runpact.disk.source import read_source
    from runpact.verbs.ledger import verify_proof

    proof = parse_proof(read_source(posixpath.join(place.cwd, path), limit=1 << 24))
    return proof, verify_proof(place.data_root, proof, head)
