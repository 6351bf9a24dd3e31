"""Which values of a document its JSON Schema marks as secret.

Knows: the keyword `writeOnly`, and where a schema speaks of a value: properties, items, references, branches.
Does not know: whether the document fits the schema, or what becomes of the values.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping

import msgspec

Path = tuple[str | int, ...]
_BRANCHES = ("allOf", "anyOf", "oneOf")
_NESTED = ("if", "then", "else")


def marked_paths(value: object, name: str, documents: Mapping[str, bytes]) -> frozenset[Path]:
    """Return where in a document stands what its schema marks with `writeOnly: true`.

    A branch marks whether or not the value fits it: a secret that is masked in vain is no harm.

    Args:
        value: Plain data.
        name: Path of the schema among `documents`.
        documents: JSON Schemas by path; one that cannot be read marks nothing.
    """
    if not any(b"writeOnly" in document for document in documents.values()):
        return frozenset()
    schemas = {path: _decoded(document) for path, document in documents.items()}
    return frozenset(_marked(value, _Place(name, schemas.get(name), schemas), ()))


def replaced_at(value: object, path: Path, replace: Callable[[object], object]) -> object:
    """Return plain data in which the value at a path, if there is one, is another; the argument stays."""
    if not path:
        return replace(value)
    key, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, key: replaced_at(value[key], rest, replace)} if key in value else value
    if not isinstance(value, list | tuple):
        return value  # as it was composed it may be one text where it is a mapping once resolved
    return [replaced_at(below, rest, replace) if at == key else below for at, below in enumerate(value)]


class _Place(msgspec.Struct, frozen=True):
    """A schema and the document it stands in."""

    name: str
    schema: object
    schemas: dict[str, object]

    def at(self, schema: object) -> _Place:
        return _Place(self.name, schema, self.schemas)


def _decoded(document: bytes) -> object:
    try:
        return msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _marked(value: object, place: _Place, path: Path) -> Iterator[Path]:
    for each, schema in _spoken(place):
        if schema.get("writeOnly") is True:
            yield path
        for key, below in _children(value):
            for part in _parts(schema, key):
                yield from _marked(below, each.at(part), (*path, key))


def _children(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, Mapping):
        yield from ((str(key), below) for key, below in value.items())
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def _parts(schema: Mapping[str, object], key: str | int) -> Iterator[object]:
    """Yield the schemas of one member or item."""
    if isinstance(key, int):
        prefix = schema.get("prefixItems")
        items = list(prefix) if isinstance(prefix, list) else []
        yield items[key] if key < len(items) else schema.get("items")
        return
    properties = schema.get("properties")
    if isinstance(properties, dict) and key in properties:
        yield properties[key]
    else:
        yield schema.get("additionalProperties")


def _spoken(place: _Place) -> Iterator[tuple[_Place, dict[str, object]]]:
    """Yield a schema and every other that it applies to the same value."""
    waiting, seen = [place], set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each.schema, dict) or id(each.schema) in seen:
            continue
        seen.add(id(each.schema))
        yield each, each.schema
        for word in _BRANCHES:
            branches = each.schema.get(word)
            waiting += [each.at(branch) for branch in branches] if isinstance(branches, list) else []
        waiting += [each.at(each.schema.get(word)) for word in _NESTED]
        waiting.append(_referred(each, each.schema.get("$ref")))


def _referred(place: _Place, reference: object) -> _Place:
    """Return what a reference names; of one that names nothing here, nothing."""
    if not isinstance(reference, str):
        return place.at(None)
    path, _hash, pointer = reference.partition("#")
    name = posixpath.normpath(posixpath.join(posixpath.dirname(place.name), path)) if path else place.name
    schema = place.schemas.get(name)
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        schema = schema.get(key) if isinstance(schema, dict) else None
    return _Place(name, schema, place.schemas)
