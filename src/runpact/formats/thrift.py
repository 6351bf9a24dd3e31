"""Thrift's compact protocol, as plain values.

Knows: how structs, lists and numbers are written.
Does not know: what any field means.

Source:
    https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import struct

from runpact.formats.headerbytes import DamagedHeaderError
from runpact.formats.limits import MAX_DEPTH

Value = object
"""A bool, a number, bytes, a list, or a struct as a map from field numbers; maps are lists of pairs."""
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_NUMBERS = {4, 5, 6}
_LONG_LIST = 15
_LONGEST_VARINT = 10
_MORE = 0x80
MOST_VALUES = 3_000_000
"""Values in one footer; a file with 1,000 row groups of 100 columns has about as many."""


class CompactReader:
    """Reads one struct from bytes; every length is checked before anything is made of it."""

    def __init__(self, data: bytes) -> None:
        """Store the bytes."""
        self._data = data
        self._at = 0
        self._left = MOST_VALUES

    def struct(self, depth: int = 0) -> dict[int, Value]:
        """Return the struct that begins here.

        Raises:
            DamagedHeaderError: It does not end, is too deep or has too many values.
        """
        if depth > MAX_DEPTH:
            raise DamagedHeaderError("its footer is nested too deep")
        found: dict[int, Value] = {}
        number = 0
        while (head := self._byte()) != 0:
            step = head >> 4
            number = number + step if step else self._signed()
            found[number] = self._value(head & 15, depth, is_field=True)
        return found

    def _value(self, sort: int, depth: int, *, is_field: bool) -> Value:
        self._left -= 1
        if self._left < 0:
            raise DamagedHeaderError("its footer has too many values")
        if sort in {_TRUE, _FALSE}:
            return (sort if is_field else self._byte()) == _TRUE
        if sort == _BYTE:
            return self._byte()
        if sort in _NUMBERS:
            return self._signed()
        if sort == _DOUBLE:
            return struct.unpack("<d", self._bytes(8))[0]
        if sort == _BINARY:
            return self._bytes(self._varint())
        return self._container(sort, depth)

    def _container(self, sort: int, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise DamagedHeaderError("its footer is nested too deep")
        if sort == _STRUCT:
            return self.struct(depth + 1)
        if sort in {_LIST, _SET}:
            head = self._byte()
            count = head >> 4 if head >> 4 != _LONG_LIST else self._varint()
            return [
                self._value(head & 15, depth + 1, is_field=False) for _item in range(self._checked(count))
            ]
        if sort == _MAP:
            count = self._varint()
            sorts = self._byte() if count else 0
            return [
                (
                    self._value(sorts >> 4, depth + 1, is_field=False),
                    self._value(sorts & 15, depth + 1, is_field=False),
                )
                for _item in range(self._checked(count))
            ]
        raise DamagedHeaderError(f"its footer has a value of the unknown sort {sort}")

    def _checked(self, count: int) -> int:
        """Refuse a length that the bytes cannot hold: each item has one byte at least."""
        if count > len(self._data) - self._at:
            raise DamagedHeaderError("a list in its footer is longer than the footer")
        return count

    def _signed(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _varint(self) -> int:
        value = 0
        for index in range(_LONGEST_VARINT):
            byte = self._byte()
            value |= (byte & 0x7F) << 7 * index
            if byte < _MORE:
                return value
        raise DamagedHeaderError("a number in its footer does not end")

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise DamagedHeaderError("its footer is cut short")
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        data = self._data[self._at : self._at + count]
        if len(data) < count:
            raise DamagedHeaderError("its footer is cut short")
        self._at += count
        return data
