"""What a project's schema says about its configuration.

Knows: which keys there are, their types and defaults, which hold paths.
Does not know: whether a configuration fits (`model.schema`), where one comes from.

A JSON Schema 2020-12 with two keywords of runpact's own: `x-path: true` marks a file or folder, `x-workdir:
true` the one folder that `--workdir` replaces.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

import msgspec

Key = tuple[str, ...]
"""A dotted key, part by part."""
MISSING = msgspec.UNSET
_MOST_LEVELS = 32


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What a schema says about one key."""

    key: Key
    types: tuple[str, ...] = ()
    """JSON Schema's names; empty when any will do."""
    default: object = MISSING
    description: str = ""
    choices: tuple[object, ...] = ()
    is_path: bool = False
    is_workdir: bool = False
    is_secret: bool = False
    is_table: bool = False
    """Its own keys are declared."""
    is_closed: bool = False
    """It refuses keys that are not declared."""


class ConfigSchema:
    """The keys that a configuration may have."""

    def __init__(self, declared: Mapping[Key, Declared]) -> None:
        """Store what is declared; `of` reads it."""
        self.declared = dict(declared)

    @classmethod
    def of(cls, name: str, documents: Mapping[str, bytes]) -> ConfigSchema:
        """Read the schema of that name; `$ref` leads to other documents of the contract.

        Args:
            name: Path of the schema among `documents`.
            documents: JSON Schemas by path, each of which can be read.
        """
        schemas = {path: msgspec.json.decode(data) for path, data in documents.items()}
        walk = _Walk(schemas)
        return cls({each.key: each for each in walk.below((), name, schemas.get(name))})

    def __contains__(self, key: Key) -> bool:
        """Whether a key is declared, or belongs to a table that takes any."""
        return key in self.declared or any(
            above in self.declared and not self.declared[above].is_table
            for above in (key[:length] for length in range(len(key)))
        )

    def get(self, key: Key) -> Declared:
        """Return what is said about a key; nothing is said about one that is not declared."""
        return self.declared.get(key, Declared(key=key))

    def below(self, key: Key) -> tuple[str, ...]:
        """Return the names declared directly in a table."""
        return tuple(each[-1] for each in self.declared if len(each) == len(key) + 1 and each[:-1] == key)

    def defaults(self) -> dict[str, object]:
        """Return a configuration of all defaults."""
        made: dict[str, object] = {}
        for each in self.declared.values():
            if each.default is not MISSING and each.key:
                put(made, each.key, each.default)
        return made

    @property
    def paths(self) -> tuple[Key, ...]:
        """Keys that hold a file or a folder."""
        return tuple(key for key, each in self.declared.items() if each.is_path or each.is_workdir)

    @property
    def workdir(self) -> Key | None:
        """The key that `--workdir` replaces; None when there is none."""
        return next((key for key, each in self.declared.items() if each.is_workdir), None)


class _Walk:
    """Goes through a schema and those it refers to."""

    def __init__(self, schemas: Mapping[str, object]) -> None:
        self.schemas = schemas

    def below(self, key: Key, name: str, schema: object, level: int = 0) -> Iterator[Declared]:
        """Yield what is said about a key and all keys below it."""
        name, said = self._followed(name, schema)
        properties = said.get("properties")
        yield _declared(key, said, is_table=isinstance(properties, dict))
        if isinstance(properties, dict) and level < _MOST_LEVELS:
            for part, inner in properties.items():
                yield from self.below((*key, part), name, inner, level + 1)

    def _followed(self, name: str, schema: object) -> tuple[str, dict[str, object]]:
        """Return a schema without its reference: what stands beside it goes before what it refers to."""
        said: dict[str, object] = dict(schema) if isinstance(schema, dict) else {}
        for _time in range(_MOST_LEVELS):
            reference = said.pop("$ref", None)
            if not isinstance(reference, str):
                break
            document, _hash, pointer = reference.partition("#")
            name = posixpath.normpath(posixpath.join(posixpath.dirname(name), document)) if document else name
            target = _at(self.schemas.get(name), pointer)
            said = {**(target if isinstance(target, dict) else {}), **said}
        return name, said


def _declared(key: Key, said: Mapping[str, object], *, is_table: bool) -> Declared:
    types, choices = said.get("type"), said.get("enum")
    return Declared(
        key=key,
        types=(types,) if isinstance(types, str) else tuple(types) if isinstance(types, list) else (),
        default=said.get("default", MISSING),
        description=str(said.get("description", "")),
        choices=tuple(choices) if isinstance(choices, list) else (),
        is_path=said.get("x-path") is True,
        is_workdir=said.get("x-workdir") is True,
        is_secret=said.get("writeOnly") is True,
        is_table=is_table,
        is_closed=said.get("additionalProperties") is False or said.get("unevaluatedProperties") is False,
    )


def _at(schema: object, pointer: str) -> object:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        schema = schema.get(name) if isinstance(schema, dict) else None
    return schema


_PARTS = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^."]+))\s*(\.|$)')


def split_key(text: str) -> Key | None:
    """Return the parts of a dotted key; None when it is none.

    A part with dots in it stands in double quotes.
    """
    parts, place = [], 0
    while place < len(text):
        found = _PARTS.match(text, place)
        if found is None:
            return None
        parts.append(found[2].strip() if found[1] is None else re.sub(r"\\(.)", r"\1", found[1]))
        place = found.end()
    return tuple(parts) if parts and "" not in parts and not text.rstrip().endswith(".") else None


def put(values: dict[str, object], key: Key, value: object) -> None:
    """Set a value in nested tables, which are made when missing; what is no table gives way."""
    for part in key[:-1]:
        below = values.get(part)
        if not isinstance(below, dict):
            below = values[part] = {}
        values = below
    values[key[-1]] = value


def leaves(values: Mapping[str, object], above: Key = ()) -> Iterator[tuple[Key, object]]:
    """Yield every value that is no table, and every table that is empty, by its key."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value
