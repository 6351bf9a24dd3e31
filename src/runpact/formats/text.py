"""Text files.

Knows: how to stream UTF-8 and count lines.
Does not know: what a text should say.
"""

from __future__ import annotations

import codecs
from typing import BinaryIO

from runpact.formats.limits import MAX_SIZE
from runpact.model.facts import FormatFault, TextFact

_CHUNK = 1 << 20


def inspect(stream: BinaryIO) -> TextFact | FormatFault:
    """Report the number of lines; the last one counts without its end too."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = lines = 0
    last = b""
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
            size, lines, last = size + len(chunk), lines + chunk.count(b"\n"), chunk
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return FormatFault("invalid-text", f"not UTF-8: {error.reason}")
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
    return TextFact(lines + (bool(last) and not last.endswith(b"\n")), size)


def read_text(stream: BinaryIO) -> str | FormatFault:
    """Return a whole text of at most 16 MB."""
    try:
        data = stream.read(MAX_SIZE + 1)
        if len(data) > MAX_SIZE:
            return FormatFault("too-large", f"more than {MAX_SIZE} bytes")
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return FormatFault("invalid-text", f"not UTF-8: {error.reason}")
    except OSError as error:
        return FormatFault("unreadable", f"cannot be read: {error.strerror or error}")
