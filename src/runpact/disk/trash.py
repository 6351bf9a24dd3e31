"""The trash: where pruned runs wait.

Knows: how a directory is moved there and back so that a crash leaves it in one place or the other.
Does not know: what is pruned, or why.

    .runpact-trash/<moment>/trash.json     what is to be moved, written and flushed before anything is
    .runpact-trash/<moment>/files/<path>   each directory under the path that it had in the workspace
"""

from __future__ import annotations

import os
import posixpath

from runpact.disk import io
from runpact.disk.layout import TRASH
from runpact.disk.tree import read_file
from runpact.model.archive.trash import TrashRecord, parse_trash, render_trash
from runpact.model.errors import RunpactError, StorageError

_RECORD, _FILES = "trash.json", "files"
_MAX_SIZE = 1 << 26
_MOST_NUMBERS = 1000
_IGNORED = b"*\n"


def open_trash(root: str, moment: str, record: TrashRecord) -> str:
    """Make a folder of the trash with its record; return its name.

    Raises:
        StorageError: It cannot be made; nothing was moved.
    """
    trash = posixpath.join(root, TRASH)
    with io.storing("trash", trash):
        if os.path.islink(trash):
            raise StorageError(f"`{TRASH}` is a link", at=trash, expected="a folder of runpact's own")
        io.make_parents(trash, sync=True)
        ignore = posixpath.join(trash, ".gitignore")
        if not os.path.lexists(ignore):
            io.replace_file(ignore, _IGNORED, sync=False)
        name = _free_name(trash, moment)
        io.create_file(posixpath.join(trash, name, _RECORD), render_trash(record), sync=True)
        for folder in (posixpath.join(trash, name), trash):
            io.sync_directory(folder)
    return name


def _free_name(trash: str, moment: str) -> str:
    for name in (moment, *(f"{moment}-{number}" for number in range(2, _MOST_NUMBERS))):
        try:
            io.make_directory(posixpath.join(trash, name))
        except FileExistsError:
            continue
        return name
    raise StorageError("too many folders of one moment are in the trash", at=trash)


def throw(root: str, name: str, path: str) -> bool:
    """Move a directory into a folder of the trash; say whether it was there.

    Raises:
        StorageError: It stands where it stood.
    """
    source = posixpath.join(root, path)
    return _move(source, _kept(root, name, path)) if os.path.lexists(source) else False


def take_back(root: str, name: str, path: str) -> bool:
    """Move a directory back to where it stood; say whether it was in the trash.

    Raises:
        StorageError: It stays in the trash, as when something stands at its place.
    """
    kept = _kept(root, name, path)
    return _move(kept, posixpath.join(root, path)) if os.path.lexists(kept) else False


def is_kept(root: str, name: str, path: str) -> bool:
    """Whether a directory is in that folder of the trash."""
    return os.path.lexists(_kept(root, name, path))


def remove(root: str, name: str, path: str) -> None:
    """Remove a directory of the trash for good.

    Raises:
        StorageError: A part of it stays.
    """
    kept = _kept(root, name, path)
    with io.storing("trash", kept):
        io.remove_tree_quietly(kept)
        if os.path.lexists(kept):
            raise StorageError("it could not be removed whole", at=kept, hint="check its permissions")


def close_trash(root: str, name: str) -> None:
    """Remove a folder of the trash when nothing is left in it but its record."""
    folder = posixpath.join(root, TRASH, name)
    files = posixpath.join(folder, _FILES)
    if any(names for _folder, _directories, names in os.walk(files)):
        return
    io.remove_tree_quietly(folder)


def trash_folders(root: str) -> dict[str, TrashRecord | None]:
    """Return the folders of the trash by name, oldest first; None for one whose record cannot be read."""
    trash = posixpath.join(root, TRASH)
    try:
        names = sorted(name for name in os.listdir(trash) if not name.startswith("."))
    except OSError:
        return {}
    return {name: _record(posixpath.join(trash, name)) for name in names}


def _record(folder: str) -> TrashRecord | None:
    try:
        return parse_trash(read_file(folder, _RECORD, _MAX_SIZE))
    except RunpactError:
        return None


def _kept(root: str, name: str, path: str) -> str:
    return posixpath.join(root, TRASH, name, _FILES, path)


def _move(source: str, target: str) -> bool:
    with io.storing("run", source):
        io.make_parents(posixpath.dirname(target), sync=True)
        try:
            io.publish(source, target)
        except FileExistsError as error:
            raise StorageError("something stands at the place already", at=target, hint="move it") from error
        for folder in (posixpath.dirname(target), posixpath.dirname(source)):
            io.sync_directory(folder)
    return True
