"""Parquet files, by their footer.

Knows: columns, types and how many rows there are.
Does not know: any value; no library is needed.

Source:
    https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from runpact.formats.headerbytes import DamagedHeaderError, HeaderBytes, read_header, text_of
from runpact.formats.limits import MAX_DEPTH
from runpact.formats.thrift import CompactReader, Value
from runpact.model.facts import FormatFault, HeaderFact, Json

_PHYSICAL = ("boolean", "int32", "int64", "int96", "float32", "float64", "binary", "fixed")
_LOGICAL = {
    1: "string",
    2: "map",
    3: "list",
    4: "enum",
    5: "decimal",
    6: "date",
    7: "time",
    8: "timestamp",
    10: "integer",
    11: "null",
    12: "json",
    13: "bson",
    14: "uuid",
    15: "float16",
}
_CONVERTED = {
    0: "string",
    4: "enum",
    5: "decimal",
    6: "date",
    7: "time",
    8: "time",
    9: "timestamp",
    10: "timestamp",
    11: "uint8",
    12: "uint16",
    13: "uint32",
    14: "uint64",
    15: "int8",
    16: "int16",
    17: "int32",
    18: "int64",
    19: "json",
    20: "bson",
}
_REQUIRED = 0
_TAIL = 8
"""Length of the footer and the signature."""


def inspect(stream: BinaryIO) -> HeaderFact | FormatFault:
    """Report columns, types and the number of rows."""
    return read_header(stream, "invalid-parquet", _parquet)


def _parquet(source: HeaderBytes) -> Json:
    if source.at(0, 4) != b"PAR1" or source.at(source.size - 4, 4) != b"PAR1":
        raise DamagedHeaderError("it does not begin and end as Parquet does")
    length = source.number(source.size - _TAIL, 4)
    footer = CompactReader(source.at(source.size - _TAIL - length, length)).struct()
    elements = [element for element in _list(footer, 2) if isinstance(element, dict)]
    if not elements:
        raise DamagedHeaderError("its footer names no column")
    told: dict[str, Json] = {
        "rows": _number(footer, 3),
        "row_groups": len(_list(footer, 4)),
        "columns": dict(_columns(iter(elements[1:]), _number(elements[0], 5), (), 0)),
        "metadata": dict(_metadata(footer)),
    }
    return told | ({"created_by": _text(footer, 6)} if 6 in footer else {})  # noqa: PLR2004 - the field's number


def _columns(
    elements: Iterator[dict[int, Value]], count: int, above: tuple[str, ...], depth: int
) -> Iterator[tuple[str, Json]]:
    """Yield path and type of each leaf below a group of the schema, which stands there depth first."""
    if depth > MAX_DEPTH:
        raise DamagedHeaderError("its columns are nested too deep")
    for _child in range(count):
        element = next(elements, None)
        if element is None:
            raise DamagedHeaderError("its footer names fewer columns than it claims")
        path = (*above, _text(element, 4))
        if 1 not in element:
            yield from _columns(elements, _number(element, 5), path, depth + 1)
            continue
        yield ".".join(path), {"type": _type(element), "required": _number(element, 3) == _REQUIRED}


def _type(element: dict[int, Value]) -> str:
    """Return the logical type of a column where it has one, else the physical one."""
    logical = element.get(10)
    if isinstance(logical, dict) and logical:
        sort, details = next(iter(logical.items()))
        if _LOGICAL.get(sort) == "integer" and isinstance(details, dict):
            return f"{'int' if details.get(2) is True else 'uint'}{_number(details, 1)}"
        return _LOGICAL.get(sort, "other")
    converted = element.get(6)
    if isinstance(converted, int) and converted in _CONVERTED:
        return _CONVERTED[converted]
    physical = _number(element, 1)
    return _PHYSICAL[physical] if 0 <= physical < len(_PHYSICAL) else "other"


def _metadata(footer: dict[int, Value]) -> Iterator[tuple[str, Json]]:
    for pair in _list(footer, 5):
        if isinstance(pair, dict):
            yield _text(pair, 1), _text(pair, 2) if 2 in pair else None  # noqa: PLR2004 - the field of the value


def _list(found: dict[int, Value], number: int) -> list[Value]:
    value = found.get(number)
    return value if isinstance(value, list) else []


def _number(found: dict[int, Value], number: int) -> int:
    value = found.get(number)
    return value if isinstance(value, int) else 0


def _text(found: dict[int, Value], number: int) -> str:
    value = found.get(number)
    return text_of(value) if isinstance(value, bytes) else ""
