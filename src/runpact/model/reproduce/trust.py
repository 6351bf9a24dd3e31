"""Whose command would be run.

Knows: what speaks against a run having been made in this workspace.
Does not know: how such a run is refused.
"""

from __future__ import annotations

from runpact.model.contract.language import Contract
from runpact.model.place import Place
from runpact.model.run import RunRecord


def why_foreign(record: RunRecord, contract: Contract, *, shown: str, host_id: str) -> str:
    """Say what speaks against a run having been made here; nothing when nothing does.

    It is no proof: whoever knows the machine's digest can write it. It keeps a folder that somebody sent from
    being run because it lies among the others.

    Args:
        record: Birth record of the run.
        contract: The workspace's.
        shown: Where it stands, relative to the workspace.
        host_id: Digest of this machine.
    """
    kind = contract.kinds.get(record.kind)
    if record.contract.id != contract.contract or kind is None:
        return f"it was made under another contract, `{record.contract.id}`"
    if Place.of(record.kind, kind).match(shown) is None:
        return "it does not stand where runs of this workspace stand"
    if record.owner.host_id != host_id:
        return "it was made on another machine"
    return ""
