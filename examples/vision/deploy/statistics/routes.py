"""What the statistics service answers; the events stand in runpact's telemetry store."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import msgspec
from share.web import Reply, Request, RequestError, Route

from runpact.telemetry import RunpactError, StatsStore, ValueRefusedError

PAGE = Path(__file__).with_name("page.html")
MOST = 2000
"""Events of one request, and of one answer."""
NEWEST = 1_000_000
"""Events that the figures of classes are made of, at most."""
LONGEST = 31_622_400
"""Seconds of a stretch of time, at most: a year."""


@dataclass
class Statistics:
    """Takes events and answers questions about them."""

    store: StatsStore
    is_refusing: bool = False
    """Whether the last events could not be stored, as on a full disk."""

    def routes(self) -> dict[tuple[str, str], Route]:
        """Return what answers what."""
        return {
            ("GET", "/"): Route(self.page, is_open=True),
            ("GET", "/health"): Route(self.health, is_open=True),
            ("POST", "/api/events"): Route(self.take),
            ("GET", "/api/recent"): Route(self.recent),
            ("GET", "/api/overview"): Route(self.overview),
            ("GET", "/api/classes"): Route(self.classes),
            ("GET", "/api/sources"): Route(self.sources),
            ("GET", "/api/timeline"): Route(self.timeline),
        }

    def page(self, _request: Request) -> Reply:
        """Show the page; it asks for everything else itself."""
        return Reply(PAGE.read_bytes(), "text/html; charset=utf-8")

    def health(self, _request: Request) -> Reply:
        """Say whether events can be read, and whether the last ones were stored."""
        try:
            self.store.overview()
        except RunpactError as error:
            _noted(error)
            failing = {"status": "failing", "error": "the events cannot be read"}
            return Reply.of(failing, HTTPStatus.SERVICE_UNAVAILABLE)
        if self.is_refusing:
            failing = {"status": "failing", "error": "the last events could not be stored"}
            return Reply.of(failing, HTTPStatus.SERVICE_UNAVAILABLE)
        return Reply.of({"status": "ok"})

    def take(self, request: Request) -> Reply:
        """Store one event or many; what is acknowledged is stored, and of a refused request nothing is."""
        document = request.json()
        events = document.get("events", [document]) if isinstance(document, dict) else document
        if not isinstance(events, list) or not 0 < len(events) <= MOST:
            raise RequestError(HTTPStatus.BAD_REQUEST, f"an event, or a list of 1 to {MOST}, is wanted")
        try:
            stored = self.store.insert_many(events)
        except ValueRefusedError as error:
            text = f"{error.message}, expected {error.expected}" + (f", got {error.got}" if error.got else "")
            raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, text) from error
        except RunpactError as error:
            self.is_refusing = True
            _noted(error)
            raise RequestError(HTTPStatus.SERVICE_UNAVAILABLE, "the events cannot be stored") from error
        self.is_refusing = False
        return Reply.of({"stored": stored}, HTTPStatus.CREATED)

    def recent(self, request: Request) -> Reply:
        """Answer the newest events."""
        return _told(
            self.store.recent(
                request.number("limit", 50, least=1, most=MOST), source=request.query.get("source")
            )
        )

    def overview(self, _request: Request) -> Reply:
        """Answer five figures."""
        return _told(self.store.overview())

    def classes(self, request: Request) -> Reply:
        """Answer the detections of each class, over the newest events."""
        return _told(
            self.store.per_class(
                request.number("last", 500, least=1, most=NEWEST), source=request.query.get("source")
            )
        )

    def sources(self, _request: Request) -> Reply:
        """Answer the totals of each source."""
        return _told(self.store.per_source())

    def timeline(self, request: Request) -> Reply:
        """Answer the totals of each stretch of time."""
        seconds, limit = (
            request.number("seconds", 60, least=1, most=LONGEST),
            request.number("limit", 240, least=1, most=MOST),
        )
        return _told(self.store.buckets(seconds, limit=limit, source=request.query.get("source")))


def _noted(error: RunpactError) -> None:
    """Tell who runs the service what a client need not know: paths, and what SQLite said."""
    sys.stderr.write(f"error: {error.message}{f' ({error.at})' if error.at else ''}\n")


def _told(value: object) -> Reply:
    return Reply(msgspec.json.encode(value))
