"""Files and the names of directories that are made durable together.

Knows: that many are flushed faster with their whole file system.
Does not know: which files a run has, when they must be durable.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable

from runpact.disk import io
from runpact.disk.draft import FEW_FILES
from runpact.disk.layout import ancestors
from runpact.model.facts import FileFact


def flush_files(base: str, files: Collection[str], directories: Collection[str]) -> None:
    """Make files and directories durable; all of them stand on the file system of `base`.

    Args:
        base: Absolute folder that the paths begin in.
        files: Files to flush.
        directories: Folders whose names to flush.

    Raises:
        OSError: Something is not confirmed.
    """
    if len(files) + len(directories) > FEW_FILES and io.sync_file_system(base):
        return
    for path in files:
        io.sync_path(posixpath.join(base, path))
    for path in sorted(directories, reverse=True):
        io.sync_directory(posixpath.join(base, path))


def flush_folder(folder: str, root: str, facts: Iterable[FileFact]) -> None:
    """Make durable what stands in a folder below `root`, with the way to it.

    Raises:
        OSError: Something is not confirmed.
    """
    names = [posixpath.join(folder, fact.path) for fact in facts if fact.kind == "file"]
    if not names:
        return
    way = {posixpath.relpath(name, root) for name in (folder, *names)}
    directories = {above for name in way for above in ancestors(name)}
    if len(names) > FEW_FILES and io.sync_file_system(folder):
        names = []
    for path in names:
        io.sync_path(path)
    for above in sorted(directories, reverse=True):  # the way may lie on another file system
        io.sync_directory(posixpath.join(root, above))
