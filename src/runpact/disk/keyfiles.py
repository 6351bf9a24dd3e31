"""Key files: a private one that its owner alone can read, the public one beside it.

Knows: names and permissions of key files.
Does not know: what a key is.
"""

from __future__ import annotations

import os
import posixpath
import stat

from runpact.disk import io
from runpact.disk.source import read_source
from runpact.model.errors import CannotStartError, WriteOnceError

PUBLIC_SUFFIX = ".pub"
_OWNER_ALONE = 0o600
_OTHERS = 0o077
_LIMIT = 64_000


def keep_key(path: str, private: bytes, public: bytes) -> str:
    """Create a private key, readable by its owner alone, and the public one beside it.

    Returns:
        The path of the public one.

    Raises:
        WriteOnceError: One of them stands there already.
        StorageError: One cannot be written.
    """
    beside = path + PUBLIC_SUFFIX
    for each in (path, beside):
        if os.path.lexists(each):
            raise WriteOnceError(f"`{each}` stands there already", at=each, hint="keys are never overwritten")
    with io.storing("key", path):
        io.make_parents(posixpath.dirname(path), sync=True)
        io.create_file(path, private, sync=True, mode=_OWNER_ALONE)
        io.create_file(beside, public, sync=True)
        io.sync_directory(posixpath.dirname(path))
    return beside


def read_private_key(path: str) -> bytes:
    """Return the bytes of a private key that others cannot read.

    Raises:
        CannotStartError: It cannot be read, or others may read it.
    """
    data = read_source(path, limit=_LIMIT)
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & _OTHERS:
        raise CannotStartError(
            "others may read this private key",
            at=path,
            expected=f"mode {_OWNER_ALONE:04o}",
            got=f"mode {mode:04o}",
            hint=f"chmod 600 {path}; if others could read it, make another key and revoke this one",
        )
    return data
