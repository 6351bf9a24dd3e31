"""Describe the HDF5 file on standard input as JSON on standard output.

A program of its own, started by `hdf5file`: the library may crash or hang on a damaged file.

Knows: h5py.
Does not know: the rest of runpact, which it does not import.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import h5py

_MOST_OBJECTS = 20_000
_MOST_MEMORY = 2 * 1024**3
_SECONDS = 15
_LONGEST_ATTRIBUTE = 4096
"""Most values of an attribute that is told."""
Json = object


def main() -> None:
    """Print the description, or `{"fault": …}`."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import h5py  # noqa: PLC0415 - only after the limits stand

    try:
        with h5py.File(os.fdopen(0, "rb", buffering=0), "r") as file:
            text = json.dumps(_file(file), allow_nan=False)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError) as error:
        reason = str(error)[:200] or type(error).__name__
        text = json.dumps({"fault": f"its library cannot read it: {reason}"})
    sys.stdout.write(text)


def _file(file: h5py.File) -> dict[str, Json]:
    import h5py  # noqa: PLC0415 - as in `main`

    datasets: dict[str, Json] = {}
    groups: dict[str, Json] = {}
    number = 0

    def visit(name: str, item: object) -> str | None:
        nonlocal number
        number += 1
        if number > _MOST_OBJECTS:
            return name
        if isinstance(item, h5py.Dataset):
            datasets[name] = _dataset(item)
        elif isinstance(item, h5py.Group):
            groups[name] = {"attributes": _attributes(item)}
        return None

    if file.visititems(visit) is not None:
        return {"fault": f"it has more than {_MOST_OBJECTS} groups and datasets"}
    return {"datasets": datasets, "groups": groups, "attributes": _attributes(file)}


def _dataset(item: h5py.Dataset) -> dict[str, Json]:
    chunks = list(item.chunks) if item.chunks is not None else None
    return {
        "dtype": _dtype(item),
        "shape": list(item.shape) if item.shape is not None else None,
        "compression": item.compression,
        "chunks": chunks,
        "attributes": _attributes(item),
    }


def _dtype(item: h5py.Dataset) -> str:
    """Return a type as NumPy spells it; texts of any length, records and the rest by a word."""
    import h5py  # noqa: PLC0415 - as in `main`

    if h5py.check_string_dtype(item.dtype) is not None:
        return "text"
    if item.dtype.names is not None:
        return "record"
    return "other" if item.dtype.hasobject else str(item.dtype.str)


def _attributes(item: h5py.Group | h5py.Dataset) -> dict[str, Json]:
    """Return attributes that are texts, numbers or short lists of them; of others the name alone."""
    return {name: _plain(item, name) for name in item.attrs}


def _plain(item: h5py.Group | h5py.Dataset, name: str) -> Json:
    if item.attrs.get_id(name).get_storage_size() > _LONGEST_ATTRIBUTE:
        return None
    value = item.attrs[name]
    value = value.tolist() if hasattr(value, "tolist") else value
    return _finite(value)


def _finite(value: object) -> Json:
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool | None) else None


if __name__ == "__main__":
    main()
