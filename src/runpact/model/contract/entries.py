"""Walks over the parts of a contract, wherever they stand.

Knows: which parts hold entries and rules.
Does not know: what they say.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Contract, Entry, Kind, Rule
from runpact.model.contract.stages import attempt_kind


def placed_entries(contract: Contract) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    """Yield every list of entries with its JSON pointer in the contract."""
    yield "/workspace/entries", contract.workspace.entries
    for name, kind in contract.kinds.items():
        yield f"/kinds/{name}/entries", kind.entries
        for place, owned in kind.places.items():
            yield f"/kinds/{name}/places/{place}/entries", owned.entries
        if kind.each_stage is not None:
            yield f"/kinds/{name}/each_stage/entries", kind.each_stage.entries
    for name, promotion in contract.promotions.items():
        yield f"/promotions/{name}/entries", promotion.entries


def all_entries(contract: Contract) -> Iterator[Entry]:
    """Yield every entry of a contract, and what the outputs of stages come to as entries."""
    for _at, entries in placed_entries(contract):
        yield from entries
    for kind in contract.kinds.values():
        for stage in kind.stages:
            yield from attempt_kind(kind, stage, contract.types).entries


def surroundings(contract: Contract) -> Kind:
    """Return the workspace itself as something to be judged: its entries, its rules, the runs by kind."""
    told = contract.workspace
    taken = {entry.name for entry in told.entries}
    runs = (
        Entry(dirs=kind.at, as_=name, required=False)
        for name, kind in contract.kinds.items()
        if "/" in kind.at.strip("./") + "/" and kind.at != "." and name not in taken
    )
    return Kind(at=".", entries=(*told.entries, *runs), others=told.others, rules=told.rules)


def placed_rules(kind: Kind, at: str) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """Yield every list of rules of a kind with its JSON pointer."""
    yield f"{at}/rules", kind.rules
    if kind.each_stage is not None:
        yield f"{at}/each_stage/rules", kind.each_stage.rules
