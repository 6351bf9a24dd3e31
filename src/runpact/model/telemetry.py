"""Telemetry: what a detector in service says of each frame, and what follows from many of them.

Knows: which events are accepted, the one form that their times are kept in.
Does not know: databases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from runpact.model.errors import ValueRefusedError

LONGEST_NAME = 200
"""Characters of the name of a source or class."""
MOST_CLASSES = 1000
"""Classes that one event may count."""
LARGEST_COUNT = (1 << 53) - 1
"""Whole numbers that every reader of JSON keeps exactly."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)", re.ASCII)


class StatsEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was detected in one frame.

    Raises:
        ValueRefusedError: A field is not what it should be; nothing is repaired or guessed.
    """

    source_id: str
    """Where the frame came from: a camera, a file."""
    ts_utc: str
    """ISO 8601, UTC (`Z` or `+00:00`); kept with microseconds and `Z`, so that texts sort as times."""
    total_detections: int
    """The sum of `counts_by_class`; another number is a contradiction."""
    counts_by_class: dict[str, int]
    latency_ms: float
    """Finite, not negative."""
    id: int = 0
    """Number in the database, from 1; 0 when it is not stored."""

    def __post_init__(self) -> None:
        """Refuse what is no event; give the time its form."""
        _demand_name(self.source_id, "source_id")
        msgspec.structs.force_setattr(self, "ts_utc", utc_text(self.ts_utc))
        total = _demand_counts(self.counts_by_class)
        if type(self.total_detections) is not int or self.total_detections != total:
            raise _refused("total_detections", f"{total}, the sum of counts_by_class", self.total_detections)
        if type(self.latency_ms) not in {int, float} or not 0 <= self.latency_ms < float("inf"):
            raise _refused("latency_ms", "milliseconds, finite and not negative", self.latency_ms)

    @property
    def row(self) -> tuple[str, str, int, str, float]:
        """What is stored of it, in the order of the columns."""
        counts = msgspec.json.encode(self.counts_by_class, order="sorted").decode()
        return (self.source_id, self.ts_utc, self.total_detections, counts, float(self.latency_ms))


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All events in five figures."""

    events_total: int
    detections_total: int
    avg_latency_ms: float | None
    """None without events."""
    last_event_ts_utc: str | None
    """The latest time that an event speaks of; None without events."""
    source_count: int


class SourceTotals(msgspec.Struct, frozen=True, kw_only=True):
    """All events of one source."""

    source_id: str
    events: int
    detections: int
    avg_latency_ms: float
    last_event_ts_utc: str


class TimeBucket(msgspec.Struct, frozen=True, kw_only=True):
    """All events of one stretch of time."""

    start_ts_utc: str
    """When it begins; its end belongs to the next one."""
    events: int
    detections: int
    avg_latency_ms: float


def read_event(document: Mapping[str, object] | StatsEvent) -> StatsEvent:
    """Return the event that a parsed document says.

    Raises:
        ValueRefusedError: It is none.
    """
    if isinstance(document, StatsEvent):
        return document
    try:
        return msgspec.convert(document, StatsEvent)
    except msgspec.ValidationError as error:
        raise ValueRefusedError(
            f"this is no event: {error}", expected=", ".join(StatsEvent.__struct_fields__[:-1])
        ) from error


def utc_text(moment: object) -> str:
    """Return an ISO 8601 time in UTC with six digits of seconds and `Z`.

    Raises:
        ValueRefusedError: It is no such time; the calendar is asked as well.
    """
    found = _TIME.fullmatch(moment) if isinstance(moment, str) else None
    if found is not None:
        try:
            datetime.fromisoformat(found[1])
        except ValueError:
            found = None
    if found is None:
        raise _refused("ts_utc", "ISO 8601 in UTC, as 2025-01-01T12:00:00Z", moment)
    return f"{found[1]}.{(found[2] or '')[:6]:0<6}Z"


def _demand_counts(counts: Any) -> int:  # noqa: ANN401 - whatever a caller passed
    if type(counts) is not dict or len(counts) > MOST_CLASSES:
        raise _refused("counts_by_class", f"a mapping of at most {MOST_CLASSES} classes to counts", counts)
    total = 0
    for name, count in counts.items():
        _demand_name(name, "counts_by_class")
        if type(count) is not int or not 0 <= count <= LARGEST_COUNT:
            raise _refused(f"counts_by_class.{name}", "a whole number, not negative", count)
        total += count
    if total > LARGEST_COUNT:
        raise _refused("counts_by_class", f"a sum of at most {LARGEST_COUNT}", total)
    return total


def _demand_name(name: object, field: str) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise _refused(field, f"a printable name of 1 to {LONGEST_NAME} characters", name)


def _refused(field: str, expected: str, got: object) -> ValueRefusedError:
    return ValueRefusedError(f"`{field}` of an event is refused", expected=expected, got=f"{got!r:.100}")
