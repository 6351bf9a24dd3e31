"""TOML documents as plain values.

Knows: the limits; dates and times become their ISO text.
Does not know: what a document should contain.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, time
from typing import BinaryIO

from runpact.formats.limits import MAX_DEPTH, plainness_fault, read_capped, shape_fault
from runpact.model.facts import DocumentFact, FormatFault, Json

MAX_TOML = 4 * 1024 * 1024
"""Largest TOML document, bytes: its parser is written in Python."""
_LONG_KEY = re.compile(
    rf"""^[ \t\[]*(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{MAX_DEPTH}}}""", re.MULTILINE
)
"""A dotted key that the parser would follow part by part, each time from the root."""


def inspect(stream: BinaryIO) -> DocumentFact | FormatFault:
    """Report the document that `stream` holds."""
    data = read_capped(stream, MAX_TOML)
    return data if isinstance(data, FormatFault) else parse(data)


def parse(data: bytes) -> DocumentFact | FormatFault:
    """Report the document that `data` is, or why it is none."""
    if len(data) > MAX_TOML:
        return FormatFault("too-large", f"{len(data)} bytes, more than {MAX_TOML}")
    try:
        text = data.decode("utf-8")
        if _LONG_KEY.search(text):
            return FormatFault("too-deep", f"a key of more than {MAX_DEPTH} parts")
        value = tomllib.loads(text)
    except UnicodeDecodeError as error:
        return FormatFault("invalid-toml", f"not UTF-8 at byte {error.start}")
    except RecursionError:
        return FormatFault("too-deep", "nested too deeply")
    except (ValueError, MemoryError, OverflowError) as error:
        return FormatFault("invalid-toml", (str(error).splitlines() or ["cannot be read"])[0][:200])
    fault = shape_fault(value) or plainness_fault(value)
    return fault or DocumentFact(_plain(value))


def _plain(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value
