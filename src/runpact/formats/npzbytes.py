"""Writes many small NPZ files fast: arrays become the bytes of an uncompressed archive.

Knows: the NPY header, the records of a zip archive, which arrays need no pickle.
Does not know: where the bytes go, which arrays a file must hold.

`numpy.savez` takes some ten times as long for a small frame. Equal arrays give equal bytes: members bear
the earliest moment a zip can tell.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from runpact.model.dtypes import fits_dtype
from runpact.model.errors import ValueRefusedError

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _MADE_BY, _UTF8 = 20, 3 << 8 | 20, 0x800
_MIDNIGHT, _FIRST_DAY = 0, 1 << 5 | 1
"""Time and date of 1980-01-01, as MS-DOS wrote them."""
_MODE = 0o600 << 16
_LARGEST, _MOST = 2**31, 60_000
_NPY = b"\x93NUMPY\x01\x00"
_HEADER_LENGTH, _LONGEST_HEADER = 10, 65_000
_ALIGNMENT = 64
_KINDS = frozenset("biufcSUmM")
"""NumPy's letters for booleans, numbers, fixed texts and times."""


def encode_arrays(arrays: Mapping[str, Any]) -> bytes:
    """Return the bytes of an NPZ file that holds these arrays.

    Args:
        arrays: NumPy arrays by name, as `as_array` returns them.

    Raises:
        ValueRefusedError: They are too many or too large for one small file.
    """
    pieces: list[bytes] = []
    directory: list[bytes] = []
    position = 0
    for name, array in arrays.items():
        encoded = f"{name}.npy".encode()
        head = _header(array.dtype.str, array.shape)
        data = array.tobytes()
        size = len(head) + len(data)
        if position + size > _LARGEST or len(directory) >= _MOST:
            raise ValueRefusedError(
                "the arrays are too large for one file",
                expected="less than 2 GiB together",
                got=f"{position + size} bytes",
                hint="write them with run.save(...), which has no such limit",
            )
        flags = 0 if encoded.isascii() else _UTF8
        crc = zlib.crc32(data, zlib.crc32(head))
        told = (_VERSION, flags, 0, _MIDNIGHT, _FIRST_DAY, crc, size, size, len(encoded), 0)
        pieces += (_LOCAL.pack(b"PK\3\4", *told), encoded, head, data)
        directory += (_CENTRAL.pack(b"PK\1\2", _MADE_BY, *told, 0, 0, 0, _MODE, position) + encoded,)
        position += _LOCAL.size + len(encoded) + size
    listed = b"".join(directory)
    count = len(directory)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(listed), position, 0)
    return b"".join((*pieces, listed, end))


@functools.lru_cache(maxsize=256)
def _header(dtype: str, shape: tuple[int, ...]) -> bytes:
    """Return the NPY header of a C-ordered array, padded as NumPy pads it."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode("latin-1")
    padded = -(-(_HEADER_LENGTH + len(text) + 1) // _ALIGNMENT) * _ALIGNMENT - _HEADER_LENGTH
    return _NPY + struct.pack("<H", padded) + text.ljust(padded - 1) + b"\n"


def as_array(name: str, value: object) -> Any:  # noqa: ANN401 - NumPy is no dependency, so neither is its type
    """Return a value as an array that is written without pickle.

    Args:
        name: Of the array.
        value: An array, a number, or nested lists of numbers.

    Raises:
        ValueRefusedError: It holds objects, or NumPy is not there.
    """
    if not name or "/" in name or not name.isprintable():
        raise ValueRefusedError(
            f"`{name!s:.60}` is no name of an array",
            expected="a printable name without /",
            got=f"{name!r:.60}",
        )
    numpy = _numpy()
    try:
        array = numpy.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise _refused(name, f"it is no array: {error!s:.100}", type(value).__name__) from error
    if array.dtype.kind not in _KINDS:
        raise _refused(name, "objects and records would need pickle, or be read by nobody", str(array.dtype))
    return array


def fault_of_array(array: Any, *, dtypes: tuple[str, ...], is_finite: bool) -> tuple[str, str, str] | None:  # noqa: ANN401 - as above
    """Return what is wrong with an array, what was expected and what came; None when nothing is.

    Args:
        array: As `as_array` returns it.
        dtypes: Those allowed, as a contract spells them; empty for any.
        is_finite: No NaN and no infinity.
    """
    if dtypes and not fits_dtype(array.dtype.str, dtypes):
        return "it has another type", " or ".join(dtypes), array.dtype.str
    if is_finite and array.dtype.kind in "fc" and not _numpy().isfinite(array).all():
        return "it holds NaN or infinity", "finite numbers", f"{array.dtype.str} with others"
    return None


def _numpy() -> Any:  # noqa: ANN401 - as above
    try:
        import numpy as np  # noqa: PLC0415 - an extra; only typed predictions need it
    except ImportError as error:
        raise ValueRefusedError(
            "predictions are arrays, and NumPy is not installed", hint="install `runpact[arrays]`"
        ) from error
    return np


def _refused(name: str, message: str, got: str) -> ValueRefusedError:
    return ValueRefusedError(
        f"array `{name}`: {message}",
        expected="booleans, numbers, texts of fixed length or times",
        got=got,
        hint="convert it before it is written",
    )
