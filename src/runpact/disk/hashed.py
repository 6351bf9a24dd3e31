"""A file that is hashed while it is written.

Knows: that the bytes on disk are those of the digest, or that no file stays behind.
Does not know: what the file is, and how it gets its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from runpact.disk import io


def create_anew(temporary: str) -> int:
    """Create a file in place of what an earlier process of this number left, and return its descriptor."""
    try:
        return io.open_append(temporary)
    except FileExistsError:
        io.remove_quietly(temporary)
        return io.open_append(temporary)


def write_hashed(descriptor: int, temporary: str, chunks: Iterable[bytes], *, sync: bool) -> tuple[int, str]:
    """Write a file that was just created, close it, and return its size and digest.

    Args:
        descriptor: The file.
        temporary: The name it has until it is finished; removed when it cannot be.
        chunks: The content.
        sync: Make the content durable.
    """
    digest, size = hashlib.sha256(), 0
    try:
        try:
            for chunk in chunks:
                io.write_all(descriptor, chunk)
                digest.update(chunk)
                size += len(chunk)
            if sync:
                io.sync(descriptor)
        finally:
            io.close(descriptor)
    except BaseException:
        io.remove_quietly(temporary)
        raise
    return size, f"sha256:{digest.hexdigest()}"
