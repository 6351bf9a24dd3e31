"""The table of formats: adding one is adding a row.

Knows: the names of formats in contracts, their suffixes, what their bytes look like, who inspects them.
Does not know: which of them a contract allows.
"""

from __future__ import annotations

import functools
import importlib
import posixpath
from collections.abc import Callable
from typing import Any, BinaryIO

import msgspec

from runpact.formats import jsondoc, text
from runpact.model.facts import DocumentFact, Facts, FormatFault, TableRows

Inspect = Callable[[BinaryIO], Facts | FormatFault]
Parse = Callable[[bytes], DocumentFact | FormatFault]
ReadTable = Callable[[BinaryIO], TableRows | FormatFault]

TEXTUAL = frozenset({"text", "json", "svg", "html", "empty"})
"""Contents that are text; the first bytes cannot tell its kinds apart."""


class Format(msgspec.Struct, frozen=True):
    """One format that a contract can name."""

    name: str
    suffixes: tuple[str, ...]
    contents: frozenset[str]
    """What `sniff` says of such a file."""
    inspect: Inspect | None = None
    """Reports facts; None when a look at the first bytes is all there is."""
    parse: Parse | None = None
    """Reads a whole document; only for formats that rules and schemas may look into."""
    table: ReadTable | None = None
    """Reads a table as a stream of rows."""
    is_strict: bool = False
    """A file that cannot be parsed does not have this format."""


def _late(module: str, function: str = "inspect") -> Inspect:
    """Return an inspector whose module is imported when it is first asked."""

    def inspect(stream: BinaryIO) -> Facts | FormatFault:
        found: Inspect = _function(module, function)
        return found(stream)

    return inspect


def _late_parse(module: str) -> Parse:
    """Return a parser of documents whose module is imported when it is first asked."""

    def parse(data: bytes) -> DocumentFact | FormatFault:
        found: Parse = _function(module, "parse")
        return found(data)

    return parse


def _late_table(module: str, function: str = "read_table") -> ReadTable:
    """Return a reader of tables whose module is imported when it is first asked."""

    def read_table(stream: BinaryIO) -> TableRows | FormatFault:
        found: ReadTable = _function(module, function)
        return found(stream)

    return read_table


def _function(module: str, function: str) -> Any:  # noqa: ANN401 - each caller says which function it is
    return getattr(importlib.import_module(f"runpact.formats.{module}"), function)


def _own(*contents: str) -> frozenset[str]:
    return frozenset(contents)


FORMATS = (
    Format("json", (".json",), TEXTUAL, jsondoc.inspect, jsondoc.parse, is_strict=True),
    Format("yaml", (".yaml", ".yml"), TEXTUAL, _late("yamldoc"), _late_parse("yamldoc"), is_strict=True),
    Format("toml", (".toml",), TEXTUAL, _late("tomldoc"), _late_parse("tomldoc"), is_strict=True),
    Format("jsonl", (".jsonl", ".ndjson"), TEXTUAL, _late("jsonl")),
    Format("csv", (".csv",), TEXTUAL, _late("csvtable"), table=_late_table("csvtable")),
    Format(
        "tsv",
        (".tsv",),
        TEXTUAL,
        _late("csvtable", "inspect_tsv"),
        table=_late_table("csvtable", "read_table_tsv"),
    ),
    Format("npz", (".npz",), _own("npz"), _late("npz"), is_strict=True),
    Format("npy", (".npy",), _own("npy"), _late("npz", "inspect_npy"), is_strict=True),
    Format("pt", (".pt", ".pth", ".ckpt"), _own("torch", "torch-legacy"), _late("torchfile"), is_strict=True),
    Format("safetensors", (".safetensors",), _own("safetensors"), _late("safetensors")),
    Format("onnx", (".onnx",), _own("onnx"), _late("onnxfile")),
    Format("hdf5", (".h5", ".hdf5", ".h5ad"), _own("hdf5"), _late("hdf5file")),
    Format("parquet", (".parquet",), _own("parquet"), _late("parquetfile")),
    Format("sqlite", (".sqlite", ".sqlite3", ".db"), _own("sqlite"), _late("sqlitefile")),
    Format("pickle", (".pkl", ".pickle", ".joblib"), _own("pickle")),
    Format("png", (".png",), _own("png"), _late("pictures", "inspect_png")),
    Format("jpg", (".jpg", ".jpeg"), _own("jpg"), _late("pictures", "inspect_jpeg")),
    Format("gif", (".gif",), _own("gif"), _late("pictures", "inspect_gif")),
    Format("webp", (".webp",), _own("webp"), _late("pictures", "inspect_webp")),
    Format("tiff", (".tif", ".tiff"), _own("tiff"), _late("tiff")),
    Format("wav", (".wav",), _own("wav"), _late("wav")),
    Format("svg", (".svg",), _own("svg")),
    Format("pdf", (".pdf",), _own("pdf")),
    Format("html", (".html", ".htm"), TEXTUAL, text.inspect),
    Format("md", (".md",), TEXTUAL, text.inspect),
    Format("txt", (".txt",), TEXTUAL, text.inspect),
    Format("log", (".log",), TEXTUAL, text.inspect),
    Format("py", (".py",), TEXTUAL, text.inspect),
    Format("zip", (".zip",), _own("zip", "npz", "torch"), _late("ziparchive")),
    Format("gz", (".gz", ".tgz"), _own("gzip")),
    Format("text", (), TEXTUAL, text.inspect),
    Format("binary", (".bin",), _own("binary", "empty")),
)

BY_NAME = {each.name: each for each in FORMATS}
_BY_SUFFIX = {suffix: each for each in FORMATS for suffix in each.suffixes}


@functools.lru_cache(maxsize=4096)
def _for_suffix(suffix: str) -> Format:
    """Return the format of a suffix; one that the table lacks is a format of its own, of any content."""
    known = _BY_SUFFIX.get(suffix)
    return known or Format(suffix.removeprefix("."), (suffix,), frozenset())


def formats_named(path: str) -> tuple[Format, ...]:
    """Return the formats that the name of a file claims; text or binary when it has no suffix."""
    suffix = posixpath.splitext(path)[1].lower()
    return (_for_suffix(suffix),) if suffix else (BY_NAME["text"], BY_NAME["binary"])
