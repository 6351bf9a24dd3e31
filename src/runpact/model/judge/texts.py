"""Texts: sections, lines, the end of a file.

Knows: Markdown's headings, lines that must or must not occur.
Does not know: how a text is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.contract.language import Entry, Line, Text
from runpact.model.facts import FormatFault
from runpact.model.finding import Finding, Severity
from runpact.model.judge.claim import Claim
from runpact.model.judge.claims import pattern_filled, slots_filled
from runpact.model.judge.grade import Fault
from runpact.model.judge.presence import counted, unmatched
from runpact.model.judge.subject import Subject
from runpact.model.pattern import CostlyMatchError, compile_pattern

_ATX = re.compile(r" {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_MOST_LINES = 20


def judge_texts(subject: Subject) -> Iterator[Finding]:
    """Yield every fault of every text that an entry speaks of."""
    for entry in subject.kind.entries:
        if entry.text is None and not entry.append_only:
            continue
        for claim in subject.contents(entry):
            yield from _claim(subject, entry, claim)


def _claim(subject: Subject, entry: Entry, claim: Claim) -> Iterator[Finding]:
    text = subject.tree.text(claim.path)
    if isinstance(text, FormatFault):
        if claim.path not in subject.reported:
            message = f"it cannot be read: {text.message}"
            fault = Fault(code=text.code, path=claim.path, message=message, expected="a text")
            yield subject.finding(entry, entry.rule, fault)
        return
    if entry.append_only and text and not text.endswith("\n"):
        yield subject.finding(entry, entry.rule, _torn(claim.path, text))
    if entry.text is not None:
        yield from _text(subject, entry, entry.text, claim, text)


def _text(subject: Subject, entry: Entry, told: Text, claim: Claim, text: str) -> Iterator[Finding]:
    lines = lines_of(text)
    faults = [
        *_sections([slots_filled(each, claim.frame) for each in told.sections], claim.path, lines),
        *_each(told, claim, lines),
        *_end(told, claim.path, text),
    ]
    if told.rows is not None:
        faults += counted(subject, told.rows, len(lines), claim.path, "lines", frame=claim.frame)
    yield from (subject.finding(entry, entry.rule, fault) for fault in faults)
    for line in told.lines:
        clause = line if line.says_how_to_tell else entry
        for fault in _occurs(subject, line, claim, lines):
            yield subject.finding(clause, line.ids.get(fault.code) or line.id or entry.rule, fault)


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, without their ends; the last counts without an end too."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def headings(lines: list[str]) -> Iterator[str]:
    """Yield the headings of a Markdown text, those in fenced code left out."""
    fence, above = "", ""
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark is not None and mark[1].startswith(fence) else fence
            continue
        if mark is not None:
            fence, above = mark[1], ""
            continue
        found = _ATX.fullmatch(line)
        if found is not None:
            yield (found[1] or "").strip()
        elif above.strip() and _SETEXT.fullmatch(line):
            yield above.strip()
        above = "" if found is not None else line


def _sections(sections: list[str], path: str, lines: list[str]) -> Iterator[Fault]:
    """Yield each section that does not come after the one before it."""
    waiting = list(headings(lines)) if sections else []
    for section in sections:
        if section in waiting:
            waiting = waiting[waiting.index(section) + 1 :]
            continue
        yield Fault(
            code="missing-section",
            severity=Severity.INCOMPLETE,
            path=path,
            message=f"the section `{section}` is missing, or stands before one it must follow",
            expected=", ".join(sections),
            got=", ".join(headings(lines))[:160] or "no heading",
        )


def _each(told: Text, claim: Claim, lines: list[str]) -> Iterator[Fault]:
    if told.each is None:
        return
    path, pattern = claim.path, compile_pattern(pattern_filled(told.each, claim.frame)).matcher()
    try:
        wrong = [number for number, line in enumerate(lines) if not pattern.fullmatch(line)]
    except CostlyMatchError as error:
        yield unmatched(path, str(error))
        return
    for number in wrong[:_MOST_LINES]:
        message = "the line is not like every line must be"
        place = f"{path}#/{number}"
        yield Fault(code="line", path=place, message=message, expected=told.each, got=lines[number][:120])
    if len(wrong) > _MOST_LINES:
        yield Fault(code="line", path=path, message=f"and {len(wrong) - _MOST_LINES} more lines")


def _occurs(subject: Subject, line: Line, claim: Claim, lines: list[str]) -> Iterator[Fault]:
    source = pattern_filled(line.pattern, claim.frame)
    pattern = compile_pattern(source).matcher()
    looked = {"first": range(min(1, len(lines))), "last": range(max(0, len(lines) - 1), len(lines))}
    places = looked.get(line.where, range(len(lines)))
    try:
        found = [number for number in places if pattern.fullmatch(lines[number])]
    except CostlyMatchError as error:
        yield unmatched(claim.path, str(error))
        return
    shown = (
        (found[:1] or list(looked.get(line.where, ()))) if line.count.max == 0 or line.where in looked else []
    )
    place = f"{claim.path}#/{shown[0]}" if shown else claim.path
    for fault in counted(subject, line.count, len(found), place, f"lines like {source}", frame=claim.frame):
        yield Fault(
            code="line" if fault.code != "undecided" else fault.code,
            severity=fault.severity,
            path=fault.path,
            message=fault.message,
            expected=fault.expected,
            got=lines[shown[0]][:120] if shown else fault.got,
            leans=fault.leans,
        )


def _end(told: Text, path: str, text: str) -> Iterator[Fault]:
    if told.final_newline is not None and text.endswith("\n") is not told.final_newline:
        expected = "a final line feed" if told.final_newline else "no final line feed"
        yield Fault(code="line", path=path, message="its end is not as it must be", expected=expected)


def _torn(path: str, text: str) -> Fault:
    return Fault(
        code="line",
        path=f"{path}#/{text.count(chr(10))}",
        message="the last line was never finished",
        expected="a file that ends with a line feed",
        got=text.rpartition("\n")[2][:120],
    )
