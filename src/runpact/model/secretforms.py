"""The forms in which a declared value may be printed.

Knows: escaping in URLs, JSON and Python, base64, hexadecimal digits.
Does not know: where the values come from.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator

import msgspec

SHORTEST = 6
"""Characters; a shorter value would be found in innocent text, so it is not masked."""
_SHORTEST_LINE = 12
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_ASCII_END = 0x80


def forms(value: str) -> frozenset[bytes]:
    r"""Return every form of a value that is masked; none when it is too short.

    These are the value without blanks around it and each longer line of it, and of both: percent-encoded
    (blanks also as `+`, slashes also plain, digits in either case); escaped as in JSON, with and without
    `\u`, also twice, and as in Python; hexadecimal in either case; base64 in both
    alphabets at any offset within a larger text, as in `user:value`.
    """
    found: set[bytes] = set()
    for part in _parts(value):
        data = part.encode("utf-8", "surrogateescape")
        found |= {data, *_percent(data), *_escaped(part), *_base64(data), *_hexadecimal(data)}
    return frozenset(found)


def is_too_short(value: str) -> bool:
    """Whether a value is masked only where its place is known."""
    return len(value.strip()) < SHORTEST


def _parts(value: str) -> Iterator[str]:
    """Yield the value and its longer lines, which a program may indent or print one by one."""
    if is_too_short(value):
        return
    yield value.strip()
    lines = value.strip().splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _SHORTEST_LINE)


def _percent(data: bytes) -> set[bytes]:
    upper, lower = (
        b"".join(bytes([code]) if code in _UNRESERVED else form % code for code in data)
        for form in (b"%%%02X", b"%%%02x")
    )
    return {upper, lower, upper.replace(b"%2F", b"/"), upper.replace(b"%20", b"+")}


def _escaped(text: str) -> set[bytes]:
    python = repr(text)[1:-1].encode("utf-8", "surrogateescape")
    try:
        once = msgspec.json.encode(text)[1:-1].decode()
    except UnicodeEncodeError:  # bytes that are no text have no form in JSON
        return {python}
    twice = msgspec.json.encode(once)[1:-1]
    return {python, once.encode(), twice, "".join(map(_ascii, once)).encode()}


def _ascii(character: str) -> str:
    """Return a character as JSON writes it in ASCII: two escapes beyond the basic plane."""
    if ord(character) < _ASCII_END:
        return character
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _hexadecimal(data: bytes) -> set[bytes]:
    return {data.hex().encode(), data.hex().upper().encode()}


def _base64(data: bytes) -> set[bytes]:
    """Return what base64 makes of a value whatever stands around it.

    At its two ends a character may carry up to four of its bits together with bits of a neighbour; that
    character is not part of the form.
    """
    found = set()
    for offset in range(3):
        text = binascii.b2a_base64(bytes(offset) + data, newline=False)
        whole = text[-(-8 * offset // 6) : 8 * (offset + len(data)) // 6]
        found |= {whole, whole.translate(bytes.maketrans(b"+/", b"-_"))}
    return found
