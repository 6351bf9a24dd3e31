"""The text: which files, in which order, as which numbers.

Knows: a fixed list of standard-library modules, the alphabet, the split by file.
Does not know: the model.
"""

from __future__ import annotations

import hashlib
import json
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MODULES = (
    "argparse",
    "ast",
    "base64",
    "bdb",
    "bisect",
    "calendar",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "colorsys",
    "compileall",
    "configparser",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "dis",
    "doctest",
    "enum",
    "filecmp",
    "fileinput",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "imaplib",
    "inspect",
    "ipaddress",
    "keyword",
    "linecache",
    "locale",
    "lzma",
    "mailbox",
    "mimetypes",
    "netrc",
    "numbers",
    "operator",
    "optparse",
    "os",
    "pdb",
    "pickle",
    "pickletools",
    "platform",
    "plistlib",
    "poplib",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "queue",
    "quopri",
    "random",
    "reprlib",
    "sched",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "subprocess",
    "symtable",
    "tabnanny",
    "tarfile",
    "tempfile",
    "textwrap",
    "threading",
    "timeit",
    "token",
    "tokenize",
    "trace",
    "traceback",
    "types",
    "typing",
    "uuid",
    "warnings",
    "wave",
    "weakref",
    "zipapp",
    "zipfile",
)
"""Modules of Python 3.11 to 3.14, sorted; those that an interpreter lacks are left out."""

LARGEST_FILE = 50_000
"""Characters; larger files are left out, so that no single one decides a split."""

ALPHABET = "\n\t" + "".join(chr(code) for code in range(32, 127))
UNKNOWN = len(ALPHABET)
VOCABULARY = len(ALPHABET) + 1

Codes = NDArray[np.int64]


def encoder_digest() -> str:
    """Return the digest that names the encoder: the alphabet in order, and what stands for the rest."""
    text = json.dumps({"alphabet": ALPHABET, "unknown": UNKNOWN}, ensure_ascii=True, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class SourceFile:
    """One file of the corpus."""

    name: str
    sha256: str
    """Of its text in UTF-8, hexadecimal."""
    characters: int
    part: str
    """`train`, `validation` or `test`."""


@dataclass(frozen=True)
class Corpus:
    """The split text.

    Each part is int64[n], character codes in 0 … VOCABULARY-1; its files follow each other in order.
    """

    train: Codes
    validation: Codes
    test: Codes
    files: tuple[SourceFile, ...]
    """Every file used, in order."""
    digest: str
    """Over the names and contents of all files and the split."""


def load_corpus(max_characters: int, folder: str | None = None) -> Corpus:
    """Read the standard library's modules, split file by file: six of ten train, two validate, two test.

    Args:
        max_characters: At most that many characters in all; whole files only; at least 10,000.
        folder: Where the modules stand; by default the running interpreter's library.

    Raises:
        ValueError: There is too little text.
    """
    place = Path(folder or sysconfig.get_path("stdlib"))
    texts = _texts(place, max_characters)
    files = tuple(_describe(name, text, _part_of(i)) for i, (name, text) in enumerate(texts.items()))
    if {file.part for file in files} != {"train", "validation", "test"}:
        message = f"only {len(texts)} files of text below {place}; at least ten are needed"
        raise ValueError(message)
    parts = {part: _join(texts, files, part) for part in ("train", "validation", "test")}
    return Corpus(**parts, files=files, digest=_digest(files))


def encode(text: str) -> Codes:
    """Return the character codes of a text, int64[len(text)]."""
    table: Codes = np.full(0x110000, UNKNOWN, dtype=np.int64)
    table[[ord(character) for character in ALPHABET]] = np.arange(len(ALPHABET))
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes: Codes = table[points]
    return codes


def _texts(folder: Path, max_characters: int) -> dict[str, str]:
    """Return the text of each file by name, in order: whole files, as long as there is room."""
    texts: dict[str, str] = {}
    left = max_characters
    for module in MODULES:
        path = folder / f"{module}.py"
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        if len(text) <= min(left, LARGEST_FILE):
            texts[path.name] = text
            left -= len(text)
    return texts


def _describe(name: str, text: str, part: str) -> SourceFile:
    return SourceFile(name, hashlib.sha256(text.encode()).hexdigest(), len(text), part)


def _part_of(number: int) -> str:
    return {2: "validation", 7: "validation", 4: "test", 9: "test"}.get(number % 10, "train")


def _join(texts: dict[str, str], files: tuple[SourceFile, ...], part: str) -> Codes:
    return encode("".join(texts[file.name] for file in files if file.part == part))


def _digest(files: tuple[SourceFile, ...]) -> str:
    named = [(file.name, file.sha256, file.part) for file in files]
    return "sha256:" + hashlib.sha256(json.dumps(named).encode()).hexdigest()
