"""`runpact stats` says what a telemetry database holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from integration.runs.place import Place
from integration.telemetry.events import event
from runpact.telemetry import init_stats_db

CONTRACT = 'contract: test.runs\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\n'


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """Return a workspace whose database holds three events."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    with init_stats_db(tmp_path / "stats" / "stats.db") as store:
        store.insert_many([event(1, one=2, seven=1), event(70, source="b", latency=4.0), event(71)])
    return Place(tmp_path, capsys)


@pytest.mark.requirement("D10.9")
def test_an_overview_is_shown_and_printed_as_json(place: Place) -> None:
    code, out, _err = place.call("stats", "overview")
    assert (code, "events_total         3" in out, "camera" in out) == (0, True, False)
    code, document = place.json("stats", "overview")
    assert (code, document["format"], document["overview"]["detections_total"]) == (0, "runpact.stats/1", 5)


def test_recent_events_are_listed(place: Place) -> None:
    code, out, _err = place.call("stats", "recent", "--limit", "2")
    lines = out.splitlines()
    assert (code, lines[0].split()[:2], len(lines)) == (0, ["SOURCE_ID", "TS_UTC"], 3)
    assert "seven:1" in lines[1]
    found = place.json("stats", "recent", "--source", "b")[1]["events"]
    assert [(each["id"], each["source_id"]) for each in found] == [(2, "b")]


def test_classes_sources_and_buckets_are_added_up(place: Place) -> None:
    assert place.json("stats", "classes", "--last", "0")[1]["classes"] == {"seven": 3, "one": 2}
    assert place.call("stats", "classes", "--last", "1")[1].splitlines()[1].split() == ["seven", "1"]
    sources = place.json("stats", "sources")[1]["sources"]
    assert [(each["source_id"], each["events"]) for each in sources] == [("b", 1), ("camera-1", 2)]
    buckets = place.json("stats", "buckets", "--since", "2025-01-01T00:01:00Z")[1]["buckets"]
    assert [each["events"] for each in buckets] == [2]
    assert place.call("stats", "sources")[1].splitlines()[1].startswith("b ")
    assert place.call("stats", "buckets", "--source", "nobody")[:2] == (0, "no events\n")


def test_a_database_without_events_has_no_figures(place: Place) -> None:
    init_stats_db(place.root / "empty.db").close()
    out = place.call("stats", "overview", "--db", "empty.db")[1]
    assert "avg_latency_ms       -" in out


def test_the_database_follows_the_workdir(place: Place) -> None:
    with init_stats_db(place.root / "other" / "stats" / "stats.db") as store:
        store.insert(event(1))
    assert place.json("stats", "overview", "--workdir", "other")[1]["overview"]["events_total"] == 1


def test_what_cannot_be_asked_is_told_with_its_exit_code(place: Place) -> None:
    assert place.json("stats", "overview", "--db", "none.db")[0] == 2
    (place.root / "bad.db").write_bytes(b"no database" * 100)
    code, document = place.json("stats", "overview", "--db", "bad.db")
    assert (code, document["error"]["code"]) == (2, "telemetry")
    assert place.call("stats", "buckets", "--since", "yesterday-ish")[0] == 64
    assert place.call("stats", "overview", "--db", "")[0] == 64


def test_importing_runpact_does_not_import_the_store() -> None:
    script = "import sys, runpact; print('sqlite3' in sys.modules or 'runpact.telemetry' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"


def test_the_example_of_the_page_runs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "telemetry.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    told = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True)
    assert "2025-01-01T12:00:00.000000Z" in told
