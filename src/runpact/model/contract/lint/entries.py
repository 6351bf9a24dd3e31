"""Entries: their sorts, paths, patterns, schemas, types.

Knows: which keys go together.
Does not know: expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runpact.model.codes import CODES
from runpact.model.contract.language import Contract, Entry, Numbering, Table, Text
from runpact.model.contract.lint.head import version_notes
from runpact.model.contract.lint.note import Note, escaped, nearest, relative_notes, template_notes
from runpact.model.dtypes import NAMES, is_dtype
from runpact.model.formats import FORMATS
from runpact.model.pattern import UnsafePatternError, compile_pattern
from runpact.model.schema import SchemaError, inline_name, validator_for
from runpact.model.template import PathTemplate

_SORTS = ("file", "files", "dir", "dirs", "one_of", "any_of")
_OF_FILES = ("size", "format", "canonical", "schema", "table", "arrays", "text", "append_only", "rows")

_NO_DELIMITER = frozenset('"\n\r\0')


def lint_entries(
    contract: Contract, entries: tuple[Entry, ...], at: str, schemas: Mapping[str, bytes]
) -> Iterator[Note]:
    """Yield what is wrong with a list of entries."""
    names: dict[str, int] = {}
    for number, entry in enumerate(entries):
        place = f"{at}/{number}"
        given = [word for word in _SORTS if getattr(entry, word) is not None]
        if len(given) != 1:
            expected, got = "exactly one of them", ", ".join(given) or "none"
            yield Note(place, f"an entry is one of {', '.join(_SORTS)}", expected, got)
            continue
        if entry.as_ is not None and names.setdefault(entry.as_, number) != number:
            message, hint = f"two entries are named `{entry.as_}`", "rename one `as`"
            yield Note(f"{place}/as", message, "a name for each entry", entry.as_, hint)
        yield from _entry(contract, entry, given[0], place, schemas)


def _entry(
    contract: Contract, entry: Entry, word: str, place: str, schemas: Mapping[str, bytes]
) -> Iterator[Note]:
    if entry.pattern is not None:
        yield from template_notes(entry.pattern, f"{place}/{word}")
    else:
        for path in entry.paths:
            yield from relative_notes(path.replace("{", "").replace("}", ""), f"{place}/{word}")
    yield from _together(entry, word, place)
    yield from _numbering(entry, word, place)
    for name, until in entry.formerly.items():
        yield from relative_notes(name, f"{place}/formerly")
        yield from version_notes(until, f"{place}/formerly/{escaped(name)}")
    yield from version_notes(entry.error_from, f"{place}/error_from")
    yield from code_notes(entry.ids, f"{place}/ids")
    yield from format_notes(entry, f"{place}/format")
    if entry.type_ is not None and contract.types and entry.type_ not in contract.types:
        known = list(contract.types)
        hint = nearest(entry.type_, known)
        yield Note(f"{place}/type", "no such artifact type", " or ".join(known), entry.type_, hint)
    if entry.schema is not None:
        yield from schema_notes(entry.schema, f"{place}/schema", schemas)
    yield from _table(entry.table, f"{place}/table") if entry.table is not None else ()
    yield from _text(entry.text, f"{place}/text") if entry.text is not None else ()
    yield from _dtypes(entry, f"{place}/arrays")


def code_notes(ids: Mapping[str, str], at: str) -> Iterator[Note]:
    """Yield the keys of `ids` that are no finding's code."""
    for code in ids:
        if code not in CODES:
            place = f"{at}/{escaped(code)}"
            yield Note(place, "no finding has this code", ", ".join(CODES), code, nearest(code, CODES))


def format_notes(entry: Entry, at: str) -> Iterator[Note]:
    """Yield the names that neither a known format nor the file's own suffix has."""
    formats = entry.format_
    for name in (formats,) if isinstance(formats, str) else formats or ():
        if name not in FORMATS and not entry.path.endswith(f".{name}"):
            yield Note(at, "there is no such format", ", ".join(FORMATS), name, nearest(name, FORMATS))


def _together(entry: Entry, word: str, place: str) -> Iterator[Note]:
    if entry.count is not None and entry.pattern is None:
        yield Note(f"{place}/count", "only patterns can be counted", "`files` or `dirs` with a pattern", word)
    if entry.fields is not None and not isinstance(entry.file, str):
        yield Note(
            f"{place}/fields", "only a `file` can be written from fields", "`file` with one path", word
        )
    if entry.present is not None and (entry.required is not True or entry.forbidden is not False):
        yield Note(
            f"{place}/present",
            "`present` says both, required and forbidden",
            "one of them",
            "present and another",
        )
    if entry.wants_directory:
        for key in _OF_FILES:
            if getattr(entry, {"format": "format_"}.get(key, key)) not in (None, False):
                yield Note(f"{place}/{key}", f"a directory has no {key}", "`file` or `files`", word)


def _numbering(entry: Entry, word: str, place: str) -> Iterator[Note]:
    if entry.numbering is None:
        return
    if entry.pattern is None:
        yield Note(f"{place}/numbering", "only patterns are numbered", "`files` with a capture", word)
        return
    if list(template_notes(entry.pattern, "")):
        return
    captures = PathTemplate.pattern(entry.pattern).captures
    if isinstance(entry.numbering, Numbering) and entry.numbering.of not in captures:
        expected = ", ".join(captures) or "a capture"
        yield Note(f"{place}/numbering/of", "the pattern has no such capture", expected, entry.numbering.of)
    elif not captures:
        yield Note(
            f"{place}/numbering", "the pattern captures no number", "a capture, as in {n:02}", entry.pattern
        )


def schema_notes(schema: str | dict[str, object], place: str, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    """Yield why a schema cannot be used."""
    name = inline_name(schema)
    try:
        validator_for(name, schemas)
    except SchemaError as error:
        expected = "a JSON Schema 2020-12 in the contract's folder"
        got = schema if isinstance(schema, str) else "the schema here"
        yield Note(place, f"the schema cannot be used: {error}", expected, got)


def _table(table: Table, place: str) -> Iterator[Note]:
    delimiter = table.delimiter
    if delimiter not in {"", "whitespace", "\t"} and (len(delimiter) != 1 or delimiter in _NO_DELIMITER):
        yield Note(
            f"{place}/delimiter", "no table is parted by this", "one character, or whitespace", delimiter
        )
    if isinstance(table.columns, tuple):
        return
    for name, column in table.columns.items():
        at = f"{place}/columns/{escaped(name)}"
        yield from version_notes(column.error_from, f"{at}/error_from")
        if column.pattern is not None:
            yield from _pattern(column.pattern, f"{at}/pattern")


def _dtypes(entry: Entry, place: str) -> Iterator[Note]:
    for name, array in (entry.arrays or {}).items():
        for dtype in (array.dtype,) if isinstance(array.dtype, str) else array.dtype or ():
            if not is_dtype(dtype):
                at, expected = f"{place}/{escaped(name)}/dtype", "a name as `float64`, or a code as `<f8`"
                yield Note(at, "no array has this type", expected, dtype, nearest(dtype, NAMES))


def _text(text: Text, place: str) -> Iterator[Note]:
    if text.each is not None:
        yield from _pattern(text.each, f"{place}/each")
    for number, line in enumerate(text.lines):
        yield from _pattern(line.pattern, f"{place}/lines/{number}/pattern")


def _pattern(pattern: str, place: str) -> Iterator[Note]:
    try:
        compile_pattern(pattern)
    except UnsafePatternError as error:
        yield Note(place, str(error), "no backreference, no look-around, no repetition of a group", pattern)
