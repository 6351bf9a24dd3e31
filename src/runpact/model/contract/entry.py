"""Entries: claims about the files of a run.

Knows: keys, types, defaults and one line of documentation for each.
Does not know: YAML, files, how a claim is judged.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import posixpath
import re
from typing import Any, Literal

import msgspec

from runpact.model.contract.clause import Bindings, Clause, Count, Expression, Presence, Scalar, Size

_STEM = re.compile(r"(?:\{[^{}]*\}|[^.])*")


class Numbering(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """Numbers without gaps in the names of a pattern's files."""

    of: str
    """The capture that holds the number; the other captures tell groups apart."""
    from_: int = 1
    """The first number."""


class Column(Clause, frozen=True, kw_only=True):
    """What the cells of a column must be."""

    type: Literal["string", "integer", "number", "boolean", "date", "datetime", "json", "any"] = "any"
    """`number` is finite; `date` is YYYY-MM-DD; `datetime` is RFC 3339 with a zone; `json` is a document."""
    required: bool = True
    """The column must exist."""
    empty: bool = True
    """Cells may be empty (in JSON rows: missing or null)."""
    enum: tuple[Scalar, ...] = ()
    """The values that cells may have."""
    pattern: str | None = None
    """A regular expression the whole cell must fit; from a subset that always ends."""
    minimum: float | None = None
    """The least number, included."""
    maximum: float | None = None
    """The greatest number, included."""
    unique: bool = False
    """No value stands twice."""
    order: Literal["ascending", "strictly_ascending", "descending", "strictly_descending"] | None = None
    """Each cell against the one above it."""
    first: Scalar = None
    """Value of the first row."""
    step: float | None = None
    """Each number is the one above it plus this."""
    equals: Expression | None = None
    """Every cell equals this value."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rows of a CSV, TSV or JSONL file, or of a JSON list of objects; read as a stream."""

    columns: dict[str, Column] | tuple[str, ...] = ()
    """By name or glob (`metric__*`); a list of names demands that they exist."""
    delimiter: str = ""
    """What parts the cells: one character, or `whitespace`; by default the comma of CSV, the tab of TSV."""
    comment: str = ""
    """Lines that begin so are no rows, as in `#`."""
    header: bool = True
    """The first row names the columns; without it, they are those of `columns`, in this order."""
    extra: Literal["allowed", "refused"] = "allowed"
    """Columns that `columns` does not name."""
    column_order: Literal["any", "given"] = "any"
    """`given`: the header lists the columns in the order they stand here."""
    rows: Count | None = None
    """Without the header."""
    order: tuple[str, ...] = ()
    """Columns by which the rows ascend."""
    key: tuple[str, ...] = ()
    """Columns whose values together stand once."""


class Array(Clause, frozen=True, kw_only=True):
    """One array of an NPZ or NPY file."""

    dtype: str | tuple[str, ...] | None = None
    """NumPy's name, as in `float64`, which allows both byte orders, or its code, as in `<f8`; a list allows
    any of them."""
    shape: tuple[int | str, ...] | None = None
    """Numbers, symbols shared by the whole run (`N`), or expressions over them (`N + 1`);
    `*` is any size, a final `...` any further ones."""
    required: bool = True
    """The array must exist."""
    finite: bool = False
    """No NaN and no infinity. This and all below read the values."""
    order: Literal["ascending", "strictly_ascending", "descending", "strictly_descending"] | None = None
    """Each value against the one before it, along the first axis."""
    first: float | None = None
    """Its first value."""
    last: float | None = None
    """Its last value."""
    minimum: float | None = None
    """The least value, included; NaN is judged by `finite` alone."""
    maximum: float | None = None
    """The greatest value, included; NaN is judged by `finite` alone."""
    equals: str | None = None
    """Another array of the same file, or a slice of its first axis: `time[:-1]`."""
    step: Expression | None = None
    """The array is exactly `first + arange(n) * step`, bit for bit; `first` is 0 by default."""
    foreach: Bindings = {}  # noqa: RUF012 - frozen; msgspec copies it
    """The name is a template, `{signal.key}`, filled for each binding."""


class Line(Clause, frozen=True, kw_only=True):
    """Lines of a text that fit a pattern."""

    pattern: str
    """A regular expression for a whole line; bindings and captures as `{name}` stand for their text."""
    count: Count = Count(min=1)
    """How many lines fit it; `{max: 0}` forbids them."""
    where: Literal["anywhere", "first", "last"] = "anywhere"
    """Only the first or the last line is looked at."""


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a text must contain."""

    sections: tuple[str, ...] = ()
    """Markdown headings, in this order, without the `#`; bindings and captures as `{name}`."""
    lines: tuple[Line, ...] = ()
    """Patterns that lines must match."""
    each: str | None = None
    """A regular expression that every line fits."""
    rows: Count | None = None
    """How many lines."""
    final_newline: bool | None = None
    """The last byte is (true) or is not (false) a line feed."""


class Entry(Clause, frozen=True, kw_only=True, rename={"as_": "as", "type_": "type", "format_": "format"}):
    """A claim about files: exactly one of `file`, `files`, `dir`, `dirs`, `one_of`, `any_of`.

    Several entries may speak of the same file; each judges on its own.
    """

    file: str | tuple[str, ...] | None = None
    """A path, or several of which each is an entry of its own; bindings of `foreach` as `{name}`."""
    files: str | None = None
    """A pattern: `*`, `**` and captures `{name:form}`."""
    dir: str | tuple[str, ...] | None = None
    """A directory, or several, by literal path."""
    dirs: str | None = None
    """A pattern for directories."""
    one_of: tuple[str, ...] | None = None
    """Paths of which exactly one stands."""
    any_of: tuple[str, ...] | None = None
    """Paths of which at least one stands."""
    as_: str | None = None
    """Name in expressions; by default the stem of the path."""
    foreach: Bindings = {}  # noqa: RUF012 - frozen; msgspec copies it
    """Makes one claim for each item, as in `{country: doc.countries, indicator: country.indicators}`."""
    when: Expression | None = None
    """Where it does not hold, the entry says nothing."""
    required: Presence = True
    """Of a pattern: at least one file."""
    forbidden: Presence = False
    """Of a pattern: decided for each file, its captures being names."""
    present: Expression | None = None
    """Required when it holds, forbidden when it does not."""
    count: Count | None = None
    """How many files a pattern may match."""
    numbering: Literal["contiguous"] | Numbering | None = None
    """`contiguous`: the numbers of the pattern's one numeric capture have no gap, from 0 or 1."""
    size: Size | None = None
    """Of each file."""
    formerly: dict[str, str] = {}  # noqa: RUF012 - frozen; msgspec copies it
    """Legacy names, each readable until a version of the contract; never written."""
    format_: str | tuple[str, ...] | None = None
    """Read strictly as this format, whatever the file's name says, or as any of these that its name claims;
    what cannot be read is this entry's fault."""
    type_: str | None = None
    """An artifact type of the contract, `Name@version`; its clauses join those here."""
    canonical: bool = False
    """The bytes are canonical JSON (RFC 8785): sorted keys, no blanks, no final newline."""
    schema: str | dict[str, Any] | None = None
    """JSON Schema 2020-12: a file in the contract's folder, or the schema itself; `x-rule` names rules.

    Of a table or JSONL, each row is judged; of an array file, image or model, the facts of its header.
    """
    table: Table | None = None
    """What the rows of a CSV, TSV or JSONL file must be."""
    arrays: dict[str, Array] | None = None
    """By name or glob; every clause whose name fits an array judges it."""
    extra_arrays: Literal["allowed", "refused"] = "allowed"
    """Arrays that `arrays` does not name."""
    symbols: Literal["run", "file"] = "run"
    """Whether the symbols of its arrays' shapes are shared by the whole run or by one file alone."""
    text: Text | None = None
    """What a text must hold."""
    rows: dict[str, str] | None = None
    """Where `rows.<name>` are in a document: `{at: /frames, or: self}`; by default the list it is."""
    append_only: bool = False
    """Lines are only ever added: every line is whole and the file ends with a line feed."""
    fields: dict[str, Expression] | Expression | None = None
    """How runpact writes the file: a value by key, or the whole document."""
    written: Literal["start", "change", "seal"] = "seal"
    """When `fields` are written."""
    writer: str | None = None
    """The only stage or program that may write it."""
    readers: tuple[str, ...] = ()
    """Stages or programs that read it."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The literal paths; empty for a pattern."""
        for given in (self.file, self.dir):
            if given is not None:
                return (given,) if isinstance(given, str) else given
        return self.one_of or self.any_of or ()

    @property
    def single(self) -> str | None:
        """The one file that runpact may write for this entry; None for several and for patterns."""
        return self.file if isinstance(self.file, str) else None

    @property
    def path(self) -> str:
        """The path or pattern; the first, where there are several."""
        return self.files or self.dirs or (self.paths[0] if self.paths else "")

    @property
    def pattern(self) -> str | None:
        """The pattern, None for literal paths."""
        return self.files if self.files is not None else self.dirs

    @property
    def wants_directory(self) -> bool:
        """Whether the claim is about directories."""
        return self.dir is not None or self.dirs is not None

    @property
    def name(self) -> str:
        """The name expressions use."""
        return self.as_ or stem_of(self.path)

    @property
    def rule(self) -> str:
        """The rule that findings name."""
        return self.id or f"entries/{self.name}"


def stem_of(path: str) -> str:
    """Return the last part of a path without its suffixes; a hidden file keeps its dot, a slot its dots."""
    last = posixpath.basename(path.rstrip("/"))
    found = _STEM.match(last)
    return found[0] if found is not None and not last.startswith(".") else last


class FormatRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"in_": "in"}):
    """File formats allowed where a glob matches; the first match decides."""

    in_: str
    """Glob over paths of the run."""
    allow: tuple[str, ...]
    """Formats that files there may have, judged by extension and content."""
    id: str | None = None
    """The rule that findings name; by default the place."""


class ArtifactType(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"format_": "format"}
):
    """What every artifact of a type must be; its clauses join those of the entries that name it."""

    format_: str | tuple[str, ...] | None = None
    """The formats it may have."""
    schema: str | dict[str, Any] | None = None
    """JSON Schema of its document."""
    table: Table | None = None
    """What its rows must be."""
    arrays: dict[str, Array] | None = None
    """What its arrays must be, by name."""
    extra_arrays: Literal["allowed", "refused"] = "allowed"
    """Arrays that `arrays` does not name."""
    text: Text | None = None
    """What its text must hold."""
    description: str = ""
    """For people; printed by `contract docs`."""
