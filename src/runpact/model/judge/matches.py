"""One-to-one joins between two lists.

Knows: keys, partners, which side lacks one.
Does not know: where the lists came from.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.model.contract.language import Match, Rule
from runpact.model.errors import RunpactError
from runpact.model.expression import Undecided
from runpact.model.finding import Severity
from runpact.model.judge.frame import Frame, Located
from runpact.model.judge.grade import Fault
from runpact.model.judge.loops import source_of
from runpact.model.judge.presence import undecided
from runpact.model.judge.subject import Subject
from runpact.model.reference import references
from runpact.model.template import PathTemplate


class _Side(msgspec.Struct, frozen=True):
    """One list of a join, by key."""

    text: str
    source: Located
    items: dict[str, tuple[int, dict[str, object]]]
    twice: tuple[int, ...]

    def place(self, index: int) -> str:
        """Return where an item stands."""
        item = next((value for number, value in self.items.values() if number == index), {})
        if not self.source.path and "path" in item:
            return str(item["path"])
        return Located(self.source.path, f"{self.source.pointer}/{index}").text


def judge_match(subject: Subject, rule: Rule, match: Match, frame: Frame) -> Iterator[Fault]:
    """Yield every item without a partner, every key that stands twice, every partner that disagrees."""
    left = _side(subject, match.each, match.by, frame)
    right = _side(subject, match.with_, match.on or match.by, frame)
    for side, text in ((left, match.each), (right, match.with_)):
        if isinstance(side, Undecided):
            yield undecided(subject, _path(subject, text, frame), side, (text,), "the match", frame)
    if isinstance(left, Undecided) or isinstance(right, Undecided):
        return
    if not left.items and not right.items:
        yield Fault(
            code="vacuous",
            severity=Severity.ADVICE,
            path=_path(subject, match.with_, frame),
            message=f"rule {rule.id} matched nothing",
            expected=f"items in {match.each}",
            got="nothing",
        )
    if match.kind == "one_to_one":
        yield from _doubles(left)
        yield from _doubles(right)
    if match.kind != "right_in_left":
        yield from _lonely(subject, left, right, match.by)
    if match.kind != "left_in_right":
        yield from _lonely(subject, right, left, match.on or match.by)
    for key, (number, item) in right.items.items():
        if key in left.items:
            yield from _disagreements(match, left.items[key][1], item, right, number)


def _side(subject: Subject, text: str, key: str, frame: Frame) -> _Side | Undecided:
    value = subject.evaluate(text, frame)
    if isinstance(value, Undecided):
        return value
    if not isinstance(value, list):
        return Undecided(f"`{text}` is no list")
    items: dict[str, tuple[int, dict[str, object]]] = {}
    twice: list[int] = []
    for index, item in enumerate(value):
        if not isinstance(item, dict) or key not in item:
            return Undecided(f"item {index} of `{text}` has no `{key}`")
        name = _key(item[key])
        if name in items:
            twice.append(index)
        items.setdefault(name, (index, item))
    return _Side(text, source_of(subject, text, frame)[0], items, tuple(twice))


def _key(value: object) -> str:
    """Return a key as compared: numbers by value, so that `007` of a name and 7 of a document are one."""
    text = str(value)
    if text.isascii() and text.isdigit():
        return str(int(text))
    return text


def _doubles(side: _Side) -> Iterator[Fault]:
    for index in side.twice:
        place = Located(side.source.path, f"{side.source.pointer}/{index}").text
        yield Fault(code="match", path=place, message=f"its key stands twice in {side.text}")


def _lonely(subject: Subject, side: _Side, other: _Side, key: str) -> Iterator[Fault]:
    """Yield the items of one side that the other lacks, at the place where the partner is missing."""
    for name, (number, _item) in side.items.items():
        if name not in other.items:
            missing = other.source.path or _pattern_path(subject, other.text, name) or side.place(number)
            yield Fault(
                code="match",
                path=missing,
                message=f"{side.text} has {key} {name}, {other.text} has not",
                expected=f"a partner for {side.place(number)}",
                got="none",
            )


def _pattern_path(subject: Subject, text: str, name: str) -> str | None:
    """Return the path that a missing file would have."""
    named = [each.name for each in references(text) if each.root == "files" and each.name is not None]
    patterns = [entry.pattern or "" for each in named for entry, _path in subject.names.entries_of(each)]
    if not patterns or len(PathTemplate.parse(patterns[0]).captures) != 1:
        return None
    template = PathTemplate.parse(patterns[0])
    try:
        return template.render({template.captures[0]: name})
    except RunpactError:
        return patterns[0]


def _disagreements(
    match: Match, left: dict[str, object], right: dict[str, object], side: _Side, number: int
) -> Iterator[Fault]:
    for field in match.equal:
        if not _agree(left.get(field), right.get(field)):
            yield Fault(
                code="match",
                path=f"{side.place(number)}/{field}" if "#" in side.place(number) else side.place(number),
                message=f"partners disagree about {field}",
                expected=repr(left.get(field)),
                got=repr(right.get(field)),
            )


def _agree(left: object, right: object) -> bool:
    """Whether two values are equal; a text that spells a number is equal to that number."""
    if left == right:
        return True
    if isinstance(left, str) is isinstance(right, str):
        return False
    text, number = (left, right) if isinstance(left, str) else (right, left)
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    try:
        return float(str(text)) == number
    except ValueError:
        return False


def _path(subject: Subject, text: str, frame: Frame) -> str:
    place = subject.place_of(text, frame)
    return place.text if place is not None else ""
