"""Names in a question that no run has: most of them are mistyped.

Knows: which fields are named by what runs hold, and which names are near.
Does not know: a run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from runpact.model.query.fields import FIELDS, TAG, nearest_of
from runpact.model.query.tree import Exists, Field, Node, Not, Test


def is_open(field: Field) -> bool:
    """Whether it depends on the runs that there is such a field: `config.lr`, and `id` is none of these."""
    return field.name not in FIELDS and "." in field.name


def kinds_in(node: Node) -> tuple[str, ...]:
    """Return the kinds that a filter names, each once."""
    if isinstance(node, Test):
        is_named = node.field.name == "kind" and node.operator == "in"
        return tuple(str(value) for value in node.values) if is_named else ()
    if isinstance(node, Exists):
        return ()
    parts = (node.inner,) if isinstance(node, Not) else node.parts
    return tuple(dict.fromkeys(kind for part in parts for kind in kinds_in(part)))


def unknown_fields(fields: Iterable[Field], known: Collection[str]) -> tuple[str, ...]:
    """Say of which fields no run has a value, there or below.

    Args:
        fields: Of a question.
        known: The names of all fields that differ from run to run, as the runs have them.
    """
    names = [field.name for field in dict.fromkeys(fields) if is_open(field)]
    return tuple(_doubt(name, known) for name in names if not _is_known(name, known))


def unknown_kinds(kinds: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Say of which kinds there is no run, and no word in the contract."""
    return tuple(f"no run is of kind `{kind}`{_meant(kind, known)}" for kind in kinds if kind not in known)


def _is_known(name: str, known: Collection[str]) -> bool:
    return name in known or any(each.startswith(f"{name}.") for each in known)


def _doubt(name: str, known: Iterable[str]) -> str:
    head, _dot, rest = name.partition(".")
    alike = [each for each in known if each.startswith(f"{head}.")]
    if head == TAG:
        return f"no run has the tag `{rest}`{_meant(rest, [each.partition('.')[2] for each in alike])}"
    return f"no run has `{name}`{_meant(name, alike)}"


def _meant(name: str, known: Iterable[str]) -> str:
    near = nearest_of(name, known)
    return f"; did you mean `{near}`?" if near is not None else ""
