"""The interpreter, the platform, the installed packages.

Knows: how to list distributions without importing them.
Does not know: which of them matter.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import sys

from runpact.host import clock
from runpact.model.provenance import Environment

_INFO = re.compile(r"(?P<name>[A-Za-z0-9._-]+?)-(?P<version>[^-]+)\.(?:dist-info|egg-info)")


@functools.cache
def read_environment() -> Environment:
    """Return the environment of this process; read once."""
    packages = installed_packages(tuple(sys.path))
    return Environment(
        python=platform.python_version(),
        implementation=sys.implementation.name,
        platform=f"{sys.platform}-{os.uname().release}",
        machine=os.uname().machine,
        packages=packages,
        packages_digest=Environment.digest_of(packages),
        captured=clock.now(),
    )


def installed_packages(search: tuple[str, ...]) -> dict[str, str]:
    """Return version by normalised name; the first on the search path wins, as for imports.

    Names and versions are read from the names of the metadata folders, which is what
    `importlib.metadata` does too, without opening their files.
    """
    found: dict[str, str] = {}
    for folder in dict.fromkeys(search):
        for name in _names(folder or "."):
            match = _INFO.fullmatch(name)
            if match is not None:
                found.setdefault(normalised(match["name"]), match["version"])
    return dict(sorted(found.items()))


def normalised(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return []
