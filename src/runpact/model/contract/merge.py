"""Join a contract with the one it extends, and its kinds with those they are like.

Knows: which parts join by name and that the child wins.
Does not know: where the parent came from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

import msgspec

from runpact.model.contract.language import (
    ArtifactType,
    Contract,
    EachStage,
    Entry,
    Kind,
    Policy,
    Records,
    WorkspaceRules,
)
from runpact.model.contract.surroundings import GitRules

_Item = TypeVar("_Item")
_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_MAX_LIKES = 8


def merge(child: Contract, parent: Contract) -> Contract:
    """Return the child with everything of the parent that it does not say itself."""
    kinds = {name: _kind(child.kinds.get(name), kind) for name, kind in parent.kinds.items()}
    return msgspec.structs.replace(
        child,
        workspace=_workspace(child.workspace, parent.workspace),
        kinds=kinds | {name: kind for name, kind in child.kinds.items() if name not in parent.kinds},
        types={**parent.types, **child.types},
        formats=child.formats + parent.formats,
        promotions={**parent.promotions, **child.promotions},
        policies={**parent.policies, **child.policies},
        validators={**parent.validators, **child.validators},
    )


def completed(contract: Contract) -> Contract:
    """Return a contract whose kinds and policies hold what they are `like`, entries what their type says."""
    kinds = {name: _unlike(contract.kinds, kind) for name, kind in contract.kinds.items()}
    policies = {name: _unlike_policy(contract.policies, policy) for name, policy in contract.policies.items()}
    typed = {name: _typed(kind, contract.types) for name, kind in kinds.items()}
    return msgspec.structs.replace(contract, kinds=typed, policies=policies)


def _unlike(kinds: dict[str, Kind], kind: Kind) -> Kind:
    for _step in range(_MAX_LIKES):
        if kind.like is None or kind.like not in kinds:
            return kind
        parent = kinds[kind.like]
        joined = _kind(kind, parent)
        kind = msgspec.structs.replace(joined, like=parent.like, told_by=kind.told_by or parent.told_by)
    return kind


def _unlike_policy(policies: dict[str, Policy], policy: Policy) -> Policy:
    for _step in range(_MAX_LIKES):
        if policy.like is None or policy.like not in policies:
            return policy
        parent = policies[policy.like]
        policy = msgspec.structs.replace(said_over(policy, parent), like=parent.like)
    return policy


def _typed(kind: Kind, types: dict[str, ArtifactType]) -> Kind:
    entries = tuple(with_type(entry, types) for entry in kind.entries)
    return msgspec.structs.replace(kind, entries=entries)


def with_type(entry: Entry, types: Mapping[str, ArtifactType]) -> Entry:
    """Return an entry with the clauses of its type that it does not say itself."""
    of_type = types.get(entry.type_ or "")
    if of_type is None:
        return entry
    return msgspec.structs.replace(
        entry,
        format_=entry.format_ or of_type.format_,
        schema=entry.schema or of_type.schema,
        table=entry.table or of_type.table,
        arrays=entry.arrays or of_type.arrays,
        extra_arrays=entry.extra_arrays if entry.arrays else of_type.extra_arrays,
        text=entry.text or of_type.text,
    )


def said_over(child: _Struct, parent: _Struct) -> _Struct:
    """Return the parent with each field that the child says otherwise than by default."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(type(child))}
    said = {
        name: value
        for name in child.__struct_fields__
        if (value := getattr(child, name)) != defaults.get(name) and value not in ({}, ())
    }
    return msgspec.structs.replace(parent, **said)


def _git(child: GitRules | None, parent: GitRules | None) -> GitRules | None:
    if child is None or parent is None:
        return child or parent
    return GitRules(
        ignored=_both(parent.ignored, child.ignored),
        kept=_both(parent.kept, child.kept),
        outside=_both(parent.outside, child.outside),
    )


def _workspace(child: WorkspaceRules, parent: WorkspaceRules) -> WorkspaceRules:
    return msgspec.structs.replace(
        said_over(child, parent),
        directories=_both(parent.directories, child.directories),
        caches=_both(parent.caches, child.caches),
        frozen=_both(parent.frozen, child.frozen),
        secrets=_both(parent.secrets, child.secrets),
        layers=child.layers
        | {name: globs for name, globs in parent.layers.items() if name not in child.layers},
        git=_git(child.git, parent.git),
        indexes=_join(parent.indexes, child.indexes, lambda view: view.files),
        entries=_join(parent.entries, child.entries, entry_key),
        rules=_join(parent.rules, child.rules, lambda rule: rule.id),
    )


def _both(parent: tuple[str, ...], child: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(parent + child))


def _kind(child: Kind | None, parent: Kind) -> Kind:
    if child is None:
        return parent
    return msgspec.structs.replace(
        said_over(child, parent),
        records=child.records if child.records != Records() else parent.records,
        state_words={**parent.state_words, **child.state_words},
        entries=_join(parent.entries, child.entries, entry_key),
        formats=child.formats + parent.formats,
        inventories=_join(parent.inventories, child.inventories, lambda each: (each.of, each.at)),
        dimensions={**parent.dimensions, **child.dimensions},
        rules=_join(parent.rules, child.rules, lambda rule: rule.id),
        tiers={**parent.tiers, **child.tiers},
        places={**parent.places, **child.places},
        scopes={**parent.scopes, **child.scopes},
        each_stage=_each_stage(child.each_stage, parent.each_stage),
        stages=_join(parent.stages, child.stages, lambda stage: stage.id),
        relax={**parent.relax, **child.relax},
    )


def _each_stage(child: EachStage | None, parent: EachStage | None) -> EachStage | None:
    if child is None or parent is None:
        return child or parent
    return msgspec.structs.replace(
        said_over(child, parent),
        entries=_join(parent.entries, child.entries, entry_key),
        formats=child.formats + parent.formats,
        rules=_join(parent.rules, child.rules, lambda rule: rule.id),
    )


def entry_key(entry: Entry) -> Hashable:
    """Return what an entry is replaced by: its name, or its path together with its rule."""
    return entry.as_ or (entry.path, entry.id)


def _join(
    parent: Iterable[_Item], child: Iterable[_Item], key: Callable[[_Item], Hashable]
) -> tuple[_Item, ...]:
    """Return the parent's items without those whose name the child uses, each name's items together."""
    joined: dict[Hashable, list[_Item]] = {}
    for item in parent:
        joined.setdefault(key(item), []).append(item)
    own: dict[Hashable, list[_Item]] = {}
    for item in child:
        own.setdefault(key(item), []).append(item)
    return tuple(item for items in (joined | own).values() for item in items)
