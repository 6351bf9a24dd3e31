"""Values as a filter spells them.

Knows: numbers, moments and stretches of time, lengths of time.
Does not know: fields, operators.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from runpact.model.query.tree import Scalar

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_LENGTH = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-z]*)")
_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
}
_MOMENT = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2})"
    r"(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?P<fraction>\.[0-9]{1,6})?)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_WORDS = {"null": None, "true": True, "false": False}
_DECEMBER = 12


def scalar_of(text: str) -> Scalar:
    """Return what a word without quotes stands for: a number, a truth value, null, else the text."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) < 300 else text  # noqa: PLR2004 - what a double can hold
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def seconds_of(text: str) -> float | None:
    """Return a length of time such as `90`, `90s`, `5min`, `1.5h`, `7d`, `2w`; None when it is none."""
    found = _LENGTH.fullmatch(text)
    if found is None or found[2] not in _SECONDS:
        return None
    return float(found[1]) * _SECONDS[found[2]]


def stretch_of(text: str, now: datetime) -> tuple[str, str] | None:
    """Return the first moment of what a text names and the first one after it; None when it names no time.

    `2026` names a year, `2026-01-31` a day, `2026-01-31T12:00` a minute, in UTC unless a zone is given; so do
    `today` and `yesterday`.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    if text in named:
        return written(named[text]), written(named[text] + timedelta(days=1))
    found = _MOMENT.fullmatch(text)
    try:
        begin = _begin(found) if found else None
        return (written(begin), written(_end(begin, found))) if begin and found else None
    except (ValueError, OverflowError):
        return None


def before(now: datetime, seconds: float) -> str | None:
    """Return the moment so many seconds ago; None when the calendar does not reach that far."""
    try:
        return written(now.astimezone(UTC) - timedelta(seconds=seconds))
    except OverflowError:
        return None


def written(moment: datetime) -> str:
    """Return a moment as records spell it, so that texts compare as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _begin(found: re.Match[str]) -> datetime:
    fraction = int((found["fraction"] or ".0")[1:].ljust(6, "0"))
    zone = (found["zone"] or "Z").replace("Z", "+00:00")
    offset = datetime.strptime(zone.replace(":", ""), "%z").tzinfo
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    return datetime(
        int(found["year"]),
        int(found["month"] or 1),
        int(found["day"] or 1),
        hour,
        minute,
        second,
        fraction,
        tzinfo=offset,
    )


def _end(begin: datetime, found: re.Match[str]) -> datetime:
    if found["month"] is None:
        return begin.replace(year=begin.year + 1)
    if found["day"] is None:
        is_last = begin.month == _DECEMBER
        return begin.replace(year=begin.year + is_last, month=1 if is_last else begin.month + 1)
    steps = {"hour": timedelta(days=1), "minute": timedelta(hours=1), "second": timedelta(minutes=1)}
    for part, step in steps.items():
        if found[part] is None:
            return begin + step
    fraction = found["fraction"]
    return begin + (timedelta(microseconds=10 ** (7 - len(fraction))) if fraction else timedelta(seconds=1))
