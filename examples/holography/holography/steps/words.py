"""Stages 07, 07b and 08: the dictionary between eigenvalues and dimensions.

Knows: which files they read and write; how the dataset's rows are grouped.
Does not know: the formulas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from holography.dictionary import closed_dimension, closed_form, dimension_from_spectrum, mass_relation
from holography.loaders import load_document, save_arrays, save_document
from holography.plots import Panel, Series, figure
from holography.steps.shape import FAULTS, Folders, Outcome, Parameters, carried, head
from holography.steps.spectrum import read_modes

Row = dict[str, Any]
_COMPARED = 8
"""Modes that are compared with a closed form."""
_INVERTED = 2
"""Modes whose closed form is inverted for Δ."""
_AGREES = 1e-6
"""Largest relative difference between an eigenvalue and its closed form."""
_RELATION = 1e-2
"""Largest difference of a coefficient of m² = Δ(Δ − D)."""


def _dataset(inputs: Folders) -> tuple[list[Row], Mapping[str, Row]]:
    folder = inputs["bulk_eigenmodes"]
    meta = load_document(folder / "bulk_modes_dataset.meta.json", "EigenmodesDataset")
    systems: Mapping[str, Row] = meta["systems"]
    rows = read_modes(folder)
    strangers = sorted({row["system_id"] for row in rows} ^ set(systems))
    if strangers or len(rows) != meta["rows"]:
        message = (
            f"table and metadata differ: {len(rows)} rows for {meta['rows']}, ids {', '.join(strangers)}"
        )
        raise ValueError(message)
    return rows, systems


def _groups(rows: Iterable[Row]) -> dict[tuple[str, str, float], list[Row]]:
    """Group modes by system, source and mass, in order of n."""
    found: dict[tuple[str, str, float], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["system_id"], row["source"], row["m2"], row["n"])):
        found.setdefault((row["system_id"], row["source"], row["m2"]), []).append(row)
    return found


def emergent_dictionary(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 07: Δ from each spectrum alone, by counting waves."""
    outcome, entries = Outcome(), []
    rows, systems = _dataset(inputs)
    groups = {key: group for key, group in _groups(rows).items() if key[1] == "scan"}
    outcome.inputs_total = len(groups)
    if not groups:
        outcome.missing.append("the dataset holds no scan of masses")
    for (name, _source, mass), group in groups.items():
        about = systems[name]
        try:
            found = dimension_from_spectrum(
                np.array([row["lambda"] for row in group]),
                depth=about["depth"],
                effective_dimension=about["d"] - 1 + about["zeta"],
                has_horizon=about["has_horizon"],
            )
        except FAULTS as error:
            outcome.fail(f"{name}, m² = {mass:g}", error)
            continue
        known = {"m2": mass, "delta_of_mass": group[0]["delta"], "lambda_0": group[0]["lambda"]}
        entries.append({**carried(about), **known, "delta": found.delta, "error": found.error})
    document = {**head("Dictionary", "0.1", "07_emergent_dictionary", parameters), "entries": entries}
    save_document(outputs["emergent_dictionary"] / "emergent.json", document)
    outcome.outputs_rows = len(entries)
    return outcome


def compare_closed_forms(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 07b: eigenvalues, and the Δ found from them, against closed forms where there are any."""
    outcome, entries = Outcome(), []
    rows, systems = _dataset(inputs)
    emergent = load_document(inputs["emergent_dictionary"] / "emergent.json", "Dictionary")
    learned = {(entry["system_id"], entry["m2"]): entry["delta"] for entry in emergent["entries"]}
    groups = _groups(rows)
    outcome.inputs_total = len(groups)
    for (name, source, mass), group in groups.items():
        compared = [
            entry for row in group[:_COMPARED] if (entry := _compared(row, systems[name])) is not None
        ]
        if not compared:
            continue
        worst = max(entry["relative_error"] for entry in compared)
        entries.append(
            {
                **carried(systems[name]),
                "source": source,
                "m2": mass,
                "delta": group[0]["delta"],
                "delta_emergent": learned.get((name, mass)),
                "modes": compared,
                "worst": worst,
            }
        )
        if not worst <= _AGREES:
            outcome.fail(f"{name}, m² = {mass:g}", f"the closed form is missed by {worst:.1e}")
    without = sorted(set(systems) - {entry["system_id"] for entry in entries})
    document = {
        **head("Dictionary", "0.1", "07b_compare_closed_forms", parameters),
        "entries": entries,
        "without_closed_form": without,
    }
    save_document(outputs["closed_forms"] / "closed_forms.json", document)
    outcome.outputs_rows = sum(len(entry["modes"]) for entry in entries)
    return outcome


def _compared(row: Row, about: Row) -> Row | None:
    known = {
        "d": about["d"],
        "zeta": about["zeta"],
        "end": about["end"],
        "family": about["family"],
        "has_horizon": about["has_horizon"],
    }
    exact = closed_form(row["n"], delta=row["delta"], **known)
    if exact is None:
        return None
    entry: Row = {"n": row["n"], "lambda": row["lambda"], "closed_form": exact}
    entry["relative_error"] = abs(row["lambda"] / exact - 1)
    if row["n"] < _INVERTED:
        entry["delta_of_lambda"] = closed_dimension(row["lambda"], row["n"], **known)
    return entry


def build_dictionary(inputs: Folders, parameters: Parameters, outputs: Folders) -> Outcome:
    """Stage 08: m² as a polynomial of the Δ that spectra told, for each system, and the operators in it."""
    outcome, relations, pairs = Outcome(), [], []
    rows, systems = _dataset(inputs)
    emergent = load_document(inputs["emergent_dictionary"] / "emergent.json", "Dictionary")
    outcome.inputs_total = len(systems)
    for name, about in sorted(systems.items()):
        own = [entry for entry in emergent["entries"] if entry["system_id"] == name]
        try:
            found = mass_relation([entry["delta"] for entry in own], [entry["m2"] for entry in own])
        except FAULTS as error:
            outcome.fail(name, error)
            continue
        exact = -(about["d"] - 1 + about["zeta"])
        worst = max(abs(found.constant), abs(found.linear - exact), abs(found.square - 1))
        operator = next(row for row in rows if row["system_id"] == name and row["source"] == "operator")
        relations.append(
            {
                **carried(about),
                "coefficients": [found.constant, found.linear, found.square],
                "closed_form": [0.0, exact, 1.0],
                "largest_difference": worst,
                "rms": found.rms,
                "operator": {
                    "delta": operator["delta"],
                    "m2": operator["m2"],
                    "lambda_0": operator["lambda"],
                },
            }
        )
        pairs += [(entry["delta"], entry["m2"], about["d"]) for entry in own]
        if not worst <= _RELATION:
            outcome.fail(name, f"m² is not Δ(Δ − D): coefficients differ by {worst:.1e}")
    folder = outputs["dictionary"]
    document = {
        **head("Dictionary", "0.1", "08_build_holographic_dictionary", parameters),
        "relations": relations,
    }
    save_document(folder / "dictionary.json", document)
    delta, mass, dimension = np.array(pairs, dtype=np.float64).reshape(-1, 3).T
    save_arrays(folder / "dictionary.npz", {"delta": delta, "m2": mass, "d": dimension}, document)
    (folder / "dictionary.svg").write_text(
        dictionary_figure(emergent["entries"], relations), encoding="utf-8"
    )
    outcome.outputs_rows = len(relations)
    return outcome


def dictionary_figure(entries: list[Row], relations: list[Row]) -> str:
    """Draw m² over Δ with the parabola, and λ₀ over Δ."""
    marks, right = [], []
    reach: dict[float, float] = {}
    for number, relation in enumerate(relations):
        name = relation["system_id"]
        own = sorted((e["delta"], e["m2"], e["lambda_0"]) for e in entries if e["system_id"] == name)
        delta, mass, lowest = np.array(own).T
        dimension = -relation["closed_form"][1]
        reach[dimension] = max(reach.get(dimension, 0.0), float(delta[-1]) + 0.3)
        marks.append(Series(f"{name}: from its spectrum", delta, mass, "marks", number))
        right.append(Series(name, delta, np.sqrt(np.maximum(lowest, 0)), "both", number))
    left = []
    for number, (dimension, end) in enumerate(sorted(reach.items())):
        curve = np.linspace(dimension / 2 - 1, end, 80)
        told = (
            "" if number else f"closed form Δ(Δ − D), D = {', '.join(f'{each:g}' for each in sorted(reach))}"
        )
        left.append(Series(told, curve, curve * (curve - dimension), colour=4))
    return figure(
        "Dictionary",
        [
            Panel("mass and dimension", "Δ", "m² L²", (*left, *marks)),
            Panel("lowest mode and dimension", "Δ", "√λ₀", tuple(right)),
        ],
    )
