"""Whose code is running: the files on the stack, and those that a command names.

Knows: frames, the folders of the standard library and of installed packages.
Does not know: what follows from it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
INTERACTIVE = "interactive"
"""Name of the file that stands for a person at a prompt or in a notebook."""


def calling_files() -> tuple[str, ...]:
    """Return the files whose code is running, nearest first, as their frames name them."""
    names: dict[str, None] = {}
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to see the caller
    while True:
        names.setdefault(frame.f_code.co_filename)
        if frame.f_back is None:
            return tuple(names)
        frame = frame.f_back


def responsible_file(names: Iterable[str], cwd: str) -> str | None:
    """Return the file that answers for a call: the nearest that is nobody's library.

    What the standard library, installed packages and runpact do is done for whoever called them; code
    without a file, as of `exec`, for whoever runs it.

    Args:
        names: Files as frames name them, nearest first.
        cwd: Absolute current directory; a person at a prompt answers there.

    Returns:
        An absolute path, free of links; None when nobody's code is on the stack, as in a bare thread.
    """
    for name in names:
        path = os.path.join(cwd, name)
        if not _is_library(path) and not name.startswith("<") and os.path.isfile(path):
            return os.path.realpath(path)
    return os.path.join(os.path.realpath(cwd), INTERACTIVE) if _is_interactive() else None


def _is_library(path: str) -> bool:
    return path.startswith((_PACKAGE, _STANDARD)) or any(part in path for part in _INSTALLED)


def _is_interactive() -> bool:
    """Whether a person types: at a prompt, with `-c`, or in a notebook, whose cells have no file."""
    main = sys.modules.get("__main__")
    return not hasattr(main, "__file__") or "ipykernel" in sys.modules


def program_file(command: Iterable[str], cwd: str, *, root: str) -> str | None:
    """Return the first file that a command names: a path, or the module behind `-m`.

    Args:
        command: Program and arguments.
        cwd: Absolute directory that it runs in.
        root: Absolute folder, free of links; programs that lie elsewhere, or are installed, say nothing.

    Returns:
        An absolute path, free of links; None when it names none but such programs.
    """
    for named in _named(tuple(command), cwd):
        path = os.path.realpath(named)
        if os.path.isfile(path) and not (_is_library(named) or _is_installed_program(named, path, root)):
            return path
    return None


def _is_installed_program(named: str, path: str, root: str) -> bool:
    if not path.startswith(f"{root}{os.sep}"):
        return os.access(path, os.X_OK)
    environment = os.path.dirname(os.path.dirname(named))
    return os.path.isfile(os.path.join(environment, "pyvenv.cfg"))


def _named(command: tuple[str, ...], cwd: str) -> Iterator[str]:
    for before, word in zip(("", *command), command, strict=False):
        if before == "-m":
            module = os.path.join(cwd, *word.split("."))
            yield from (f"{module}.py", os.path.join(module, "__main__.py"))
        elif word and not word.startswith("-"):
            yield os.path.join(cwd, word)
