"""Lineage as a tree to read, and as a graph in Mermaid or DOT.

Knows: the words for each relation, how both languages quote.
Does not know: what belongs to the graph.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from runpact.cli.output import paint, plain
from runpact.model.lineage import Edge, Lineage, Node, Relation, Sort

_ABOVE = {
    Relation.INPUT: "input",
    Relation.BASELINE: "baseline",
    Relation.PART: "part of",
    Relation.PROMOTED: "promoted from",
    Relation.REPRODUCED: "reproduces",
}
_BELOW = {
    Relation.INPUT: "read by",
    Relation.BASELINE: "baseline of",
    Relation.PART: "holds",
    Relation.PROMOTED: "promoted to",
    Relation.REPRODUCED: "reproduced by",
}
_DIGEST = 19
_WIDEST_INDENT = 160
"""Characters; what lies deeper stands below each other."""


def tree_lines(graph: Lineage, *, is_up: bool, is_down: bool) -> Iterator[str]:
    """Yield the graph as trees: what the run comes from, and what came from it."""
    yield paint(_node(graph.nodes[graph.start]), "bold")
    for title, is_asked, is_above in (("comes from", is_up, True), ("leads to", is_down, False)):
        if is_asked:
            yield ""
            yield paint(title, "bold")
            lines = list(_branches(graph, is_above=is_above))
            yield from lines or ["  nothing that is known"]


def _branches(graph: Lineage, *, is_above: bool) -> Iterator[str]:
    steps = graph.steps(is_up=is_above)
    seen, ways = {graph.start}, [_Way("", steps.get(graph.start, []))]
    while ways:
        indent, edges = ways[-1].indent, ways[-1].edges
        if not edges:
            ways.pop()
            continue
        edge = edges.popleft()
        is_last = not edges
        end = edge.older if is_above else edge.younger
        known = "  (see above)" if end in seen and end in steps else ""
        yield f"{indent}{'└── ' if is_last else '├── '}{_edge(edge, graph, is_above=is_above)}{known}"
        if end not in seen:
            seen.add(end)
            ways.append(
                _Way(f"{indent}{'    ' if is_last else '│   '}"[-_WIDEST_INDENT:], steps.get(end, []))
            )


class _Way:
    """What is still to be told below a node."""

    def __init__(self, indent: str, edges: Iterable[Edge]) -> None:
        self.indent = indent
        self.edges = deque(edges)


def _edge(edge: Edge, graph: Lineage, *, is_above: bool) -> str:
    word = (_ABOVE if is_above else _BELOW)[edge.relation]
    node = graph.nodes[edge.older if is_above else edge.younger]
    name = plain(_named(edge, graph))
    if node.sort is Sort.FILE:
        where = "" if node.path == edge.name else f"  {plain(node.path)}"
        return f"{word} {name}{where}  {node.digest[:_DIGEST]}".rstrip()
    if edge.relation is Relation.INPUT:
        return f"{word} {name} of {_node(node)}" if is_above else f"{name} {word} {_node(node)}"
    promoted = f"  ({name})" if name and edge.relation is Relation.PROMOTED else ""
    return f"{word} {_node(node)}{promoted}"


def _named(edge: Edge, graph: Lineage) -> str:
    """Return the name of what went along an edge, without the path of the run it came from."""
    return edge.name.removeprefix(f"{graph.nodes[edge.older].path}/")


def _node(node: Node) -> str:
    return f"{plain(node.path)}  {node.state}".rstrip()


def mermaid_lines(graph: Lineage) -> Iterator[str]:
    """Yield a Mermaid flowchart, older things on the left."""
    names = {key: f"n{number}" for number, key in enumerate(graph.nodes)}
    yield "flowchart LR"
    for key, node in graph.nodes.items():
        left, right = {Sort.RUN: ("[", "]"), Sort.FILE: ("[(", ")]"), Sort.COPY: ("[[", "]]")}[node.sort]
        label = "<br>".join(filter(None, (_mermaid(node.path), node.state)))
        yield f'    {names[key]}{left}"{label}"{right}'
    for edge in graph.edges:
        label = _mermaid(_label(edge, graph))
        yield f'    {names[edge.older]} -->|"{label}"| {names[edge.younger]}'
    yield f"    style {names[graph.start]} stroke-width:3px"


def dot_lines(graph: Lineage) -> Iterator[str]:
    """Yield a DOT graph, older things on the left."""
    names = {key: f"n{number}" for number, key in enumerate(graph.nodes)}
    yield "digraph lineage {"
    yield "    rankdir=LR; node [shape=box, fontname=sans];"
    for key, node in graph.nodes.items():
        shape = {Sort.RUN: "box", Sort.FILE: "cylinder", Sort.COPY: "folder"}[node.sort]
        label = "\\n".join(filter(None, (_dot(node.path), node.state)))
        width = ", penwidth=3" if key == graph.start else ""
        yield f'    {names[key]} [label="{label}", shape={shape}{width}];'
    for edge in graph.edges:
        yield f'    {names[edge.older]} -> {names[edge.younger]} [label="{_dot(_label(edge, graph))}"];'
    yield "}"


def _label(edge: Edge, graph: Lineage) -> str:
    name = _named(edge, graph)
    words = {Relation.INPUT: name, Relation.PROMOTED: f"promoted {name}", Relation.PART: "holds"}
    return words.get(edge.relation, edge.relation.value)


def _mermaid(text: str) -> str:
    """Return a text in which nothing is markup: Mermaid reads `#35;` as a character."""
    return "".join(c if c.isalnum() or c in " ./_-:=@+," else f"#{ord(c)};" for c in plain(text))


def _dot(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')
