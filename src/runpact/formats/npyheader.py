"""The header of one array in NumPy's format.

Knows: the format's three versions, and what a dtype says about size and pickles.
Does not know: archives. Nothing is imported from numpy and no value is read.

Source:
    NEP 1 "A Simple File Format for NumPy Arrays".
"""

from __future__ import annotations

import ast
import functools
import math
import re
import warnings
from typing import BinaryIO

import msgspec

from runpact.model.facts import ArrayFact, FormatFault

MAGIC = b"\x93NUMPY"
MAX_HEADER = 64 * 1024
"""Longest header accepted, bytes; ordinary ones have 118."""
_MAX_AXES = 64
_SIMPLE = re.compile(r"[<>|=]?([?biufcSUVOmM])(\d{0,9})(?:\[[0-9A-Za-z/]{1,20}\])?")
_KEYS = {"descr", "fortran_order", "shape"}
_PREAMBLE = 8
"""Magic and version, bytes."""
_VERSIONS = {1: (2, "latin-1"), 2: (4, "latin-1"), 3: (4, "utf-8")}
"""Bytes of the header's length and its encoding, by major version."""
_MAX_LEVELS = 8


def read_header(stream: BinaryIO, name: str, size: int) -> ArrayFact | FormatFault:
    """Report the array at the start of `stream`.

    Args:
        stream: Read only as far as the header goes.
        name: Name of the array, for the fact and the fault's place.
        size: Bytes that header and values have together; must be what the header implies.
    """
    try:
        length, text = _header_text(stream)
        fact, width = _parse(name, text)
    except _MalformedError as error:
        return _fault(str(error), name)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return _fault("its header cannot be read", name)
    implied = length + math.prod(fact.shape) * width
    if not fact.pickle and implied != size:
        return _fault(f"its header implies {implied} bytes where {size} are", name)
    return fact


class _MalformedError(Exception):
    """Why a header is none; the message is shown."""


def _fault(message: str, name: str) -> FormatFault:
    escaped = name.replace("~", "~0").replace("/", "~1")
    return FormatFault("invalid-npz", f"array `{name[:80]}`: {message}", f"/{escaped}" if name else "")


def _header_text(stream: BinaryIO) -> tuple[int, str]:
    """Return the length of the whole preamble and the text of the header."""
    start = stream.read(_PREAMBLE)
    if len(start) < _PREAMBLE or not start.startswith(MAGIC):
        raise _MalformedError("it does not begin as an array does")
    if start[6] not in _VERSIONS:
        raise _MalformedError(f"the format version {start[6]}.{start[7]} is unknown")
    width, encoding = _VERSIONS[start[6]]
    length = int.from_bytes(stream.read(width), "little")
    if length > MAX_HEADER:
        raise _MalformedError(f"its header claims {length} bytes")
    data = stream.read(length)
    if len(data) < length:
        raise _MalformedError("its header is cut short")
    return _PREAMBLE + width + length, data.decode(encoding)


def _parse(name: str, text: str) -> tuple[ArrayFact, int]:
    fact, width = _parsed(text)
    return msgspec.structs.replace(fact, name=name), width


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[ArrayFact, int]:
    """Return what a header says; the frames of a run have few different ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler comments on odd literals
        header = ast.literal_eval(text.strip())
    if not isinstance(header, dict) or header.keys() != _KEYS:
        raise _MalformedError("its header has not the three keys of the format")
    shape, fortran = header["shape"], header["fortran_order"]
    if not isinstance(fortran, bool) or not _is_shape(shape):
        raise _MalformedError("its shape cannot be read")
    width, has_objects = _dtype(header["descr"], 0)
    dtype = header["descr"] if isinstance(header["descr"], str) else repr(header["descr"])
    return ArrayFact("", dtype, shape, fortran, has_objects), width


def _is_shape(shape: object) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= _MAX_AXES
        and all(type(length) is int and 0 <= length < 2**63 for length in shape)
    )


def _dtype(description: object, level: int) -> tuple[int, bool]:
    """Return the bytes of one element and whether it holds objects."""
    if isinstance(description, str):
        return _simple(description)
    if not isinstance(description, list) or not description or level > _MAX_LEVELS:
        raise _MalformedError("its dtype cannot be read")
    parts = [_field(field, level + 1) for field in description]
    return sum(width for width, _ in parts), any(has_objects for _, has_objects in parts)


def _simple(description: str) -> tuple[int, bool]:
    found = _SIMPLE.fullmatch(description)
    if found is None:
        raise _MalformedError(f"its dtype `{description[:40]}` is unknown")
    kind, width = found.group(1), int(found.group(2) or 1)
    return width * (4 if kind == "U" else 1), kind == "O"


def _field(field: object, level: int) -> tuple[int, bool]:
    """Read `(name, dtype)` or `(name, dtype, shape)` of a structured dtype."""
    match field:
        case (str() | tuple(), description):
            shape: tuple[int, ...] = ()
        case (str() | tuple(), description, tuple() as shape) if _is_shape(shape):
            pass
        case _:
            raise _MalformedError("its dtype cannot be read")
    width, has_objects = _dtype(description, level)
    return width * math.prod(shape), has_objects
