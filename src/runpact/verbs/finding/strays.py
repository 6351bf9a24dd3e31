"""What stands beside the runs: what must be there, and directories that stand where only runs may.

Knows: the places of all kinds, level by level.
Does not know: what is in a run.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from runpact.disk.discover import directories_of
from runpact.disk.layout import ASIDE, CACHE, LEDGER, NOTES, TRASH
from runpact.model.contract.entries import surroundings
from runpact.model.contract.language import LoadedContract, Strays
from runpact.model.contract.viewfiles import view_files
from runpact.model.finding import Finding, Severity
from runpact.model.judge import judge
from runpact.model.judge.grade import Fault, graded
from runpact.model.place import Place
from runpact.verbs.finding.gather import tree_of

_SEVERITY = {"advised": Severity.ADVICE, "refused": Severity.ERROR}


def check_surroundings(root: str, loaded: LoadedContract) -> tuple[Finding, ...]:
    """Return every finding about a workspace that is not about one of its runs."""
    return (*_around(root, loaded), *find_strays(root, loaded))


def _around(root: str, loaded: LoadedContract) -> tuple[Finding, ...]:
    """Judge what the contract says of the workspace itself; of runs only the directories are seen."""
    rules = loaded.contract.workspace
    if not rules.entries and not rules.rules and rules.others == "allowed":
        return ()
    places = [Place.of(name, kind) for name, kind in loaded.contract.kinds.items()]
    tree = tree_of(root, loaded, root, is_own=False)
    views = {path for view in rules.indexes for path in view_files(view.files).values()}
    beside = tuple(fact for fact in tree.files if not (fact.path in views or _is_ours(fact.path, places)))
    return judge(surroundings(loaded.contract), loaded, msgspec.structs.replace(tree, files=beside)).findings


def _is_ours(path: str, places: list[Place]) -> bool:
    """Whether a file stands in a run, or is one that runpact keeps beside them."""
    parts = path.split("/")
    return parts[0] in {ASIDE, CACHE, LEDGER, NOTES, TRASH} or any(
        0 < place.depth < len(parts) and place.match("/".join(parts[: place.depth])) is not None
        for place in places
    )


def find_strays(root: str, loaded: LoadedContract) -> tuple[Finding, ...]:
    """Return a finding for every directory beside runs whose name no kind can read."""
    places = [Place.of(name, kind) for name, kind in loaded.contract.kinds.items()]
    findings: dict[str, Finding] = {}
    for name, kind in loaded.contract.kinds.items():
        if kind.strays is None or kind.strays.are not in _SEVERITY:
            continue
        place = next(each for each in places if each.kind == name)
        for path in _descend(root, "", place, 0, places):
            fault = _fault(kind.strays, path, kind.at)
            rule = kind.strays.id or f"kinds/{name}/strays"
            findings.setdefault(path, graded(loaded.contract, kind.strays, rule, fault))
    return tuple(findings[path] for path in sorted(findings))


def _descend(root: str, prefix: str, place: Place, level: int, places: list[Place]) -> Iterator[str]:
    for name in directories_of(posixpath.join(root, prefix)):
        path = posixpath.join(prefix, name)
        fits = place.levels[level](name)
        if fits and level + 1 < place.depth:
            yield from _descend(root, path, place, level + 1, places)
        elif _is_stray(path, place, level, places, fits=fits):
            yield path


def _is_stray(path: str, place: Place, level: int, places: list[Place], *, fits: bool) -> bool:
    """Whether nothing reads a directory: not this kind, whose level it stands at, nor another."""
    if fits:
        return all(each.match(path) is None for each in places)
    return _is_beside(place, level) and not _belongs(path, places)


def _is_beside(place: Place, level: int) -> bool:
    """Whether a level is one that the template's captures fill: elsewhere other things may stand."""
    return "{" in place.template.text.split("/")[level]


def _belongs(path: str, places: list[Place]) -> bool:
    """Whether some kind reads a path as a run of its own, or as the way to one."""
    parts = path.split("/")
    return any(
        len(parts) <= each.depth and all(level(part) for level, part in zip(each.levels, parts, strict=False))
        for each in places
    )


def _fault(strays: Strays, path: str, at: str) -> Fault:
    return Fault(
        code="stray",
        severity=_SEVERITY[strays.are],
        path=path,
        message="no kind of run can have this name",
        expected=at,
        got=path,
        hint="rename it as the contract says, or move it elsewhere",
    )
