"""Read a document that was validated first.

Knows: which schema a document must fit, and that a sealed file must be the one that was sealed.
Does not know: any format; what the value is for.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import msgspec

from runpact.disk.contractfiles import is_file, read_beneath
from runpact.disk.inputs import Pinned, pin_input
from runpact.disk.layout import CONTRACT
from runpact.disk.reader import read_run
from runpact.formats.header import header_of
from runpact.formats.inspect import Inspector, inspect_file
from runpact.model.errors import CannotStartError, Fault, MalformedDocumentError, RunpactError
from runpact.model.facts import DocumentFact, FormatFault, Json, TableFact
from runpact.model.judge.forms import Forms
from runpact.model.manifest import FileRecord
from runpact.model.names import check_relative
from runpact.model.schema import SchemaError, SchemaFault, inline_name, references_of, validator_for
from runpact.verbs.contracts.load_contract import load_copy

_INLINE = "schema.json"
_MOST_SCHEMAS = 200

Schema = str | Mapping[str, object]
"""The path of a JSON Schema, or the schema itself."""


class ReadDocument(msgspec.Struct, frozen=True):
    """A document that may be used, and the file it came from."""

    value: Json
    place: str
    """Absolute path."""
    pinned: Pinned
    run: str | None = None
    """uid of the run whose file it is."""


def read_document(path: str, schema: Schema | None, *, root: str, cwd: str) -> ReadDocument:
    """Return the value of a JSON, YAML, TOML or JSONL document, the rows of a table, or a file's header.

    Args:
        path: The file; relative to `cwd`.
        schema: What it must fit; a path is relative to `cwd`, else to `root`.
        root: Absolute data root.
        cwd: Absolute current directory.

    Raises:
        CannotStartError: File or schema cannot be read.
        MalformedDocumentError: It is not what it must be; carries every fault.
    """
    place = posixpath.normpath(posixpath.join(cwd, path))
    documents = _schema_documents(schema, root, cwd) if schema is not None else None
    return _validated(place, path, documents)


def read_entry(directory: str, name: str) -> ReadDocument:
    """Return the value of a file of a run, by the name of its entry or its path in the run.

    It is validated against the schema that its entry names in the contract the run was made under; in a
    sealed run its digest must be the sealed one.

    Args:
        directory: Absolute path of the run.
        name: Entry or path.

    Raises:
        CannotStartError: There is no such file.
        MalformedDocumentError: It is not what it must be; carries every fault.
    """
    reading = read_run(directory)
    relative, documents, forms = name, None, Forms(())
    if reading.record is not None:
        loaded = load_copy(posixpath.join(directory, CONTRACT))
        kind = loaded.contract.kinds.get(reading.record.kind)
        entries = [entry for entry in kind.entries if entry.single] if kind is not None else []
        entry = next((each for each in entries if name in {each.name, each.single}), None)
        if entry is not None:
            relative = entry.single or name
            documents = (inline_name(entry.schema), loaded.schemas) if entry.schema else None
            forms = Forms([entry])
    check_relative(relative, what="file of the run")
    read = _validated(posixpath.join(directory, relative), relative, documents, forms)
    files = reading.manifest.files if reading.manifest is not None and reading.manifest.sealed else ()
    _demand_sealed(relative, read.pinned, files)
    return msgspec.structs.replace(read, run=reading.record.uid if reading.record else None)


def _validated(
    place: str, shown: str, schema: tuple[str, Mapping[str, bytes]] | None, forms: Forms | None = None
) -> ReadDocument:
    pinned = pin_input(place)
    if pinned.files is not None:
        raise CannotStartError(f"`{shown}` is a folder", at=place, expected="a document")
    value = _value(place, shown, forms or Forms(()))
    if isinstance(value, FormatFault):
        raise _malformed(shown, (Fault(value.message, shown, at=value.pointer),))
    if schema is not None:
        faults = _schema_faults(value, *schema)
        if faults:
            raise _malformed(shown, tuple(_fault(fault, shown) for fault in faults))
    return ReadDocument(value, place, pinned)


def _value(place: str, shown: str, forms: Forms) -> Json | FormatFault:
    """Return what a file says: its document, the rows of a table, or a header."""
    facts = inspect_file(place)
    if isinstance(facts, TableFact):
        folder, name = posixpath.split(place)
        rows = Inspector(folder).rows(name, forms.form_of(shown))
        return rows if isinstance(rows, FormatFault) else forms.typed(shown, rows)
    if isinstance(facts, DocumentFact | FormatFault):
        return facts.value if isinstance(facts, DocumentFact) else facts
    return header_of(facts)


def _schema_faults(value: Json, name: str, documents: Mapping[str, bytes]) -> tuple[SchemaFault, ...]:
    try:
        return validator_for(name, documents).faults(value)
    except SchemaError as error:
        raise CannotStartError(f"schema `{name}` cannot be used: {error}", at=name) from error


def _schema_documents(schema: Schema, root: str, cwd: str) -> tuple[str, dict[str, bytes]]:
    """Return the name of a schema and its documents: itself and what it refers to, below one folder."""
    if not isinstance(schema, str):
        try:
            return _INLINE, {_INLINE: msgspec.json.encode(schema)}
        except (TypeError, ValueError) as error:
            raise CannotStartError(f"the schema is not plain data: {error}") from error
    base = cwd if posixpath.isabs(schema) or is_file(cwd, schema) else root
    place = posixpath.normpath(posixpath.join(base, schema))
    is_inside = place.startswith(root.rstrip("/") + "/")
    folder = root if is_inside else posixpath.dirname(place)
    first = posixpath.relpath(place, folder)
    documents: dict[str, bytes] = {}
    waiting = [first]
    while waiting and len(documents) < _MOST_SCHEMAS:
        name = waiting.pop()
        documents[name] = read_beneath(folder, name)
        waiting += [each for each in references_of(name, documents[name]) if each not in documents]
    return first, documents


def _demand_sealed(path: str, pinned: Pinned, files: tuple[FileRecord, ...]) -> None:
    sealed = next((record for record in files if record.path == path), None)
    if sealed is not None and sealed.digest != pinned.digest:
        message = "it is not the file that was sealed"
        raise _malformed(path, (Fault(message, path, expected=sealed.digest, got=pinned.digest),))


def _fault(fault: SchemaFault, shown: str) -> Fault:
    return Fault(fault.message, shown, at=fault.pointer, expected=fault.expected, got=fault.got)


def _malformed(shown: str, faults: tuple[Fault, ...]) -> RunpactError:
    told = "; ".join(f"{fault.at}: {fault.message}".removeprefix(": ") for fault in faults[:3])
    more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""  # noqa: PLR2004 - as many as fit a message
    message = f"`{shown}` may not be used: {told}{more}"
    return MalformedDocumentError(message, at=shown, faults=faults, hint="mend the document, or its schema")
