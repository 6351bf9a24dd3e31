"""The folders of the registries, `models/` and `data/`.

Knows: how deep their folders stand, what makes git ignore what is in them.
Does not know: what a model is.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator

from runpact.disk.discover import directories_of
from runpact.disk.setup import write_new
from runpact.model.archive.copy import RECORD

_DEEPEST = 6
_IGNORE = "# Made by runpact: what is registered here is large and not committed; this folder itself is.\n*\n"
_KEPT = (".gitignore", ".gitkeep", "README.md")
_MODELS = """\
# Models

Weights that runs use, kept for good. Nothing here is ever removed by itself, and nothing here is committed.

    models/<domain>/<skill>/<model>/trained/<dataset>/<date>_<commit>/   by `runpact models promote`
    models/<domain>/<skill>/<model>/pretrained/<source>/                 by `runpact models add`

Code names a model by its URI, `local://<domain>/<skill>/<model>/…`, never by a path: `runpact models list`.
"""
_DATA = """\
# Data sets

Data that runs use, kept for good. Nothing here is ever removed by itself, and nothing here is committed.

    data/<domain>/<skill>/<name>/<version>/   by `runpact data add`

Code names a data set by its URI, `data://<domain>/<skill>/<name>/<version>`, never by a path:
`runpact data list`.
"""
_PAGES = {"models": _MODELS, "data": _DATA}


def lay_out(root: str, registry: str) -> list[str]:
    """Make the folder of a registry with what git is to keep of it; return what was written.

    Args:
        root: Absolute data root.
        registry: `models` or `data`.

    Raises:
        StorageError: It cannot be made.
    """
    texts = {
        "README.md": _PAGES[registry],
        ".gitkeep": "",
        ".gitignore": _IGNORE + "".join(f"!/{name}\n" for name in _KEPT),
    }
    return [
        f"{registry}/{name}"
        for name, text in texts.items()
        if write_new(posixpath.join(root, registry, name), text)
    ]


def folders_of(root: str, registry: str) -> Iterator[str]:
    """Yield the folders of a registry that something was entered in, relative to the data root, sorted."""
    yield from _below(root, registry, _DEEPEST)


def absence(root: str, folder: str) -> str:
    """Say why nothing that was entered is found in a folder, relative to the data root."""
    try:
        os.lstat(posixpath.join(root, folder, RECORD))
    except FileNotFoundError:
        return "it is gone"
    except OSError as error:
        return f"it cannot be read: {os.strerror(error.errno or 0)}"
    return "a link stands there, or on the way"


def _below(root: str, folder: str, levels: int) -> Iterator[str]:
    if os.path.lexists(posixpath.join(root, folder, RECORD)):
        yield folder
    elif levels:
        for name in directories_of(posixpath.join(root, folder)):
            yield from _below(root, f"{folder}/{name}", levels - 1)
