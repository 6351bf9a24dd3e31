"""What a person is told about the fence around a command.

Knows: when there is something to say.
Does not know: how a fence is put up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runpact.model.confinement import DECLARED, Confinement, is_reached

if TYPE_CHECKING:
    from runpact.verbs.execute import Execution

_MOST_FOLDERS = 6


def confinement_lines(end: Execution, *, least: str) -> list[str]:
    """Return what was asked of the fence and not had, and what the fence may have caused.

    Args:
        end: How the command ended.
        least: The level that was demanded.
    """
    held = end.confinement
    lines = [f"confinement {held.level}: {each}" for each in held.lacking]
    if not is_reached(held.level, least):
        lines.append(f"confinement {held.level} is less than the {least} demanded")
    if end.is_refused:
        lines.append(refusal(held))
    return lines


def refusal(held: Confinement) -> str:
    """Return what a person should know when a fenced command failed for want of permission."""
    folders = [*held.opened[:_MOST_FOLDERS], *["…"] * (len(held.opened) > _MOST_FOLDERS)]
    reads = ", and could read only what was declared" if held.reads == DECLARED else ""
    return (
        f"the fence ({held.level}) may have refused it something: it could write in its run"
        f"{''.join(f', {folder}' for folder in folders)}{reads}. "
        "Write to $RUNPACT_RUN_DIR, declare a cache with --cache GLOB, or compare with --confinement W1"
    )
