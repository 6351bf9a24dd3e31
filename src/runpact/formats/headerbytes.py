"""The bytes of a binary header: read exactly, and never too many.

Knows: how a parser of headers asks for bytes, and how it says that a file is damaged.
Does not know: any format.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from runpact.formats.archive import MAX_READ
from runpact.formats.limits import plainness_fault, shape_fault
from runpact.model.facts import FormatFault, HeaderFact, Json


class DamagedHeaderError(Exception):
    """Why a file is not what its first bytes promise; the message is shown."""


class HeaderBytes:
    """A seekable stream, read in exact pieces; all of them together have a limit."""

    def __init__(self, stream: BinaryIO, limit: int = MAX_READ) -> None:
        """Store the stream, and learn its size."""
        self.stream = stream
        self.size = stream.seek(0, os.SEEK_END)
        self._left = limit

    def at(self, offset: int, count: int) -> bytes:
        """Return exactly `count` bytes.

        Raises:
            DamagedHeaderError: The file is shorter, or its header asks for too much.
        """
        if count > self._left:
            raise DamagedHeaderError("its header asks to read too much")
        if offset < 0 or count < 0 or offset + count > self.size:
            raise DamagedHeaderError("it is cut short")
        self._left -= count
        self.stream.seek(offset)
        data = self.stream.read(count)
        if len(data) < count:
            raise DamagedHeaderError("it is cut short")
        return data

    def number(self, offset: int, count: int, *, big: bool = False) -> int:
        """Return an unsigned number of `count` bytes, little-endian unless `big`."""
        return int.from_bytes(self.at(offset, count), "big" if big else "little")


def read_header(stream: BinaryIO, code: str, read: Callable[[HeaderBytes], Json]) -> HeaderFact | FormatFault:
    """Report what a parser finds in a file, or why it cannot be believed.

    Args:
        stream: The file, seekable.
        code: Of the fault of a damaged file.
        read: The parser.
    """
    try:
        value = read(HeaderBytes(stream))
    except DamagedHeaderError as error:
        return FormatFault(code, str(error))
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
    return shape_fault(value) or plainness_fault(value) or HeaderFact(value)


def text_of(data: bytes) -> str:
    """Return a text of a header.

    Raises:
        DamagedHeaderError: It is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedHeaderError("a text in it is not UTF-8") from error
