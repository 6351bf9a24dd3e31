"""In which order runs are answered, and where an answer goes on.

Knows: sort keys, the SQL of an order, the place after which a page begins.
Does not know: a database.

Runs without a value come last, whichever way a key points. What several runs share is ordered by path, and
then by the path's bytes, so an order is total, and the values of the last run of a page say where the next
one begins.
"""

from __future__ import annotations

import binascii
from typing import TypeGuard

import msgspec

from runpact.model.errors import FilterError
from runpact.model.query.fields import FIELDS, VERDICT, field_hint, field_named
from runpact.model.query.token import demand_text, parts_of_list, unquoted
from runpact.model.query.tree import Field, Sort, Stored

NEWEST = "-started"
_MOST = 8
_TO_TOKEN, _FROM_TOKEN = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")
_PLACE = Field("path", Sort.TEXT, "place")
"""The path as the system names it: two that are no UTF-8 may read alike."""
_LARGEST = 1 << 63


class Key(msgspec.Struct, frozen=True):
    """One sort key."""

    field: Field
    is_descending: bool = False


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last run of a page, by what it is ordered by."""

    order: str
    values: tuple[object, ...]
    """One for each key, the last two of them the path; None where the run has none."""


def parse_order(text: str) -> tuple[Key, ...]:
    """Return the keys of an order such as `metrics.loss,-config.lr`; the path is always last, in two forms.

    Raises:
        FilterError: A key is no field that runs can be ordered by.
    """
    keys = [
        Key(_ordered_field(text, at, name.lstrip("-")), name.startswith("-"))
        for name, at in parts_of_list(text)
    ]
    if len(keys) > _MOST:
        raise FilterError(text, len(text), "the order has too many keys", expected=f"{_MOST} at most")
    return (*keys, *(Key(field, keys[-1].is_descending) for field in (FIELDS["path"], _PLACE)))


def _ordered_field(text: str, at: int, name: str) -> Field:
    if name == "age":
        raise FilterError(
            text, at, "`age` is `started`, turned around", expected="`started` or `-started`", got="`age`"
        )
    field = named_field(text, at, name)
    if field.name == VERDICT:
        raise FilterError(
            text, at, "runs are not ordered by verdict", expected="another field", got=f"`{name}`"
        )
    return field


def named_field(text: str, at: int, name: str) -> Field:
    """Return the field of that name, for an order or a column; parts of it may stand in quotes.

    Raises:
        FilterError: There is none.
    """
    demand_text(text)
    field = field_named(unquoted(name))
    if field is None:
        raise FilterError(text, at, f"no field `{name}`", expected=field_hint(name), got=f"`{name}`")
    return field


def parse_columns(text: str) -> tuple[Field, ...]:
    """Return the fields of a list such as `metrics.loss,config.lr`.

    Raises:
        FilterError: One of them is none.
    """
    parts = parts_of_list(text) if text.strip() else ()
    return tuple(dict.fromkeys(named_field(text, at, name) for name, at in parts))


def parse_field(text: str) -> Field:
    """Return the one field that a text names, as `metrics.loss` or `metrics."val loss"`.

    Raises:
        FilterError: It names none.
    """
    return named_field(text, 0, text)


def write_cursor(order: str, values: tuple[Stored | None, ...]) -> str:
    """Return the token of the last run of a page."""
    token = binascii.b2a_base64(msgspec.msgpack.encode(Cursor(order, values)), newline=False)
    return token.translate(_TO_TOKEN).decode().rstrip("=")


def read_cursor(token: str, order: str, keys: int) -> tuple[Stored | None, ...]:
    """Return the values of a token.

    Raises:
        FilterError: It is none, or of another order.
    """
    try:
        padded = (token + "=" * (-len(token) % 4)).encode("ascii").translate(_FROM_TOKEN)
        data = binascii.a2b_base64(padded, strict_mode=True)
        cursor = msgspec.msgpack.decode(data, type=Cursor)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise FilterError(
            token, 0, "no place to go on from", expected="what the page before gave as `next`"
        ) from error
    values = tuple(
        value
        for value in cursor.values
        if value is None or isinstance(value, str | float | bytes) or _fits(value)
    )
    if cursor.order != order or len(values) != keys:
        expected = f"the order of that page: `{cursor.order}`"
        raise FilterError(token, 0, "the page before had another order", expected=expected, got=f"`{order}`")
    return values


def _fits(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and -_LARGEST <= value < _LARGEST
