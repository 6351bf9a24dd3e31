"""Lines of lifecycle signals, written and read."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest

from runpact.model.machine.answer import Answer, answer_to
from runpact.model.machine.application import Application
from runpact.model.machine.asked import Asked
from runpact.model.machine.failure import Failure, refusal
from runpact.model.machine.signals import (
    COMPLETED,
    FAILED,
    STARTED,
    Moment,
    completed_fields,
    failed_fields,
    read_lines,
    signal_line,
)

TIME = "2026-03-09T06:42:10.000000Z"


def moment(invocation: str = "i", mode: str = "run", request_id: str | None = "r") -> Moment:
    return Moment(mode=mode, request_id=request_id, invocation=invocation)


def answer(result: object = None, error: Failure | None = None) -> Answer:
    return answer_to(
        Asked(command="run", params={}), Application(name="a", version="1"), 2, result=result, error=error
    )


def test_a_line_takes_fields_of_any_name() -> None:
    line = json.loads(signal_line(STARTED, moment(), TIME, event="x", moment=1, timestamp="y"))
    assert (line["event"], line["moment"], line["timestamp"]) == ("SESSION_STARTED", 1, TIME)


@pytest.mark.requirement("E11.4")
def test_a_line_has_the_fields_that_all_lines_share() -> None:
    line = json.loads(signal_line(STARTED, moment(), TIME, mode="other", run_id="x"))
    assert line == {
        "schema_version": "1.0",
        "event": "SESSION_STARTED",
        "status": "running",
        "timestamp": TIME,
        "mode": "run",
        "request_id": "r",
        "invocation": "i",
        "run_id": "x",
    }


def test_a_line_holds_what_is_no_unicode_and_what_is_no_json_as_text() -> None:
    line = json.loads(signal_line(STARTED, moment(mode="\udc80"), TIME, where=PurePosixPath("a")))
    assert (line["mode"], line["where"]) == ("\\udc80", "a")


@pytest.mark.requirement("E11.5", "E11.6")
def test_a_good_end_tells_where_the_run_is_and_a_bad_one_why() -> None:
    result = {
        "run_id": "x",
        "report_path": "x/report.json",
        "summary": {"a": 1},
        "session_id": None,
        "other": 1,
    }
    assert completed_fields(result) == {"run_id": "x", "report_path": "x/report.json", "summary": {"a": 1}}
    assert completed_fields([1]) == {}
    assert failed_fields(answer(error=refusal("invalid_params", "bad"))) == {
        "exit_code": 2,
        "error_type": "RequestError",
        "error_code": "invalid_params",
        "message": "bad",
    }


@pytest.mark.parametrize(
    ("result", "reason", "message"),
    [
        ({"reason": "closed"}, "", "closed"),
        ({"reason": "closed"}, "too little", "too little"),
        ({"reason": 5}, "", "the answer is no success"),
        (None, "", "the answer is no success"),
    ],
)
def test_an_answer_that_is_no_success_says_why(result: object, reason: str, message: str) -> None:
    fields = failed_fields(answer(result=result), "strategy", reason)
    assert (fields["error_type"], fields["error_code"], fields["message"]) == ("strategy", "failure", message)


@pytest.mark.requirement("E11.8")
def test_a_reader_takes_what_never_said_its_end_for_unknown() -> None:
    lines = [
        signal_line(STARTED, moment("a"), TIME),
        signal_line(STARTED, moment("b", request_id=None), TIME),
        b"no json\n",
        b"\xff\n",
        b"[1]\n",
        b'{"event": "OTHER"}\n',
        b"[" * 100_000 + b"\n",
        signal_line(COMPLETED, moment("b", request_id=None), TIME, run_id="x"),
        signal_line(FAILED, moment("c", mode="unknown"), TIME),
        b'{"event": "SESSION_STARTED", "mode": "run"}\n',
        b'{"event": "SESSION_STA',
    ]
    told = [(each.status, each.mode, each.request_id, each.started, each.ended) for each in read_lines(lines)]
    assert told == [
        ("unknown", "run", "r", TIME, None),
        ("success", "run", None, TIME, TIME),
        ("error", "unknown", "r", None, TIME),
        ("unknown", "run", None, "None", None),
    ]
    assert read_lines(lines)[1].fields["run_id"] == "x"
