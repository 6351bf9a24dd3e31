"""The statistics service on a disk that is full."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from faults.fulldisk import private_mounts

CHILD = Path(__file__).with_name("fullroom.py")


@pytest.mark.parametrize("sort", ["tmpfs", "limit"])
def test_what_is_acknowledged_is_stored_and_the_rest_is_refused(tmp_path: Path, sort: str) -> None:
    words = private_mounts() if sort == "tmpfs" else ()
    if words is None:
        pytest.skip("needs mounts of its own: root, or user namespaces; `limit` is tried everywhere")
    done = subprocess.run(
        [*words, sys.executable, str(CHILD), str(tmp_path), sort], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["statuses"] == [201, 503]
    assert found["refused"] == ['{"error": "the events cannot be stored"}']
    assert found["acknowledged"] == found["kept"] > 0
    assert found["health"] == [503, {"status": "failing", "error": "the last events could not be stored"}]
    assert (found["again"], found["healed"]) == ([201, {"stored": 1}], [200, {"status": "ok"}])
    assert found["reopened"] == found["acknowledged"] + 1
    assert "Traceback" not in done.stderr
    assert "stats.db" in done.stderr
