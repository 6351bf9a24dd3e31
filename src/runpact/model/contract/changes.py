"""What changed between two versions of a contract, and which changes can break runs that kept the old one.

Knows: which parts join by name; for each key, in which direction it loosens.
Does not know: runs.

A change is *breaking* when a run that kept the old contract may not keep the new one. Where that cannot be
told from the two texts (an expression was rewritten, a schema changed), it counts as breaking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.merge import entry_key

Sort = Literal["added", "removed", "changed"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between two contracts."""

    at: str
    """Where, by names: `kinds/run/entries/metrics.json/required`."""
    sort: Sort
    is_breaking: bool
    old: str | None = None
    new: str | None = None
    why: str = ""


def changes(old: LoadedContract, new: LoadedContract) -> tuple[Change, ...]:
    """Return every change, breaking ones first."""
    found = [*_compare(_named(old.contract), _named(new.contract), ""), *_schemas(old, new)]
    return tuple(sorted(dict.fromkeys(found), key=lambda change: (not change.is_breaking, change.at)))


def needed_version(old: Contract, found: tuple[Change, ...]) -> str:
    """Return the least version that says what changed: major for a breaking change, minor for another."""
    major, minor, patch = (int(part) for part in old.version.split("-")[0].split("+")[0].split("."))
    if any(change.is_breaking for change in found):
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if found else f"{major}.{minor}.{patch}"


_UNCOUNTED = frozenset(
    {"contract", "version", "extends", "description", "message", "hint", "relax", "note", "like", "ids"}
)
"""Keys that say nothing about a run; what is inherited is compared itself."""


def _named(contract: Contract) -> dict[str, object]:
    """Return a contract as nested maps in which items of lists are known by their names."""
    plain = msgspec.to_builtins(contract)
    for name, kind in contract.kinds.items():
        told = plain["kinds"][name]
        told["entries"] = _by(told["entries"], [_entry_name(entry_key(entry)) for entry in kind.entries])
        told["rules"] = _by(told["rules"], [rule.id for rule in kind.rules])
        told["inventories"] = _by(told["inventories"], [each.of + each.at for each in kind.inventories])
        told["stages"] = _by(told["stages"], [stage.id for stage in kind.stages])
        if kind.each_stage is not None:
            stage = told["each_stage"]
            keys = [_entry_name(entry_key(entry)) for entry in kind.each_stage.entries]
            stage["entries"] = _by(stage["entries"], keys)
            stage["rules"] = _by(stage["rules"], [rule.id for rule in kind.each_stage.rules])
    result: dict[str, object] = plain
    return result


def _entry_name(key: object) -> str:
    return " ".join(str(part) for part in key if part) if isinstance(key, tuple) else str(key)


def _by(items: list[object], names: list[str]) -> dict[str, object]:
    """Return items by name; further items of one name are numbered."""
    found: dict[str, object] = {}
    used: Counter[str] = Counter()
    for item, name in zip(items, names, strict=True):
        free = name
        while free in found:
            used[name] += 1
            free = f"{name} ({used[name] + 1})"
        found[free] = item
    return found


def _compare(old: object, new: object, at: str) -> Iterator[Change]:
    if old == new or at.rpartition("/")[2] in _UNCOUNTED:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not at.endswith(_WHOLE):
        for name in dict.fromkeys([*old, *new]):
            place = f"{at}/{name}".lstrip("/")
            if name not in new:
                yield from _removed(place, old[name])
            elif name not in old:
                yield from _added(place, new[name])
            else:
                yield from _compare(old[name], new[name], place)
        return
    is_breaking, why = _verdict(at.rpartition("/")[2], old, new)
    yield Change(at=at, sort="changed", is_breaking=is_breaking, old=_short(old), new=_short(new), why=why)


_WHOLE = ("/schema", "/columns", "/moves", "/match", "/validator", "/numbering", "/foreach")
"""Parts that are compared as one."""
_DEMANDS = frozenset({"entries", "rules", "inventories", "states", "dimensions", "strays", "places"})
"""Parts whose items demand something of a run."""


def _parent(at: str) -> str:
    parts = at.split("/")
    return parts[-2] if len(parts) > 1 else ""


def _added(at: str, value: object) -> Iterator[Change]:
    if _parent(at) not in _DEMANDS:
        yield Change(at=at, sort="added", is_breaking=False, new=_short(value))
        return
    severity = value.get("severity") if isinstance(value, dict) else None
    may_be_missing = isinstance(value, dict) and _parent(at) == "entries" and value.get("required") is False
    demands = _content(value) if may_be_missing and isinstance(value, dict) else True
    is_breaking = severity not in {"advice", "warning"} and demands
    why = (
        "runs that lack it fail"
        if not may_be_missing
        else "files that stand there are now judged"
        if demands
        else ""
    )
    yield Change(
        at=at, sort="added", is_breaking=is_breaking, new=_short(value), why=why if is_breaking else ""
    )


def _content(value: Mapping[str, object]) -> bool:
    words = ("schema", "table", "arrays", "text", "size", "format", "canonical", "forbidden", "append_only")
    return any(value.get(word) for word in words)


def _removed(at: str, value: object) -> Iterator[Change]:
    parent = _parent(at)
    if parent == "kinds":
        yield Change(
            at=at, sort="removed", is_breaking=True, old=_short(value), why="its runs are of no kind any more"
        )
    elif parent == "tiers":
        yield Change(
            at=at, sort="removed", is_breaking=True, old=_short(value), why="no run reaches it any more"
        )
    else:
        yield Change(at=at, sort="removed", is_breaking=False, old=_short(value))


_ORDER = {
    "others": ("allowed", "advised", "refused"),
    "are": ("allowed", "advised", "refused"),
    "extra": ("allowed", "refused"),
    "extra_arrays": ("allowed", "refused"),
    "severity": ("advice", "warning", "incomplete", "error"),
    "column_order": ("any", "given"),
}
"""Words from the loosest to the strictest."""
_UPPER = frozenset({"max", "maximum"})
_LOWER = frozenset({"min", "minimum"})
_SWITCHES = frozenset({"canonical", "append_only", "finite", "unique", "closed", "sorted"})
_FREE = frozenset(
    {
        "fields",
        "written",
        "writer",
        "readers",
        "as",
        "records",
        "latest",
        "workspace",
        "indexes",
        "error_from",
    }
)
"""Keys that change how runs are made, not how they are judged."""


def _verdict(key: str, old: object, new: object) -> tuple[bool, str]:
    """Return whether a change of a key can break a run, and why."""
    if key in _ORDER and old in _ORDER[key] and new in _ORDER[key]:
        return _is_stricter(_ORDER[key].index(str(new)) - _ORDER[key].index(str(old)))
    if key in _UPPER | _LOWER:
        return _bound(key, old, new)
    if key in _SWITCHES and isinstance(new, bool):
        return _is_stricter(int(new) - int(bool(old)))
    if key == "required" and isinstance(new, bool):
        return _is_stricter(1 if new else -1)
    if key == "forbidden" and isinstance(new, bool):
        return _is_stricter(1 if new else -1)
    if key in _FREE:
        return False, ""
    return True, "runs that kept the old text may not keep the new one"


def _is_stricter(step: int) -> tuple[bool, str]:
    return (True, "it is stricter") if step > 0 else (False, "")


def _bound(key: str, old: object, new: object) -> tuple[bool, str]:
    if new is None:
        return False, ""
    if not isinstance(old, int | float) or not isinstance(new, int | float):
        return True, "a new bound"
    is_narrower = new < old if key in _UPPER else new > old
    return is_narrower, "the bound is narrower" if is_narrower else ""


def _schemas(old: LoadedContract, new: LoadedContract) -> Iterator[Change]:
    """Yield schema files of one name whose content changed."""
    for name in sorted(old.schemas.keys() & new.schemas.keys()):
        if msgspec.json.decode(old.schemas[name]) != msgspec.json.decode(new.schemas[name]):
            yield Change(
                at=name,
                sort="changed",
                is_breaking=True,
                why="documents that fit the old schema may not fit the new one",
            )


def _short(value: object) -> str:
    if isinstance(value, dict):
        value = {key: item for key, item in value.items() if item not in (None, "", [], {}, False)}
    text = msgspec.json.encode(value).decode()
    limit = 160
    return text if len(text) <= limit else text[: limit - 1] + "…"
