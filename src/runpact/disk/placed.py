"""A directory that is ready, and the place that it gets.

Knows: that it gets it whole, in one step that lasts, and never over another one.
Does not know: what is in it.
"""

from __future__ import annotations

import posixpath

from runpact.disk import io


def give_place(ready: str, place: str, *, what: str) -> bool:
    """Move a directory to its place; False, and nothing done, when that is taken.

    Args:
        ready: Absolute, on the same file system.
        place: Absolute; the folders above it are made.
        what: What it is, for the message.

    Raises:
        StorageError: It cannot be moved; it stands where it stood.
    """
    folder = posixpath.dirname(place)
    with io.storing(what, place):
        io.make_parents(folder, sync=True)
        try:
            io.publish(ready, place)
        except FileExistsError:
            return False
        io.sync_directory(folder)
    return True
