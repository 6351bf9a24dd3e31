"""Reads a filter.

Knows: the grammar, and where a text departs from it.
Does not know: runs.

    filter     = [ or ]
    or         = and { "or" and }
    and        = not { "and" not }
    not        = "not" not | "(" or ")" | "exists" FIELD | comparison
    comparison = FIELD ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" ) VALUE
               | FIELD [ "not" ] "in" "(" VALUE { "," VALUE } ")"
"""

from __future__ import annotations

from datetime import datetime

from runpact.model.errors import FilterError
from runpact.model.query.compare import comparison
from runpact.model.query.fields import field_hint, field_named
from runpact.model.query.token import Token, tokens_of
from runpact.model.query.tree import And, Exists, Field, Node, Not, Or

_DEEPEST = 12
"""Nested parentheses and `not`s; SQLite reads a text with at most a hundred things begun and not ended."""
_MOST = 500
"""Conditions of one filter; SQLite joins at most a thousand."""
_MOST_VALUES = 20_000
"""Values of one filter; SQLite takes at most 32,766."""
_OPERATORS = ("=", "==", "!=", "<", "<=", ">", ">=", "~", "!~")
_KEYWORDS = ("and", "or", "not", "in", "exists")


def parse_filter(text: str, *, now: datetime) -> Node:
    """Return what a filter means; an empty one holds for every run.

    Args:
        text: The filter.
        now: The moment that ages and `today` are counted from.

    Raises:
        FilterError: It is not understood; says at which character.
    """
    parser = _Parser(text, now)
    return And() if parser.next.sort == "end" else parser.whole()


class _Parser:
    def __init__(self, text: str, now: datetime) -> None:
        self._text = text
        self._now = now
        self._tokens = tokens_of(text)
        self._at = 0
        self._conditions = 0
        self._values = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._at]

    def whole(self) -> Node:
        node = self._or(0)
        if self.next.sort != "end":
            raise self._error(self.next, "the filter should end here", expected="`and`, `or` or the end")
        return node

    def _or(self, depth: int) -> Node:
        parts = [self._and(depth)]
        while self.next.is_keyword("or"):
            self._take()
            parts.append(self._and(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self, depth: int) -> Node:
        parts = [self._not(depth)]
        while self.next.is_keyword("and"):
            self._take()
            parts.append(self._not(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self, depth: int) -> Node:
        token = self._take()
        if depth > _DEEPEST:
            raise self._error(token, "the filter is nested too deeply", expected=f"{_DEEPEST} levels at most")
        if token.is_keyword("not"):
            return Not(self._not(depth + 1))
        if token.is_sign("("):
            inner = self._or(depth + 1)
            self._demand(")")
            return inner
        self._count(token, 1)
        if token.is_keyword("exists"):
            return Exists(self._field(self._take()))
        return self._comparison(token)

    def _comparison(self, first: Token) -> Node:
        field = self._field(first)
        token = self._take()
        is_denied = token.is_keyword("not")
        if is_denied:
            token = self._take()
        if token.is_keyword("in"):
            node = self._compared(field, "in", self._list())
            return And((Exists(field), Not(node))) if is_denied else node
        if is_denied or not token.is_sign(*_OPERATORS):
            expected = "`in`" if is_denied else "an operator: = != < <= > >= ~ !~ in"
            raise self._error(token, f"{token.said} is no operator", expected=expected)
        operator = "=" if token.text == "==" else token.text
        return self._compared(field, operator, (self._value(),))

    def _compared(self, field: Field, operator: str, values: tuple[Token, ...]) -> Node:
        node = comparison(field, operator, values, now=self._now, text=self._text)
        if isinstance(node, Or):  # each value of the list has become a condition
            self._count(values[-1], len(node.parts) - 1)
        return node

    def _count(self, token: Token, conditions: int) -> None:
        self._conditions += conditions
        if self._conditions > _MOST:
            raise self._error(token, "the filter has too many conditions", expected=f"{_MOST} at most")

    def _list(self) -> tuple[Token, ...]:
        self._demand("(")
        values = [self._value()]
        while self.next.is_sign(","):
            self._take()
            values.append(self._value())
        self._demand(")")
        return tuple(values)

    def _value(self) -> Token:
        token = self._take()
        if token.sort not in {"word", "text"} or token.is_keyword(*_KEYWORDS):
            raise self._error(token, "a value is missing", expected="a number, a word, or a text in quotes")
        self._values += 1
        if self._values > _MOST_VALUES:
            raise self._error(token, "the filter has too many values", expected=f"{_MOST_VALUES:,} at most")
        return token

    def _field(self, token: Token) -> Field:
        if token.sort != "word" or token.is_keyword(*_KEYWORDS):
            raise self._error(
                token, "a field is missing", expected="a field such as `state` or `metrics.loss`"
            )
        field = field_named(token.text)
        if field is None:
            raise self._error(token, f"no field `{token.text}`", expected=field_hint(token.text))
        return field

    def _demand(self, sign: str) -> None:
        token = self._take()
        if not token.is_sign(sign):
            raise self._error(token, f"`{sign}` is missing", expected=f"`{sign}`")

    def _take(self) -> Token:
        token = self.next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _error(self, token: Token, message: str, *, expected: str) -> FilterError:
        return FilterError(self._text, token.at, message, expected=expected, got=token.said)
