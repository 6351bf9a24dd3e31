"""The beginning of a small file that may not be there.

Knows: how to read it without waiting on a pipe, and that nothing is an answer.
Does not know: what it is for.
"""

from __future__ import annotations

import os


def peek_text(path: str, limit: int) -> str:
    """Return at most `limit` bytes of a file as text; nothing when it cannot be read."""
    return peek_bytes(path, limit).decode("utf-8", "surrogateescape")


def peek_bytes(path: str, limit: int) -> bytes:
    """Return at most `limit` bytes of a file; nothing when it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return b""
    try:
        return _read(descriptor, limit)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _read(descriptor: int, limit: int) -> bytes:
    parts = []
    while limit > 0 and (data := os.read(descriptor, limit)):
        parts.append(data)
        limit -= len(data)
    return b"".join(parts)
