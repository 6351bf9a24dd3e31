"""Writes a value in the format its name asks for, strictly.

Knows: which values each format can hold, and how bytes are made deterministic.
Does not know: where they go.
"""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runpact.formats.limits import plainness_fault
from runpact.model.errors import ValueRefusedError
from runpact.model.facts import Json

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Earliest moment of a zip archive; the same for all members, so that equal arrays give equal bytes."""


def encode_value(value: object, suffix: str) -> tuple[bytes, str]:
    """Return a value's bytes and the suffix of the format they are in.

    Args:
        value: JSON data, a numpy array or a mapping of them, rows (a list of flat mappings) for `.csv`,
            something with `to_csv`, text or bytes.
        suffix: Of the file's name, with its dot; empty to choose by the value.

    Raises:
        ValueRefusedError: The value cannot be written strictly in that format.
    """
    suffix = suffix.lower() or _suffix_for(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value), suffix
    if isinstance(value, str) and suffix not in _ENCODERS:
        return _text(value), suffix
    encode = _ENCODERS.get(suffix)
    if encode is None:
        raise _refused(
            value, f"`{suffix}` files are not written from a {type(value).__name__}", "bytes, text or a path"
        )
    return encode(value), suffix


def _suffix_for(value: object) -> str:
    if isinstance(value, str):
        return ".txt"
    if isinstance(value, bytes | bytearray | memoryview):
        return ".bin"
    if _is_array(value):
        return ".npy"
    if isinstance(value, Mapping) and value and all(map(_is_array, value.values())):
        return ".npz"
    return ".csv" if hasattr(value, "to_csv") else ".json"


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(plain_data(value)), indent=2) + b"\n"


def _jsonl(value: object) -> bytes:
    if not isinstance(value, list | tuple):
        raise _refused(value, "a `.jsonl` file is written from a list", "a list of JSON values")
    return b"".join(msgspec.json.encode(plain_data(row)) + b"\n" for row in value)


def _yaml(value: object) -> bytes:
    import yaml  # noqa: PLC0415 - only layouts with YAML pay for it

    from runpact.formats.yamldoc import StrictDumper  # noqa: PLC0415 - as above

    text: str = yaml.dump(
        plain_data(value), Dumper=StrictDumper, sort_keys=False, allow_unicode=True, width=120
    )
    return text.encode("utf-8")


def _toml(value: object) -> bytes:
    import tomli_w  # noqa: PLC0415 - only layouts with TOML pay for it

    plain = plain_data(value)
    if not isinstance(plain, dict):
        raise _refused(value, "a `.toml` file is written from a mapping", "a mapping")
    return tomli_w.dumps(_without_none(plain)).encode("utf-8")


def _without_none(value: Any) -> Any:  # noqa: ANN401 - JSON data
    """Leave out keys without a value, which TOML cannot say."""
    if isinstance(value, list) and None in value:
        raise _refused(value, "TOML has no null, which stands in a list", "a list without null")
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


_ROWS = 'a list of mappings with equal keys, as [{"step": 0, "loss": 1.5}], or the text with its header'


def _csv(value: object) -> bytes:
    if isinstance(value, str):
        if "\n" not in value:
            raise _refused(
                value, "a table in one line is none; a file is copied by its `pathlib.Path`", _ROWS
            )
        return _text(value)
    if hasattr(value, "to_csv"):
        return str(value.to_csv(index=False)).encode("utf-8")
    rows = list(value) if isinstance(value, list | tuple) else None
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise _refused(value, "a `.csv` file is written from rows or text", _ROWS)
    import csv  # noqa: PLC0415 - only tables pay for it

    columns = [str(name) for name in rows[0]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for number, row in enumerate(rows):
        if [str(name) for name in row] != columns:
            raise _refused(row, f"row {number} has other columns than the first", ", ".join(columns))
        writer.writerow([_cell(item) for item in row.values()])
    return text.getvalue().encode("utf-8")


def _cell(item: object) -> object:
    plain = plain_data(item)
    return (
        ""
        if plain is None
        else plain
        if isinstance(plain, str | int | float)
        else msgspec.json.encode(plain).decode()
    )


def _npy(value: object) -> bytes:
    numpy = sys.modules.get("numpy")
    if numpy is None or isinstance(value, str | Mapping):
        raise _refused(value, "a `.npy` file is written from an array", "a numpy array")
    array = numpy.asarray(value)
    if array.dtype.hasobject:
        raise _refused(value, "an array of objects would be pickled", "an array of numbers, booleans or text")
    stream = io.BytesIO()
    numpy.lib.format.write_array(stream, array, allow_pickle=False)
    return stream.getvalue()


def _npz(value: object) -> bytes:
    if not isinstance(value, Mapping) or not value:
        raise _refused(value, "a `.npz` file is written from arrays by name", "a mapping of names to arrays")
    stream = io.BytesIO()
    import zipfile  # noqa: PLC0415 - only arrays pay for it

    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in value.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), _npy(array))
    return stream.getvalue()


def _safetensors(value: object) -> bytes:
    if not isinstance(value, Mapping) or not value:
        raise _refused(value, "a `.safetensors` file is written from arrays by name", "a mapping of arrays")
    try:
        from safetensors import SafetensorError  # noqa: PLC0415 - an extra; only those who name it pay
        from safetensors.numpy import save  # noqa: PLC0415 - as above
    except ImportError as error:
        message = "safetensors is not installed (`pip install safetensors`)"
        raise _refused(value, message, "another format, as .npz") from error
    import numpy as np  # noqa: PLC0415 - as above

    try:
        data: bytes = save({str(name): np.ascontiguousarray(array) for name, array in value.items()})
    except (SafetensorError, KeyError, ValueError) as error:
        raise _refused(value, f"it is not arrays of numbers: {error!s:.100}", "arrays of numbers") from error
    return data


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise _refused(value, "a text file is written from text", "text")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        message = f"the text holds half a surrogate pair at {error.start}"
        raise _refused(value, message, "Unicode text") from error


_ENCODERS: dict[str, Callable[[object], bytes]] = {
    ".json": _json,
    ".jsonl": _jsonl,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": _toml,
    ".csv": _csv,
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".txt": _text,
    ".md": _text,
    ".svg": _text,
    ".log": _text,
    ".html": _text,
    ".py": _text,
}


def _is_array(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def plain_data(value: object) -> Json:
    """Return a value as strict JSON data; scalars of array libraries become numbers.

    Raises:
        ValueRefusedError: It has no plain form, or holds a number or a text that a document may not.
    """
    try:
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_scalar)
    except (TypeError, ValueError, RecursionError) as error:
        raise _refused(value, f"it is not JSON data: {error}", "numbers, text, lists and mappings") from error
    fault = plainness_fault(plain)
    if fault is not None:
        raise _refused(value, f"{fault.message}, at `{fault.pointer or '/'}`", "finite numbers and text")
    return plain


def _scalar(value: object) -> object:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        item = value.item()
        return item if not isinstance(item, float) or math.isfinite(item) else float(item)
    if _is_array(value):
        message = "an array inside JSON (save it as .npz, or call .tolist())"
        raise TypeError(message)
    message = f"`{type(value).__name__}` has no plain form"
    raise TypeError(message)


def _refused(value: object, message: str, expected: str) -> ValueRefusedError:
    return ValueRefusedError(
        message, expected=expected, got=type(value).__name__, hint="convert it before saving"
    )
