"""Runs in memory: contracts as YAML, files as values or bytes, judged without a disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping

import msgspec
import numpy as np

from runpact.formats.arrayvalues import ArrayFile
from runpact.formats.csvtable import has_dialect, read_table
from runpact.formats.inspect import parse_document
from runpact.formats.jsonl import inspect as inspect_jsonl
from runpact.formats.npz import inspect as inspect_npz
from runpact.formats.yamltree import read_tree
from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.merge import completed
from runpact.model.digest import canonical_json
from runpact.model.facts import (
    AS_NAMED,
    ArraysFact,
    ContentFact,
    DamagedRowError,
    DocumentFact,
    FileFact,
    Form,
    FormatFault,
    RunTree,
    TableRows,
    ValidatorFault,
)
from runpact.model.finding import Report
from runpact.model.judge import judge
from runpact.model.schema import inline_name

NO_DOCUMENT = FormatFault("not-a-document", "not read")


def contract_of(kind: str, **more: object) -> LoadedContract:
    """Return a contract with one kind, `run`, from YAML."""
    value = {"contract": "test", "version": "1.0.0", "kinds": {"run": {"at": "r/{name}", **mapping(kind)}}}
    contract = completed(msgspec.convert({**value, **more}, Contract))
    run = contract.kinds["run"]
    parts = [
        run.entries,
        run.each_stage.entries if run.each_stage else (),
        *(p.entries for p in run.places.values()),
    ]
    said = [entry.schema for entries in parts for entry in entries if isinstance(entry.schema, dict)]
    schemas = {inline_name(schema): msgspec.json.encode(schema) for schema in said}
    return LoadedContract(contract=contract, schemas=schemas, sources={}, digest="sha256:0")


def mapping(text: str) -> dict[str, object]:
    """Return what a YAML text says, as contracts are read."""
    tree = read_tree(text.encode(), "kind.yaml")
    assert not isinstance(tree, tuple), tree
    return tree.value()


def bytes_of(path: str, content: object) -> bytes:
    """Return a file's bytes: text as it is, arrays as NPZ, anything else as JSON."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if path.endswith(".npz") and isinstance(content, dict):
        stream = io.BytesIO()
        np.savez(stream, **content)
        return stream.getvalue()
    return canonical_json(content)


class Link(str):
    """What a symbolic link says."""

    __slots__ = ()


class Memory:
    """What stands in a run, and the answers of inspectors about it."""

    def __init__(self, files: Mapping[str, object]) -> None:
        said = {path: content for path, content in files.items() if content is not None}
        self.links = {path: content for path, content in said.items() if isinstance(content, Link)}
        self.files = {
            path: bytes_of(path, content) for path, content in said.items() if path not in self.links
        }
        self.folders = {path for path, content in files.items() if content is None}
        for path in files:
            parts = path.split("/")[:-1]
            self.folders |= {"/".join(parts[: n + 1]) for n in range(len(parts))}

    def document(self, path: str, form: Form = AS_NAMED) -> DocumentFact | FormatFault:
        if path.endswith(".jsonl"):
            return inspect_jsonl(io.BytesIO(self.files[path]))
        name = f"x.{form.format}" if form.format else path
        if not name.endswith((".json", ".yaml")):
            return NO_DOCUMENT
        value = parse_document(name, self.files[path])
        return value if isinstance(value, FormatFault) else DocumentFact(value)

    def table(self, path: str, form: Form = AS_NAMED) -> TableRows | FormatFault:
        if path not in self.files:
            return FormatFault("missing-file", "there is no such file")
        if path.endswith(".csv") or has_dialect(form):
            return read_table(io.BytesIO(self.files[path]), form=form)
        document = self.document(path)
        if isinstance(document, FormatFault):
            return document
        if not isinstance(document.value, list) or not all(isinstance(row, dict) for row in document.value):
            return FormatFault("not-a-document", "it is no list of rows")
        return TableRows(None, iter(document.value))

    def rows(self, path: str, form: Form = AS_NAMED) -> list[dict[str, object]] | FormatFault:
        table = self.table(path, form)
        if isinstance(table, FormatFault):
            return table
        try:
            rows = list(table.rows)
        except DamagedRowError as error:
            return error.fault
        return [dict(zip(table.columns, row, strict=True)) if table.columns else dict(row) for row in rows]

    def arrays(self, path: str) -> ArraysFact | FormatFault:
        return inspect_npz(io.BytesIO(self.files[path]))

    def values(self, path: str, name: str) -> object:
        return ArrayFile(is_npy=False).values(io.BytesIO(self.files[path]), name)

    def text(self, path: str) -> str | FormatFault:
        try:
            return self.files[path].decode()
        except UnicodeDecodeError:
            return FormatFault("invalid-text", "not UTF-8")

    def digest(self, path: str, algorithm: str) -> str:
        data = self.files[self.links.get(path, path)]
        return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"

    def chunk(self, path: str, start: int, count: int) -> bytes | FormatFault:
        data = self.files[path]
        found = data[start:][:count]
        return found if len(found) == count else FormatFault("unreadable", "it ends before")

    def content(self, path: str, form: Form = AS_NAMED) -> ContentFact | FormatFault:
        suffix = form.format or path.rsplit(".", 1)[-1]
        document = self.document(path, form) if suffix in {"json", "yaml", "jsonl"} else None
        fault = document if isinstance(document, FormatFault) else None
        return ContentFact(named=(suffix,), fits=() if fault else (suffix,), content=suffix, fault=fault)

    def is_canonical(self, path: str) -> bool:
        document = self.document(path)
        return isinstance(document, DocumentFact) and canonical_json(document.value) == self.files[path]

    def tree(self, **more: object) -> RunTree:
        facts = [FileFact(path, "file", len(data)) for path, data in self.files.items()]
        facts += [FileFact(path, "dir") for path in self.folders]
        facts += [
            FileFact(path, "symlink", target=said, escapes=said.startswith(("/", "..")))
            for path, said in self.links.items()
        ]
        run = {"id": "a", "state": "finished", "word": "finished", **more.pop("run", {})}
        answers = {
            "header": lambda path: FormatFault("not-a-document", "no header"),
            "digest": self.digest,
            "chunk": self.chunk,
            "is_run": lambda path: path == "r/known",
            "validate": validate,
        }
        names = ("document", "content", "rows", "table", "arrays", "values", "text", "is_canonical")
        answers |= {name: getattr(self, name) for name in names}
        files = tuple(sorted(facts, key=lambda fact: fact.path))
        return RunTree(files=files, run=run, **{**answers, "is_own": False, **more})


def validate(name: str, version: str, arguments: dict[str, object]) -> tuple[ValidatorFault, ...] | str:
    """Return faults as the arguments say; only version 1 of `strict` is registered."""
    if (name, version) != ("strict", "1"):
        return f"no validator `{name}` {version} is registered"
    return tuple(ValidatorFault(path=str(path), message="bad") for path in arguments.get("faults", ()))


def judged(
    kind: str, files: Mapping[str, object], *, contract: dict[str, object] | None = None, **more: object
) -> Report:
    """Judge files by a kind given as YAML."""
    loaded = contract_of(kind, **(contract or {}))
    return judge(loaded.contract.kinds["run"], loaded, Memory(files).tree(**more))


def told(kind: str, files: Mapping[str, object], **more: object) -> list[str]:
    """Return `code rule path` of every finding that counts, advice included."""
    report = judged(kind, files, **more)
    return [f"{each.code} {each.rule} {each.path}" for each in report.findings if each.because is None]
