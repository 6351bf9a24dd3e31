"""Time and identity.

Knows: the current moment, how moments are written, UUIDs in order of time.
Does not know: what they are for.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current moment, UTC."""
    return datetime.now(UTC)


def format_time(moment: datetime) -> str:
    """Return a moment as RFC 3339, UTC, microseconds, ending in Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now() -> str:
    """Return the current moment as RFC 3339."""
    return format_time(utc_now())


def monotonic() -> float:
    """Return seconds on a clock that never goes back."""
    return time.monotonic()


def wait(seconds: float) -> None:
    """Do nothing for so many seconds."""
    time.sleep(seconds)


_last = [0]


def new_uid() -> str:
    """Return a UUIDv7; later calls of one process give later UUIDs.

    Source:
        RFC 9562, section 5.7; the twelve bits after the version count fractions of a millisecond.
    """
    ticks = max(time.time_ns() * 4096 // 1_000_000, _last[0] + 1)
    _last[0] = ticks
    milliseconds, fraction = divmod(ticks, 4096)
    random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    number = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
