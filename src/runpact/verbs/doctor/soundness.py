"""Look whether the index says what the directories say.

Knows: which checks tell, and that runs come and go while they are made.
Does not know: what follows from a fault.
"""

from __future__ import annotations

import msgspec

from runpact.model.contract.language import Contract
from runpact.verbs.finding.reindex import Catalogue

_LOOKS = 3


class Soundness(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of an index."""

    has_index: bool
    faults: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    imaginary: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return not (self.faults or self.unlisted or self.imaginary)


def examine_soundness(root: str, contract: Contract, *, is_kept: bool) -> Soundness:
    """Check every page and row of the index, and hold its runs against those that stand in their folders.

    Args:
        root: Absolute data root.
        contract: Says where runs stand.
        is_kept: There may be an index.
    """
    with Catalogue(root, contract, is_kept=is_kept) as catalogue:
        faults = catalogue.faults()
        if faults is None or faults:
            return Soundness(has_index=faults is not None, faults=faults or ())
        unlisted: frozenset[str] = frozenset()
        imaginary: frozenset[str] = frozenset()
        for look in range(_LOOKS):  # what came or went between the two questions differs only once
            known = frozenset(catalogue.ask(lambda store: store.places()))
            listed = catalogue.listed()
            unlisted = listed - known if look == 0 else unlisted & (listed - known)
            imaginary = known - listed if look == 0 else imaginary & (known - listed)
            if not unlisted and not imaginary:
                break
    return Soundness(has_index=True, unlisted=tuple(sorted(unlisted)), imaginary=tuple(sorted(imaginary)))
