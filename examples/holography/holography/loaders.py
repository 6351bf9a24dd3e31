"""Reading and writing artifacts, with faults that tell what, where, expected, found and how to make it anew.

Boundary data come as NPZ or as HDF5. Projects disagree on whether a number such as d belongs into an HDF5
attribute or a data set: both are read, and a value that stands in both places must be the same. Metadata of
an NPZ stand in `NAME.meta.json` beside it or in its `meta_json`; both are legal, and the file beside comes
first, but two that differ are a fault.

Knows: the artifacts' formats.
Does not know: what is computed from them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from holography.inverse import Boundary
from holography.metric import Array
from holography.systems import id_faults

GEOMETRY = ("GeometryPrediction", "0.1")
BOUNDARY = ("BoundaryData", "0.1")
_BOUNDARY_ARRAYS = ("x", "log_g_x", "tau", "log_g_tau")
_META = ("system_id", "family", "d", "z_h")
FEWEST = 16
"""Samples that a geometry has at least."""
FORMATS = {".npz", ".h5", ".hdf5"}


class ArtifactError(Exception):
    """An artifact is not what its type promises."""

    def __init__(self, what: str, where: Path, *, expected: str, found: str, again: str) -> None:
        self.what, self.where, self.expected, self.found, self.again = what, where, expected, found, again
        super().__init__(f"{what}: {where.name}: expected {expected}, found {found}; {again}")


def load_boundary(path: Path) -> tuple[Boundary, dict[str, Any]]:
    """Read two-point functions and their metadata from NPZ or HDF5.

    Raises:
        ArtifactError: Something is missing, malformed, or contradicts something else.
    """
    if path.suffix not in FORMATS:
        raise _fault(
            "boundary data", path, f"one of {', '.join(sorted(FORMATS))}", path.suffix or "no suffix"
        )
    values, meta = _read_npz(path) if path.suffix == ".npz" else _read_hdf5(path)
    _demand_meta(path, meta, BOUNDARY)
    missing = [name for name in _BOUNDARY_ARRAYS if name not in values]
    if missing:
        raise _fault(
            "boundary data", path, f"arrays {', '.join(_BOUNDARY_ARRAYS)}", f"no {', '.join(missing)}"
        )
    try:
        boundary = Boundary(int(meta["d"]), *(values[name] for name in _BOUNDARY_ARRAYS))
    except ValueError as error:
        raise _fault("boundary data", path, "increasing separations and finite values", str(error)) from error
    return boundary, meta


def load_geometry(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read a GeometryPrediction: z, A, f, what else there is, and its metadata.

    Raises:
        ArtifactError: Something is missing, malformed, or contradicts something else.
    """
    values, meta = _read_npz(path)
    _demand_meta(path, meta, GEOMETRY)
    missing = [name for name in ("z", "A", "f") if name not in values]
    if missing:
        raise _fault("geometry", path, "arrays z, A, f", f"no {', '.join(missing)}")
    z, A, f = (values[name] for name in ("z", "A", "f"))
    if not (z.ndim == 1 and z.shape == A.shape == f.shape and len(z) >= FEWEST):
        raise _fault(
            "geometry", path, f"z, A, f of one length, {FEWEST} or more", f"{z.shape}, {A.shape}, {f.shape}"
        )
    if not all(np.all(np.isfinite(part)) for part in (z, A, f)):
        raise _fault("geometry", path, "finite values", "some that are not")
    if z[0] <= 0 or np.any(np.diff(z) <= 0):
        raise _fault(
            "geometry", path, "z positive and strictly increasing", f"z from {z[0]:g}, not increasing"
        )
    return values, meta


def save_arrays(path: Path, arrays: Mapping[str, Array], meta: Mapping[str, Any]) -> None:
    """Write an NPZ and its metadata beside it; equal arrays give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        np.savez(stream, **{name: np.asarray(arrays[name]) for name in sorted(arrays)})  # type: ignore[arg-type]
    save_document(beside(path), meta)


def beside(path: Path) -> Path:
    """Name the metadata file of an NPZ."""
    return path.with_name(f"{path.stem}.meta.json")


def save_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write JSON, without NaN, in one form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def load_document(path: Path, schema_name: str | None = None) -> dict[str, Any]:
    """Read a JSON object that says which schema it follows."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _fault(schema_name or "document", path, "a file", "none") from error
    except (OSError, ValueError) as error:
        raise _fault(schema_name or "document", path, "a JSON document", str(error)) from error
    if not isinstance(found, dict):
        raise _fault(schema_name or "document", path, "a JSON object", type(found).__name__)
    if schema_name is not None and found.get("schema_name") != schema_name:
        raise _fault(schema_name, path, f"schema_name {schema_name}", str(found.get("schema_name")))
    return found


def _fault(what: str, path: Path, expected: str, found: str) -> ArtifactError:
    return ArtifactError(
        what,
        path,
        expected=expected,
        found=found,
        again="run the stage that makes it, or mend your own file",
    )


def _demand_meta(path: Path, meta: Mapping[str, Any], schema: tuple[str, str]) -> None:
    name, version = schema
    missing = [key for key in _META if key not in meta]
    if missing:
        raise _fault(name, path, f"metadata {', '.join(_META)}", f"no {', '.join(missing)}")
    if (meta.get("schema_name"), meta.get("schema_version")) != schema:
        found = f"{meta.get('schema_name')} {meta.get('schema_version')}"
        raise _fault(name, path, f"{name} {version}", found)
    if isinstance(meta["d"], bool) or not isinstance(meta["d"], int) or meta["d"] < 2:
        raise _fault(name, path, "an integer d ≥ 2", repr(meta["d"]))
    faults = id_faults(path.stem, meta)
    if faults:
        raise _fault(name, path, "metadata that agree with the id", "; ".join(faults))


def _read_npz(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            raw = {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise _fault("arrays", path, "a file", "none") from error
    except (OSError, ValueError, EOFError) as error:
        raise _fault("arrays", path, "an NPZ of plain arrays", str(error)) from error
    inside = raw.pop("meta_json", None)
    metas = [load_document(beside(path))] if beside(path).is_file() else []
    if inside is not None:
        try:
            metas.append(json.loads(str(inside)))
        except ValueError as error:
            raise _fault("meta_json", path, "a JSON text", str(error)) from error
    return _numbers(path, raw.items()), _one(path, metas)


def _one(path: Path, metas: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the metadata, the file's beside first; two that differ are a fault."""
    if not metas:
        raise _fault("metadata", path, f"{beside(path).name} or meta_json", "neither")
    if any(meta != metas[0] for meta in metas):
        raise _fault("metadata", path, "one text in both places", f"{beside(path).name} and meta_json differ")
    return metas[0]


def _numbers(path: Path, items: Iterable[tuple[str, Any]]) -> dict[str, Array]:
    found = {}
    for name, value in items:
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise _fault("arrays", path, f"numbers in {name}", str(array.dtype))
        found[name] = array.astype(np.float64)
    return found


def _read_hdf5(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read every value of the file's root or of its one group, from data sets and attributes alike."""
    try:
        import h5py  # noqa: PLC0415 - optional: only projects whose data are HDF5 need it
    except ImportError as error:
        raise _fault("boundary data", path, "h5py to read HDF5", "it is not installed") from error
    try:
        with h5py.File(path, "r") as file:
            groups = [node for node in file.values() if isinstance(node, h5py.Group)]
            place = (
                groups[0]
                if len(groups) == 1 and not any(isinstance(n, h5py.Dataset) for n in file.values())
                else file
            )
            sets = {name: node[()] for name, node in place.items() if isinstance(node, h5py.Dataset)}
            attributes = {**dict(file.attrs), **dict(place.attrs)}
    except OSError as error:
        raise _fault("boundary data", path, "an HDF5 file", str(error)) from error
    values: dict[str, Any] = {name: _plain(value) for name, value in sets.items()}
    for name, raw in attributes.items():
        value = _plain(raw)
        if name in values and not np.array_equal(np.asarray(values[name]), np.asarray(value)):
            raise _fault(
                "boundary data", path, f"one value of {name}", "an attribute and a data set that differ"
            )
        values[name] = value
    arrays = _numbers(path, ((name, values[name]) for name in _BOUNDARY_ARRAYS if name in values))
    meta = {name: value for name, value in values.items() if name not in _BOUNDARY_ARRAYS}
    if isinstance(meta.get("z_h"), float) and not math.isfinite(meta["z_h"]):
        meta["z_h"] = None  # HDF5 has no null: NaN and infinity are the habit for "no horizon"
    return arrays, meta


def _plain(value: Any) -> Any:
    """Turn what h5py gives for a scalar, a text or an array of one into Python's own."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    array = np.asarray(value)
    if array.size == 1:
        item = array.reshape(-1)[0]
        item = item.item() if isinstance(item, np.generic) else item
        return item.decode("utf-8") if isinstance(item, bytes) else item
    return array
