"""Why a request has no good answer, in words that programs can rely on.

Knows: the stable codes, the shape of one fault among the parameters.
Does not know: what was asked.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable

import msgspec

from runpact.model.errors import RunpactError

INVALID_REQUEST = "invalid_request"
UNSUPPORTED_VERSION = "unsupported_schema_version"
UNKNOWN_COMMAND = "unknown_command"
INVALID_PARAMS = "invalid_params"
COMMAND_FAILED = "command_failed"
INTERRUPTED = "interrupted"
INTERNAL_ERROR = "internal_error"

CODES = {
    INVALID_REQUEST: "what was handed over is no request: no JSON, no object, a key too many or too few",
    UNSUPPORTED_VERSION: "`schema_version` is not one that is understood",
    UNKNOWN_COMMAND: "there is no command of that name",
    INVALID_PARAMS: "parameters are unknown, missing or mistyped; `faults` lists all of them",
    COMMAND_FAILED: "the command came to an end that is no success, and said no more",
    INTERRUPTED: "a signal ended the command; the exit code is 128 and its number",
    INTERNAL_ERROR: "a fault in the command's own code",
}
"""The codes of every application; those of its own sorts of errors join them."""

_LONGEST_SHOWN = 80
MOST_FAULTS = 100
"""That are told of one request."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with what was asked."""

    path: str
    """As in `params.grid[2].fee`; empty for the whole."""
    message: str
    expected: str = ""
    got: str = ""
    nearest: str | None = None
    """The known name that is most like an unknown one."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no good answer."""

    code: str
    type: str
    """Name of the Python exception behind it, for people who look for it; `RequestError` when refused."""
    message: str
    at: str = ""
    expected: str = ""
    got: str = ""
    hint: str = ""
    faults: tuple[Fault, ...] = ()


def refusal(code: str, message: str, *faults: Fault, **more: str) -> Failure:
    """Return why a request was not even begun; of very many faults the first hundred are told."""
    return Failure(code=code, type="RequestError", message=message, faults=faults[:MOST_FAULTS], **more)


def engine_failure(error: RunpactError, words: Iterable[str] = ()) -> Failure:
    """Return an error of runpact as programs are told it.

    Args:
        error: What was raised.
        words: Sorts of errors that the application declares; an error whose code is one of them has its code.
    """
    code = error.code.replace("-", "_")
    return Failure(
        code=f"{code}_error" if code in {*words, "internal"} else code,
        type=type(error).__name__,
        message=error.message,
        at=error.at,
        expected=error.expected,
        got=error.got,
        hint=error.hint,
        faults=tuple(
            Fault(
                path=each.at or each.place,
                message=each.message,
                expected=each.expected,
                got=each.got,
                nearest=None,
            )
            for each in error.faults[:MOST_FAULTS]
        ),
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like an unknown one; None when none is like it."""
    return next(iter(difflib.get_close_matches(name[:_LONGEST_SHOWN], list(known), n=1)), None)


def shown(value: object) -> str:
    """Return a value as JSON of at most eighty characters, for a fault."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (ValueError, RecursionError):
        text = repr(type(value).__name__)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
