"""Contracts shipped for re-use.

Knows: where a pack's files stand in the installed package.
Does not know: what they say.
"""

from __future__ import annotations

import os

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_PREFIX = "runpact:"


CASES = "cases.yaml"
TREES = "trees"
"""What a pack carries to show what it means; no part of the contract."""
SKELETON = "skeleton"
"""What a new workspace of the pack begins with; `contract.yaml` in it is what follows `extends`."""


def pack_folder(name: str) -> str:
    """Return the absolute folder of a pack."""
    return os.path.join(_FOLDER, name.removeprefix(_PREFIX))


def pack_names() -> list[str]:
    """Return the names of all packs, as `extends` names them."""
    return sorted(
        _PREFIX + name
        for name in os.listdir(_FOLDER)
        if os.path.isfile(os.path.join(_FOLDER, name, "contract.yaml"))
    )


def skeleton_of(name: str) -> dict[str, str]:
    """Return the files that a new workspace of a pack begins with, by path; none for most packs."""
    folder = os.path.join(pack_folder(name), SKELETON) if name in pack_names() else ""
    found = {}
    for root, _directories, files in os.walk(folder):
        for file in files:
            path = os.path.join(root, file)
            if not file.endswith(".pyc"):
                with open(path, encoding="utf-8") as stream:
                    found[os.path.relpath(path, folder).replace(os.sep, "/")] = stream.read()
    return found


def contract_schema() -> bytes:
    """Return the JSON Schema of a contract file."""
    with open(os.path.join(_FOLDER, "contract.schema.json"), "rb") as file:
        return file.read()


def read_pack(name: str) -> dict[str, bytes] | None:
    """Return the files of a pack by relative path, None when there is none of that name."""
    if name not in pack_names():
        return None
    folder = pack_folder(name)
    found = {}
    for root, directories, files in os.walk(folder):
        directories[:] = [each for each in directories if each not in {TREES, SKELETON}]
        for file in files:
            path = os.path.join(root, file)
            if file.endswith((".yaml", ".json")) and file != CASES:
                with open(path, "rb") as stream:
                    found[os.path.relpath(path, folder).replace(os.sep, "/")] = stream.read()
    return found
