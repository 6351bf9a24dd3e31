r"""A value as a cell of each form.

Knows: what a spreadsheet, a Markdown reader or a terminal would take for more than text.
Does not know: columns.

A number is written in the shortest form that reads back as the same number, in all three forms alike. Text
is made harmless where it stands: control characters become visible (`\n`, `\x1b`), a CSV cell that could be
a formula gets a `'` before it, Markdown's own characters are escaped. JSON alone keeps every text as it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from runpact.model.facts import Json

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Controls, line ends, marks that turn the direction of text around, halves of surrogate pairs."""
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_FORMULA = re.compile(r"\s*[=+\-@|%\uff1d\uff0b\uff0d\uff20]")
"""Beginnings that spreadsheets take for a formula or a command, the full-width ones included."""
_MARKED = re.compile(r"[\\`*\[\]<>|~&$]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
"""Characters of Markdown, HTML, links and mathematics; `_` only where no word goes on around it."""
_ADDRESS = re.compile(r"://|www\.|@|mailto:|xmpp:", re.IGNORECASE)
"""What some readers make a link of although its characters are escaped."""
_BYTE = 0xDC00
"""What a byte of a file name that is no UTF-8 is counted from."""


def plain_value(value: object) -> Json:
    """Return what an expression came to as strict JSON data; None for what has no such form."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.total_seconds() if isinstance(value, timedelta) else None


def legible(text: str) -> str:
    """Return text with whatever cannot be seen, or changes what is seen, written out."""
    return _HIDDEN.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    number = ord(found.group())
    if _BYTE <= number < _BYTE + 256:
        return f"\\x{number - _BYTE:02x}"
    return found.group().encode("unicode_escape").decode("ascii")


def json_cell(value: Json) -> str:
    """Return compact JSON; a half of a surrogate pair, which JSON cannot hold, is written out."""
    return _HIDDEN.sub(_as_escape, msgspec.json.encode(_whole(value)).decode())


def _as_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"


def _whole(value: Json) -> Json:
    if isinstance(value, str):
        return value if _is_text(value) else legible(value)
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def csv_cell(value: Json) -> str:
    """Return a cell of a CSV file: text in quotes, numbers and truth values bare, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json_cell(value)
    text = legible(value) if isinstance(value, str) else json_cell(value)
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"'


def csv_name(name: str) -> str:
    """Return the name of a column as the head of a CSV file has it; quoted only where it must be."""
    return name if re.fullmatch(r"[A-Za-z_][\w .()%/-]*", name) and name.isascii() else csv_cell(name)


def markdown_cell(value: Json) -> str:
    """Return a cell of a Markdown table, free of markup; nothing for null."""
    if value is None:
        return ""
    return markdown_text(value if isinstance(value, str) else json_cell(value))


def markdown_text(text: str) -> str:
    """Return text as Markdown shows it: no markup, no link, no HTML, on one line."""
    shown = legible(text)
    if _ADDRESS.search(shown):
        return _code(shown)
    return _MARKED.sub(lambda found: f"\\{found.group()}", shown)


def _code(text: str) -> str:
    """Return inline code, in which nothing is a link.

    Tables want a pipe escaped even there, and have no way to say one behind a backslash.
    """
    body = text.replace("\\|", "\\\\x7c").replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {body} {fence}" if longest else f"`{body}`"
