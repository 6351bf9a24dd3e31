"""The statistics service: what it takes, refuses and answers, and a database that vanishes."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from deploy.edge.cli import main as edge
from deploy.statistics.api import main
from deploy.statistics.routes import Statistics
from share.web import Limits, Service

from examples.vision.workbench import EXAMPLE, System
from runpact.telemetry import init_stats_db

EVENT = {
    "source_id": "cam",
    "ts_utc": "2025-01-01T12:00:00Z",
    "total_detections": 3,
    "counts_by_class": {"one": 1, "two": 2},
    "latency_ms": 1.5,
}


class Client:
    """Asks one service."""

    def __init__(self, address: str) -> None:
        """Store where it is."""
        parts = urllib.parse.urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)

    def get(self, path: str) -> tuple[int, object]:
        """Return status and answer."""
        self._connection.request("GET", path)
        return self._answer()

    def post(self, document: object) -> tuple[int, object]:
        """Return status and answer to events."""
        self._connection.request("POST", "/api/events", json.dumps(document).encode())
        return self._answer()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _answer(self) -> tuple[int, object]:
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())


@contextmanager
def serving(path: Path) -> Iterator[tuple[Client, str]]:
    with init_stats_db(path) as store:
        service = Service("127.0.0.1", 0, Statistics(store).routes(), Limits())
        with service.running():
            client = Client(service.address)
            yield client, service.address
            client.close()


@pytest.mark.requirement("D2.8", "D10.1", "D10.2", "D10.9")
def test_what_was_sent_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path / "stats/stats.db") as (client, _address):
        assert client.post(EVENT) == (201, {"stored": 1})
        later = EVENT | {"source_id": "door", "ts_utc": "2025-01-01T12:01:30+00:00"}
        assert client.post({"events": [later] * 2}) == (201, {"stored": 2})
        assert client.post([EVENT]) == (201, {"stored": 1})
        assert client.get("/api/overview") == (
            200,
            {
                "events_total": 4,
                "detections_total": 12,
                "avg_latency_ms": 1.5,
                "last_event_ts_utc": "2025-01-01T12:01:30.000000Z",
                "source_count": 2,
            },
        )
        assert client.get("/api/classes") == (200, {"two": 8, "one": 4})
        assert client.get("/api/classes?last=1&source=door") == (200, {"two": 2, "one": 1})
        assert [each["source_id"] for each in client.get("/api/sources")[1]] == ["cam", "door"]
        assert [each["events"] for each in client.get("/api/timeline?seconds=60")[1]] == [2, 2]
        assert [each["id"] for each in client.get("/api/recent?limit=2")[1]] == [4, 3]
        for asked in ("recent?limit=-5", "recent?limit=0", "recent?limit=2001", "classes?last=0"):
            assert client.get(f"/api/{asked}")[0] == 400, asked
        for asked in ("timeline?seconds=0", "timeline?seconds=99999999999", "timeline?limit=x"):
            assert client.get(f"/api/{asked}")[0] == 400, asked
        assert client.get("/health") == (200, {"status": "ok"})


@pytest.mark.requirement("D10.10", "D14.5")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ts_utc": "yesterday-ish"}, "ISO 8601"),
        ({"ts_utc": "2025-01-01T12:00:00+02:00"}, "ISO 8601"),
        ({"ts_utc": None}, "str"),
        ({"total_detections": 4}, "sum of counts_by_class"),
        ({"counts_by_class": {"one": -1}}, "not negative"),
        ({"latency_ms": -1}, "not negative"),
        ({"source_id": "a\nb"}, "printable"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_no_event_is_refused_and_nothing_of_its_request_stored(
    tmp_path: Path, change: dict, told: str
) -> None:
    with serving(tmp_path / "stats.db") as (client, _address):
        status, answer = client.post({"events": [EVENT, EVENT | change]})
        assert (status, told in answer["error"]) == (422, True), answer
        assert client.get("/api/overview")[1]["events_total"] == 0


@pytest.mark.parametrize("document", [{"events": []}, {"events": 3}, [], "text", 7])
def test_what_is_no_list_of_events_is_refused(tmp_path: Path, document: object) -> None:
    with serving(tmp_path / "stats.db") as (client, _address):
        assert client.post(document)[0] in {400, 422}


@pytest.mark.requirement("D10.3", "D10.8")
def test_a_database_deleted_in_service_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "stats.db"
    with serving(path) as (client, _address):
        assert client.post(EVENT) == (201, {"stored": 1})
        path.unlink()
        assert client.get("/api/overview")[1]["events_total"] == 0
        assert client.post(EVENT) == (201, {"stored": 1})
        assert path.is_file()
        assert client.get("/api/overview")[1]["events_total"] == 1


def test_a_database_that_cannot_be_used_is_told_and_acknowledges_nothing(
    tmp_path: Path, system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stats.db"
    with serving(path) as (client, _address):
        for part in tmp_path.glob("stats.db*"):
            part.unlink()
        path.write_bytes(b"something else" * 100)
        assert client.post(EVENT)[0] == 503
        status, health = client.get("/health")
        assert (status, health["status"]) == (503, "failing")
    assert system.call(main, f"deploy.statistics.db_path={path}") == 3
    assert "stats.db" in capsys.readouterr().err
    assert path.read_bytes() == b"something else" * 100


@pytest.mark.requirement("D8.1", "D10.1")
def test_an_edge_tells_the_service_what_it_saw(copied: System) -> None:
    with serving(copied.root / "stats/stats.db") as (client, address):
        sets = (f"deploy.edge.statistics_url={address}", "deploy.edge.confidence=0.2")
        assert copied.call(edge, *sets, "deploy.edge.source_id=door") == 0
        block = copied.newest()["artifacts"]
        assert block["statistics"] == {"acknowledged": 4, "unsent": 0}
        overview = client.get("/api/overview")[1]
        assert (overview["events_total"], overview["detections_total"]) == (4, block["detections"])
        assert client.get("/api/classes")[1] == block["counts_by_class"]


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_a_verb_that_nothing_answers_is_refused_in_json(tmp_path: Path, verb: str) -> None:
    with serving(tmp_path / "stats.db") as (_client, address):
        parts = urllib.parse.urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        connection.request(verb, "/api/events", b"{}")
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (405, {"error": "405 method not allowed"})
        connection.request("HEAD", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (405, b"")
        connection.close()


def test_a_client_is_not_told_where_the_database_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stats.db"
    with serving(path) as (client, _address):
        path.unlink()
        path.mkdir()
        for answer in (client.get("/health"), client.post(EVENT)):
            assert answer[0] == 503
            assert str(tmp_path) not in json.dumps(answer[1])
    assert str(path) in capsys.readouterr().err


@pytest.mark.requirement("D11.2", "D14.1")
def test_the_service_starts_answers_and_ends_when_told(system: System) -> None:
    command = [sys.executable, "-m", "deploy.statistics.api", "--config", str(system.config)]
    sets = ["deploy.statistics.port=0", "deploy.statistics.api_key=${env:VISION_KEY}"]
    service = subprocess.Popen(
        [*command, "--workdir", str(system.root), *(part for text in sets for part in ("--set", text))],
        cwd=EXAMPLE,
        env=os.environ | {"VISION_KEY": "opensesame"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with service:
        address = re.match(r"listening=(\S+)", service.stdout.readline())[1]
        mark = system.root / "tmp/statistics_api.pid"
        assert int(mark.read_text()) == service.pid
        client = Client(address)
        assert client.get("/health") == (200, {"status": "ok"})
        assert client.post(EVENT)[0] == 401
        client.close()
        service.send_signal(signal.SIGTERM)
        assert service.communicate(timeout=30) == ("stopped\n", "")
    assert (service.returncode, mark.exists()) == (0, False)


@pytest.mark.requirement("D14.5")
def test_a_port_in_use_is_a_service_fault(
    tmp_path: Path, system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(tmp_path / "stats.db") as (_client, address):
        assert system.call(main, f"deploy.statistics.port={address.rpartition(':')[2]}") == 3
    assert "it is in use already" in capsys.readouterr().err


def test_the_page_holds_all_it_needs() -> None:
    page = (EXAMPLE / "deploy/statistics/page.html").read_text(encoding="utf-8")
    outside = re.findall(r"""https?://[^\s"'<>]+""", page)
    assert outside == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"""(?:src|href)=""", page) == []
    assert "innerHTML" not in page
