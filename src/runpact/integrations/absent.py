"""Libraries that are not installed.

Knows: how to say which one is missing, and what brings it.
Does not know: any of them.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from runpact.model.errors import CannotStartError


def library(name: str, *, package: str) -> ModuleType:
    """Return a library, imported now.

    Args:
        name: Of the module.
        package: What installs it.

    Raises:
        CannotStartError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name.partition(".")[0]:
            raise
        raise CannotStartError(
            f"`{name}` is not installed",
            expected=f"the package {package}",
            got="nothing",
            hint=f"pip install '{package}'",
        ) from error
