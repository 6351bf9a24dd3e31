"""Lineage: what was made from what, over runs.

Knows: how runs are joined by inputs, parents, baselines and copies; how far a walk goes.
Does not know: how runs are found, how the graph is drawn.
"""

from __future__ import annotations

import enum
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from runpact.model.inputs import Input
from runpact.model.registered.uri import parse_uri

BASELINE = "baseline"
"""Name of the input that a run is held against."""


class Sort(enum.Enum):
    """What a node of the graph is."""

    RUN = "run"
    FILE = "file"
    """Something from outside all known runs."""
    COPY = "copy"
    """A curated copy."""


class Relation(enum.Enum):
    """How the older end of an edge leads to the younger one."""

    INPUT = "input"
    BASELINE = "baseline"
    PART = "part"
    """The younger run is part of the older one."""
    PROMOTED = "promoted"
    REPRODUCED = "reproduced"
    """The younger run was to make the older one again."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A run, a file from outside, or a curated copy."""

    key: str
    sort: Sort
    path: str
    """As it is shown; of a file from outside, its name."""
    state: str = ""
    digest: str = ""


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """One step from something older to something younger."""

    older: str
    younger: str
    relation: Relation
    name: str = ""
    """The input's name, or the file that was promoted."""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """The graph around one run."""

    start: str
    nodes: dict[str, Node]
    edges: tuple[Edge, ...]

    def steps(self, *, is_up: bool) -> dict[str, list[Edge]]:
        """Return the edges that lead from each node to what it came from, or to what came from it."""
        return steps_of(self.edges, is_up=is_up)


class KnownMaker(msgspec.Struct, frozen=True, kw_only=True):
    """What lineage needs to know of one run."""

    key: str
    """uid, or the path of a run without one."""
    path: str
    """Relative to the data root where it lies inside."""
    state: str
    started: str = ""
    parent: str | None = None
    parent_path: str | None = None
    reproduces: str | None = None
    inputs: tuple[Input, ...] = ()
    files: Mapping[str, str] = {}
    """Paths of its files, from its directory, by digest; empty ones are left out: all of them are alike."""


class CuratedCopy(msgspec.Struct, frozen=True, kw_only=True):
    """A promoted folder, by the digests of its files."""

    path: str
    files: Mapping[str, str]
    run: str | None = None
    """uid of the run that it was made of, where its own record tells."""


def lineage_of(
    start: str,
    runs: Sequence[KnownMaker],
    copies: Iterable[CuratedCopy] = (),
    *,
    removed: Mapping[str, str] = MappingProxyType({}),
    is_up: bool = True,
    is_down: bool = True,
    depth: int | None = None,
) -> Lineage:
    """Return the graph around a run, upwards and downwards.

    Args:
        start: Key of the run to begin with.
        runs: All known runs.
        copies: All known curated copies.
        removed: Folders of the registries that are gone, with the reason.
        is_up: Walk to what the run was made from.
        is_down: Walk to what was made from it.
        depth: At most so many steps each way; None for no limit.
    """
    graph = _Graph(runs, copies, removed)
    edges: dict[Edge, None] = {}
    if is_up:
        _walk(start, graph.edges, edges, is_up=True, depth=depth)
    if is_down:
        _walk(start, graph.edges, edges, is_up=False, depth=depth)
    keys = dict.fromkeys([start, *(key for edge in edges for key in (edge.older, edge.younger))])
    return Lineage(start=start, nodes={key: graph.nodes[key] for key in keys}, edges=tuple(edges))


def steps_of(edges: Iterable[Edge], *, is_up: bool) -> dict[str, list[Edge]]:
    """Return edges by the end that a walk upwards, or downwards, comes from."""
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(edge.younger if is_up else edge.older, []).append(edge)
    return found


def _walk(
    start: str, all_edges: Sequence[Edge], found: dict[Edge, None], *, is_up: bool, depth: int | None
) -> None:
    by_end = steps_of(all_edges, is_up=is_up)
    seen, level, steps = {start}, [start], 0
    while level and (depth is None or steps < depth):
        steps += 1
        edges = [edge for key in level for edge in by_end.get(key, ())]
        found.update(dict.fromkeys(edges))
        ends = dict.fromkeys(edge.older if is_up else edge.younger for edge in edges)
        level = [key for key in ends if key not in seen]
        seen.update(level)


class _Graph:
    """All nodes and edges that the known runs make."""

    def __init__(
        self, runs: Sequence[KnownMaker], copies: Iterable[CuratedCopy], removed: Mapping[str, str]
    ) -> None:
        self._removed = removed
        self._runs = {run.key: run for run in reversed(runs)}
        self._makers: dict[str, list[KnownMaker]] = {}
        for run in self._runs.values():
            for digest in run.files:
                self._makers.setdefault(digest, []).append(run)
        self.nodes = {
            run.key: Node(key=run.key, sort=Sort.RUN, path=run.path, state=run.state)
            for run in self._runs.values()
        }
        self.edges: list[Edge] = []
        self._made_by: dict[str, str] = {}
        for run in self._runs.values():
            self.edges += self._to(run)
        gone = dict(self._made_by)
        for copy in copies:
            self.edges += self._promoted(copy)
            gone.pop(f"copy:{copy.path}", None)
        self.edges += [Edge(older=run, younger=key, relation=Relation.PROMOTED) for key, run in gone.items()]

    def _to(self, run: KnownMaker) -> Iterator[Edge]:
        """Yield the edges that lead to a run."""
        for each in run.inputs:
            relation = Relation.BASELINE if each.name == BASELINE else Relation.INPUT
            for older in self._sources(run, each):
                yield Edge(older=older, younger=run.key, relation=relation, name=each.name)
        if run.parent is not None:
            if run.parent not in self.nodes:
                path = run.parent_path or run.parent
                self.nodes[run.parent] = Node(key=run.parent, sort=Sort.RUN, path=path)
            yield Edge(older=run.parent, younger=run.key, relation=Relation.PART)
        if run.reproduces is not None:
            self.nodes.setdefault(
                run.reproduces, Node(key=run.reproduces, sort=Sort.RUN, path=run.reproduces)
            )
            yield Edge(older=run.reproduces, younger=run.key, relation=Relation.REPRODUCED)

    def _sources(self, run: KnownMaker, each: Input) -> list[str]:
        """Return who made an input: as it was recorded, by where it stood, by its digest; else itself."""
        if each.uri is not None:
            return [self._registered(each.uri, each.run)]
        if each.run is not None and each.run != run.key:
            if each.run not in self.nodes:
                self.nodes[each.run] = Node(key=each.run, sort=Sort.RUN, path=each.run)
            return [each.run]
        makers = [
            other
            for other in self._makers.get(each.digest, ())
            if other.key != run.key and other.started <= run.started
        ]
        homes = [other.key for other in makers if _is_at_home(each, other)]
        if makers:
            return homes or [other.key for other in makers]
        key = f"file:{each.digest or each.name}"
        self.nodes[key] = Node(key=key, sort=Sort.FILE, path=each.path or each.name, digest=each.digest)
        return [key]

    def _registered(self, uri: str, run: str | None) -> str:
        """Return the node of a model or a data set, which may be gone by now."""
        path = parse_uri(uri).folder
        key = f"copy:{path}"
        state = f"removed: {self._removed[path]}" if path in self._removed else ""
        self.nodes.setdefault(key, Node(key=key, sort=Sort.COPY, path=path, state=state))
        if run is not None:
            self.nodes.setdefault(run, Node(key=run, sort=Sort.RUN, path=run))
            self._made_by[key] = run
        return key

    def _promoted(self, copy: CuratedCopy) -> Iterator[Edge]:
        key = f"copy:{copy.path}"
        self.nodes[key] = Node(key=key, sort=Sort.COPY, path=copy.path)
        if copy.run is not None:
            path = next(iter(copy.files.values()), "")
            self.nodes.setdefault(copy.run, Node(key=copy.run, sort=Sort.RUN, path=copy.run))
            yield Edge(older=copy.run, younger=key, relation=Relation.PROMOTED, name=path)
            return
        for digest, path in copy.files.items():
            for maker in self._makers.get(digest, ()):
                yield Edge(older=maker.key, younger=key, relation=Relation.PROMOTED, name=path)


def _is_at_home(each: Input, maker: KnownMaker) -> bool:
    """Whether an input stood in the run that made it, or in a directory that this run owns elsewhere."""
    path = each.path or ""
    owned = posixpath.normpath(posixpath.join(maker.path, maker.files[each.digest]))
    return path.startswith(f"{maker.path}/") or path == owned
