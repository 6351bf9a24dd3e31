"""The one document that a request is answered with.

Knows: its keys, how a result becomes strict JSON.
Does not know: how the result came about.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from runpact.model.machine.application import SCHEMA_VERSION, SUCCEEDED, Application
from runpact.model.machine.asked import Asked, Refused
from runpact.model.machine.failure import INTERNAL_ERROR, Failure

SUCCESS = "success"
"""The command was carried out and its exit code is 0."""
FAILURE = "failure"
"""The command was carried out; what it answers is no success, as the verdict of a broken contract."""
ERROR = "error"
"""There is no answer; `error` says why."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is answered with; every key is always there."""

    schema_version: str = SCHEMA_VERSION
    application: str
    version: str
    request_id: str | None
    command: str | None
    status: str
    """`success`, `failure` or `error`."""
    exit_code: int
    result: object = None
    error: Failure | None = None


def answer_to(
    asked: Asked | Refused,
    application: Application,
    exit_code: int,
    *,
    result: object = None,
    error: Failure | None = None,
) -> Answer:
    """Return the answer to a request.

    Args:
        asked: What it answers.
        application: Who answers.
        exit_code: With which the process ends.
        result: What the command gave.
        error: Why there is no good answer.
    """
    answered = SUCCESS if exit_code == SUCCEEDED else FAILURE
    return Answer(
        application=application.name,
        version=application.version,
        request_id=asked.request_id,
        command=asked.command,
        status=ERROR if error is not None else answered,
        exit_code=exit_code,
        result=result,
        error=error,
    )


def encode_answer(
    answer: Answer, *, broken: int, instead: Callable[[], object] = lambda: None
) -> tuple[bytes, Answer]:
    """Return an answer as one line of strict JSON, and the answer itself; else an error that says so.

    Args:
        answer: NaN and infinities in it become null, paths and numbers of numpy what they stand for.
        broken: Exit code for a result that is no JSON.
        instead: Returns the result of the error.
    """
    try:
        return encode(answer, _plain) + b"\n", answer
    except (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError) as error:
        failure = Failure(
            code=INTERNAL_ERROR,
            type=type(error).__name__,
            message="what the command returned cannot be written as JSON",
            got=str(error)[:200],
            expected="objects, lists, texts, numbers, truth values and null",
        )
        told = msgspec.structs.replace(
            answer, status=ERROR, exit_code=broken, result=instead(), error=failure
        )
        return encode(told, _plain) + b"\n", told


def encode(value: object, hook: Callable[[object], object]) -> bytes:
    r"""Return a value as strict JSON; halves of surrogate pairs, which it may not hold, become `\ud800`.

    Args:
        value: What is written.
        hook: Returns what stands for a value that JSON does not know.
    """
    try:
        return msgspec.json.encode(value, enc_hook=hook, order="deterministic")
    except UnicodeEncodeError:
        return msgspec.json.encode(_readable(msgspec.to_builtins(value, enc_hook=hook)))


def _plain(value: object) -> object:
    """Return what stands for a value that JSON does not know: a path's text, a numpy number."""
    path = getattr(value, "__fspath__", None)
    if path is not None:
        return str(path())
    item = getattr(value, "item", None)
    if item is not None and getattr(value, "ndim", None) == 0:
        return item()
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _readable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list | tuple) else value
