"""Sends what was found to the statistics service, and keeps what could not be sent.

A service that is away costs a warning (or, if the settings say so, the run's success), never frames: what was
not acknowledged is kept in the run, and after three failures in a row no more is tried.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from share.boxes import Detection
from share.client import RefusedError, UnreachableError, post
from share.settings import Section

BATCH = 16
PATIENCE = 3
Event = dict[str, Any]


def event_of(
    source: str, found: Sequence[Detection], names: Sequence[str], latency_ms: float, now: dt.datetime
) -> Event:
    """Return what is told of one frame."""
    return {
        "source_id": source,
        "ts_utc": now.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "total_detections": len(found),
        "counts_by_class": dict(sorted(Counter(names[each.label] for each in found).items())),
        "latency_ms": round(latency_ms, 3),
    }


@dataclass
class Sender:
    """Collects events and sends them in batches."""

    url: str
    key: str
    timeout: float
    acknowledged: int = 0
    unsent: list[Event] = field(default_factory=list)
    problem: str = ""
    _waiting: list[Event] = field(default_factory=list)
    _failures: int = 0

    @classmethod
    def of(cls, said: Section) -> Sender:
        """Return the sender that the settings describe; without an address it sends nothing."""
        return cls(said["statistics_url"].rstrip("/"), said["statistics_api_key"], said["timeout_seconds"])

    def add(self, event: Event) -> None:
        """Take an event; a full batch is sent."""
        if self.url:
            self._waiting.append(event)
            if len(self._waiting) >= BATCH:
                self.flush()

    def flush(self) -> None:
        """Send what waits."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        if self._failures >= PATIENCE:
            self.unsent.extend(batch)
            return
        try:
            answer = post(
                f"{self.url}/api/events",
                json.dumps({"events": batch}).encode(),
                key=self.key,
                timeout=self.timeout,
            )
        except (UnreachableError, RefusedError) as error:
            self._failures += 1
            self.unsent.extend(batch)
            self._note(str(error))
        else:
            self._failures = 0
            self.acknowledged += int(answer.get("stored", 0)) if isinstance(answer, Mapping) else 0

    def _note(self, problem: str) -> None:
        if not self.problem:
            sys.stderr.write(f"warning: statistics were not sent: {problem}\n")
        self.problem = problem
