"""What an application declares of itself: its commands, and the codes of its errors.

Knows: what may be declared.
Does not know: what a command does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from runpact.model.errors import UsageError
from runpact.model.machine.form import Form

SUCCEEDED = 0
GENERAL = 1
REFUSED = 2
"""Exit code of a request that was not carried out because it is none, or asks for what there is not."""
SIGNALLED = 128
"""Added to the number of the signal that ended a command."""
SIGPIPE = 13
"""Number of the signal for a reader that has left."""
SCHEMA_VERSION = "1.0"
"""Of requests, answers and signals."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*", re.ASCII)
_MOST_CODE = 125


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command: its name, what it takes, one line about it."""

    name: str
    form: Form
    summary: str = ""


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """A program that answers requests."""

    name: str
    version: str
    summary: str = ""
    errors: Mapping[str, int] = {}
    """Exit code by the word for a sort of error; the error's code is that word and `_error`."""
    commands: Mapping[str, Command] = {}
    broken: int = GENERAL
    """Exit code of a fault in a command itself."""
    refused: int = REFUSED
    """Exit code of what is not understood."""
    is_engine: bool = False
    """It is runpact itself: an error keeps the exit code that it has on the command line."""


def check_word(word: str, *, what: str) -> str:
    """Return a name that is fit for a command, an application or a sort of error.

    Raises:
        UsageError: It is not.
    """
    if isinstance(word, str) and _NAME.fullmatch(word):
        return word
    raise UsageError(
        f"{what} cannot be called so", expected="small letters, digits, `_` and `-`", got=f"{word!r:.60}"
    )


def check_errors(errors: Mapping[str, int]) -> dict[str, int]:
    """Return the sorts of errors that an application declares, by word.

    Raises:
        UsageError: A word or a code is not fit.
    """
    for word, code in errors.items():
        check_word(word, what="a sort of error")
        if isinstance(code, bool) or not isinstance(code, int) or not 0 < code <= _MOST_CODE:
            raise UsageError(f"`{word}` has no exit code", expected=f"1 to {_MOST_CODE}", got=f"{code!r:.60}")
    return dict(errors)
