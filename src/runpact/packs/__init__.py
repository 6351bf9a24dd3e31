"""Contracts shipped for re-use.

Knows: where a pack's files stand in the installed package.
Does not know: what they say.
"""

from __future__ import annotations

import os

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PREFIX = "runpact:"


def pack_names() -> list[str]:
    """Return the names of all packs, as `extends` names them."""
    return sorted(
        _PREFIX + name
        for name in os.listdir(_FOLDER)
        if os.path.isfile(os.path.join(_FOLDER, name, "contract.yaml"))
    )


def read_pack(name: str) -> dict[str, bytes] | None:
    """Return the files of a pack by relative path, None when there is none of that name."""
    if name not in pack_names():
        return None
    folder = os.path.join(_FOLDER, name.removeprefix(_PREFIX))
    found = {}
    for root, _directories, files in os.walk(folder):
        for file in files:
            path = os.path.join(root, file)
            if file.endswith((".yaml", ".json")):
                with open(path, "rb") as stream:
                    found[os.path.relpath(path, folder).replace(os.sep, "/")] = stream.read()
    return found
