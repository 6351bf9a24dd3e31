"""The front door to what runs have to do with each other.

Knows: which runs of a workspace a person means, and its contract.
Does not know: how anything is compared or drawn.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.model.compare.row import Comparison
    from runpact.workspace import Workspace


def diff(place: Workspace, references: Sequence[str], *, only: Collection[str] = ()) -> Comparison:
    """Return what differs between runs, by the rules of determinism of the first one's contract."""
    from runpact.verbs.compare import compare

    directories = [place.resolve(reference) for reference in references]
    return compare(
        directories, root=place.data_root, contract=place.contract, is_named=place.is_named, only=only
    )


def patches(place: Workspace, references: Sequence[str]) -> tuple[str | None, ...]:
    """Return the stored diff of each run's code against its commit; None for a run that has none."""
    from runpact.verbs.compare import stored_patches

    return stored_patches([place.resolve(reference) for reference in references])
