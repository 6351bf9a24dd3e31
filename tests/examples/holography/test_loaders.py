"""Artifacts: ids, metadata in two places, both habits of HDF5, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from holography import systems
from holography.loaders import (
    ArtifactError,
    load_boundary,
    load_document,
    load_geometry,
    save_arrays,
    save_document,
)

NAME = "ads_d3_Tfinite_test_000"
S = np.linspace(0.1, 2, 24)
META = {"system_id": NAME, "family": "ads", "d": 3, "z_h": 1.0}
BOUNDARY = {**META, "schema_name": "BoundaryData", "schema_version": "0.1"}
GEOMETRY = {**META, "schema_name": "GeometryPrediction", "schema_version": "0.1"}
DATA = {"x": S, "log_g_x": -np.log(S), "tau": S / 2, "log_g_tau": -2 * np.log(S)}
SAMPLES = {"z": S, "A": -np.log(S), "f": 1 - (S / 2) ** 3}


def hdf5(path: Path, *, sets: dict[str, Any], attributes: dict[str, Any], group: str | None = None) -> Path:
    with h5py.File(path, "w") as file:
        place = file.create_group(group) if group else file
        for name, value in sets.items():
            place[name] = value
        for name, value in attributes.items():
            place.attrs[name] = value
    return path


@pytest.mark.requirement("C-184")
@pytest.mark.parametrize(
    ("sets", "attributes", "group"),
    [
        (DATA, BOUNDARY, None),
        ({**DATA, **BOUNDARY}, {}, None),
        ({**DATA, "d": 3}, BOUNDARY, None),
        (
            {**DATA, "system_id": np.bytes_(NAME), "z_h": np.array([1.0])},
            {**BOUNDARY, "d": np.int32(3)},
            "boundary",
        ),
        (
            {"x": S, "log_g_x": DATA["log_g_x"]},
            {**BOUNDARY, "tau": DATA["tau"], "log_g_tau": DATA["log_g_tau"]},
            None,
        ),
    ],
    ids=["attributes", "data sets", "both, and equal", "bytes in a group", "arrays as attributes"],
)
def test_boundary_data_are_read_from_attributes_and_data_sets_alike(
    tmp_path: Path, sets: dict[str, Any], attributes: dict[str, Any], group: str | None
) -> None:
    attributes = {name: value for name, value in attributes.items() if name == "d" or name not in sets}
    boundary, meta = load_boundary(
        hdf5(tmp_path / f"{NAME}.h5", sets=sets, attributes=attributes, group=group)
    )
    assert meta == BOUNDARY
    assert boundary.d == 3
    assert np.array_equal(boundary.log_g_tau, DATA["log_g_tau"])


@pytest.mark.requirement("C-184")
def test_an_attribute_and_a_data_set_that_differ_are_refused(tmp_path: Path) -> None:
    path = hdf5(tmp_path / f"{NAME}.h5", sets={**DATA, "d": 4}, attributes=BOUNDARY)
    with pytest.raises(
        ArtifactError, match="expected one value of d, found an attribute and a data set that differ"
    ):
        load_boundary(path)


@pytest.mark.requirement("C-184")
def test_a_missing_horizon_is_nan_in_hdf5_and_null_everywhere_else(tmp_path: Path) -> None:
    path = hdf5(tmp_path / f"{NAME}.h5", sets=DATA, attributes={**BOUNDARY, "z_h": np.nan})
    assert load_boundary(path)[1]["z_h"] is None


def test_npz_and_hdf5_hold_the_same(tmp_path: Path) -> None:
    save_arrays(tmp_path / f"{NAME}.npz", DATA, BOUNDARY)
    boundary, meta = load_boundary(tmp_path / f"{NAME}.npz")
    other, same = load_boundary(hdf5(tmp_path / f"{NAME}.h5", sets=DATA, attributes=BOUNDARY))
    assert meta == same
    assert np.array_equal(boundary.x, other.x)


def test_equal_arrays_give_equal_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        save_arrays(tmp_path / folder / f"{NAME}.npz", DATA, BOUNDARY)
    first, second = ((tmp_path / folder / f"{NAME}.npz").read_bytes() for folder in ("a", "b"))
    assert first == second


@pytest.mark.requirement("C-084")
def test_metadata_may_stand_inside_or_beside_and_must_not_differ(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.npz"
    np.savez(path, meta_json=json.dumps(GEOMETRY), **SAMPLES)
    assert load_geometry(path)[1] == GEOMETRY
    save_document(tmp_path / f"{NAME}.meta.json", GEOMETRY)
    assert load_geometry(path)[1] == GEOMETRY
    save_document(tmp_path / f"{NAME}.meta.json", {**GEOMETRY, "z_h": 2.0})
    with pytest.raises(ArtifactError, match="meta_json differ"):
        load_geometry(path)


def broken_geometry(
    change: Callable[[dict[str, Any], dict[str, Any]], None],
) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays, meta = dict(SAMPLES), dict(GEOMETRY)
    change(arrays, meta)
    return arrays, meta


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a, _m: a.pop("f"), "no f"),
        (lambda a, _m: a.update(A=S[:5]), "one length"),
        (lambda a, _m: a.update(f=np.full(24, np.nan)), "finite"),
        (lambda a, _m: a.update(z=S[::-1].copy()), "strictly increasing"),
        (lambda a, _m: a.update(A=np.array(["x"] * 24)), "numbers in A"),
        (lambda _a, m: m.pop("family"), "no family"),
        (lambda _a, m: m.update(schema_version="9"), "GeometryPrediction 0.1"),
        (lambda _a, m: m.update(d=2.5), "an integer d"),
    ],
)
def test_a_malformed_geometry_is_refused_with_what_was_expected(tmp_path: Path, change, said: str) -> None:
    save_arrays(tmp_path / f"{NAME}.npz", *broken_geometry(change))
    with pytest.raises(ArtifactError, match=said) as caught:
        load_geometry(tmp_path / f"{NAME}.npz")
    assert all((caught.value.what, caught.value.expected, caught.value.found, caught.value.again))


def test_other_files_are_refused_and_no_object_is_ever_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / f"{NAME}.npz", z=np.array([{}], dtype=object))
    with pytest.raises(ArtifactError, match="plain arrays"):
        load_geometry(tmp_path / f"{NAME}.npz")
    (tmp_path / "x.h5").write_bytes(b"no HDF5")
    with pytest.raises(ArtifactError, match="an HDF5 file"):
        load_boundary(tmp_path / "x.h5")
    with pytest.raises(ArtifactError, match=r"one of \.h5, \.hdf5, \.npz, found \.csv"):
        load_boundary(tmp_path / "x.csv")
    with pytest.raises(ArtifactError, match="found none"):
        load_geometry(tmp_path / "absent.npz")
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(ArtifactError, match="a JSON object"):
        load_document(tmp_path / "x.json")
    save_document(tmp_path / "x.json", {"schema_name": "Other"})
    with pytest.raises(ArtifactError, match="schema_name Dictionary"):
        load_document(tmp_path / "x.json", "Dictionary")


# ---------------------------------------------------------------- ids


@pytest.mark.requirement("C-085", "C-087")
def test_an_id_is_its_dataset_and_a_number_and_does_not_depend_on_the_order_of_the_systems() -> None:
    def entry(label: str, delta: float) -> dict[str, Any]:
        return {"family": "ads", "d": 3, "label": label, "delta": delta}

    found = systems.read_systems({"systems": [entry("b", 1.0), entry("a", 2.0), entry("b", 3.0)]})
    assert [s.system_id for s in found] == ["ads_d3_a_000", "ads_d3_b_000", "ads_d3_b_001"]
    assert [s.delta for s in found] == [2.0, 1.0, 3.0]


@pytest.mark.requirement("C-087")
def test_an_id_without_a_dataset_is_a_digest_of_the_metadata() -> None:
    assert systems.hashed_id({"d": 3, "family": "ads"}) == systems.hashed_id({"family": "ads", "d": 3})
    assert systems.hashed_id({"d": 3}) != systems.hashed_id({"d": 4})


@pytest.mark.requirement("C-086", "C-089")
def test_what_an_id_says_must_agree_with_the_metadata(tmp_path: Path) -> None:
    assert systems.id_faults(NAME, META) == []
    assert systems.id_faults(NAME, {**META, "d": 4}) == [f"d: the id {NAME!r} says 3, the metadata say 4"]
    save_arrays(tmp_path / f"{NAME}.npz", SAMPLES, {**GEOMETRY, "system_id": "other"})
    with pytest.raises(ArtifactError, match="expected 'ads_d3_Tfinite_test_000', found 'other'"):
        load_geometry(tmp_path / f"{NAME}.npz")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"family": "flat"}, "family is one of"),
        ({"label": "a-b"}, "letters, digits"),
        ({"zeta": 1.5}, "family lifshitz, not ads"),
        ({"colour": "red"}, "may have"),
        ({"z_h": -1.0}, "r_h > 0"),
    ],
)
def test_a_system_that_makes_no_sense_is_refused(change: dict[str, Any], said: str) -> None:
    entry = {"family": "ads", "d": 3, "label": "a", "delta": 1.0, **change}
    with pytest.raises(ValueError, match=said):
        systems.read_systems({"systems": [entry]})
    with pytest.raises(ValueError, match="names no systems"):
        systems.read_systems({})


def test_the_seed_and_the_number_of_the_system_fix_the_noise() -> None:
    entry = {"family": "ads", "d": 3, "label": "a", "delta": 1.0, "noise": 1e-3}
    (system,) = systems.read_systems({"systems": [entry]})
    first, again, other = (systems.measure(system, points=24, seed=seed, index=0)[0] for seed in (1, 1, 2))
    assert np.array_equal(first.log_g_x, again.log_g_x)
    assert not np.array_equal(first.log_g_x, other.log_g_x)
