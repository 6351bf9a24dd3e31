"""Where the shipped examples stand: inside the package, or beside it in a checkout."""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PLACES = (os.path.join(_PACKAGE, "_examples"), os.path.join(_PACKAGE, "..", "..", "examples"))


def example_names() -> list[str]:
    """Return the names of the shipped examples."""
    place = next((place for place in _PLACES if os.path.isdir(place)), None)
    return (
        sorted(name for name in os.listdir(place) if is_example(os.path.join(place, name))) if place else []
    )


def example_folder(name: str) -> str | None:
    """Return the absolute folder of an example, None when there is none of that name."""
    if name not in example_names():
        return None
    return next(
        os.path.realpath(os.path.join(place, name))
        for place in _PLACES
        if os.path.isdir(os.path.join(place, name))
    )


def is_example(folder: str) -> bool:
    """Whether a folder is laid out as a workspace."""
    return os.path.isfile(os.path.join(folder, "contract.yaml"))
