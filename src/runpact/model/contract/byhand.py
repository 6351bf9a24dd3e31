"""Whether a command that a person typed is the one that the contract names.

Knows: which options of a stage's program are for runpact, that a path may be written in several ways.
Does not know: files; how a command is run.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

OWN_OPTIONS = ("--experiment", "--config", "--input")
"""Options by which a program that is started by hand says what its attempt needs."""


def is_as_declared(typed: tuple[str, ...], declared: tuple[str, ...], *, here: str, root: str) -> bool:
    """Whether two commands start the same program with the same arguments, what is for runpact apart.

    Args:
        typed: The command that was started by hand.
        declared: The contract's, filled in.
        here: Absolute directory that the first one was started in.
        root: Absolute directory that the contract's commands run in.
    """
    ours, theirs = tuple(_meant(typed)), tuple(_meant(declared))
    return len(ours) == len(theirs) and all(
        _is_same(a, b, here=here, root=root) for a, b in zip(ours, theirs, strict=True)
    )


def _meant(command: tuple[str, ...]) -> Iterator[str]:
    """Yield a command's arguments without runpact's own; Python is Python, however it is spelt."""
    is_value = False
    for number, argument in enumerate(command):
        if is_value or argument in OWN_OPTIONS:
            is_value = not is_value
        elif number == 0 and posixpath.basename(argument).startswith("python"):
            yield "python"
        elif argument.partition("=")[0] not in OWN_OPTIONS:
            yield argument


def _is_same(typed: str, declared: str, *, here: str, root: str) -> bool:
    if posixpath.normpath(posixpath.join(here, typed)) == posixpath.normpath(posixpath.join(root, declared)):
        return True
    return typed == declared and (here == root or "/" not in typed)
