"""Lines of an append-only log: framed, numbered, checksummed.

Knows: how a line is written and how the longest valid prefix is read.
Does not know: files.

A line is a JSON object whose first key is `seq` (dense, from 1) and whose last key is `crc`,
the CRC-32 in eight hex digits of the same object without that key.
"""

from __future__ import annotations

import zlib

import msgspec

_SUFFIX = len(b',"crc":"00000000"}')


class Journal(msgspec.Struct, frozen=True):
    """The valid prefix of a log."""

    entries: tuple[dict[str, object], ...]
    size: int
    """Bytes of the valid prefix."""
    discarded: int = 0
    """Bytes after it: a torn or damaged tail."""


def frame_line(body: bytes) -> bytes:
    """Close an encoded JSON object (`{...}`, not empty) with its checksum and a newline."""
    return b'%s,"crc":"%08x"}\n' % (body[:-1], zlib.crc32(body))


def read_journal(data: bytes) -> Journal:
    """Read the longest valid prefix; stop at the first bad line or gap in `seq`."""
    entries: list[dict[str, object]] = []
    position = 0
    while (end := data.find(b"\n", position)) >= 0:
        entry = parse_line(data[position:end])
        if entry is None or entry.get("seq") != len(entries) + 1:
            break
        entries.append(entry)
        position = end + 1
    return Journal(tuple(entries), position, len(data) - position)


class _Numbered(msgspec.Struct):
    seq: int


def count_lines(data: bytes, count: int = 0) -> tuple[int, int]:
    """Return number of the last line and size of the longest valid prefix, without keeping an entry.

    Args:
        data: A log, or what follows its first `count` lines.
        count: Number of the line before.
    """
    position = 0
    while (end := data.find(b"\n", position)) >= 0:
        head, tail = data[position : end - _SUFFIX], data[end - _SUFFIX : end]
        body = head + b"}"
        if end - position <= _SUFFIX or tail != b',"crc":"%08x"}' % zlib.crc32(body):
            break
        try:
            number = msgspec.json.decode(body, type=_Numbered).seq
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            break
        if number != count + 1:
            break
        count, position = number, end + 1
    return count, position


def parse_line(line: bytes) -> dict[str, object] | None:
    """Return the entry of one line without its newline, None when it is not a valid line."""
    head, tail = line[:-_SUFFIX], line[-_SUFFIX:]
    body = head + b"}"
    if tail != b',"crc":"%08x"}' % zlib.crc32(body):
        return None
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
