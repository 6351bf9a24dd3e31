"""The modules that this process has loaded.

Knows: which of them are files of a folder of one's own.
Does not know: what for.
"""

from __future__ import annotations

import os
import sys

_INSTALLED = frozenset({"site-packages", "dist-packages"})


def modules_below(root: str) -> list[str]:
    """Return the files of loaded modules below a folder, relative to it, sorted; installed packages apart."""
    inside = os.path.realpath(root).rstrip("/") + "/"
    places = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    real = {os.path.realpath(place) for place in places if isinstance(place, str)}
    own = (path.removeprefix(inside) for path in real if path.startswith(inside))
    return sorted(path for path in own if not _INSTALLED.intersection(path.split("/")))
