"""Texts: sections, lines, ends."""

from __future__ import annotations

import pytest

from runpact.model.judge.texts import headings, lines_of
from unit.model.judge.memory import judged, told


def text(told_of: str) -> str:
    return f"entries: [{{file: t.md, id: R, text: {{{told_of}}}}}]"


@pytest.mark.parametrize(
    ("told_of", "content", "expected"),
    [
        ("sections: [One, Two]", "# One\nx\n## Two ##\n", []),
        ("sections: [One, Two]", "# Two\n# One\n", ["missing-section R t.md"]),
        ("sections: [One]", "no heading\n", ["missing-section R t.md"]),
        ('lines: [{pattern: "TODO.*", count: {max: 0}, id: L}]', "a\nTODO x\n", ["line L t.md#/1"]),
        ('lines: [{pattern: "loss: [0-9.]+"}]', "loss: 1.5\n", []),
        ('lines: [{pattern: "loss: [0-9.]+", severity: warning}]', "x\n", ["line R t.md"]),
        ('lines: [{pattern: "a", count: {equals: doc.n}}]', "a\n", ["undecided R t.md"]),
        ('each: "[a-z]*"', "abc\n\nX\n", ["line R t.md#/2"]),
        ("rows: {max: 1}", "a\nb\n", ["too-many R t.md"]),
        ("final_newline: true", "a", ["line R t.md"]),
        ("final_newline: false", "a\n", ["line R t.md"]),
        ("final_newline: true", "a\n", []),
    ],
)
def test_a_text_is_judged(told_of: str, content: str, expected: list[str]) -> None:
    assert told(text(told_of), {"t.md": content}) == expected


def test_headings_are_atx_or_underlined_and_never_code() -> None:
    source = "# A #\nB\n===\n```\n# no\n```\n~~~\n# no\n```\n~~~\nC\n---\n\n---\n#\n##nothing\n"
    assert list(headings(lines_of(source))) == ["A", "B", "C", ""]


def test_lines_have_no_ends() -> None:
    assert lines_of("a\r\nb") == ["a", "b"]
    assert lines_of("") == []


def test_many_lines_are_counted() -> None:
    report = judged(text('each: "a"'), {"t.md": "b\n" * 25})
    assert len(report.findings) == 21
    assert report.findings[-1].message == "and 5 more lines"


def test_a_torn_line_betrays_a_log_that_was_cut() -> None:
    kind = "entries: [{file: l.jsonl, id: R, append_only: true}]"
    assert told(kind, {"l.jsonl": "{}\n"}) == []
    assert told(kind, {"l.jsonl": ""}) == []
    assert told(kind, {"l.jsonl": "{}\n{}"}) == ["line R l.jsonl#/1"]


def test_a_text_that_is_none_is_told_once() -> None:
    kind = 'entries: [{files: "*.txt", as: all, id: A, text: {rows: {min: 0}}}, {file: t.txt, id: B, append_only: true}]'
    assert told(kind, {"t.txt": b"\xff"}) == ["invalid-text A t.txt"]
