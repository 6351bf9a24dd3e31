"""The wire format of Protocol Buffers, field by field, without reading what is skipped.

Knows: tags, lengths and varints.
Does not know: any message.

Source:
    https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, text_of

MOST_FIELDS = 1_000_000
"""Fields visited in one file."""
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
_LONGEST_VARINT = 10
_WINDOW = 1 << 10
_MASK = (1 << 64) - 1


class Field(msgspec.Struct, frozen=True, gc=False):
    """One field of a message: a number, or the place of its bytes."""

    number: int
    value: int
    """Of a varint or a fixed number; meaningless for bytes."""
    start: int
    end: int
    is_bytes: bool


class Messages:
    """Walks the messages of one file; the fields of all of them together have a limit."""

    def __init__(self, source: HeaderBytes) -> None:
        """Store the bytes."""
        self._source = source
        self._left = MOST_FIELDS
        self._window = b""
        self._from = 0

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """Yield the fields of the message between two offsets.

        Raises:
            DamagedHeaderError: There is no message, or it has too many fields.
        """
        offset = start
        while offset < end:
            self._left -= 1
            if self._left < 0:
                raise DamagedHeaderError(f"it has more than {MOST_FIELDS} fields")
            tag, offset = self._varint(offset, end)
            field = self._field(tag, offset, end)
            offset = field.end
            if offset > end or field.number == 0:
                raise DamagedHeaderError("a field of it is longer than its message")
            yield field

    def text(self, field: Field) -> str:
        """Return a field that is text."""
        return text_of(self._source.at(field.start, field.end - field.start))

    def _field(self, tag: int, offset: int, end: int) -> Field:
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, after = self._varint(offset, end)
            return Field(number, value, offset, after, is_bytes=False)
        if wire == _LENGTH:
            length, start = self._varint(offset, end)
            return Field(number, 0, start, start + length, is_bytes=True)
        if wire in {_EIGHT, _FOUR}:
            return Field(number, 0, offset, offset + (8 if wire == _EIGHT else 4), is_bytes=False)
        raise DamagedHeaderError(f"it has a field of the unknown sort {wire}")

    def _varint(self, offset: int, end: int) -> tuple[int, int]:
        value = 0
        for index in range(_LONGEST_VARINT):
            if offset >= end:
                break
            byte = self._byte(offset)
            offset += 1
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follows
                return value & _MASK, offset
        raise DamagedHeaderError("a number in it does not end")

    def _byte(self, offset: int) -> int:
        """Return one byte; those around it are kept, as fields stand close together."""
        at = offset - self._from
        if not 0 <= at < len(self._window):
            self._from, at = offset, 0
            self._window = self._source.at(offset, min(_WINDOW, self._source.size - offset))
        return self._window[at]
