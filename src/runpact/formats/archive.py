"""The list of members of a zip archive, read without trusting it.

Knows: the limits under which a central directory is believed.
Does not know: what the members mean.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from runpact.model.facts import FormatFault

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_MEMBERS = 65_535
"""Most members of one archive."""
MAX_READ = 64 * 1024 * 1024
"""Most bytes read to learn what an archive holds."""
MAX_RATIO = 1_100
"""Deflate cannot do better than 1,032 to 1."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_IS_ENCRYPTED = 0x1

REFUSALS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    ValueError,
    KeyError,
    IndexError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    OSError,
)
"""What the standard library raises for damaged archives."""


class CappedStream(io.RawIOBase):
    """Reads a seekable stream, but never more than a fixed number of bytes in all."""

    def __init__(self, stream: BinaryIO, limit: int = MAX_READ) -> None:
        """Store the stream and what may be read of it."""
        super().__init__()
        self._stream = stream
        self._left = limit

    def renew(self, stream: BinaryIO, limit: int) -> None:
        """Go on with the same file opened anew."""
        self._stream, self._left = stream, limit

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, as the stream below does."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in the stream below."""
        return self._stream.tell()

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer; a buffer larger than what is left is refused before reading."""
        view = memoryview(buffer)
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes.

        Raises:
            ValueError: The archive asks for more than it may.
        """
        if size > self._left:
            size = self._left + 1
        data = self._stream.read(size if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("learning what it holds would read too much")
        return data


def open_archive(stream: BinaryIO) -> tuple[zipfile.ZipFile, int] | FormatFault:
    """Return the archive and its size, once its list of members is believable."""
    return open_capped(CappedStream(stream))


def open_capped(stream: CappedStream) -> tuple[zipfile.ZipFile, int] | FormatFault:
    """Return the archive that a capped stream holds; `CappedStream.renew` serves it on."""
    try:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        archive = zipfile.ZipFile(stream)
    except REFUSALS as error:
        return zip_fault(error)
    fault = _list_fault(archive.infolist(), size)
    return fault or (archive, size)


def zip_fault(error: Exception) -> FormatFault:
    """Return the fault for one of `REFUSALS`."""
    text = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
    return FormatFault("invalid-zip", f"the archive cannot be read: {text}")


def _list_fault(members: list[zipfile.ZipInfo], size: int) -> FormatFault | None:
    if len(members) > MAX_MEMBERS:
        return FormatFault("zip-bomb", f"{len(members)} members, more than {MAX_MEMBERS}")
    if sum(member.compress_size for member in members) > size:
        return FormatFault("zip-bomb", "its members overlap: together they are larger than the file")
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        return FormatFault("invalid-zip", "two members have the same name")
    faults = (_member_fault(member) for member in members)
    return next((fault for fault in faults if fault), None)


def _member_fault(member: zipfile.ZipInfo) -> FormatFault | None:
    shown = member.filename[:80]
    if member.compress_type not in _METHODS:
        return FormatFault("invalid-zip", f"member `{shown}` is compressed in an unusual way")
    if member.flag_bits & _IS_ENCRYPTED:
        return FormatFault("invalid-zip", f"member `{shown}` is encrypted")
    if member.file_size > max(member.compress_size, 1) * MAX_RATIO:
        return FormatFault("zip-bomb", f"member `{shown}` claims to grow {MAX_RATIO}-fold or more")
    if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
        return FormatFault("invalid-zip", f"member `{shown}` has two different sizes")
    return None
