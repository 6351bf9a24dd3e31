"""The front door to the archive: the ledger, promotion, retention, pruning.

Knows: which workspace, which runs a person means.
Does not know: what may be promoted or pruned.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runpact.model.finding import Report
from runpact.model.ledger.proof import Proof, parse_proof

if TYPE_CHECKING:
    from runpact.model.archive.copy import CopyRecord, Wish
    from runpact.model.archive.retention import Decision, Keeping
    from runpact.model.ledger.entry import Ledger
    from runpact.verbs.archive.promote import Promoted
    from runpact.verbs.archive.prune import Done
    from runpact.workspace import Workspace


def ledger(place: Workspace) -> Ledger:
    """Return what can be read of the ledger."""
    from runpact.verbs.archive.ledger import ledger_of

    return ledger_of(place.data_root)


def prove(place: Workspace, reference: str) -> Proof:
    """Return the proof that an entry stands in the ledger.

    Args:
        place: The workspace.
        reference: Number of the entry, or run or folder that it names.

    Raises:
        CannotStartError: There is no such entry.
    """
    from runpact.verbs.archive.ledger import prove_entry

    return prove_entry(place.data_root, reference)


def verify_ledger(place: Workspace, *, head: str | None = None) -> tuple[Ledger, Report]:
    """Return the ledger and what it comes to, also against a head that was kept."""
    from runpact.verbs.archive.ledger import verify_ledger

    return verify_ledger(place.data_root, head)


def verify_proof(place: Workspace, path: str, *, head: str | None = None) -> tuple[Proof, Report]:
    """Return a proof and what it comes to, against a head or the ledger of the workspace.

    Raises:
        CannotStartError: There is no such file.
        MalformedDocumentError: It is no proof.
    """
    from runpact.disk.source import read_source
    from runpact.verbs.archive.ledger import verify_proof

    proof = parse_proof(read_source(_absolute(place, path), limit=1 << 24))
    return proof, verify_proof(place.data_root, proof, head)


def promote(
    place: Workspace,
    reference: str,
    wish: Wish,
    *,
    annotations: str | None = None,
    policy: str | None = None,
    needs_signature: bool = False,
    trust_file: str | None = None,
) -> Promoted:
    """Make a curated copy of a run, together with its evidence, and tell the ledger.

    Args:
        place: The workspace.
        reference: The run; a name means its newest finished one.
        wish: What else was said; a path in it may be relative.
        annotations: JSON file that is kept beside, and never read.
        policy: Judges the certificate, as `verify_certificates` names it; its tier chooses among several.
        needs_signature: Refuse what is not signed, whatever the policy says.
        trust_file: Whose signatures are believed.

    Raises:
        NoContractError: The workspace has no contract.
        PromotionIncompleteError: Something is not there yet.
        NotPromotableError: Contract, records or certificate speak against it.
    """
    import msgspec

    from runpact.verbs.archive.promote import promote
    from runpact.verbs.evidence.policies import tier_named
    from runpact.workspace.certifying import judging_by

    loaded = place.lint()
    absolute = msgspec.structs.replace(
        wish,
        tier=tier_named(policy),
        certificate=None if wish.certificate is None else _absolute(place, wish.certificate),
        annotations=None if annotations is None else _annotations(place, annotations),
    )
    judging = judging_by(place, policy=policy, needs_signature=needs_signature, trust_file=trust_file)
    return promote(place.data_root, place.resolve(reference), absolute, loaded=loaded, judging=judging)


def copies(place: Workspace, reference: str) -> tuple[str, ...]:
    """Return the curated copies that a path means, absolute; none for anything else."""
    from runpact.disk.archive import copies_at
    from runpact.model.archive.copy import RECORD

    return copies_at(_absolute(place, reference), RECORD)


def verify_copy(folder: str) -> tuple[CopyRecord | None, Report]:
    """Hold a curated copy against its record."""
    from runpact.verbs.archive.verify_copy import verify_copy

    return verify_copy(folder)


def retain(place: Workspace, keeping: Keeping, references: Sequence[str] = ()) -> tuple[Decision, ...]:
    """Return what pruning would do, with reasons; the arguments are those of `prune`."""
    from runpact.verbs.archive.prune import planned

    only = [place.resolve(each) for each in references]
    return planned(place.data_root, place.working_contract, keeping, only)


def prune(place: Workspace, keeping: Keeping, references: Sequence[str] = ()) -> tuple[Done, ...]:
    """Move the runs that may go to the trash.

    Args:
        place: The workspace.
        keeping: What is kept, whether it is archived or not.
        references: The runs that are meant; all that may go when there are none.

    Raises:
        PromotionIncompleteError: One that was named may not go; nothing was moved.
    """
    from runpact.verbs.archive.prune import prune

    only = [place.resolve(each) for each in references]
    return prune(place.data_root, place.working_contract, keeping, only)


def undo_prune(place: Workspace, name: str | None = None) -> tuple[Done, ...]:
    """Take back what is in a folder of the trash, by default the newest."""
    from runpact.verbs.archive.prune import undo

    return undo(place.data_root, name)


def empty_trash(place: Workspace, *, older_days: float = 0.0) -> tuple[Done, ...]:
    """Remove for good what was pruned so many days ago or earlier, and is still proven to be archived."""
    from runpact.verbs.archive.prune import empty

    return empty(place.data_root, older_days=older_days)


def _absolute(place: Workspace, path: str) -> str:
    return posixpath.normpath(posixpath.join(place.cwd, path))


def _annotations(place: Workspace, path: str) -> bytes:
    """Return the bytes of a file that holds a JSON object.

    Raises:
        MalformedDocumentError: It does not.
    """
    from runpact.disk.source import read_source
    from runpact.formats.jsondoc import parse
    from runpact.model.errors import MalformedDocumentError
    from runpact.model.facts import FormatFault

    data = read_source(_absolute(place, path), limit=1 << 20)
    fact = parse(data)
    if isinstance(fact, FormatFault) or not isinstance(fact.value, dict):
        raise MalformedDocumentError("annotations are a JSON object", at=path, expected="{…}")
    return data


def lint_repo(place: Workspace, *, largest: int | None = None) -> Report:
    """Return what is kept for good and should not be, and what git should ignore and does not."""
    import os

    from runpact.verbs.doctor.lint_repo import lint_repo

    return lint_repo(
        place.data_root,
        place.working_contract.contract,
        is_kept=not place.is_named,
        largest=largest,
        environ=os.environ,
    )
