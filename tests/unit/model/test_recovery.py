"""What is said of a run that its process did not seal."""

from __future__ import annotations

from runpact.model.confinement import Confinement
from runpact.model.manifest import FileRecord
from runpact.model.recovery import GAP, WRITTEN, recovered_outcome, saved_files, unconfined, written_files
from runpact.model.run import State

STARTED = "2026-03-01T12:00:00.000000Z"


def test_it_ended_with_the_last_line_of_its_logs() -> None:
    outcome = recovered_outcome(STARTED, [{"time": "2026-03-01T12:00:02Z"}], [{"time": 1772366405.5}])
    assert outcome.state is State.INTERRUPTED
    assert outcome.ended == "2026-03-01T12:00:05.500000Z"
    assert outcome.duration_seconds == 5.5
    assert "without sealing" in (outcome.error or "")


def test_a_beat_after_the_last_line_is_when_it_was_heard_of_last() -> None:
    lines = [{"time": "2026-03-01T12:00:02Z"}]
    for heard, ended in (("2026-03-01T12:00:09Z", "12:00:09"), (STARTED, "12:00:02"), (7, "12:00:02")):
        outcome = recovered_outcome(STARTED, lines, [], heard=heard)
        assert outcome.ended == f"2026-03-01T{ended}.000000Z"


def test_what_somebody_ended_just_now_ended_just_now() -> None:
    outcome = recovered_outcome(STARTED, [], [], killed="2026-03-01T12:00:12Z")
    assert (outcome.ended, outcome.duration_seconds) == ("2026-03-01T12:00:12.000000Z", 12.0)
    assert "somebody ended its process" in (outcome.error or "")


def test_logs_that_tell_no_time_or_an_earlier_one_leave_its_start() -> None:
    lines = [
        {"time": None},
        {"time": "yesterday"},
        {"time": "2026-03-01T12:00:00"},
        {"time": "2020-01-01T00:00:00Z"},
    ]
    outcome = recovered_outcome(STARTED, lines, [{"time": "1"}, {"time": 1e300}, {}])
    assert (outcome.ended, outcome.duration_seconds) == (STARTED, 0.0)


def test_a_birth_record_that_tells_no_time_leaves_the_duration_open() -> None:
    outcome = recovered_outcome("long ago", [], [])
    assert (outcome.ended, outcome.duration_seconds) == ("long ago", 0.0)
    assert recovered_outcome("long ago", [{"time": STARTED}], []).ended == STARTED


def test_saved_files_are_those_whose_saving_was_acknowledged() -> None:
    saved = {
        "event": "artifact.saved",
        "path": "a",
        "size": 3,
        "digest": "sha256:1",
        "entry": "e",
        "type": "T@1",
    }
    found = saved_files([saved, {"event": "artifact.saved", "path": 7}, {"event": "other", "path": "b"}])
    assert found == {"a": FileRecord("a", 3, "sha256:1", entry="e", type="T@1")}


def test_the_fence_is_not_said_to_have_held_to_the_end() -> None:
    assert unconfined(Confinement(gaps=("one",))).gaps == ("one", GAP)


def test_a_file_of_the_layout_is_known_by_what_the_log_says_of_it_last() -> None:
    lines = [
        {"event": WRITTEN, "files": {"a": "sha256:1", "b": "sha256:2"}},
        {"event": WRITTEN, "files": {"b": None, "c": None}},
        {"event": WRITTEN, "files": 7},
        {"event": "mine", "files": {"d": None}},
    ]
    known = written_files(lines, ["a", "x"])
    assert known == {"a": "sha256:1", "b": None, "c": None, "x": None}
