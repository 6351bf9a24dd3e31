"""Functions by which expressions look into the files of a run.

Knows: that an unsafe path is nowhere, and what a file that cannot be read raises.
Does not know: how anything is read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from runpact.model.digest import HEX_DIGITS, SHA256, digest_of_value
from runpact.model.errors import RunpactError
from runpact.model.facts import FormatFault
from runpact.model.judge.view import View
from runpact.model.names import check_relative

_MOST_BYTES = 4096
MOST_LINES = 1_000_000
"""Most lines that an expression can look at one by one: each costs some hundred bytes there."""
_NUMBERS = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}
_NUMBERS |= {"f2": "e", "f4": "f", "f8": "d"}


class UnseenError(KeyError):
    """What an expression wanted to look at is not there; the text says why."""

    def __str__(self) -> str:
        """Return the text as it is."""
        return str(self.args[0])


class Looking:
    """The functions, for one run."""

    def __init__(self, subject: View) -> None:
        """Store the run."""
        self._subject = subject
        self.unseen: list[str] = []
        """Paths that were looked at in vain since somebody emptied this."""

    def functions(self) -> dict[str, Callable[..., object]]:
        """Return the functions by name."""
        return {
            "array_at": self._array_at,
            "canonical_digest": digest_of_value,
            "digest": self._digest,
            "doc_at": self._doc_at,
            "hex_at": lambda path, start, count: self._bytes(path, start, count).hex(),
            "is_dir": lambda path: self._kind_of(path) == "dir",
            "is_file": lambda path: self._kind_of(path) == "file",
            "is_run": self._subject.tree.is_run,
            "lines_at": self._lines_at,
            "number_at": self._number_at,
            "rows_at": self._rows_at,
            "text_at": self._text_at,
        }

    def _unseen(self, path: str, reason: str) -> UnseenError:
        self.unseen.append(path)
        return UnseenError(reason)

    def _kind_of(self, path: str) -> str:
        try:
            fact = self._subject.by_path.get(check_relative(path.rstrip("/"), what="path"))
        except RunpactError:
            return ""
        return fact.kind if fact is not None else ""

    def _digest(self, path: str, algorithm: str = SHA256) -> str:
        if self._kind_of(path) not in {"file", "symlink"}:
            raise self._unseen(path, f"there is no file `{path}`")
        if algorithm not in HEX_DIGITS:
            raise UnseenError(f"`{algorithm}` is none of {', '.join(HEX_DIGITS)}")
        return self._subject.tree.digest(path, algorithm)

    def _doc_at(self, path: str) -> object:
        document = self._subject.document(path)
        if not isinstance(document, FormatFault):
            return document.value
        header = self._subject.tree.header(path)
        if isinstance(header, FormatFault):
            raise self._unseen(path, f"there is no document `{path}`: {document.message}")
        return header

    def _rows_at(self, path: str) -> object:
        rows = self._subject.rows(path)
        if isinstance(rows, FormatFault):
            raise self._unseen(path, f"there are no rows in `{path}`: {rows.message}")
        return rows

    def _text_at(self, path: str) -> str:
        text = self._subject.tree.text(path)
        if isinstance(text, FormatFault):
            raise self._unseen(path, f"there is no text `{path}`: {text.message}")
        return text

    def _lines_at(self, path: str) -> list[str]:
        text = self._text_at(path)
        if text.count("\n") >= MOST_LINES:
            raise UnseenError(f"`{path}` has too many lines, more than {MOST_LINES}")
        return text.splitlines()

    def _array_at(self, path: str, name: str = "") -> object:
        values = self._subject.tree.values(path, name)
        listed = values if isinstance(values, str) else values.listed()
        if isinstance(listed, str):
            raise self._unseen(path, f"there are no values of `{name}` in `{path}`: {listed}")
        return listed

    def _bytes(self, path: str, start: int, count: int) -> bytes:
        if not 0 < count <= _MOST_BYTES:
            raise UnseenError(f"{count} bytes are none, or more than {_MOST_BYTES}")
        data = self._subject.tree.chunk(path, start, count)
        if isinstance(data, FormatFault):
            raise self._unseen(path, f"there are no {count} bytes in `{path}`: {data.message}")
        return data

    def _number_at(self, path: str, start: int, dtype: str) -> object:
        order, code = (dtype[:1], dtype[1:]) if dtype[:1] in {"<", ">", "|"} else ("<", dtype)
        if code not in _NUMBERS:
            raise UnseenError(f"`{dtype}` is no type of a number, as `<u4` is")
        form = f"{order.replace('|', '<')}{_NUMBERS[code]}"
        return struct.unpack(form, self._bytes(path, start, struct.calcsize(form)))[0]
