"""Words of a filter.

Knows: how a text falls into words, quotes and signs, each with its place.
Does not know: what they mean together.
"""

from __future__ import annotations

import re

import msgspec

from runpact.model.errors import FilterError
from runpact.model.names import is_text, readable_path

LONGEST = 65_536
"""Characters of the longest filter."""
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<sign>!=|==|<=|>=|!~|[=<>~(),])|(?P<word>(?:[^\s<>=!~(),"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+)""",
    re.DOTALL,
)
_QUOTED = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""", re.DOTALL)
_PART = re.compile(
    r"""(?:^|(?<=,))(?P<part>(?:[^,"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*)(?:,|$|(?P<rest>.))""", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Token(msgspec.Struct, frozen=True):
    """One word, text in quotes, or sign."""

    sort: str
    """`word`, `text`, `sign` or `end`."""
    text: str
    """Without quotes."""
    at: int
    """Characters before it."""

    @property
    def said(self) -> str:
        """How a message names it."""
        return f"`{self.text}`" if self.sort != "end" else "the end"

    def is_keyword(self, *words: str) -> bool:
        """Whether it is one of these words, in any case."""
        return self.sort == "word" and self.text.lower() in words

    def is_sign(self, *signs: str) -> bool:
        """Whether it is one of these signs."""
        return self.sort == "sign" and self.text in signs


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the words of a filter; the last one is its end.

    Raises:
        FilterError: A character belongs to no word.
    """
    if len(text) > LONGEST:
        raise FilterError(
            text[:80], LONGEST, "the filter is too long", expected=f"{LONGEST} characters at most"
        )
    demand_text(text)
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        if match.lastgroup == "sign":
            found.append(Token("sign", match.group(), position))
        elif match.lastgroup == "word":
            found.append(_word(match.group(), position))
        position = match.end()
    return (*found, Token("end", "", len(text)))


def demand_text(text: str) -> None:
    """Refuse a question that holds what no text of a record can.

    Raises:
        FilterError: It has bytes that are no UTF-8, or half of a character.
    """
    if not is_text(text):
        position = next(at for at, character in enumerate(text) if not is_text(character))
        raise FilterError(
            text, position, "this is no text", expected="UTF-8", got=f"`{readable_path(text[position])}`"
        )


def _word(raw: str, at: int) -> Token:
    sort = "text" if _QUOTED.fullmatch(raw) else "word"
    return Token(sort, unquoted(raw), at)


def parts_of_list(text: str) -> tuple[tuple[str, int], ...]:
    """Return the parts of a list with commas, each with its place; a comma in quotes is part of a name.

    Raises:
        FilterError: A quote is not closed.
    """
    found: list[tuple[str, int]] = []
    for match in _PART.finditer(text):
        if match["rest"]:
            raise _unreadable(text, match.start("rest"))
        raw = match["part"]
        found.append((raw.strip(), match.start() + len(raw) - len(raw.lstrip())))
    return tuple(found)


def unquoted(raw: str) -> str:
    """Return a name whose parts may stand in quotes, as `metrics."val loss"`, without them."""
    return _QUOTED.sub(lambda found: _ESCAPED.sub(r"\1", found.group()[1:-1]), raw)


def _unreadable(text: str, position: int) -> FilterError:
    if text[position] in "\"'":
        return FilterError(text, position, "a quote is not closed", expected=text[position])
    return FilterError(text, position, f"`{text[position]}` stands alone", expected="`!=` or `!~`; or `not`")
