"""What the program of a stage writes into its own directory.

Knows: how a summary is written so that nobody reads half of it.
Does not know: what is in it.
"""

from __future__ import annotations

import posixpath

from runpact.disk import io


def write_summary(path: str, data: bytes) -> None:
    """Write or rewrite a summary.

    Raises:
        StorageError: The older one still stands there, or none.
    """
    with io.storing("summary", path):
        io.make_parents(posixpath.dirname(path), sync=False)
        io.replace_file(path, data, sync=False)


def make_room(path: str) -> str:
    """Create the directory of a file that is to be written; return the path.

    Raises:
        StorageError: The file system refused.
    """
    with io.storing("directory", path):
        io.make_parents(posixpath.dirname(path), sync=False)
    return path
