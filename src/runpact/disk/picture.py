"""Writes a picture where a person says, but never into a run.

Knows: how a file is replaced at once, what marks a run.
Does not know: what the picture shows.
"""

from __future__ import annotations

import os
import posixpath

from runpact.disk import io
from runpact.disk.layout import PRIVATE
from runpact.model.errors import UsageError


def write_picture(path: str, data: bytes) -> None:
    """Put a picture at an absolute path, replacing what is there.

    Raises:
        UsageError: The place is inside a run.
        StorageError: It cannot be written.
    """
    folder = posixpath.dirname(os.path.realpath(path))
    while folder != posixpath.dirname(folder):
        if os.path.lexists(posixpath.join(folder, PRIVATE)):
            raise UsageError(
                "a picture of runs is not written into a run",
                got=path,
                hint="choose another place; a run's own pictures are saved by the run itself",
            )
        folder = posixpath.dirname(folder)
    with io.storing("picture", path):
        io.replace_file(path, data, sync=False)
