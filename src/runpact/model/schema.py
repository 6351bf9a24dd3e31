"""Documents against JSON Schema 2020-12.

Knows: how a schema is compiled once and a document's faults are told in plain words.
Does not know: where schemas or documents come from. Nothing is ever fetched.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Mapping

import msgspec

from runpact.model.digest import digest_bytes
from runpact.model.reference import pointer_of


class SchemaFault(msgspec.Struct, frozen=True):
    """One place where a document is not what its schema says."""

    pointer: str
    """JSON pointer into the document."""
    message: str
    expected: str = ""
    got: str = ""
    rule: str | None = None
    """The nearest `x-rule` of the schema around the keyword that failed."""


class SchemaError(ValueError):
    """A schema itself cannot be used."""


class Validator:
    """A compiled schema."""

    def __init__(self, path: str, documents: tuple[tuple[str, bytes], ...]) -> None:
        """Compile the schema at `path` among the contract's schema documents.

        Raises:
            SchemaError: It is no JSON Schema, or refers outside the contract.
        """
        import jsonschema_rs  # noqa: PLC0415 - costs milliseconds that only a schema should pay

        texts = dict(documents)
        if path not in texts:
            raise SchemaError(f"there is no schema `{path}`")
        try:
            schemas = {f"{_BASE}{name}": msgspec.json.decode(text) for name, text in texts.items()}
            root = {"$schema": _DRAFT, "$ref": f"{_BASE}{path}"}
            registry = jsonschema_rs.Registry(list(schemas.items()))
            self._validator = jsonschema_rs.Draft202012Validator(
                root,
                registry=registry,
                validate_formats=True,
                pattern_options=jsonschema_rs.RegexOptions(),  # its time grows with the text alone
            )
            self._schemas = schemas
            self._base = schemas[f"{_BASE}{path}"]
            jsonschema_rs.meta.validate(schemas[f"{_BASE}{path}"])
        except (ValueError, TypeError, RecursionError) as error:
            raise SchemaError(str(error).split("\n", 1)[0]) from error

    def faults(self, document: object, *, limit: int = 100) -> tuple[SchemaFault, ...]:
        """Return what is wrong with a document, at most `limit` faults.

        Raises:
            ValueError: The document cannot be handed to the validator (numbers beyond JSON's).
        """
        if self._validator.is_valid(document):
            return ()
        found = []
        for error in self._validator.iter_errors(document):
            rule = self._rule_of(error)
            found += [msgspec.structs.replace(fault, rule=rule) for fault in _faults(error)]
            if len(found) >= limit:
                break
        return tuple(sorted(found[:limit], key=lambda fault: fault.pointer))

    def _rule_of(self, error: object) -> str | None:
        """Return the innermost `x-rule` around a keyword, those around references to its schema included."""
        document, _hash, pointer = str(getattr(error, "absolute_keyword_location", "")).partition("#")
        place = pointer.split("/")[1:]
        way = [str(part) for part in getattr(error, "evaluation_path", ())]
        last = max((number for number, part in enumerate(way) if part == "$ref"), default=-1)
        inner = len(way) - last - 1
        target = _along(self._schemas.get(document), place[: len(place) - inner])[-1]
        within = _rule_in(_along(target, place[len(place) - inner :]))
        return within or _rule_in(_along(self._base, way[1:last] if way[:1] == ["$ref"] else way[:last]))


def references_of(name: str, document: bytes) -> tuple[str, ...]:
    """Return the other documents that a schema refers to, named as it is named itself.

    What cannot be read as JSON refers to nothing; compiling it says why.
    """
    try:
        waiting = [msgspec.json.decode(document)]
    except msgspec.DecodeError:
        return ()
    found: dict[str, None] = {}
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            reference = str(value.get("$ref", "")).partition("#")[0]
            if reference and ":" not in reference:
                found[posixpath.normpath(posixpath.join(posixpath.dirname(name), reference))] = None
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return tuple(found)


_BASE = "contract:/"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


@functools.lru_cache(maxsize=512)
def _compiled(path: str, digest: str, documents: tuple[tuple[str, bytes], ...]) -> Validator:
    del digest
    return Validator(path, documents)


def validator_for(path: str, documents: Mapping[str, bytes]) -> Validator:
    """Return the compiled schema `path`, compiled once for equal documents."""
    items = tuple(sorted(documents.items()))
    return _compiled(path, digest_bytes(documents.get(path, b"")), items)


def inline_name(schema: str | Mapping[str, object]) -> str:
    """Return the name that a schema document has among a contract's: its path, or a name by its digest."""
    return schema if isinstance(schema, str) else f"@{digest_bytes(msgspec.json.encode(schema))[7:39]}"


def _along(schema: object, parts: list[str]) -> list[object]:
    """Return a schema and each part of it that a pointer passes; None where it leads nowhere."""
    passed = [schema]
    for part in parts:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, dict):
            schema = schema.get(key)
        else:
            schema = schema[int(key)] if isinstance(schema, list) and key.isdigit() else None
        passed.append(schema)
    return passed


def _rule_in(passed: list[object]) -> str | None:
    """Return the rule of the innermost schema that names one."""
    rules = [schema.get("x-rule") for schema in passed if isinstance(schema, dict)]
    return next((rule for rule in reversed(rules) if isinstance(rule, str)), None)


def _faults(error: object) -> list[SchemaFault]:
    path: list[object] = list(getattr(error, "instance_path", ()))
    kind = getattr(error, "kind", None)
    word = type(kind).__name__.removeprefix("ValidationErrorKind_")
    special = _SPECIAL.get(word)
    if special is not None:
        return special(path, kind)
    message = str(getattr(error, "message", error))
    instance = _short(_text(getattr(error, "instance", None)))
    return [SchemaFault(pointer_of(path), _short(message), _expected(word, kind), instance)]


def _required(path: list[object], kind: object) -> list[SchemaFault]:
    missing = str(getattr(kind, "property", "")).strip('"')
    place = pointer_of([*path, missing])
    return [SchemaFault(place, f"the key `{missing}` is missing", f"a key `{missing}`")]


def _unexpected(path: list[object], kind: object) -> list[SchemaFault]:
    extra = [str(name) for name in getattr(kind, "unexpected", ())]
    return [
        SchemaFault(
            pointer_of([*path, name]), f"`{name}` is not part of the document", "no further keys", f"`{name}`"
        )
        for name in extra
    ] or [SchemaFault(pointer_of(path), "a further key is not part of the document", "no further keys")]


def _named(path: list[object], kind: object) -> list[SchemaFault]:
    inner = getattr(kind, "error", None)
    name = str(getattr(inner, "instance", ""))
    return [
        SchemaFault(
            pointer_of([*path, name]),
            f"the key has a name that is not allowed: {_short(str(inner))}",
            got=name,
        )
    ]


_SPECIAL = {
    "Required": _required,
    "AdditionalProperties": _unexpected,
    "UnevaluatedProperties": _unexpected,
    "PropertyNames": _named,
}


def _expected(word: str, kind: object) -> str:
    table = {
        "Type": ("types", "a value of type {}"),
        "Enum": ("options", "one of {}"),
        "Constant": ("expected_value", "{}"),
        "Minimum": ("limit", "at least {}"),
        "Maximum": ("limit", "at most {}"),
        "Pattern": ("pattern", "text like {}"),
        "ExclusiveMinimum": ("limit", "more than {}"),
        "ExclusiveMaximum": ("limit", "less than {}"),
        "MinItems": ("limit", "at least {} items"),
        "MaxItems": ("limit", "at most {} items"),
        "MinLength": ("limit", "at least {} characters"),
        "Format": ("format", "the form {}"),
    }
    if word not in table:
        return ""
    attribute, text = table[word]
    value = getattr(kind, attribute, None)
    return "" if value is None else text.format(_short(_plain(value)))


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return value if isinstance(value, str) else _text(value)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _short(text: str) -> str:
    limit = 160
    return text if len(text) <= limit else text[: limit - 1] + "…"
