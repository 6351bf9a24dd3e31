"""Turns one comparison, as it was written, into nodes.

Knows: which values and operators a field takes, and what they come to.
Does not know: the rest of the filter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from runpact.model.errors import FilterError
from runpact.model.query.fields import FIELDS, TAG, WORDS
from runpact.model.query.glob import LONGEST
from runpact.model.query.literal import before, scalar_of, seconds_of, stretch_of
from runpact.model.query.token import Token
from runpact.model.query.tree import (
    FALSE,
    TRUE,
    And,
    Exists,
    Field,
    Node,
    Not,
    Or,
    Sort,
    Stored,
    Test,
    stored,
)

_ORDERS = ("<", "<=", ">", ">=")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TRUTHS = {"true": TRUE, "false": FALSE}


def comparison(field: Field, operator: str, values: tuple[Token, ...], *, now: datetime, text: str) -> Node:
    """Return the node of one comparison.

    Args:
        field: Left of the operator.
        operator: `=`, `in`, an order, a glob, or a denial of them.
        values: Right of it; several for `in` only.
        now: The moment that ages are counted from.
        text: The whole filter, for messages.

    Raises:
        FilterError: The field does not take this operator or value.
    """
    if operator in {"!=", "!~"}:
        positive = comparison(field, operator[1:], values, now=now, text=text)
        return And((Exists(_kept(field)), Not(positive)))
    reader = _Reader(field, "in" if operator == "=" else operator, now, text)
    return reader.node(values)


def _kept(field: Field) -> Field:
    return FIELDS["started"] if field.name == "age" else field


class _Reader:
    def __init__(self, field: Field, operator: str, now: datetime, text: str) -> None:
        self.field = field
        self.operator = operator
        self.now = now
        self.whole = text

    def node(self, values: tuple[Token, ...]) -> Node:
        if self.operator == "~":
            return self._glob(values[0])
        if self.field.name == TAG:
            return self._tags(values)
        if self.field.sort is Sort.MOMENT:
            return self._moments(values)
        if self.field.name == "age":
            return self._age(values)
        if self.operator in _ORDERS and self.field.sort is Sort.TRUTH:
            raise self._error(values[0], "a truth value has no order", "`= true` or `= false`")
        if self.field.name == "git" and self.operator == "in":
            return _any([self._commit(value) for value in values])
        read = _READERS[self.field.sort]
        return Test(self.field, self.operator, tuple(read(self, value) for value in values))

    def _glob(self, value: Token) -> Node:
        if self.field.sort not in {Sort.TEXT, Sort.ANY} or self.field.name == TAG:
            raise self._error(value, f"`{self.field.name}` is no text", "an operator: = != < <= > >= in")
        if len(value.text) > LONGEST:
            raise self._error(value, "the glob is too long", f"{LONGEST:,} characters at most")
        return self._test("~", value.text)

    def _commit(self, value: Token) -> Node:
        return self._glob(Token("text", f"{value.text}*", value.at))

    def _tags(self, values: tuple[Token, ...]) -> Node:
        if self.operator != "in":
            raise self._error(values[0], "tags have no order", "`=`, `!=` or `in`")
        fields = [Field(f"{TAG}.{value.text}", Sort.ANY, None) for value in values]
        return _any([Test(field, "in", (TRUE,)) for field in fields])

    def _test(self, operator: str, value: Stored) -> Test:
        return Test(self.field, operator, (value,))

    def _moments(self, values: tuple[Token, ...]) -> Node:
        stretches = [self._stretch(value) for value in values]
        if self.operator == "in":
            return _any([And((self._test(">=", a), self._test("<", b))) for a, b in stretches])
        begin, end = stretches[0]
        operator, moment = {"<": ("<", begin), "<=": ("<", end), ">": (">=", end), ">=": (">=", begin)}[
            self.operator
        ]
        return self._test(operator, moment)

    def _stretch(self, value: Token) -> tuple[str, str]:
        found = stretch_of(value.text, self.now)
        if found is None:
            expected = (
                "2026, 2026-01-31, 2026-01-31T12:00, today or yesterday; for a length of time say `age < 7d`"
            )
            raise self._error(value, f"{value.said} is no moment", expected)
        return found

    def _age(self, values: tuple[Token, ...]) -> Node:
        if self.operator == "in":
            raise self._error(values[0], "an age is never met exactly", "an operator: < <= > >=")
        moment = before(self.now, self.seconds(values[0]))
        if moment is None:
            raise self._error(values[0], "the calendar does not reach that far", "fewer days")
        return Test(FIELDS["started"], _TURNED[self.operator], (moment,))

    def seconds(self, value: Token) -> float:
        seconds = seconds_of(value.text)
        if seconds is None:
            raise self._error(
                value, f"{value.said} is no length of time", "a number, or one with s, min, h, d or w"
            )
        return seconds

    def number(self, value: Token) -> Stored:
        number = scalar_of(value.text)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise self._error(value, f"{value.said} is no number", "a number")
        return stored(number)

    def truth(self, value: Token) -> Stored:
        if value.text not in _TRUTHS:
            raise self._error(value, f"{value.said} is no truth value", "`true` or `false`")
        return _TRUTHS[value.text]

    def text(self, value: Token) -> Stored:
        words = WORDS.get(self.field.name)
        if words is None or value.text in words:
            return value.text
        import difflib  # noqa: PLC0415 - only a mistyped word pays for it

        near = difflib.get_close_matches(value.text, words, n=1)
        expected = f"did you mean `{near[0]}`?" if near else " or ".join(f"`{word}`" for word in words)
        raise self._error(value, f"{value.said} is no {self.field.name}", expected)

    def any(self, value: Token) -> Stored:
        found = stored(value.text if value.sort == "text" else scalar_of(value.text))
        if self.operator in _ORDERS and isinstance(found, bytes):
            raise self._error(value, f"{value.said} has no order", "a number or a text")
        return found

    def _error(self, value: Token, message: str, expected: str) -> FilterError:
        return FilterError(self.whole, value.at, message, expected=expected, got=value.said)


_READERS: dict[Sort, Callable[[_Reader, Token], Stored]] = {
    Sort.TEXT: _Reader.text,
    Sort.SECONDS: _Reader.seconds,
    Sort.NUMBER: _Reader.number,
    Sort.TRUTH: _Reader.truth,
    Sort.ANY: _Reader.any,
}


def _any(nodes: list[Node] | list[Test] | list[And]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))
