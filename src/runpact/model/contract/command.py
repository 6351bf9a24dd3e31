"""The command of a stage: a template whose slots are filled in.

Knows: the form of a slot, which names there are.
Does not know: how a command is run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from runpact.model.contract.kind import Stage

_PIECE = re.compile(r"\{\{|\}\}|\{([A-Za-z][A-Za-z0-9_.-]*)\}|[{}]")
FIXED = frozenset({"experiment", "seed", "config", "stage.id", "stage.slug", "stage.dir"})
"""Slots that every command may have, besides the captures of the kind's place."""


class CommandError(Exception):
    """An argument has a brace that begins or ends no slot."""


def known_slots(stage: Stage) -> frozenset[str]:
    """Return the slots of this stage's command that do not come from the kind's place."""
    return FIXED | {f"reads.{alias}" for alias in stage.reads} | {f"writes.{alias}" for alias in stage.writes}


def slots_of(argument: str) -> tuple[str, ...]:
    """Return the names of an argument's slots.

    Raises:
        CommandError: A brace stands alone.
    """
    names = []
    for found in _PIECE.finditer(argument):
        if found[0] in {"{", "}"}:
            message = f"a lone `{found[0]}` at character {found.start() + 1}"
            raise CommandError(message)
        if found[1]:
            names.append(found[1])
    return tuple(names)


def filled(command: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """Return a command with its slots filled in; `{{` and `}}` stand for braces.

    Raises:
        KeyError: A slot has no value.
    """

    def fill(found: re.Match[str]) -> str:
        return values[found[1]] if found[1] else found[0][0]

    return tuple(_PIECE.sub(fill, argument) for argument in command)
