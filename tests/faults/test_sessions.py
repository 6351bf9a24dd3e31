"""Whenever a session is killed or asked to end, its state is right at once, and so are the alerts."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from runpact.model.run import State
from runpact.workspace import Workspace
from runpact.workspace import sessions as front

pytestmark = pytest.mark.requirement("E6.5", "E6.7", "E6.10")
CONTRACT = 'contract: acme.desk\nversion: "1.0.0"\nextends: runpact:run-registry@1\n'
SESSIONS = "outputs/paper_sessions"
PROGRAM = """
import sys, time, runpact
config = {"ticker": "SPY", "start": "2020", "end": "2021", "interval": "1d"}
with runpact.run(kind="session", name="warm", workspace=sys.argv[1] + "-warm", config=config) as run:
    run.log({"total_return": 0.0})
    run.save("trades.csv", [{"price": 1}])
session = runpact.run(kind="session", name="s", workspace=sys.argv[1], config=config)
print("begin", flush=True)
with session as run:
    for number in range(8):
        run.log({"total_return": number / 10})
        run.beat()
        time.sleep(0.005)
    run.save("trades.csv", [{"price": 1}])
print("end", flush=True)
time.sleep(0.05)
"""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WORDS = {State.FINISHED: "success", State.FAILED: "failed", State.INTERRUPTED: "aborted"}
ALERTS = {
    front.Health.STALE: "PAPER_SESSION_STALE",
    front.Health.ABORTED: "PAPER_SESSION_ABORTED",
    front.Health.FAILED: "PAPER_SESSION_FAILED",
}


def struck(root: Path, number: int, moment: float) -> float | None:
    """Send a signal to a session so many seconds after it began; return how long it lasted in peace."""
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(root)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout is not None  # the first session there loads what a session needs
    with child.stdout:
        assert child.stdout.readline() == b"begin\n"
        began = time.monotonic()
        if number:
            time.sleep(moment)
            child.send_signal(number)
        rest = child.stdout.readline()
        seconds = time.monotonic() - began
    child.wait()
    return seconds if rest == b"end\n" else None


def prepare(root: Path) -> None:
    for place in (root, Path(f"{root}-warm")):
        place.mkdir()
        (place / "contract.yaml").write_text(CONTRACT)


def document(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text())


def judged(root: Path) -> str:
    """Hold what stands there now against what is told of it, end what is not over, and look again."""
    place = Workspace.open(workspace=str(root))
    found = front.all_sessions(place)
    visible = [path for path in (root / SESSIONS).glob("[!.]*") if path.is_dir()]
    assert len(found) == len(visible) <= 1
    assert not [path for path in (root / "outputs/runs").glob("*") if path.is_dir()]
    if not found:
        return "none"
    (session,), (folder,) = found, visible
    assert session.health in {front.Health.STALE, front.Health.ABORTED, front.Health.ENDED}
    for name in ("session_status.json", "session_metadata.json", "config.json"):
        document(folder, name)
    assert "status" not in document(folder, "session_metadata.json")
    is_sealed = session.finished_at is not None and session.health is not front.Health.STALE
    if is_sealed:
        assert session.status == WORDS[session.state]
    alerts = front.alerts(place)
    expected = [ALERTS[each.health] for each in found if each.health in ALERTS]
    assert [alert.code for alert in alerts.alerts] == expected
    assert front.health(place).alert_status == alerts.alert_status
    _ended(place, folder, session)
    return session.health.value


def _ended(place: Workspace, folder: Path, session: front.SeenSession) -> None:
    told = document(folder, "session_status.json")
    front.abort(place, "s")
    (after,) = front.all_sessions(place)
    assert after.health in {front.Health.ABORTED, front.Health.ENDED}
    assert after.terminal is True
    if told["terminal"]:
        assert document(folder, "session_status.json")["status"] == told["status"]  # an end is final
    assert after.status == WORDS[after.state]
    _directory, _standing, report = place.verify("s")
    assert report.is_ok
    assert place.check(["s"])[0].verdict.value == "OK"
    if session.health is front.Health.STALE:
        assert {file.state for file in front.check_index(place).files} == {"current"}


def swept(tmp_path: Path, figures: Callable[[str], None], number: int, times: int) -> None:
    prepare(tmp_path / "first")
    whole = struck(tmp_path / "first", 0, 0) or 0.0
    assert judged(tmp_path / "first") == "ended"
    source, outcomes = random.Random(number), Counter[str]()
    for turn in range(times):
        root = tmp_path / str(turn)
        prepare(root)
        struck(root, number, source.uniform(0, whole * 1.05))
        outcomes[judged(root)] += 1
    figures(f"sessions, {signal.Signals(number).name} at {times} moments of {whole:.2f} s: {dict(outcomes)}")
    assert sum(outcomes.values()) == times
    assert len(outcomes) >= (2 if times > 20 else 1)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_session_that_is_struck_tells_its_state_at_once(
    tmp_path: Path, figures: Callable[[str], None], number: int
) -> None:
    swept(tmp_path, figures, number, 4)


@pytest.mark.nightly
@pytest.mark.parametrize("number", SIGNALS)
def test_a_session_that_is_struck_at_fifty_moments_tells_its_state_at_once(
    tmp_path: Path, figures: Callable[[str], None], number: int
) -> None:
    swept(tmp_path, figures, number, 50)
