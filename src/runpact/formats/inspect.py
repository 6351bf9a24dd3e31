"""Inspects the files of one directory, each at most once.

Knows: how to find the inspector for a file, and what to remember.
Does not know: what a contract demands of a file.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from runpact.formats.beneath import open_beneath
from runpact.formats.csvtable import has_dialect, read_table
from runpact.formats.header import header_of
from runpact.formats.limits import MAX_ITEMS
from runpact.formats.registry import BY_NAME, Format, formats_named
from runpact.formats.sniff import HEAD, sniff
from runpact.formats.text import read_text
from runpact.model.digest import canonical_json
from runpact.model.facts import (
    AS_NAMED,
    ArraysFact,
    ContentFact,
    DamagedRowError,
    DocumentFact,
    Facts,
    Form,
    FormatFault,
    Json,
    TableRows,
)

if TYPE_CHECKING:
    from runpact.formats.arrayvalues import ArrayFile, LoadedValues

_Row = Sequence[str] | Mapping[str, Json]

_MOST_KEPT = 2 * 1024**3
"""Most bytes of arrays that are kept for the next question."""


class Inspector:
    """Answers questions about the files below one directory; remembers what it parsed."""

    def __init__(
        self,
        root: str,
        links: Mapping[str, str] = MappingProxyType({}),
        external: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    ) -> None:
        """Store the directory; nothing is opened yet.

        Args:
            root: Absolute path.
            links: Paths of links, and of the file in the directory that each leads to.
            external: Paths that stand for a file elsewhere: its folder, absolute, and its path in that.
        """
        self._root = root
        self._links = links
        self._external = external
        self._facts: dict[tuple[str, str], Facts | FormatFault] = {}
        self._contents: dict[tuple[str, ...], ContentFact | FormatFault] = {}
        self._values_of = ""
        self._array_file: ArrayFile | None = None
        self._values: dict[str, LoadedValues | str] = {}
        self._rows: dict[tuple[str, Form], list[dict[str, Json]] | FormatFault] = {}

    def document(self, path: str, form: Form = AS_NAMED) -> DocumentFact | FormatFault:
        """Report a file's document; a fault when its format is no document."""
        facts = self.facts(path, form)
        if isinstance(facts, DocumentFact | FormatFault):
            return facts
        return FormatFault(
            "not-a-document", f"`{_format_of(path, form).name}` files are not read as documents"
        )

    def facts(self, path: str, form: Form = AS_NAMED) -> Facts | FormatFault:
        """Report everything known about a file of its format."""
        named = _format_of(path, form)
        key = path, named.name
        if key not in self._facts:
            self._facts[key] = self._inspect(path, named)
        return self._facts[key]

    def content(self, path: str, form: Form = AS_NAMED) -> ContentFact | FormatFault:
        """Report which format a file has, by its name (or as is said) and by its bytes."""
        key = path, *(each.name for each in _formats_of(path, form))
        if key not in self._contents:
            self._contents[key] = self._look(path, form)
        return self._contents[key]

    def rows(self, path: str, form: Form = AS_NAMED) -> list[dict[str, Json]] | FormatFault:
        """Return the rows of a table or a JSONL file, by column; they are kept."""
        key = path, form
        if key not in self._rows:
            self._rows[key] = self._read_rows(path, form)
        return self._rows[key]

    def text(self, path: str) -> str | FormatFault:
        """Return the whole of a UTF-8 text."""
        stream = self._open(path)
        if isinstance(stream, FormatFault):
            return stream
        with stream:
            return read_text(stream)

    def chunk(self, path: str, start: int, count: int) -> bytes | FormatFault:
        """Return so many bytes from a place, from the end where that is negative."""
        stream = self._open(path)
        if isinstance(stream, FormatFault):
            return stream
        try:
            with stream:
                stream.seek(start, os.SEEK_SET if start >= 0 else os.SEEK_END)
                data = stream.read(count)
        except OSError as error:
            return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
        if len(data) < count:
            return FormatFault("unreadable", f"it ends before {count} bytes from {start}")
        return data

    def is_canonical(self, path: str) -> bool:
        """Say whether the bytes of a JSON document are its canonical form (RFC 8785).

        A document with an integer that a double cannot hold has none.
        """
        document, text = self.document(path), self.text(path)
        if isinstance(document, FormatFault) or isinstance(text, FormatFault):
            return False
        try:
            return text.encode() == canonical_json(document.value)
        except ValueError:  # a number that has no canonical form
            return False

    def arrays(self, path: str) -> ArraysFact | FormatFault:
        """Return the headers of an array file."""
        facts = self.facts(path)
        if isinstance(facts, ArraysFact | FormatFault):
            return facts
        return FormatFault("not-arrays", "it is no array file by its name")

    def values(self, path: str, name: str) -> LoadedValues | str:
        """Return the values of one array, or why they cannot be read; those of one file are kept."""
        if self._values_of != path:
            self._values_of, self._values = path, {}
            self._array_file = None
        if name not in self._values:
            self._values[name] = self._load(path, name)
            self._forget_beyond(_MOST_KEPT, name)
        return self._values[name]

    def _forget_beyond(self, limit: int, name: str) -> None:
        """Forget the arrays before one when together they take more than is held in memory."""
        held = sum(each.size for each in self._values.values() if not isinstance(each, str))
        if held > limit:
            self._values = {name: self._values[name]}

    def _open(self, path: str) -> BinaryIO | FormatFault:
        inside = self._links.get(path, path)
        return open_beneath(*self._external.get(inside, (self._root, inside)))

    def _load(self, path: str, name: str) -> LoadedValues | str:
        from runpact.formats.arrayvalues import ArrayFile  # noqa: PLC0415 - only arrays and archives pay for it

        stream = self._open(path)
        if isinstance(stream, FormatFault):
            return stream.message
        with stream:
            self._array_file = self._array_file or ArrayFile(is_npy=path.endswith(".npy"))
            return self._array_file.values(stream, name)

    def header(self, path: str) -> Json | FormatFault:
        """Return what the header of an array file, image or model says, as a document."""
        facts = self.facts(path)
        return facts if isinstance(facts, FormatFault) else header_of(facts)

    def _read_rows(self, path: str, form: Form) -> list[dict[str, Json]] | FormatFault:
        table = self.table(path, form)
        if isinstance(table, FormatFault):
            return table
        found: list[dict[str, Json]] = []
        try:
            for row in table.rows:
                if len(found) >= MAX_ITEMS:
                    return FormatFault("too-large", f"more than {MAX_ITEMS} rows")
                found.append(_by_column(row, table.columns))
        except DamagedRowError as error:
            return error.fault
        return found

    def table(self, path: str, form: Form = AS_NAMED) -> TableRows | FormatFault:
        """Return the rows of a table, a JSONL file or a JSON list of objects, as a stream to be read once."""
        named = _format_of(path, form)
        read = functools.partial(read_table, form=form) if has_dialect(form) else named.table
        if read is None:
            return _as_table(self.document(path, form))
        stream = self._open(path)
        if isinstance(stream, FormatFault):
            return stream
        table = read(stream)
        if isinstance(table, FormatFault):
            stream.close()
            return table
        return TableRows(table.columns, _closing(table.rows, stream))

    def _inspect(self, path: str, named: Format) -> Facts | FormatFault:
        if named.inspect is None:
            return FormatFault("not-a-document", f"`{named.name}` files are not looked into")
        stream = self._open(path)
        if isinstance(stream, FormatFault):
            return stream
        with stream:
            return named.inspect(stream)

    def _look(self, path: str, form: Form) -> ContentFact | FormatFault:
        stream = self._open(path)
        if isinstance(stream, FormatFault):
            return stream
        try:
            with stream:
                content, has_pickle = content_of(stream)
        except OSError as error:
            return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
        named = _formats_of(path, form)
        fits = [each for each in named if content in each.contents or not each.contents]
        fault = self._strict_fault(path, fits, form)
        return ContentFact(
            named=tuple(each.name for each in named),
            fits=() if fault else tuple(each.name for each in fits),
            content=content,
            pickle=has_pickle,
            fault=fault,
        )

    def _strict_fault(self, path: str, fits: list[Format], form: Form) -> FormatFault | None:
        """Say why a file is not what its first bytes promise; None when only they can be judged."""
        if not any(each.is_strict for each in fits):
            return None
        facts = self.facts(path, form)
        return facts if isinstance(facts, FormatFault) else None


def _format_of(path: str, form: Form) -> Format:
    """Return the format that a file is read as: the one that was said, else the one of its name."""
    return BY_NAME.get(form.format) or formats_named(path)[0]


def _formats_of(path: str, form: Form) -> tuple[Format, ...]:
    """Return the formats that a file may have: the one that was said, else those of its name."""
    return (BY_NAME[form.format],) if form.format in BY_NAME else tuple(formats_named(path))


def _closing(rows: Iterator[_Row], stream: BinaryIO) -> Iterator[_Row]:
    """Yield rows and close their file behind the last one, or when reading stops."""
    with stream:
        yield from rows


def _by_column(row: Sequence[str] | Mapping[str, Json], columns: tuple[str, ...] | None) -> dict[str, Json]:
    if isinstance(row, Mapping):
        return dict(row)
    return dict(zip(columns or (), row, strict=True))


def _as_table(document: DocumentFact | FormatFault) -> TableRows | FormatFault:
    if isinstance(document, FormatFault):
        return document
    rows = document.value
    if not isinstance(rows, list):
        return FormatFault("not-a-document", "it is no list of rows")
    odd = next((number for number, row in enumerate(rows) if not isinstance(row, dict)), None)
    if odd is not None:
        return FormatFault("not-a-document", "a row is no object", f"/{odd}")
    return TableRows(None, iter(rows))


def content_of(stream: BinaryIO) -> tuple[str, bool]:
    """Return what the bytes of a file are, and whether reading it the usual way would execute them."""
    from runpact.formats.npz import inspect_npy  # noqa: PLC0415 - only arrays and archives pay for it

    head = stream.read(HEAD)
    name = sniff(head)
    if name == "zip":
        return _archive_content(stream)
    if name == "npy":
        facts = inspect_npy(stream)
        return name, isinstance(facts, ArraysFact) and facts.pickle
    return name, name in {"pickle", "torch-legacy"}


def _archive_content(stream: BinaryIO) -> tuple[str, bool]:
    from runpact.formats.archive import open_archive  # noqa: PLC0415 - only arrays and archives pay for it
    from runpact.formats.npz import arrays  # noqa: PLC0415 - only arrays and archives pay for it
    from runpact.formats.torchfile import is_checkpoint  # noqa: PLC0415 - only arrays and archives pay for it

    opened = open_archive(stream)
    if isinstance(opened, FormatFault):
        return "zip", False
    archive, _size = opened
    with archive:
        names = archive.namelist()
        if is_checkpoint(archive):
            return "torch", True
        if not names or not all(name.endswith(".npy") for name in names):
            return "zip", False
        found = arrays(archive)
        return "npz", isinstance(found, ArraysFact) and found.pickle


def inspect_file(path: str) -> Facts | FormatFault:
    """Report everything known about a file of its suffix, wherever it stands; links are followed."""
    named = formats_named(path)[0]
    if named.inspect is None:
        return FormatFault("not-a-document", f"`{named.name}` files are not looked into")
    try:
        with open(path, "rb") as stream:
            return named.inspect(stream)
    except OSError as error:
        return FormatFault("unreadable", f"cannot be opened: {error.strerror}")


def parse_document(path: str, data: bytes) -> Json | FormatFault:
    """Return the value of a JSON, YAML or TOML document, told apart by the suffix of its name."""
    parse = formats_named(path)[0].parse
    if parse is None:
        return FormatFault("not-a-document", f"`{path}` is not JSON, YAML or TOML by its name")
    fact = parse(data)
    return fact if isinstance(fact, FormatFault) else fact.value
