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
"""Modules of Python 3.11 to 3.14, sorted; packages and missing files are left out and told."""

ALPHABET = "\n\t" + "".join(chr(code) for code in range(32, 127))
UNKNOWN = len(ALPHABET)
VOCABULARY = len(ALPHABET) + 1

Codes = NDArray[np.int64]


def encoder_digest() -> str:
    """Return the digest that names the encoder: the alphabet in order, and what stands for the rest."""
    text = json.dumps({"alphabet": ALPHABET, "unknown": UNKNOWN}, ensure_ascii=True, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Corpus:
    """The split text.

    Each part is int64[n], character codes in 0 … VOCABULARY-1.
    """

    train: Codes
    validation: Codes
    test: Codes
    files: tuple[tuple[str, str], ...]
    """Name and sha256 of every file used, in order."""
    digest: str
    """Over the names and contents of all files and the split."""


def load_corpus(max_characters: int, folder: str | None = None) -> Corpus:
    """Read the standard library's modules, split file by file: of every ten, one validates and one tests.

    Args:
        max_characters: At most that many characters in all; whole files only; at least 10,000.
        folder: Where the modules stand; by default the running interpreter's library.

    Raises:
        ValueError: There is too little text.
    """
    texts = _texts(Path(folder or sysconfig.get_path("stdlib")), max_characters)
    parts: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for number, text in enumerate(texts.values()):
        parts[_part_of(number)].append(text)
    if not all(parts.values()):
        message = f"only {len(texts)} files of text below {folder}; at least ten are needed"
        raise ValueError(message)
    codes = {name: encode("".join(pieces)) for name, pieces in parts.items()}
    files = tuple((name, hashlib.sha256(text.encode()).hexdigest()) for name, text in texts.items())
    return Corpus(codes["train"], codes["validation"], codes["test"], files, _digest(files))


def encode(text: str) -> Codes:
    """Return the character codes of a text, int64[len(text)]."""
    table = np.full(0x110000, UNKNOWN, dtype=np.int64)
    table[[ord(character) for character in ALPHABET]] = np.arange(len(ALPHABET))
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return table[points]


def _texts(folder: Path, max_characters: int) -> dict[str, str]:
    texts: dict[str, str] = {}
    left = max_characters
    for module in MODULES:
        path = folder / f"{module}.py"
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        if len(text) <= left:
            texts[path.name] = text
            left -= len(text)
    return texts


def _part_of(number: int) -> str:
    return {3: "validation", 7: "test"}.get(number % 10, "train")


def _digest(files: tuple[tuple[str, str], ...]) -> str:
    text = json.dumps({"files": files, "split": "3 validates, 7 tests, of every 10"}, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
