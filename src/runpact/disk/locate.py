"""Finds the workspace that a directory belongs to.

Knows: the files that mark one, and where the search stops.
Does not know: what the contract says.
"""

from __future__ import annotations

import os
import posixpath

from runpact.disk.layout import PRIVATE, RECORD
from runpact.model.errors import CannotStartError

CONTRACT_FILE = "contract.yaml"


def find_workspace(start: str) -> tuple[str, str] | None:
    """Return the workspace's folder and its contract file, both absolute; None when there is none.

    A folder is one when it holds `contract.yaml`, or a `pyproject.toml` with `[tool.runpact] contract`.
    The search goes upwards and stops at a repository's root.
    """
    directory = start
    while True:
        contract = _contract_in(directory)
        if contract is not None:
            return directory, contract
        parent = posixpath.dirname(directory)
        if parent == directory or os.path.exists(posixpath.join(directory, ".git")):
            return None
        directory = parent


def named_workspace(root: str) -> tuple[str, str | None]:
    """Return a folder that was named as a workspace, with its own contract if it has one.

    Raises:
        CannotStartError: There is no such folder.
    """
    if not os.path.isdir(root):
        raise CannotStartError(f"no workspace at `{root}`", at=root, expected="a folder", got="nothing")
    found = find_workspace(root)
    return (root, found[1]) if found and found[0] == root else (root, None)


def current_directory() -> str:
    """Return the current directory, absolute.

    Raises:
        CannotStartError: It was removed.
    """
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise CannotStartError("the current directory no longer exists", hint="change to another") from error


def is_of_workspace(contract: str, start: str) -> bool:
    """Whether a contract's file lies in the workspace around a directory, and in no run of it."""
    found = find_workspace(start)
    if found is None:
        return False
    root, folder = os.path.realpath(found[0]), posixpath.dirname(os.path.realpath(contract))
    while (folder + "/").startswith(root.rstrip("/") + "/"):
        if os.path.exists(posixpath.join(folder, RECORD)) or posixpath.basename(folder) == PRIVATE:
            return False
        if folder == root:
            return True
        folder = posixpath.dirname(folder)
    return False


def _contract_in(directory: str) -> str | None:
    contract = posixpath.join(directory, CONTRACT_FILE)
    if os.path.lexists(contract):  # a link to nowhere is no reason to judge by something else
        return contract
    project = posixpath.join(directory, "pyproject.toml")
    if not os.path.isfile(project):
        return None
    named = _named_in(project)
    return posixpath.normpath(posixpath.join(directory, named)) if named else None


def _named_in(project: str) -> str | None:
    """Return the contract that a project file names; a file that does not speak of runpact is not parsed."""
    try:
        with open(project, "rb") as file:
            data = file.read()
        table = _table_in(data) if b"runpact" in data else {}
    except (OSError, ValueError) as error:
        raise CannotStartError(f"`{project}` cannot be read: {error}", at=project) from error
    named = table.get("contract") if isinstance(table, dict) else None
    return named if isinstance(named, str) else None


def _table_in(data: bytes) -> object:
    import tomllib  # noqa: PLC0415 - most workspaces are marked by their contract alone

    return tomllib.loads(data.decode()).get("tool", {}).get("runpact", {})
