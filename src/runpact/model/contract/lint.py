"""Says what is wrong with a contract beyond its form.

Knows: which texts must parse, which names must agree, which files must exist.
Does not know: how a run is judged.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.contract.language import Contract, Entry, Kind
from runpact.model.contract.node import Node
from runpact.model.errors import Fault, RunpactError
from runpact.model.expression import ExpressionError, compile_expression, references
from runpact.model.names import check_relative
from runpact.model.run import State
from runpact.model.schema import SchemaError, validator_for
from runpact.model.template import PathTemplate

_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*(?::[a-z0-9._-]+)?")
_VERSION = re.compile(r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:[-+][0-9A-Za-z.+-]+)?")
_KIND = re.compile(r"[a-z][a-z0-9_]*")


class _Note(msgspec.Struct, frozen=True):
    """A fault without its place in the file."""

    at: str
    message: str
    expected: str = ""
    got: str = ""
    hint: str = ""


def lint(
    contract: Contract, tree: Node, file: str, schemas: Mapping[str, bytes], known: tuple[Fault, ...] = ()
) -> tuple[Fault, ...]:
    """Return every fault of a contract beyond those of its form.

    Args:
        contract: Merged with what it extends.
        tree: The contract's own document, for the places.
        file: Its name.
        schemas: Schema documents by the path entries name them with.
        known: Faults of its form; what only follows from them is not told again.
    """
    notes = [note for note in (*_head(contract), *_kinds(contract, schemas)) if not _follows(note, known)]
    return tuple(_placed(note, tree, file) for note in dict.fromkeys(notes))


def _follows(note: _Note, known: tuple[Fault, ...]) -> bool:
    """Whether a note may come of a part that was left out for its own fault."""
    scope = "/".join(note.at.split("/")[:3]) if note.message.startswith("no entry is named") else note.at
    return any(fault.at == scope or fault.at.startswith(f"{scope}/") for fault in known)


def _head(contract: Contract) -> Iterator[_Note]:
    if not _ID.fullmatch(contract.contract):
        yield _Note(
            "/contract",
            "a contract's id has small letters, digits and dots",
            "an id such as acme.training",
            contract.contract,
        )
    if not _VERSION.fullmatch(contract.version):
        yield _Note(
            "/version", "the version is not semantic", 'three numbers, as in "1.2.0"', contract.version
        )
    if not contract.kinds:
        yield _Note("", "the contract has no kinds", "at least one kind with an `at`", "none")


def _kinds(contract: Contract, schemas: Mapping[str, bytes]) -> Iterator[_Note]:
    places: dict[str, str] = {}
    for name, kind in contract.kinds.items():
        at = f"/kinds/{name}"
        if not _KIND.fullmatch(name):
            yield _Note(at, f"the kind `{name}` has an unsafe name", "small letters, digits and _", name)
        if not kind.at:
            yield _Note(at, "the key `at` is missing", "the place of its runs, as in runs/{name}")
            continue
        twin = places.setdefault(kind.at, name)
        if twin != name:
            yield _Note(
                f"{at}/at",
                f"the kinds `{twin}` and `{name}` share one place",
                "a place for each kind",
                kind.at,
            )
        yield from _templates(kind, at)
        yield from _words(kind, at)
        yield from _entries(kind, at, schemas)
        yield from _expressions(kind, at)


def _templates(kind: Kind, at: str) -> Iterator[_Note]:
    yield from _template(kind.at, f"{at}/at")
    yield from _clash(kind.clash, f"{at}/clash")
    if kind.at.startswith("/") or ".." in kind.at.split("/"):
        yield _Note(f"{at}/at", "the place leaves the workspace", "a relative path", kind.at)
    for number, latest in enumerate(kind.latest):
        yield from _template(latest.to, f"{at}/latest/{number}/to")
        yield from _relative(latest.copy, f"{at}/latest/{number}/copy")


def _clash(text: str, at: str) -> Iterator[_Note]:
    faults = list(_template(text, at))
    yield from faults
    if not faults and PathTemplate.parse(text).captures != ("n",):
        yield _Note(at, "the clash suffix has no number", "a suffix with {n}, as in _{n:02}", text)


def _template(text: str, at: str) -> Iterator[_Note]:
    try:
        PathTemplate.parse(text)
    except RunpactError as error:
        yield _Note(at, error.message, error.expected, error.got)


def _relative(path: str, at: str) -> Iterator[_Note]:
    try:
        check_relative(path.rstrip("/"), what="path")
    except RunpactError as error:
        yield _Note(at, error.message, error.expected, error.got)


def _words(kind: Kind, at: str) -> Iterator[_Note]:
    states = [state.value for state in State]
    for word in kind.state_words:
        if word not in states:
            yield _Note(
                f"{at}/state_words/{word}",
                f"`{word}` is not a state",
                ", ".join(states),
                word,
                _nearest(word, states),
            )
    for name in ("manifest", "events", "metrics"):
        yield from _relative(getattr(kind.records, name), f"{at}/records/{name}")
    if len({kind.records.manifest, kind.records.events, kind.records.metrics}) < len(
        kind.records.__struct_fields__
    ):
        yield _Note(f"{at}/records", "two records share one file", "a file for each record")


def _entries(kind: Kind, at: str, schemas: Mapping[str, bytes]) -> Iterator[_Note]:
    names: dict[str, int] = {}
    for number, entry in enumerate(kind.entries):
        place = f"{at}/entries/{number}"
        given = [word for word in ("file", "dir", "files") if getattr(entry, word) is not None]
        if len(given) != 1:
            yield _Note(
                place,
                "an entry is one of file, dir, files",
                "exactly one of them",
                ", ".join(given) or "none",
            )
            continue
        first = names.setdefault(entry.name, number)
        if first != number:
            yield _Note(
                place,
                f"two entries are named `{entry.name}`",
                "a name for each entry",
                entry.name,
                "name one with `as`",
            )
        yield from _entry(entry, given[0], place, schemas)


def _entry(entry: Entry, word: str, place: str, schemas: Mapping[str, bytes]) -> Iterator[_Note]:
    if word == "files":
        yield from _template(entry.path, f"{place}/files")
    else:
        yield from _relative(entry.path, f"{place}/{word}")
    if entry.count is not None and word != "files":
        yield _Note(f"{place}/count", "only `files` can be counted", "`files` with a pattern", word)
    if entry.fields is not None and word != "file":
        yield _Note(f"{place}/fields", "only a `file` can be written from fields", "`file`", word)
    if entry.schema is not None:
        try:
            validator_for(entry.schema, schemas)
        except SchemaError as error:
            yield _Note(
                f"{place}/schema",
                f"the schema cannot be used: {error}",
                "a JSON Schema 2020-12 in the contract's folder",
                entry.schema,
            )


def _expressions(kind: Kind, at: str) -> Iterator[_Note]:
    names = [entry.name for entry in kind.entries]
    for place, text in _texts(kind, at):
        try:
            compile_expression(text)
        except ExpressionError as error:
            yield _Note(place, f"the expression cannot be read: {error}", "a CEL expression", text)
            continue
        for reference in references(text):
            root, name = reference.split(".")[:2]
            if root in {"doc", "files", "rows"} and name not in [*names, "manifest"]:
                yield _Note(
                    place,
                    f"no entry is named `{name}`",
                    ", ".join(names) or "an entry",
                    reference,
                    _nearest(name, names),
                )


def _texts(kind: Kind, at: str) -> Iterator[tuple[str, str]]:
    for number, entry in enumerate(kind.entries):
        for word in ("required", "forbidden", "fields"):
            value = getattr(entry, word)
            if isinstance(value, str):
                yield f"{at}/entries/{number}/{word}", value
        if isinstance(entry.fields, dict):
            yield from ((f"{at}/entries/{number}/fields/{key}", text) for key, text in entry.fields.items())
    for number, rule in enumerate(kind.rules):
        yield f"{at}/rules/{number}/check", rule.check
        if rule.when is not None:
            yield f"{at}/rules/{number}/when", rule.when


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`?" if near else ""


def _placed(note: _Note, tree: Node, file: str) -> Fault:
    node = _find(tree, note.at.split("/")[1:])
    return Fault(note.message, file, node.line, node.column, note.at, note.expected, note.got, note.hint)


def _find(node: Node, parts: list[str]) -> Node:
    """Return the deepest node on the way to a pointer; inherited parts end where the document does."""
    for part in parts:
        below = _child(node, part)
        if below is None:
            return node
        node = below
    return node


def _child(node: Node, part: str) -> Node | None:
    if node.pairs is not None:
        return next((value for key, value in node.pairs if str(key.scalar) == part), None)
    if node.items is not None and part.isdigit() and int(part) < len(node.items):
        return node.items[int(part)]
    return None
