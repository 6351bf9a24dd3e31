"""Lines of the log of all runs: one JSON object each, for people and their tools.

Knows: levels, what stands in a line.
Does not know: files, where the fields come from.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.inputs import CHANGED, RECORDED
from runpact.model.recovery import NAMED, SAVED, WRITTEN

LEVELS = ("DEBUG", "INFO", "WARN", "ERROR")
"""From the least to the gravest."""
USUAL = "INFO"
"""The level of what names none, or one that is not known."""
_SAME = {"WARNING": "WARN", "CRITICAL": "ERROR", "FATAL": "ERROR"}
"""Words of other loggers."""
_BREAKS = tuple((text.encode(), f"\\u{ord(text):04x}".encode()) for text in "\x85\u2028\u2029")
"""Characters that JSON lets stand, and that many readers take for the end of a line."""
_OWN = frozenset({SAVED, NAMED, RECORDED, CHANGED, WRITTEN, "field.undecided"})
_OWN_FAMILIES = ("run.", "command.", "evaluation.")


def level_of(said: object) -> str:
    """Return the level that a word means, whatever its case; INFO for any other value."""
    word = said.upper() if isinstance(said, str) else ""
    word = _SAME.get(word, word)
    return word if word in LEVELS else USUAL


def is_wanted(level: str, least: str) -> bool:
    """Whether a line of this level belongs in a log that begins at `least`."""
    return LEVELS.index(level) >= LEVELS.index(least)


def is_said(event: str) -> bool:
    """Whether a program said this event, rather than runpact."""
    return event not in _OWN and not event.startswith(_OWN_FAMILIES)


def log_line(moment: str, level: str, event: str, message: str, fields: Mapping[str, object]) -> bytes:
    """Return one line; the first four keys are those of every line, and no field replaces them.

    Args:
        moment: RFC 3339, UTC, ending in `Z`; written with the offset `+00:00`.
        level: One of `LEVELS`.
        event: Dotted name.
        message: For people; the event's name when it is empty.
        fields: Plain data.
    """
    head = {
        "ts_utc": moment.removesuffix("Z") + "+00:00",
        "level": level,
        "event": event,
        "message": message or event,
    }
    line = msgspec.json.encode(head | {key: fields[key] for key in fields if key not in head})
    for character, escaped in _BREAKS:
        line = line.replace(character, escaped)
    return line + b"\n"
