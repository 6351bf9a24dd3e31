"""A small HTTP server: routes, keys, limits, health, and an end that loses no request it has begun.

The standard library's threading server, one thread a connection, HTTP/1.1 with connections that stay. It is
meant to stand in a trusted network or behind a proxy that speaks TLS.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import json
import signal
import socket
import sys
import threading
import time
import urllib.parse
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from share.errors import ServiceError

IDLE_SECONDS = 30.0
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
"""Of pages: nothing is loaded from elsewhere."""
FARTHEST = 10**10
"""Greatest number that a query may hold."""
CLIENTS = 4096
"""Clients whose rate is remembered; the one seen longest ago is forgotten first."""


class RequestError(Exception):
    """A request is refused."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        """Store the answer."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Request:
    """What a client asks."""

    query: Mapping[str, str]
    body: bytes

    def number(self, name: str, default: int, *, least: int = -FARTHEST, most: int = FARTHEST) -> int:
        """Return a whole number of the query, within bounds.

        Raises:
            RequestError: It is none.
        """
        text = self.query.get(name, str(default))
        is_number = text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 12
        if not (is_number and least <= int(text) <= most):
            message = f"{name} is a whole number from {least} to {most}, got {text!r:.40}"
            raise RequestError(HTTPStatus.BAD_REQUEST, message)
        return int(text)

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            RequestError: It is none.
        """
        try:
            return json.loads(self.body, parse_constant=_refuse_constant, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise RequestError(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from error


@dataclass(frozen=True)
class Reply:
    """What a client is answered."""

    body: bytes
    kind: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK

    @classmethod
    def of(cls, value: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
        """Return an answer in JSON."""
        return cls(json.dumps(value).encode(), status=status)


@dataclass(frozen=True)
class Route:
    """What answers, and whether a key is needed."""

    answer: Callable[[Request], Reply]
    is_open: bool = False


@dataclass(frozen=True)
class Limits:
    """What a client may do."""

    key: str = field(default="", repr=False)
    """What requests must carry; empty: nothing."""
    body_bytes: int = 1 << 20
    per_second: float = 0.0
    """Requests of one client; 0: as many as come."""


class Rates:
    """How many requests each client still has: a bucket that a second fills."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Store the rate; a client may save up one second's worth, at least one request."""
        self._rate, self._room, self._clock = per_second, max(per_second, 1.0), clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def takes(self, client: str) -> bool:
        """Say whether a client may make one more request."""
        if not self._rate:
            return True
        with self._lock:
            now = self._clock()
            left, before = self._left.pop(client, (self._room, now))
            left = min(self._room, left + (now - before) * self._rate)
            self._left[client] = (left - 1 if left >= 1 else left, now)
            if len(self._left) > CLIENTS:
                self._left.popitem(last=False)
            return left >= 1


class Service:
    """A server and its routes; `running` serves until it is told to stop."""

    def __init__(self, host: str, port: int, routes: Mapping[tuple[str, str], Route], limits: Limits) -> None:
        """Take the port.

        Raises:
            ServiceError: It is taken, or may not be used.
        """
        self.routes, self.limits, self.rates = routes, limits, Rates(limits.per_second)
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as error:
            is_taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            reason = "it is in use already" if is_taken else str(error)
            raise ServiceError(f"cannot listen on {host}:{port}: {reason}") from error
        self._server.service = self
        self.address = f"http://{host}:{self._server.server_address[1]}"

    @contextlib.contextmanager
    def running(self) -> Iterator[Service]:
        """Serve inside the block; afterwards every request that had begun is answered."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="service")
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.end_reading()
            self._server.server_close()


@contextlib.contextmanager
def until_told() -> Iterator[threading.Event]:
    """Return what is set by SIGTERM and by Ctrl-C, inside the block."""
    told = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda _number, _frame: told.set())
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256
    service: Service

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Bind without asking for the host's name, which may take seconds."""
        ThreadingHTTPServer.__mro__[3].server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_reading(self) -> None:
        """Let connections that wait for a next request see its end; answers on their way are still sent."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away."""
        del request
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            sys.stderr.write(f"error while answering {client_address[0]}: {error!r}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "vision"
    sys_version = ""
    timeout = IDLE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer a question."""
        self._answer()

    def do_POST(self) -> None:
        """Take what is sent."""
        self._answer()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer in JSON what the library would answer as a page: a request that is none, or another verb."""
        del message, explain
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self.close_connection = True  # what follows the head was not read
        self._send(Reply.of({"error": f"{status.value} {status.phrase.lower()}"}, status))

    def log_message(self, *arguments: Any) -> None:
        """Keep no log of requests."""

    def _answer(self) -> None:
        try:
            reply = self._reply()
        except RequestError as error:
            reply = Reply.of({"error": str(error)}, error.status)
        except Exception as error:  # noqa: BLE001 - a service goes on; who asked is told, and so is who runs it
            sys.stderr.write(f"error: {self.command} {self.path!r:.100}: {error!r:.500}\n")
            reply = Reply.of({"error": "the service failed"}, HTTPStatus.INTERNAL_SERVER_ERROR)
        self._send(reply)

    def _reply(self) -> Reply:
        service, parts = self.server.service, urllib.parse.urlsplit(self.path)
        body = self._body(service.limits.body_bytes)
        if not service.rates.takes(self.client_address[0]):
            raise RequestError(HTTPStatus.TOO_MANY_REQUESTS, "too many requests")
        route = service.routes.get((self.command, parts.path))
        if route is None:
            is_known = any(path == parts.path for _method, path in service.routes)
            status = HTTPStatus.METHOD_NOT_ALLOWED if is_known else HTTPStatus.NOT_FOUND
            raise RequestError(status, f"nothing answers {self.command} {parts.path!r:.100}")
        if not route.is_open and not self._is_trusted(service.limits.key):
            raise RequestError(HTTPStatus.UNAUTHORIZED, "the key is missing or wrong")
        return route.answer(Request(dict(urllib.parse.parse_qsl(parts.query)), body))

    def _body(self, limit: int) -> bytes:
        """Read the body; when it is not read, the connection ends after the answer."""
        text = self.headers.get("Content-Length", "0" if self.command == "GET" else "")
        is_number = text.isascii() and text.isdecimal() and len(text) < 16
        if "Transfer-Encoding" in self.headers or not is_number:
            self.close_connection = True
            raise RequestError(HTTPStatus.LENGTH_REQUIRED, "a Content-Length is needed")
        if int(text) > limit:
            self.close_connection = True
            raise RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {limit} bytes")
        body = self.rfile.read(int(text))
        if len(body) < int(text):
            self.close_connection = True
            raise RequestError(HTTPStatus.BAD_REQUEST, "the body ends too early")
        return body

    def _is_trusted(self, key: str) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return not key or hmac.compare_digest(given.encode("latin-1", "replace"), key.encode())

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", POLICY)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
