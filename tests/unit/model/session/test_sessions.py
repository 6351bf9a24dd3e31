"""Sessions: what their document says, what is seen of them, what is wrong, which are ready."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from runpact.model.contract.language import Entry, Kind, Session, States
from runpact.model.contract.sessions import lifecycle_entry, reason_place, status_place
from runpact.model.expression import Undecided
from runpact.model.facts import FormatFault
from runpact.model.finding import Verdict
from runpact.model.run import ContractRef, Outcome, Owner, RunRecord, State
from runpact.model.session.alerts import alerts_on, health_of, prefix_of
from runpact.model.session.lifecycle import MOVED, lifecycle, move_to, settled_end
from runpact.model.session.promotion import Readinesses, readiness
from runpact.model.session.seen import Health, SeenSession, seen_session
from runpact.model.summary import RunSummary

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
STARTED = "2026-03-10T11:00:00.000000Z"
WORDS = {"running": "running", "finished": "success", "failed": "failed", "interrupted": "aborted"}
STATES = States(
    word="doc.status.status",
    moves={"running": ("success", "failed", "aborted"), "success": (), "failed": (), "aborted": ()},
    reason="doc.status.status_reason",
    reasons={
        "running": ("active",),
        "success": ("completed",),
        "failed": ("exception",),
        "aborted": ("operator_abort", "process_gone"),
    },
)
STATUS = Entry(file="session_status.json", as_="status", written="change", fields="run.lifecycle")
KIND = Kind(at="s/{name}", state_words=WORDS, session=Session(), states=STATES, entries=(STATUS,))
RECORD = RunRecord(
    uid="u",
    id="s1",
    kind="session",
    started=STARTED,
    records={},
    contract=ContractRef("a.b", "1.0.0", "d"),
    owner=Owner(1, 1, "b", "h"),
)


def outcome(state: State, error: str | None = None) -> Outcome:
    return Outcome(state=state, ended="2026-03-10T11:10:00Z", duration_seconds=600.0, error=error)


def told(state: State, error: str | None = None) -> dict[str, object]:
    end = None if state is State.RUNNING else outcome(state, error)
    moment = end.ended if end else STARTED
    return lifecycle(RECORD, move_to(KIND, state), moment=moment, outcome=end)


@pytest.mark.requirement("E6.3", "E6.4", "E6.8")
def test_a_session_that_lives_tells_no_end() -> None:
    assert told(State.RUNNING) == {
        "session_id": "s1",
        "status": "running",
        "status_reason": "active",
        "terminal": False,
        "started_at": STARTED,
        "updated_at": STARTED,
    }


@pytest.mark.requirement("E6.3", "E6.4")
@pytest.mark.parametrize(
    ("state", "error", "expected"),
    [
        (State.FINISHED, None, ("success", "completed", None, None)),
        (State.FAILED, "ValueError: no price", ("failed", "exception", "ValueError", "no price")),
        (State.FAILED, "KeyError", ("failed", "exception", "KeyError", "KeyError")),
        (
            State.FAILED,
            "the command exited with 3",
            ("failed", "exception", "Failure", "the command exited with 3"),
        ),
        (
            State.INTERRUPTED,
            "stopped by signal 15",
            ("aborted", "operator_abort", "Interruption", "stopped by signal 15"),
        ),
        (State.INTERRUPTED, None, ("aborted", "operator_abort", "Interruption", "no reason was recorded")),
    ],
)
def test_a_session_that_is_over_tells_how(
    state: State, error: str | None, expected: tuple[str | None, ...]
) -> None:
    document = told(state, error)
    names = ("status", "status_reason", "error_type", "message")
    assert tuple(document.get(name) for name in names) == expected
    assert document["terminal"] is True
    assert (document["finished_at"], document["duration_seconds"]) == ("2026-03-10T11:10:00Z", 600.0)


def test_the_last_reason_tells_of_a_process_that_was_gone() -> None:
    assert move_to(KIND, State.INTERRUPTED, is_lost=True).reason == "process_gone"
    assert move_to(Kind(at="s"), State.FAILED).reason is None
    assert move_to(Kind(at="s"), State.FAILED).status == "failed"


def test_an_end_that_was_logged_is_final() -> None:
    lost = outcome(State.INTERRUPTED, "gone")
    moved = {"event": MOVED, "state": "failed", "duration_seconds": 5, "error": "E: x"}
    assert settled_end([], lost) == lost
    assert settled_end([{"event": "other"}, {"event": MOVED, "state": "running"}], lost) == lost
    settled = settled_end([moved], lost)
    assert (settled.state, settled.duration_seconds, settled.error) == (State.FAILED, 5.0, "E: x")
    bare = settled_end([{"event": MOVED, "state": "finished"}], lost)
    assert (bare.state, bare.duration_seconds, bare.error) == (State.FINISHED, 600.0, None)


def test_the_document_is_the_one_that_the_state_stands_in() -> None:
    assert lifecycle_entry(KIND) == STATUS
    assert lifecycle_entry(msgspec.structs.replace(KIND, session=None)) is None
    assert lifecycle_entry(msgspec.structs.replace(KIND, states=None)) is None
    assert (
        lifecycle_entry(msgspec.structs.replace(KIND, entries=(Entry(file="a.json", as_="status"),))) is None
    )
    assert status_place(Kind(at="s")) is None
    assert reason_place(Kind(at="s")) is None
    assert reason_place(msgspec.structs.replace(KIND, states=States(word="run.word", moves={}))) is None
    assert status_place(msgspec.structs.replace(KIND, states=States(word="run.word", moves={}))) is None


def summary(state: State, **more: object) -> RunSummary:
    facts: dict[str, object] = {
        "id": "s1",
        "uid": "u",
        "state": state,
        "kind": "session",
        "name": "s1",
        "path": "s/s1",
        "started": STARTED,
        "ended": None,
        "duration_seconds": None,
        "contract": None,
    }
    return msgspec.convert({**facts, **more, "state": state.value}, RunSummary)


def seen(state: State, document: object = None, **more: object) -> SeenSession:
    return seen_session(summary(state, **more), KIND, document, now=NOW, stale_seconds=3600.0)


FOREIGN = {"uid": None, "started": None}
SUCCESS = {"status": "success", "terminal": True, "duration_seconds": 2}


@pytest.mark.parametrize(
    ("state", "document", "more", "expected"),
    [
        (State.RUNNING, told(State.RUNNING), {}, Health.RUNNING),
        (State.INTERRUPTED, told(State.RUNNING), {}, Health.STALE),
        (State.INTERRUPTED, told(State.FINISHED), {}, Health.STALE),
        (State.INTERRUPTED, told(State.INTERRUPTED), {"ended": STARTED}, Health.ABORTED),
        (State.FINISHED, told(State.FINISHED), {"ended": STARTED}, Health.ENDED),
        (State.FAILED, told(State.FAILED), {"ended": STARTED}, Health.FAILED),
        (State.CORRUPT, "no document", {}, Health.DAMAGED),
        (State.FINISHED, None, {"ended": STARTED}, Health.DAMAGED),
        (State.FINISHED, told(State.RUNNING), {"ended": STARTED}, Health.DAMAGED),
        (State.INTERRUPTED, None, {}, Health.DAMAGED),
        (State.RUNNING, None, {}, Health.RUNNING),
        (State.UNKNOWN, {"status": "running", "updated_at": "2026-03-10T11:30:00"}, FOREIGN, Health.QUIET),
        (State.UNKNOWN, {"status": "running", "updated_at": STARTED}, FOREIGN, Health.STALE),
        (State.UNKNOWN, {"status": "running", "updated_at": "long ago"}, FOREIGN, Health.STALE),
        (State.UNKNOWN, {"status": "paused"}, FOREIGN, Health.DAMAGED),
        (State.UNKNOWN, {}, FOREIGN, Health.STALE),
        (State.UNKNOWN, [], FOREIGN, Health.DAMAGED),
        (State.UNKNOWN, FormatFault("syntax", "torn"), FOREIGN, Health.DAMAGED),
        (State.UNKNOWN, None, FOREIGN, Health.STALE),
        (State.UNKNOWN, SUCCESS, FOREIGN, Health.ENDED),
        (State.UNKNOWN, {"status": "aborted"}, FOREIGN, Health.ABORTED),
        (State.UNKNOWN, {"status": "odd", "terminal": True}, FOREIGN, Health.DAMAGED),
        (State.UNKNOWN, SUCCESS, {}, Health.STALE),
    ],
)
@pytest.mark.requirement("E6.5", "E6.10")
def test_the_health_of_a_session_is_that_of_its_process_not_of_its_document(
    state: State, document: object, more: dict[str, object], expected: Health
) -> None:
    assert seen(state, document, **more).health is expected


def test_what_records_know_is_believed_before_the_document() -> None:
    foreign = seen(State.UNKNOWN, SUCCESS | {"started_at": "a", "finished_at": "b"}, **FOREIGN)
    assert (foreign.started_at, foreign.finished_at, foreign.duration_seconds) == ("a", "b", 2.0)
    own = seen(State.FINISHED, SUCCESS | {"started_at": "a"}, ended="c", duration_seconds=9.0)
    assert own.health is Health.ENDED
    assert (own.started_at, own.finished_at, own.duration_seconds) == (STARTED, "c", 9.0)
    assert own.age_seconds is None
    assert seen(State.RUNNING, {"status": {"deep": 1}, "terminal": "yes"}).status is None
    bare = Kind(at="s", session=Session())
    assert (
        seen_session(summary(State.UNKNOWN, **FOREIGN), bare, SUCCESS, now=NOW, stale_seconds=1).health
        is Health.STALE
    )
    odd = msgspec.structs.replace(KIND, states=States(word="doc.status.a.b", moves={}))
    assert seen_session(summary(State.RUNNING), odd, {"a": 1}, now=NOW, stale_seconds=1).status is None


@pytest.mark.requirement("E6.10")
def test_alerts_have_codes_of_the_kind_and_the_gravest_comes_first() -> None:
    sessions = [
        seen(State.RUNNING, told(State.RUNNING)),
        seen(State.INTERRUPTED, told(State.RUNNING), reason="its process ended"),
        seen(State.INTERRUPTED, told(State.INTERRUPTED, "stopped by signal 2"), ended=STARTED),
        seen(State.FAILED, told(State.FAILED, "ValueError: x"), ended=STARTED),
        seen(State.CORRUPT, None, reason="the seal is missing"),
        seen(State.UNKNOWN, {"status": "running", "updated_at": STARTED}, **FOREIGN),
        seen(State.UNKNOWN, None, **FOREIGN),
        seen(State.UNKNOWN, {"status": "failed"}, **FOREIGN),
    ]
    kinds = {"session": msgspec.structs.replace(KIND, session=Session(alerts="PAPER_SESSION"))}
    found = alerts_on(sessions, kinds)
    assert [(alert.code, alert.severity) for alert in found.alerts] == [
        ("PAPER_SESSION_FAILED", "critical"),
        ("PAPER_SESSION_DAMAGED", "critical"),
        ("PAPER_SESSION_FAILED", "critical"),
        ("PAPER_SESSION_STALE", "warning"),
        ("PAPER_SESSION_ABORTED", "warning"),
        ("PAPER_SESSION_STALE", "warning"),
        ("PAPER_SESSION_STALE", "warning"),
    ]
    messages = [alert.message for alert in found.alerts]
    assert messages[0] == "ValueError: x"
    assert messages[2] == "it ended as `failed`"
    assert messages[3] == "it tells `running`, but its process ended"
    assert messages[5].endswith("for 3600 s")
    assert messages[6] == "it tells nothing, and was not heard of for an unknown time"
    assert (found.alert_status, found.verdict, found.sessions) == ("critical", Verdict.ERROR, 8)
    report = health_of(sessions, found)
    assert report.running == ("s1",)
    assert report.latest == "s1"
    assert report.by_health == {"aborted": 1, "damaged": 1, "failed": 2, "running": 1, "stale": 3}
    assert report.alerts["PAPER_SESSION_STALE"] == 3
    assert report.verdict is Verdict.ERROR


def test_without_sessions_nothing_is_wrong() -> None:
    found = alerts_on([], {})
    assert (found.alert_status, found.verdict) == ("ok", Verdict.OK)
    assert health_of([], found).latest is None
    assert prefix_of("paper", KIND) == "PAPER"
    assert prefix_of("paper", Kind(at="s")) == "PAPER"


@pytest.mark.requirement("E6.11")
def test_a_session_is_ready_when_it_ended_well_and_every_condition_holds() -> None:
    ended = seen(State.FINISHED, told(State.FINISHED), ended=STARTED)
    ready = readiness(ended, {"a": True, "b": True})
    assert (ready.ready, ready.reasons, ready.blockers) == (True, ("a", "b"), ())
    failed = seen(State.FAILED, told(State.FAILED), ended=STARTED)
    blocked = readiness(failed, {"a": True, "b": False, "c": Undecided("no report")}, ("damaged",))
    assert (blocked.ready, blocked.reasons) == (False, ("a",))
    assert blocked.blockers == ("it is failed", "damaged", "b", "c: no report")
    assert readiness(ended, {}).blockers == ("its kind names no condition for promotion",)


@pytest.mark.requirement("E6.11")
def test_at_most_two_sessions_are_candidates() -> None:
    ended = seen(State.FINISHED, told(State.FINISHED), ended=STARTED)
    ready, blocked = readiness(ended, {"a": True}), readiness(ended, {"a": False})
    assert Readinesses(sessions=(blocked, ready, ready, ready)).candidates == ("s1", "s1")
    assert Readinesses(sessions=(ready,)).verdict is Verdict.OK
    assert Readinesses(sessions=(blocked,)).verdict is Verdict.INCOMPLETE
