"""What a cell of a table must be, compiled once for a column.

Knows: how text and JSON values are read as a type, and the bounds of a column.
Does not know: rows, files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime

import msgspec

from runpact.model.contract.language import Column
from runpact.model.pattern import compile_pattern

Read = Callable[[object], object]
"""Returns the typed value of a cell; raises `ValueError` when it has none."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False}


def is_empty(value: object) -> bool:
    """Whether a cell is empty: no text, or null."""
    return value is None or value == ""


def reader_of(column: Column) -> Read:
    """Return the function that reads a cell as the column's type."""
    return _READERS[column.type]


def limits_of(column: Column) -> Callable[[object], str]:
    """Return the function that says what is wrong with a typed value; empty when nothing is."""
    checks: list[Callable[[object], str]] = []
    if column.enum:
        checks.append(_one_of(column))
    if column.pattern is not None:
        checks.append(_like(column.pattern))
    if column.minimum is not None or column.maximum is not None:
        checks.append(_between(column.minimum, column.maximum))
    if not checks:
        return lambda _value: ""
    if len(checks) == 1:
        return checks[0]
    return lambda value: next((told for check in checks if (told := check(value))), "")


def _one_of(column: Column) -> Callable[[object], str]:
    allowed = frozenset(column.enum)
    words = frozenset(str(value) for value in column.enum if not isinstance(value, bool))
    expected = f"one of {', '.join(str(value) for value in column.enum)}"
    return lambda value: "" if value in allowed or (isinstance(value, str) and value in words) else expected


def _like(pattern: str) -> Callable[[object], str]:
    matcher = compile_pattern(pattern).matcher()
    return lambda value: "" if isinstance(value, str) and matcher.fullmatch(value) else f"text like {pattern}"


def _between(least: float | None, most: float | None) -> Callable[[object], str]:
    low, high = -math.inf if least is None else least, math.inf if most is None else most
    expected = " and ".join(
        [
            *([f"at least {least:g}"] if least is not None else []),
            *([f"at most {most:g}"] if most is not None else []),
        ]
    )

    def check(value: object) -> str:
        number = value if isinstance(value, int | float) else _as_number(value)
        return "" if low <= number <= high else expected

    return check


def _as_number(value: object) -> float:
    try:
        return _number(value)
    except ValueError:
        return math.nan


def _any(value: object) -> object:
    return value


def _string(value: object) -> object:
    if isinstance(value, str):
        return value
    raise ValueError


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise ValueError


def _number(value: object) -> float:
    if (
        isinstance(value, float)
        or (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, str) and _NUMBER.fullmatch(value))
    ):
        number = float(value)
    else:
        raise ValueError
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise ValueError


def _date(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        date.fromisoformat(value)
        return value
    raise ValueError


def _moment(value: object) -> object:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value.upper())
    raise ValueError


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


_READERS: dict[str, Read] = {
    "any": _any,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "json": _json,
}
