"""The running interpreter, and whether a package is there to be imported.

Knows: how to find a package and read its first lines without running any of it.
Does not know: what needs it.
"""

from __future__ import annotations

import importlib.util
import os
import sys


def main_file() -> str | None:
    """Return the absolute path of the program's file; None where there is none, as in a console."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.abspath(path) if path else None


def version() -> str:
    """Return the interpreter's version, as `3.12.4`."""
    return ".".join(map(str, sys.version_info[:3]))


def in_environment() -> bool:
    """Whether a virtual environment is active."""
    return sys.prefix != sys.base_prefix


def import_fault(package: str) -> str | None:
    """Say why a package could not be imported; None when nothing speaks against it. Nothing is imported."""
    top = package.partition(".")[0]
    try:
        found = importlib.util.find_spec(top)
        if found is None:
            return f"no package `{top}`"
        if found.origin is not None and found.origin.endswith(".py"):
            with open(found.origin, "rb") as stream:
                compile(stream.read(), found.origin, "exec", dont_inherit=True)
    except Exception as error:  # noqa: BLE001 - finders of others may raise anything
        return f"`{top}` cannot be imported: {type(error).__name__}"
    return None
