"""Kinds that judge what was kept for good: curated copies of runs, models, data sets.

Knows: by its place, that a kind is one of these and none of runs.
Does not know: how something is kept.
"""

from __future__ import annotations

from runpact.model.contract.language import Contract, Kind
from runpact.model.registered.uri import is_registry_place
from runpact.model.template import PathTemplate


def kinds_of_copies(contract: Contract) -> dict[str, Kind]:
    """Return the kinds by name whose directories are no runs, though they are judged like some."""
    copied = {promotion.at for promotion in contract.promotions.values()}
    return {name: kind for name, kind in contract.kinds.items() if kind.at in copied or is_registered(kind)}


def is_registered(kind: Kind) -> bool:
    """Whether what is of a kind stands in a registry of models or data sets."""
    place = PathTemplate.parse(kind.at)
    return is_registry_place(place.captures, place.static_prefix)
