"""Join a contract with the one it extends.

Knows: which parts join by name and that the child wins.
Does not know: where the parent came from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import msgspec

from runpact.model.contract.language import Contract, Kind, Records

_Item = TypeVar("_Item")


def merge(child: Contract, parent: Contract) -> Contract:
    """Return the child with everything of the parent that it does not say itself."""
    kinds = {name: _kind(child.kinds.get(name), kind) for name, kind in parent.kinds.items()}
    return msgspec.structs.replace(
        child,
        kinds=kinds | {name: kind for name, kind in child.kinds.items() if name not in parent.kinds},
        formats=child.formats + parent.formats,
    )


def _kind(child: Kind | None, parent: Kind) -> Kind:
    if child is None:
        return parent
    return msgspec.structs.replace(
        child,
        at=child.at or parent.at,
        clash=child.clash if child.clash != _DEFAULT.clash else parent.clash,
        records=child.records if child.records != Records() else parent.records,
        state_words={**parent.state_words, **child.state_words},
        entries=_join(parent.entries, child.entries, lambda entry: entry.name),
        others=child.others if child.others != "allowed" else parent.others,
        formats=child.formats + parent.formats,
        rules=_join(parent.rules, child.rules, lambda rule: rule.id),
        latest=child.latest or parent.latest,
        description=child.description or parent.description,
    )


_DEFAULT = Kind(at=".")


def _join(
    parent: Iterable[_Item], child: Iterable[_Item], key: Callable[[_Item], Hashable]
) -> tuple[_Item, ...]:
    """Return the parent's items, replaced by the child's of the same name, then the child's own."""
    joined = {key(item): item for item in parent}
    joined.update({key(item): item for item in child})
    return tuple(joined.values())
