"""Which runpact this is, to the last changed line.

Knows: the files of the package that decide what a contract means.
Does not know: what is kept by it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys

import msgspec

from runpact.version import VERSION

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_DECIDING = ("model", "formats/yamltree.py", "verbs/contracts/assemble.py")


@functools.cache
def edition() -> bytes:
    """Return a digest that differs when another runpact, interpreter or set of packages is installed.

    Sizes and times of change stand for the contents: a program that is worked on keeps its version.
    """
    whole = hashlib.sha256(f"{VERSION}\n{sys.version}\n".encode())
    installed = os.path.dirname(os.path.dirname(os.path.abspath(msgspec.__file__)))
    whole.update(f"{os.stat(installed).st_mtime_ns}\n".encode())
    for path in sorted(_files()):
        status = os.stat(path)
        line = f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n"
        whole.update(line.encode("utf-8", "surrogateescape"))
    return whole.digest()


def _files() -> list[str]:
    found, waiting = [], [os.path.join(_PACKAGE, name) for name in _DECIDING]
    while waiting:
        path = waiting.pop()
        if path.endswith(".py"):
            found.append(path)
        elif "." not in os.path.basename(path) and not path.endswith("__pycache__"):
            waiting += [os.path.join(path, name) for name in os.listdir(path)]
    return found
