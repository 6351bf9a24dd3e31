"""The page of the statistics service, in a Chromium."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from deploy.statistics.routes import Statistics
from share.web import Limits, Service

from runpact.telemetry import init_stats_db

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH"),
]


def shown(address: str, profile: Path) -> str:
    """Return the page as it stands after its scripts have run."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    command = [CHROMIUM, *options, f"--user-data-dir={profile}", address]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=os.environ | {"HOME": str(profile)},
    ).stdout


MINUTES = (1, 2, 3, 26)
"""Nothing was seen in between: the chart has a gap there."""


def test_the_page_charts_detections_over_time(tmp_path: Path) -> None:
    with init_stats_db(tmp_path / "stats.db") as store:
        store.insert_many(
            {
                "source_id": "<b>door</b>",
                "ts_utc": f"2025-01-01T12:{minute:02}:00Z",
                "total_detections": minute,
                "counts_by_class": {"one": minute},
                "latency_ms": 2.0,
            }
            for minute in MINUTES
        )
        service = Service("127.0.0.1", 0, Statistics(store).routes(), Limits())
        with service.running():
            page = shown(service.address, tmp_path / "profile")
    bars = [float(height) for height in re.findall(r'<rect class="bar"[^>]* height="([\d.]+)"', page)]
    assert bars == pytest.approx([195 * minute / 26 for minute in MINUTES])
    places = [float(place) for place in re.findall(r'<rect class="bar" x="([\d.]+)"', page)]
    assert places == pytest.approx([45 + 900 / 26 * (minute - 1) for minute in MINUTES])
    assert "&lt;b&gt;door&lt;/b&gt;" in page
    assert "<b>door</b>" not in page
    assert re.search(r"<dt>detections</dt><dd>32</dd>", page)
    assert len(re.findall(r'<rect class="class"', page)) == 1


def test_without_the_key_the_page_asks_for_it(tmp_path: Path) -> None:
    with init_stats_db(tmp_path / "stats.db") as store:
        service = Service("127.0.0.1", 0, Statistics(store).routes(), Limits(key="sesame"))
        with service.running():
            page = shown(service.address, tmp_path / "profile")
    assert "a key is needed" in page
    assert re.search(r'<form id="door">', page)
