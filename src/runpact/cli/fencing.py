"""The fence around a command, as a person asks for it and is told about it.

Knows: the flags, and when there is something to say.
Does not know: how a fence is put up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, TypeVar

import click

from runpact.model.confinement import (
    ANY,
    DECLARED,
    LEVELS,
    OFF,
    READS,
    W0,
    W2,
    Confinement,
    Wanted,
    is_reached,
)

if TYPE_CHECKING:
    from runpact.verbs.life.execute import Execution

_MOST_FOLDERS = 6
_MOST_PATHS = 20
_Command = TypeVar("_Command", bound=Callable[..., object])
_OPTIONS = (
    click.option(
        "--confinement",
        "level",
        type=click.Choice(LEVELS),
        help="Keep it in its run: W0 not at all, W1 compare, W2 by the kernel (default), W3 isolate.",
    ),
    click.option(
        "--require-confinement",
        "least",
        type=click.Choice(LEVELS),
        default=W0,
        help="Begin nothing where less than this level can be enforced.",
    ),
    click.option(
        "--reads",
        type=click.Choice(READS),
        default=ANY,
        show_default=True,
        help="What the command may read: anything, or inputs, the files it is named and the toolchain.",
    ),
    click.option("--no-network", "is_offline", is_flag=True, help="Close the network to the command."),
    click.option(
        "--trace", "is_traced", is_flag=True, help="List what it reads and writes; slows it (strace)."
    ),
    click.option("--nested", "is_nested", is_flag=True, help="Let the command make runs of its own."),
)


class FenceFlags(TypedDict):
    """What a person may say about the fence."""

    level: str | None
    least: str
    reads: str
    is_offline: bool
    is_traced: bool
    is_nested: bool


def fence_options(command: _Command) -> _Command:
    """Give a command the flags of `FenceFlags`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wanted_by(flags: FenceFlags, *, guard: str) -> Wanted:
    """Return what a person's flags ask of the fence.

    Args:
        flags: As they were given.
        guard: One of `model.confinement.MODES`; who wants nothing compared wants no fence unless it is named.
    """
    level = flags["level"] or (W0 if guard == OFF else W2)
    return Wanted(
        level=max(level, flags["least"]),
        least=flags["least"],
        reads=flags["reads"],
        has_network=not flags["is_offline"],
        is_traced=flags["is_traced"],
        is_nested=flags["is_nested"],
    )


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
    return lines + _traced(held)


def _traced(held: Confinement) -> list[str]:
    if "trace" not in held.mechanism:
        return []
    writes = [
        f"{each.path} ({each.action}{', refused' * each.refused})"
        for each in held.strays
        if each.seen_by == "trace"
    ]
    return [
        _listed("written outside", writes, held.more_strays),
        _listed("read without being declared", list(held.undeclared), held.more_undeclared),
    ]


def _listed(what: str, paths: list[str], more: int) -> str:
    shown = paths[:_MOST_PATHS]
    count = len(paths) + more
    rest = [f"… and {count - len(shown)} more, in the manifest"] * (count > len(shown))
    return "\n  ".join([f"{what}: {count or 'nothing'}", *shown, *rest])


def refusal(held: Confinement) -> str:
    """Return what a person should know when a fenced command failed for want of permission."""
    folders = [*held.opened[:_MOST_FOLDERS], *["…"] * (len(held.opened) > _MOST_FOLDERS)]
    reads = ", and could read only what was declared" if held.reads == DECLARED else ""
    return (
        f"the fence ({held.level}) may have refused it something: it could write in its run"
        f"{''.join(f', {folder}' for folder in folders)}{reads}. "
        "Write to $RUNPACT_RUN_DIR, or declare a cache with --cache GLOB; --trace lists what it is refused"
    )
