"""Read a request: from the command line, from stdin, from a file.

Knows: where a payload may stand, how long it may be.
Does not know: what is done with it.
"""

from __future__ import annotations

import os
import sys

from runpact.formats import jsondoc
from runpact.formats.limits import read_capped
from runpact.model.facts import FormatFault
from runpact.model.machine.asked import Asked, Refused, parse_request
from runpact.model.machine.failure import INVALID_REQUEST, Fault, refusal


def read_request(payload: str) -> Asked | Refused:
    """Return the request that a payload is: JSON, `-` for stdin, or `@` and the name of a file."""
    if payload == "-":
        return _parsed(_from_stdin())
    if payload.startswith("@"):
        return _parsed(_from_file(payload[1:]))
    return parse_payload(os.fsencode(payload))


def parse_payload(data: bytes) -> Asked | Refused:
    """Return the request that bytes are, or why they are none."""
    document = jsondoc.parse(data)
    if isinstance(document, FormatFault):
        return _refused(document)
    return parse_request(document.value)


def _parsed(data: bytes | FormatFault) -> Asked | Refused:
    return _refused(data) if isinstance(data, FormatFault) else parse_payload(data)


def _refused(fault: FormatFault) -> Refused:
    where = Fault(path=fault.pointer, message=fault.message, expected="one object of strict JSON")
    return Refused(failure=refusal(INVALID_REQUEST, f"the request cannot be read: {fault.message}", where))


def _from_stdin() -> bytes | FormatFault:
    if sys.stdin is None:
        return FormatFault("unreadable", "stdin is closed")
    return read_capped(sys.stdin.buffer)


def _from_file(path: str) -> bytes | FormatFault:
    try:
        with open(path, "rb") as stream:
            return read_capped(stream)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        return FormatFault("unreadable", f"`{path[:200]}` cannot be read: {said}")
