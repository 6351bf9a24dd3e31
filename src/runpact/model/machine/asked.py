"""A request as it was handed over, once it is known to be one.

Knows: the keys of a request, what each must be.
Does not know: which commands there are, how JSON is read.
"""

from __future__ import annotations

import re

import msgspec

from runpact.model.machine.application import SCHEMA_VERSION
from runpact.model.machine.failure import (
    INVALID_REQUEST,
    UNSUPPORTED_VERSION,
    Failure,
    Fault,
    nearest,
    refusal,
    shown,
)

_KEYS = ("schema_version", "request_id", "command", "params")
LONGEST_ID = 200
"""Characters of a request's own name."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A command to be carried out, with its parameters as they were given."""

    command: str
    params: dict[str, object]
    request_id: str | None = None
    is_text: bool = False
    """The parameters come from a command line, where everything is text."""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed over is no request; what could be told of it all the same."""

    failure: Failure
    request_id: str | None = None
    command: str | None = None


def parse_request(document: object) -> Asked | Refused:
    """Return the request that a document is, or all that keeps it from being one."""
    if not isinstance(document, dict):
        fault = Fault(path="", message="a request is an object", expected="an object", got=shown(document))
        return Refused(failure=refusal(INVALID_REQUEST, "a request is an object", fault))
    identity, command = document.get("request_id"), document.get("command")
    known = {
        "request_id": identity if is_identity(identity) else None,
        "command": command[:LONGEST_ID] if isinstance(command, str) and command else None,
    }
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        return Refused(failure=_of_version(version, is_given="schema_version" in document), **known)
    faults = _faults(document)
    if faults:
        return Refused(failure=refusal(INVALID_REQUEST, f"no request: {faults[0].message}", *faults), **known)
    return Asked(command=str(command), params=document.get("params", {}), request_id=known["request_id"])


def _of_version(version: object, *, is_given: bool) -> Failure:
    got = shown(version) if is_given else "nothing"
    fault = Fault(path="schema_version", message="not understood", expected=f'"{SCHEMA_VERSION}"', got=got)
    said = f"schema_version {got} is not understood" if is_given else "schema_version is missing"
    return refusal(UNSUPPORTED_VERSION, said, fault)


def _faults(document: dict[str, object]) -> list[Fault]:
    faults = [
        Fault(
            path=key[:LONGEST_ID],
            message=f"no key `{key[:80]}` in a request",
            expected=" or ".join(f"`{each}`" for each in _KEYS),
            got=shown(value),
            nearest=nearest(key, _KEYS),
        )
        for key, value in document.items()
        if key not in _KEYS
    ]
    command, params, identity = (
        document.get("command"),
        document.get("params", {}),
        document.get("request_id"),
    )
    if not isinstance(command, str) or not command:
        got = shown(command) if "command" in document else "nothing"
        faults.append(Fault(path="command", message="`command` names no command", expected="a name", got=got))
    if not isinstance(params, dict):
        told = Fault(path="params", message="`params` is no object", expected="an object", got=shown(params))
        faults.append(told)
    if identity is not None and not is_identity(identity):
        said = f"one line of 1 to {LONGEST_ID} characters, or null"
        bad = Fault(path="request_id", message="`request_id` is not fit", expected=said, got=shown(identity))
        faults.append(bad)
    return faults


def is_identity(value: object) -> bool:
    """Whether a value may be the asker's own name for a request."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and not _UNPRINTABLE.search(value)
