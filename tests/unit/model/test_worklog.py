"""Lines of the log of all runs."""

from __future__ import annotations

import json

import pytest

from runpact.model.contract.surroundings import WorkspaceLog, WorkspaceRules
from runpact.model.worklog import is_said, is_wanted, level_of, log_line


@pytest.mark.requirement("D13.3")
@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("debug", "DEBUG"),
        ("Warning", "WARN"),
        ("CRITICAL", "ERROR"),
        ("loud", "INFO"),
        (None, "INFO"),
        (3, "INFO"),
    ],
)
def test_a_word_means_a_level_and_any_other_the_usual_one(said: object, level: str) -> None:
    assert level_of(said) == level


def test_lower_levels_are_not_wanted() -> None:
    assert [is_wanted(level, "WARN") for level in ("DEBUG", "INFO", "WARN", "ERROR")] == [
        False,
        False,
        True,
        True,
    ]


def test_what_runpact_notes_for_itself_was_not_said_by_the_program() -> None:
    own = ["run.started", "command.ended", "artifact.saved", "input.recorded", "evaluation.recorded"]
    assert [is_said(event) for event in (*own, "train.epoch", "runs.counted")] == [False] * 5 + [True] * 2


@pytest.mark.requirement("D13.2")
def test_a_line_begins_with_what_every_line_has() -> None:
    line = log_line("2025-01-01T12:00:00.000001Z", "INFO", "a.b", "", {"n": 1, "level": "x", "text": "a\nb"})
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "ts_utc": "2025-01-01T12:00:00.000001+00:00",
        "level": "INFO",
        "event": "a.b",
        "message": "a.b",
        "n": 1,
        "text": "a\nb",
    }


def test_a_log_is_named_by_its_path_or_with_its_level() -> None:
    assert WorkspaceRules(log="log.txt").shared_log == WorkspaceLog(file="log.txt", level="DEBUG")
    assert WorkspaceRules(log=WorkspaceLog(file="a", level="WARN")).shared_log == WorkspaceLog(
        file="a", level="WARN"
    )
    assert WorkspaceRules().shared_log is None
