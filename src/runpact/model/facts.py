"""What was found in a run directory, without judgement.

Knows: the values by which inspectors report a file, and the tree of one run.
Does not know: how a file is opened, what a contract demands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

Json = object
"""A parsed document: None, bool, int, float, str, list or dict with str keys; narrowed by its type."""


class FileFact(msgspec.Struct, frozen=True, gc=False):
    """One name in a run directory."""

    path: str
    """POSIX, relative to the run directory."""
    kind: str
    """`file`, `dir`, `symlink` or `other` (pipe, socket, device)."""
    size: int = 0
    """Bytes; 0 for everything but files."""
    mode: int = 0
    """Permission bits; 0 for what was never looked at."""
    target: str | None = None
    """What a symbolic link says."""
    escapes: bool = False
    """The link leads out of the run directory."""
    fault: str = ""
    """Why a directory could not be listed."""
    is_external: bool = False
    """It is a link to a file outside, which the record of an import names; told as that file."""


class FormatFault(msgspec.Struct, frozen=True):
    """Why a file is not what it claims to be; a value, so that one bad file never hides another."""

    code: str
    """One of the codes in `runpact.model.codes`."""
    message: str
    pointer: str = ""
    """JSON pointer of the place inside the file; empty for the file itself."""


class DocumentFact(msgspec.Struct, frozen=True):
    """A parsed document; of a JSONL file, the list of its rows."""

    value: Json
    is_rows: bool = False
    """Each element of `value` is a document of its own."""


class ArrayFact(msgspec.Struct, frozen=True):
    """One array as its header describes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    fortran: bool = False
    pickle: bool = False
    """Object dtype: reading it would execute what it contains."""

    @property
    def size(self) -> int:
        """Bytes of its values."""
        digits = self.dtype.lstrip("<>|=").lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return math.prod(self.shape) * (int(digits) if digits.isdigit() else 8)


class Apart(msgspec.Struct, frozen=True):
    """One value of two arrays that is not the same in both."""

    where: str
    """Its index, `[3, 4]`, or what was measured of the whole array; empty for an array of one value."""
    first: float | str
    """Text for what JSON has no number for, and for what is no number."""
    other: float | str


class Deviation(msgspec.Struct, frozen=True):
    """How far the values of two arrays of one shape and type are apart."""

    count: int
    """All values."""
    different: int
    """Those that are not the same; NaN is the same as NaN."""
    beyond: int
    """Those that are farther apart than is tolerated."""
    largest: float | None = None
    """The greatest distance of two finite numbers; None where no numbers differ."""
    apart: Apart | None = None
    """The first that is farther apart than is tolerated, else the first that is not the same."""


class ArrayValues(Protocol):
    """The values of one array, as far as contracts ask for them."""

    def is_finite(self) -> bool:
        """Whether no value is NaN or infinite."""

    def first_out_of_order(self, order: str) -> int | None:
        """Return the first index along the first axis that breaks an order; None when none does."""

    def first(self) -> float | None:
        """Return the first value; None for an empty array."""

    def last(self) -> float | None:
        """Return the last value; None for an empty array."""

    def range(self) -> tuple[float | None, float | None]:
        """Return the least and the greatest value that is no NaN; None where there is none."""

    def is_progression(self, first: float, step: float) -> bool:
        """Whether the values are `first + arange(n) * step`, bit for bit."""

    def equals(self, other: object, start: int | None, stop: int | None) -> bool:
        """Whether the values are those of a slice of another array along its first axis."""

    def deviation(self, other: object, *, relative: float, absolute: float) -> Deviation | str:
        """Return how far another array of the same shape and type is apart, or why that cannot be told."""

    def listed(self) -> list[object] | str:
        """Return all values in C order, or why there are too many or none that an expression can hold."""


class ArraysFact(msgspec.Struct, frozen=True):
    """The arrays of an NPZ or NPY file, by header only."""

    arrays: tuple[ArrayFact, ...]

    @property
    def pickle(self) -> bool:
        """Whether any of them has an object dtype."""
        return any(array.pickle for array in self.arrays)


class TableFact(msgspec.Struct, frozen=True):
    """Header and number of rows of a table."""

    columns: tuple[str, ...]
    rows: int
    """Without the header."""


class TableRows(msgspec.Struct, frozen=True):
    """The rows of a table as a stream, to be read once.

    Reading may raise `DamagedRowError`.
    """

    columns: tuple[str, ...] | None
    """The header; None when each row is an object with keys of its own."""
    rows: Iterator[Sequence[str] | Mapping[str, Json]]
    """Cells in the order of the header, or objects."""


class DamagedRowError(Exception):
    """A row cannot be read, so nothing after it can."""

    def __init__(self, fault: FormatFault) -> None:
        """Carry why."""
        super().__init__(fault.message)
        self.fault = fault


class MemberFact(msgspec.Struct, frozen=True, gc=False):
    """One member of an archive."""

    path: str
    size: int
    """Bytes, unpacked, as the archive says."""


class ArchiveFact(msgspec.Struct, frozen=True):
    """A checkpoint or another archive, by its list of members."""

    content: str
    members: tuple[MemberFact, ...] = ()
    pickle: bool = False
    """Reading it the usual way would execute what it contains."""


class TextFact(msgspec.Struct, frozen=True):
    """A text file."""

    lines: int
    size: int


class HeaderFact(msgspec.Struct, frozen=True):
    """What the header of an image, sound, model, table or database says."""

    value: Json
    """A document; `docs/headers.md` says what it holds for each format."""


class BytesFact(msgspec.Struct, frozen=True):
    """A file of which only the first bytes were looked at."""

    content: str


Facts = DocumentFact | ArraysFact | TableFact | ArchiveFact | HeaderFact | TextFact | BytesFact
"""What an inspector reports."""


class ContentFact(msgspec.Struct, frozen=True, kw_only=True):
    """Which format a file has, by its name and by its bytes."""

    named: tuple[str, ...]
    """Formats that its name claims."""
    fits: tuple[str, ...]
    """Those of `named` that its content agrees with."""
    content: str
    """What its bytes are, as in `json`, `npz`, `pickle`, `text`, `binary`."""
    pickle: bool = False
    """Reading it the usual way would execute what it contains."""
    fault: FormatFault | None = None
    """Why it could not be read as what it is named."""


class Form(msgspec.Struct, frozen=True):
    """How a file is to be read, where its name does not say it."""

    format: str = ""
    """A format's name; empty for the one that the file's name claims."""
    delimiter: str = ""
    """What parts the cells of a table: one character, or `whitespace`; empty for the format's own."""
    comment: str = ""
    """Lines that begin so are no rows."""
    columns: tuple[str, ...] | None = None
    """Names of the columns of a table without a header."""


AS_NAMED = Form()


def _no_facts(path: str, _form: Form = AS_NAMED) -> FormatFault:
    return FormatFault("not-a-document", f"`{path}` is not looked into")


class ValidatorFault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that a validator written in Python found."""

    path: str
    """Relative to the run, with `#` and a JSON pointer where it lies inside a file."""
    message: str
    expected: str = ""
    got: str = ""


class RunTree(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the judge sees it; documents are parsed when asked for."""

    files: tuple[FileFact, ...]
    """Sorted by path."""
    run: Mapping[str, object] = {}
    """The variable `run` of expressions."""
    document: Callable[[str, Form], DocumentFact | FormatFault]
    """Parse one file; must parse each at most once."""
    content: Callable[[str, Form], ContentFact | FormatFault]
    """Say which format a file has; the fault is for a file that cannot be read at all."""
    rows: Callable[[str, Form], Iterable[dict[str, object]] | FormatFault] = _no_facts
    """The rows of a CSV, TSV or JSONL file, by column; a fault for other files and damaged ones."""
    table: Callable[[str, Form], TableRows | FormatFault] = _no_facts
    """The same rows as a stream."""
    header: Callable[[str], Json | FormatFault] = _no_facts
    """What the header of an array file, image or model says, as a document."""
    arrays: Callable[[str], ArraysFact | FormatFault] = _no_facts
    """The headers of an array file."""
    values: Callable[[str, str], ArrayValues | str] = lambda _path, _name: "they are not looked into"
    """The values of an array by file and name; a text says why they cannot be read."""
    text: Callable[[str], str | FormatFault] = _no_facts
    """The whole of a UTF-8 text."""
    is_canonical: Callable[[str], bool] = lambda _path: False
    """Whether a file's bytes are canonical JSON (RFC 8785)."""
    digest: Callable[[str, str], str] = lambda path, _algorithm: path
    """`sha256:<hex>` of a file's bytes; of another algorithm by its name."""
    chunk: Callable[[str, int, int], bytes | FormatFault] = lambda path, _start, _count: _no_facts(path)
    """So many bytes of a file, from a place; from its end where that is negative."""
    is_run: Callable[[str], bool] = lambda _path: False
    """Whether a directory, relative to the workspace, is a run of some kind."""
    validate: Callable[[str, str, dict[str, Json]], tuple[ValidatorFault, ...] | str] = (
        lambda name, _version, _arguments: f"no validator `{name}` is registered"
    )
    """Run a registered validator by name, version and arguments; a text says why it could not be run."""
    places: Mapping[str, tuple[str, RunTree]] = {}
    """Directories the run owns elsewhere, by name: the way from the run, and what stands there."""
    is_own: bool = True
    """runpact made the run, so it has runpact's own records."""
