"""Logs that several processes wrote: how lines are counted, how their inputs are told apart."""

from __future__ import annotations

import json

import pytest

from runpact.model.inputs import RECORDED, inputs_of
from runpact.model.journal import count_lines, frame_line, read_journal

LINES = [frame_line(json.dumps({"seq": number, "text": "é\\n"}).encode()) for number in range(1, 5)]


def test_lines_are_counted_from_wherever_one_stopped() -> None:
    data = b"".join(LINES)
    assert count_lines(data) == (4, len(data))
    assert count_lines(b"".join(LINES[2:]), 2) == (4, len(LINES[2]) + len(LINES[3]))
    assert count_lines(b"", 3) == (3, 0)


@pytest.mark.parametrize(
    "tail",
    [
        LINES[2][:-1],
        LINES[2].replace(b'"seq": 3', b'"seq": 4'),
        LINES[3],
        LINES[1],
        b"\n",
        b"short\n",
        frame_line(b"[no json}"),
        frame_line(b'{"text":"no number"}'),
        frame_line(b'{"seq":"3"}'),
    ],
)
def test_counting_stops_where_reading_does(tail: bytes) -> None:
    data = LINES[0] + LINES[1] + tail
    journal = read_journal(data)
    assert count_lines(data) == (len(journal.entries), journal.size) == (2, len(LINES[0] + LINES[1]))


def recorded(digest: str, path: str | None = None, *, changed: bool = False) -> dict[str, object]:
    return {"event": RECORDED, "name": "x", "path": path, "digest": digest, "size": 1, "changed": changed}


def test_an_input_that_two_processes_recorded_is_one() -> None:
    assert [each.changed for each in inputs_of([recorded("a", "x"), recorded("a", "x")])] == [False]
    assert [each.changed for each in inputs_of([recorded("a"), recorded("a", changed=True)])] == [True]


def test_an_input_that_two_processes_saw_differently_has_changed() -> None:
    (each,) = inputs_of([recorded("a", "x"), recorded("b", "x")])
    assert (each.digest, each.changed) == ("a", True)


def test_two_inputs_that_two_processes_named_alike_stay_two() -> None:
    found = inputs_of([recorded("a"), recorded("b"), recorded("c", "x")])
    assert [(each.name, each.digest) for each in found] == [("x", "a"), ("x~2", "b"), ("x~3", "c")]
