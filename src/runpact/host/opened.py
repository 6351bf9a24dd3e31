"""Which paths this process names when it opens or lists something.

Knows: what Python tells of its own calls before it makes them.
Does not know: what a path stands for, what C code opens.
"""

from __future__ import annotations

import os
import sys

_CALLS = frozenset({"open", "os.listdir", "os.scandir"})


class OpenedPaths:
    """The paths below one folder that were named since it began, as they were named."""

    def __init__(self, folder: str) -> None:
        """Begin to listen; what was opened before is not known.

        Args:
            folder: Absolute.
        """
        self._below = folder.rstrip("/") + "/"
        self._is_on = True
        self.paths: set[str] = set()
        """Relative to the folder."""
        sys.addaudithook(self.hear)

    def end(self) -> None:
        """Listen no longer; a hook cannot be taken off."""
        self._is_on = False

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """Keep the path of a call, as `sys.addaudithook` tells of it."""
        if self._is_on and event in _CALLS and arguments:
            path = arguments[0]
            if isinstance(path, (str, bytes)) or hasattr(path, "__fspath__"):
                self._keep(os.fsdecode(path))

    def _keep(self, path: str) -> None:
        if not path.startswith("/"):
            if "/" not in path:
                return  # a name in a folder that is open
            path = os.path.abspath(path)
        path = os.path.normpath(path)
        if path.startswith(self._below):
            self.paths.add(path.removeprefix(self._below))
