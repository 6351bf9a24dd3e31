"""Systems of an experiment: what a configuration asks for, how a system is named, what is measured of it.

`system_id` is the dataset (family, dimension, label) and a running number, and is the same in every stage:
nothing is ever guessed from a file's name. What an id says must agree with the metadata beside it.

Knows: ids, configurations of systems, making boundary data with a seed.
Does not know: where files are.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from holography.correlators import closed_log_two_point, log_two_point
from holography.inverse import Boundary
from holography.metric import FAMILIES, Array, Geometry

Settings = Mapping[str, Any]
_ID = re.compile(r"(?P<family>[a-z]+)_d(?P<d>[0-9]+)_(?P<label>[A-Za-z0-9_]+)_(?P<index>[0-9]{3})")
_KEYS = {"family", "d", "label", "delta", "z_h", "zeta", "deformation", "noise", "reach"}


@dataclass(frozen=True)
class System:
    """One boundary theory with one operator."""

    system_id: str
    family: str
    geometry: Geometry
    delta: float
    noise: float
    """Standard deviation that is added to ln G."""
    reach: float
    """Largest x in units of r_h; at zero temperature in units of 1."""


def system_id(family: str, d: int, label: str, index: int) -> str:
    """Return the name of a system: its dataset and its number in it."""
    found = f"{family}_d{d}_{label}_{index:03}"
    if not _ID.fullmatch(found):
        message = f"a label holds letters, digits and underscores: {label!r}"
        raise ValueError(message)
    return found


def hashed_id(meta: Mapping[str, object]) -> str:
    """Return a name for a system without a dataset: a digest of its metadata, in whatever order."""
    text = json.dumps(meta, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sys_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def id_faults(identifier: str, meta: Mapping[str, object]) -> list[str]:
    """Say where an id and its metadata contradict each other."""
    faults = []
    if meta.get("system_id") != identifier:
        faults.append(f"system_id: expected {identifier!r}, found {meta.get('system_id')!r}")
    parts = _ID.fullmatch(identifier)
    if parts is not None and meta.get("d") != int(parts["d"]):
        faults.append(f"d: the id {identifier!r} says {parts['d']}, the metadata say {meta.get('d')!r}")
    return faults


def read_systems(settings: Settings) -> tuple[System, ...]:
    """Read the systems of a configuration, numbered within each dataset, ordered by id.

    Raises:
        ValueError: The list is empty, a key is unknown, or a value makes no geometry.
    """
    entries: Sequence[Settings] = settings.get("systems", ())
    if not entries:
        message = "the configuration names no systems"
        raise ValueError(message)
    counts: dict[str, int] = {}
    found = []
    for entry in entries:
        unknown = set(entry) - _KEYS
        if unknown or not {"family", "d", "label", "delta"} <= set(entry):
            message = (
                f"a system has family, d, label, delta and may have {sorted(_KEYS)}; got {sorted(entry)}"
            )
            raise ValueError(message)
        dataset = f"{entry['family']}_d{entry['d']}_{entry['label']}"
        found.append(_system(entry, counts.get(dataset, 0), settings))
        counts[dataset] = counts.get(dataset, 0) + 1
    return tuple(sorted(found, key=lambda system: system.system_id))


def _system(entry: Settings, index: int, settings: Settings) -> System:
    if entry["family"] not in FAMILIES:
        message = f"family is one of {', '.join(FAMILIES)}, got {entry['family']!r}"
        raise ValueError(message)
    zeta = float(entry.get("zeta", 1.0))
    depth = entry.get("z_h")
    horizon = None if depth is None else float(Geometry(entry["d"], None, zeta).r_of(np.float64(depth)))
    geometry = Geometry(entry["d"], horizon, zeta, float(entry.get("deformation", 0.0)))
    if geometry.family != entry["family"]:
        told = f"zeta = {zeta:g} and deformation = {geometry.deformation:g}"
        message = f"{told} make a system of family {geometry.family}, not {entry['family']}"
        raise ValueError(message)
    boundary = settings.get("boundary", {})
    return System(
        system_id(entry["family"], entry["d"], entry["label"], index),
        entry["family"],
        geometry,
        float(entry["delta"]),
        float(entry.get("noise", boundary.get("noise", 0.0))),
        float(entry.get("reach", boundary.get("reach", 2.0))),
    )


def measure(system: System, *, points: int, seed: int, index: int) -> tuple[Boundary, dict[str, str]]:
    """Return the two-point functions of a system, and by which formula each was made.

    Args:
        system: What is measured.
        points: How many separations, each.
        seed: Of the experiment; together with `index` it fixes the noise.
        index: Number of the system in the experiment.
    """
    geometry = system.geometry
    unit = (np.arange(1, points + 1) / points) ** 1.5
    x = system.reach * (geometry.horizon or 1.0) * np.maximum(unit, 0.0)
    if geometry.horizon is not None:
        tau = 0.45 / geometry.temperature * unit
    else:
        tau = (0.5 * system.reach) ** geometry.zeta * 2 / geometry.zeta * unit
    noise = np.random.default_rng([seed, index])
    values, sources = {}, {}
    for along, separation in (("x", x), ("tau", tau)):
        exact = closed_log_two_point(geometry, system.delta, separation, along=along)
        sources[along] = "geodesic" if exact is None else "closed form"
        if exact is None:
            exact = log_two_point(geometry, system.delta, separation, along=along)
        values[along] = np.asarray(exact + system.noise * noise.standard_normal(points))
    return Boundary(geometry.d, x, values["x"], tau, values["tau"]), sources


def deepest_seen(x: Array) -> float:
    """Return how deep the vacuum's geodesic of the largest x reaches: where a T = 0 geometry is cut."""
    return float(x[-1]) / 2
