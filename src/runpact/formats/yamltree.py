"""Reads YAML (and with it JSON) into a tree with places.

Knows: the strict subset: no duplicate keys, no tags, no anchors, only `true` and `false`.
Does not know: what the document means.
"""

from __future__ import annotations

import re

import yaml

from runpact.model.contract.node import Node, Scalar
from runpact.model.errors import Fault

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_NODES = 100_000

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}
_PLAIN_TAGS = frozenset({None, "", "!", "tag:yaml.org,2002:str"})
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_tree(data: bytes, file: str) -> Node | tuple[Fault, ...]:
    """Return the document's tree, or all faults of its form.

    Args:
        data: UTF-8 text of YAML or JSON.
        file: Its name, for the faults.
    """
    if len(data) > MAX_BYTES:
        return (
            Fault(
                "the file is too large", file, expected=f"at most {MAX_BYTES} bytes", got=f"{len(data)} bytes"
            ),
        )
    try:
        text = data.decode("utf-8-sig")
        _refuse_depth(text)
        root = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        return (Fault("the file is not UTF-8 text", file, got=str(error.reason)),)
    except yaml.MarkedYAMLError as error:
        return (_marked(error, file),)
    except (yaml.YAMLError, RecursionError, _TooDeepError) as error:
        return (Fault(f"the file is not YAML: {str(error) or 'nested too deeply'}", file),)
    if root is None:
        return (Fault("the file is empty", file, 1, 1, expected="a mapping"),)
    builder = _Builder(file)
    tree = builder.build(root, 0, "")
    return tuple(builder.faults) or tree


class _TooDeepError(Exception):
    """Brackets are nested deeper than the composer should follow."""


def _refuse_depth(text: str) -> None:
    depth = 0
    for found in re.finditer(r"[\[\]{}]", text):
        depth += 1 if found.group() in "[{" else -1
        if depth > MAX_DEPTH * 4:
            raise _TooDeepError("nested too deeply")
    deepest = max((len(line) - len(line.lstrip(" -")) for line in text.split("\n")), default=0)
    if deepest > MAX_DEPTH * 16:
        raise _TooDeepError("nested too deeply")


def _marked(error: yaml.MarkedYAMLError, file: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return Fault(f"the file is not YAML: {error.problem or error.context}", file, line, column)


class _Builder:
    """Turns composed nodes into ours, noting every fault."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self._seen: set[int] = set()

    def build(self, node: yaml.Node, depth: int, at: str) -> Node:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        if id(node) in self._seen or len(self._seen) >= MAX_NODES or depth > MAX_DEPTH:
            what = (
                "an alias"
                if id(node) in self._seen
                else "too many values"
                if depth <= MAX_DEPTH
                else "nested too deeply"
            )
            self._fault(f"{what}: not part of the accepted YAML", line, column, at)
            return Node(line=line, column=column)
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return Node(line=line, column=column, pairs=tuple(self._pairs(node, depth, at)))
        if isinstance(node, yaml.SequenceNode):
            items = (self.build(item, depth + 1, f"{at}/{i}") for i, item in enumerate(node.value))
            return Node(line=line, column=column, items=tuple(items))
        return Node(line=line, column=column, scalar=self._scalar(node, line, column, at))

    def _pairs(self, node: yaml.MappingNode, depth: int, at: str) -> list[tuple[Node, Node]]:
        pairs: list[tuple[Node, Node]] = []
        first: dict[object, Node] = {}
        for key, value in node.value:
            name = self.build(key, depth + 1, at)
            text = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if name.pairs is not None or name.items is not None:
                self._fault("a key must be text", name.line, name.column, at)
                continue
            known = first.setdefault(text, name)
            if known is not name:
                self._fault(
                    f"the key `{text}` stands twice",
                    name.line,
                    name.column,
                    at,
                    got=f"first in line {known.line}",
                )
                continue
            pairs.append(
                (
                    Node(line=name.line, column=name.column, scalar=text),
                    self.build(value, depth + 1, f"{at}/{escape(text)}"),
                )
            )
        return pairs

    def _scalar(self, node: yaml.Node, line: int, column: int, at: str) -> Scalar:
        if node.tag not in _PLAIN_TAGS:
            message = f"the tag `{node.tag}` is not accepted; quote a text that begins with `!`"
            self._fault(message, line, column, at)
        is_quoted = bool(getattr(node, "style", None))
        return str(node.value) if is_quoted else plain_scalar(node.value)

    def _fault(self, message: str, line: int, column: int, at: str, *, got: str = "") -> None:
        self.faults.append(Fault(message, self.file, line, column, at, got=got))


def plain_scalar(text: str) -> Scalar:
    """Return what an unquoted word stands for (YAML 1.2 core, decimal only)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 4300:  # noqa: PLR2004 - CPython's own bound for int()
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def escape(key: str) -> str:
    """Return a key as part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")
