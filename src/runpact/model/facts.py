"""What was found in a run directory, without judgement.

Knows: the values by which inspectors report a file, and the tree of one run.
Does not know: how a file is opened, what a contract demands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

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


class ArchiveFact(msgspec.Struct, frozen=True):
    """A checkpoint or another archive, by its list of members."""

    content: str
    members: tuple[str, ...] = ()
    pickle: bool = False
    """Reading it the usual way would execute what it contains."""


class TextFact(msgspec.Struct, frozen=True):
    """A text file."""

    lines: int
    size: int


class BytesFact(msgspec.Struct, frozen=True):
    """A file of which only the first bytes were looked at."""

    content: str


Facts = DocumentFact | ArraysFact | TableFact | ArchiveFact | TextFact | BytesFact
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


def _no_facts(path: str) -> FormatFault:
    return FormatFault("not-a-document", f"`{path}` is not looked into")


class ValidatorFault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault that a validator written in Python found."""

    path: str
    """Relative to the run, with `#` and a JSON pointer where it lies inside a file."""
    message: str
    expected: str = ""
    got: str = ""


def _no_validator(name: str, version: str, arguments: dict[str, Json]) -> str:
    del version, arguments
    return f"no validator `{name}` is registered"


class RunTree(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the judge sees it; documents are parsed when asked for."""

    files: tuple[FileFact, ...]
    """Sorted by path."""
    run: Mapping[str, object] = {}
    """The variable `run` of expressions."""
    document: Callable[[str], DocumentFact | FormatFault]
    """Parse one file; must parse each at most once."""
    content: Callable[[str], ContentFact | FormatFault]
    """Say which format a file has; the fault is for a file that cannot be read at all."""
    rows: Callable[[str], Iterable[dict[str, object]] | FormatFault] = _no_facts
    """The rows of a CSV, TSV or JSONL file, by column; a fault for other files and damaged ones."""
    header: Callable[[str], Json | FormatFault] = _no_facts
    """What the header of an array file, image or model says, as a document."""
    text: Callable[[str], str | FormatFault] = _no_facts
    """The whole of a UTF-8 text."""
    is_canonical: Callable[[str], bool] = lambda _path: False
    """Whether a file's bytes are canonical JSON (RFC 8785)."""
    digest: Callable[[str], str] = str
    """`sha256:<hex>` of a file's bytes."""
    is_run: Callable[[str], bool] = lambda _path: False
    """Whether a directory, relative to the workspace, is a run of some kind."""
    validate: Callable[[str, str, dict[str, Json]], tuple[ValidatorFault, ...] | str] = _no_validator
    """Run a registered validator by name, version and arguments; a text says why it could not be run."""
    places: Mapping[str, tuple[str, RunTree]] = {}
    """Directories the run owns elsewhere, by name: the way from the run, and what stands there."""
    is_own: bool = True
    """runpact made the run, so it has runpact's own records."""
