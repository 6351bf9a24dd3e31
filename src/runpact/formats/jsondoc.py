"""Strict JSON documents.

Knows: the limits, and how duplicate keys are noticed at the speed of a plain decoder.
Does not know: what a document should contain.

UTF-8 without BOM, at most 16 MB, 64 levels and 1,000,000 items; no duplicate keys, no NaN or Infinity,
no number beyond a double, no lone surrogate.
"""

from __future__ import annotations

import json
from typing import BinaryIO, NoReturn

import msgspec

from runpact.formats.limits import (
    BEYOND,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_SIZE,
    plainness_fault,
    read_capped,
    shape_fault,
)
from runpact.formats.pointer import find_pointer, find_value
from runpact.model.facts import DocumentFact, FormatFault, Json

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_TOO_MANY_DIGITS = b"0" * 309
"""An integer of fewer digits is a double at least roughly; decoders give longer ones as they stand."""
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError)


def inspect(stream: BinaryIO) -> DocumentFact | FormatFault:
    """Report the document that `stream` holds."""
    data = read_capped(stream)
    return data if isinstance(data, FormatFault) else parse(data)


def parse(data: bytes) -> DocumentFact | FormatFault:
    """Report the document that `data` is, or why it is none."""
    if len(data) > MAX_SIZE:
        return FormatFault("too-large", f"{len(data)} bytes, more than {MAX_SIZE}")
    try:
        value = _decode(data)
        is_certain = _has_unique_keys(data, value)
    except _MALFORMED as error:
        return _diagnose(data, error)
    if not is_certain or _TOO_MANY_DIGITS in data.translate(_AS_ZEROS):
        return _parse_exactly(data)
    if _is_certainly_small(data):
        return DocumentFact(value)
    return shape_fault(value) or DocumentFact(value)


def _has_unique_keys(data: bytes, value: Json) -> bool:
    r"""Whether no key was lost by decoding; False when that cannot be told cheaply.

    Each key brings one colon, and colons inside strings survive decoding and encoding, so a lost key
    lowers the count. Only an escaped colon (`\u003a`) raises it again: then nothing is certain.
    """
    if b"\\" in data and b"\\u003" in data:
        return False
    return data.count(b":") == _encode(value).count(b":")


def _is_certainly_small(data: bytes) -> bool:
    """Whether counting bytes is enough to know that no limit is passed."""
    if data.count(b",") >= MAX_ITEMS:
        return False
    return data.count(b"[") + data.count(b"{") <= MAX_DEPTH or _is_certainly_flat(data)


def _is_certainly_flat(data: bytes) -> bool:
    """Whether taking away the innermost brackets, time after time, leaves nothing before the limit.

    Without backslashes every second piece between quotes lies outside of texts.
    """
    if b"\\" in data:
        return False
    brackets = b"".join(data.split(b'"')[::2]).translate(None, _NO_BRACKETS)
    for _level in range(MAX_DEPTH):
        if not brackets:
            return True
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return not brackets


def _parse_exactly(data: bytes) -> DocumentFact | FormatFault:
    """Parse slowly, noticing every duplicate key."""
    repeated: list[tuple[dict[str, Json], str]] = []

    def build(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        table = dict(pairs)
        if len(table) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated.append((table, next(key for key in table if keys.count(key) > 1)))
        return table

    try:
        value = json.loads(data, object_pairs_hook=build, parse_constant=_refuse)
    except (ValueError, RecursionError, MemoryError) as error:
        return _diagnose(data, error)
    fault = shape_fault(value) or _beyond(value)
    if fault is not None or not repeated:
        return fault or DocumentFact(value)
    table, key = repeated[0]
    message = f"the key `{key[:80]}` appears twice"
    return FormatFault("duplicate-key", message, find_pointer(value, table, key))


def _beyond(value: Json) -> FormatFault | None:
    """Name the first number that no double comes near."""
    fault = plainness_fault(value)
    return FormatFault("invalid-json", BEYOND, fault.pointer) if fault and fault.message == BEYOND else None


class _NoNumberError(ValueError):
    """NaN or an infinity stands where JSON wants a number."""


def _refuse(name: str) -> NoReturn:
    raise _NoNumberError(f"{name} is not a JSON number")


def _place_of_constant(data: bytes) -> str:
    """Return the JSON pointer of the first NaN or infinity."""
    mark = object()
    try:
        value = json.loads(data, parse_constant=lambda _name: mark)
    except (ValueError, RecursionError, MemoryError):
        return ""
    return find_value(value, mark)


def _diagnose(data: bytes, error: Exception) -> FormatFault:
    """Say why `data` is not JSON, with line and column where the standard parser finds them."""
    if isinstance(error, RecursionError):
        return FormatFault("too-deep", f"nested more than {MAX_DEPTH} levels")
    if data.startswith(b"\xef\xbb\xbf"):
        return FormatFault("invalid-json", "begins with a byte order mark")
    try:
        json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError as fault:
        return FormatFault("invalid-json", f"not UTF-8 at byte {fault.start}")
    except json.JSONDecodeError as fault:
        return FormatFault("invalid-json", f"{fault.msg} at line {fault.lineno} column {fault.colno}")
    except RecursionError:
        return FormatFault("too-deep", f"nested more than {MAX_DEPTH} levels")
    except _NoNumberError as fault:
        return FormatFault("invalid-json", str(fault), _place_of_constant(data))
    except (ValueError, MemoryError) as fault:
        return FormatFault("invalid-json", _first_line(fault))
    return FormatFault("invalid-json", _LAXER.get(_first_line(error), _first_line(error)))


_LAXER = {
    "Input data was truncated": "a string holds half a surrogate pair",
    "Number out of range": BEYOND,
    "Integer value out of range": "an integer has too many digits",
}
"""What the strict decoder means when the standard one accepts the document."""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
