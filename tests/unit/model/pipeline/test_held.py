"""What attempts hold of their experiment's own records."""

from __future__ import annotations

from runpact.model.journal import frame_line
from runpact.model.pipeline.held import hold, judge_held

LINES = [frame_line(b'{"seq":%d,"event":"x"}' % number) for number in (1, 2, 3)]
LOG = b"".join(LINES)


def _messages(held: list, record: bytes, log: bytes | None) -> list[str]:
    told = judge_held(held, record=("run.json", record), log=("events.jsonl", log))
    return [finding.message for finding in told]


def test_a_log_may_grow_and_nothing_else_may_change() -> None:
    held = [hold(b"born", LINES[0] + LINES[1]), hold(b"born", LINES[0])]
    assert held[0].events.count == 2
    assert _messages(held, b"born", LOG) == []
    assert _messages(held, b"born", LOG + b"torn") == []
    assert _messages(held, b"other", LOG) == ["the birth record is not the one that a stage had"]
    assert _messages(held, b"born", LINES[0]) == [
        "the log does not begin with the 2 entries that a stage saw"
    ]
    assert _messages(held, b"born", LOG + LOG) == ["only the first 3 entries of the log follow each other"]
    assert _messages(held, b"born", None) == ["the log is missing, or cannot be read"]


def test_attempts_of_an_earlier_version_hold_nothing() -> None:
    assert _messages([], b"any", LOG) == []
    assert _messages([], b"any", b"damaged\n") == ["only the first 0 entries of the log follow each other"]
