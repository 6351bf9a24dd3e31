"""The small HTTP server: keys, limits, bad requests, and an end that loses nothing."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from share.errors import ServiceError
from share.web import Limits, Rates, Reply, Request, Route, Service


def echo(request: Request) -> Reply:
    return Reply.of(request.json())


def broken(_request: Request) -> Reply:
    raise ZeroDivisionError


ROUTES = {
    ("GET", "/health"): Route(lambda _request: Reply.of("ok"), is_open=True),
    ("GET", "/count"): Route(lambda request: Reply.of(request.number("n", 7))),
    ("POST", "/echo"): Route(echo),
    ("GET", "/broken"): Route(broken),
}


@contextmanager
def serving(limits: Limits | None = None, routes: dict | None = None) -> Iterator[http.client.HTTPConnection]:
    with Service("127.0.0.1", 0, routes or ROUTES, limits or Limits()).running() as service:
        parts = urllib.parse.urlsplit(service.address)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        try:
            yield connection
        finally:
            connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str
):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_one_connection_serves_many_requests() -> None:
    with serving() as connection:
        assert ask(connection, "GET", "/health") == (200, "ok")
        assert ask(connection, "POST", "/echo", b'{"a": [1, 2]}') == (200, {"a": [1, 2]})
        assert ask(connection, "GET", "/count?n=-3") == (200, -3)
        assert ask(connection, "GET", "/count") == (200, 7)


def test_without_the_key_only_health_answers() -> None:
    with serving(Limits(key="sésame")) as connection:
        assert ask(connection, "GET", "/health")[0] == 200
        assert ask(connection, "GET", "/count")[0] == 401
        assert ask(connection, "GET", "/count", Authorization="Bearer no")[0] == 401
        key = "Bearer sésame".encode().decode("latin-1")
        assert ask(connection, "GET", "/count", Authorization=key) == (200, 7)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/echo", b"{", 400),
        ("POST", "/echo", b'{"a": NaN}', 400),
        ("POST", "/echo", b'{"a": 1, "a": 2}', 400),
        ("POST", "/echo", b"\xff", 400),
        ("POST", "/echo", b"[" * 100_000, 400),
        ("GET", "/count?n=x", None, 400),
        ("GET", "/count?n=99999999999999", None, 400),
        ("GET", "/nowhere", None, 404),
        ("POST", "/health", b"{}", 405),
        ("POST", "/echo", b" " * 200_000, 413),
    ],
)
def test_a_bad_request_is_refused_and_the_service_goes_on(
    method: str, path: str, body: bytes | None, status: int
) -> None:
    with serving(Limits(body_bytes=150_000)) as connection:
        found, answer = ask(connection, method, path, body)
        assert (found, list(answer)) == (status, ["error"])
        connection.close()
        assert ask(connection, "GET", "/health") == (200, "ok")


def test_a_fault_of_the_service_is_no_secret_to_its_owner(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as connection:
        assert ask(connection, "GET", "/broken") == (500, {"error": "the service failed"})
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"411"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{}", b"400"),
        (b"\x16\x03\x01nonsense\r\n\r\n", b"400"),
    ],
)
def test_a_request_out_of_shape_is_answered_and_its_connection_ended(head: bytes, status: bytes) -> None:
    with serving() as connection, socket.create_connection((connection.host, connection.port), 10) as raw:
        raw.sendall(head)
        raw.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
        assert status in answer


def test_a_client_that_asks_too_often_has_to_wait() -> None:
    now = [0.0]
    rates = Rates(2.0, lambda: now[0])
    assert [rates.takes("a") for _ in range(3)] == [True, True, False]
    assert rates.takes("b")
    now[0] = 0.5
    assert [rates.takes("a") for _ in range(2)] == [True, False]
    assert all(Rates(0.0).takes("a") for _ in range(1000))


def test_too_many_requests_are_answered_as_such() -> None:
    with serving(Limits(per_second=1.0)) as connection:
        assert [ask(connection, "GET", "/health")[0] for _ in range(3)][0::2] == [200, 429]


def test_a_request_that_has_begun_is_answered_before_the_end() -> None:
    begun, answers = threading.Event(), []

    def slow(_request: Request) -> Reply:
        begun.set()
        time.sleep(0.3)
        return Reply.of("done")

    service = Service("127.0.0.1", 0, {("GET", "/slow"): Route(slow)}, Limits())
    parts = urllib.parse.urlsplit(service.address)
    idle = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    busy = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    asking = threading.Thread(target=lambda: answers.append(ask(busy, "GET", "/slow")))
    with service.running():
        idle.connect()
        asking.start()
        assert begun.wait(5)
        began = time.monotonic()
    asking.join()
    assert (answers, time.monotonic() - began < 5) == ([(200, "done")], True)
    idle.close()
    busy.close()


def test_a_port_that_is_taken_is_told() -> None:
    with serving() as connection, pytest.raises(ServiceError, match="it is in use already"):
        Service("127.0.0.1", connection.port, ROUTES, Limits())
    with pytest.raises(ServiceError, match="cannot listen on"):
        Service("256.0.0.1", 0, ROUTES, Limits())
