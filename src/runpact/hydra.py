"""Hydra programs whose output directory is their run: `@runpact.hydra.main(…)`.

Knows: which names there are.
Does not know: Hydra, which is imported at the first use of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.integrations.hydra.callback import RunCallback
    from runpact.integrations.hydra.decorator import main

__all__ = ["RunCallback", "main"]

_HOMES = {"RunCallback": "callback", "main": "decorator"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'runpact.hydra' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the first use of a name pays for Hydra

    from runpact.integrations.absent import library  # noqa: PLC0415 - as above

    library("hydra", package="runpact[hydra]")
    value = getattr(import_module(f"runpact.integrations.hydra.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
