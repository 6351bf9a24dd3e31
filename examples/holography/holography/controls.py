"""Negative controls: cases that are wrong on purpose, and that the contracts must break.

A control that no expected contract breaks is an error of the contracts, not a success.

Knows: how a case is spoilt, and which contracts must notice.
Does not know: files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from holography.contracts import Case, broken, judge
from holography.inverse import Boundary, recover

Spoiler = Callable[[Case, np.random.Generator], Case]


@dataclass(frozen=True)
class Control:
    """What one control showed."""

    name: str
    expected: tuple[str, ...]
    """At least one of these contracts must be broken."""
    broken: tuple[str, ...]
    note: str = ""

    @property
    def is_caught(self) -> bool:
        return bool(set(self.expected) & set(self.broken))

    def document(self) -> dict[str, object]:
        return {
            "name": self.name, "expected": list(self.expected), "broken": list(self.broken),
            "is_caught": self.is_caught, "note": self.note,
        }  # fmt: skip


def mismatch_controls(case: Case, random: np.random.Generator) -> tuple[Control, ...]:
    """Judge geometries that are mixed up: shuffled samples, the wrong dimension, time for space."""
    metric = ("uv_curvature", "constant_curvature", "blackening", "null_energy", "correlator")
    table: list[tuple[str, Spoiler, tuple[str, ...]]] = [
        ("shuffled_A", _shuffled("A"), metric),
        ("reversed_A", lambda c, _: replace(c, A=c.A[::-1].copy()), ("warp", *metric)),
        (
            "stretched_depth",
            lambda c, _: replace(c, z=c.z * 1.1),
            ("correlator", "horizon", "two_inversions"),
        ),
        (
            "weaker_warp",
            lambda c, _: replace(c, A=0.9 * c.A),
            ("uv_curvature", "correlator", "two_inversions"),
        ),
        (
            "wrong_dimension_of_operator",
            lambda c, _: replace(c, delta=1.1 * c.delta),
            ("correlator", "declared_delta"),
        ),
        ("wrong_sign_of_energy", _bent_up, ("null_energy",)),
    ]
    if case.z_h is not None:
        table += [  # without a horizon A and f are the same in every dimension
            (
                "wrong_dimension",
                lambda c, _: replace(c, d=c.d + 1),
                ("constant_curvature", "blackening", "equations"),
            ),
            ("shuffled_f", _shuffled("f"), (*metric, "horizon")),
            ("no_horizon", lambda c, _: replace(c, f=np.ones_like(c.f)), ("horizon", "temperature")),
            ("double_temperature", lambda c, _: replace(c, period=(c.period or 1.0) / 2), ("temperature",)),
        ]
    return tuple(
        Control(name, expected, broken(judge(spoil(case, random))))
        for name, spoil, expected in sorted(table, key=lambda row: row[0])
    )


def noise_controls(case: Case, random: np.random.Generator) -> tuple[Control, ...]:
    """Judge noise: on the samples of the geometry, and in the place of the two-point functions."""
    metric = ("uv_curvature", "constant_curvature", "blackening", "null_energy", "horizon")
    found = [
        Control(
            "noisy_A",
            metric,
            broken(judge(replace(case, A=case.A + 1e-3 * random.standard_normal(len(case.A))))),
        ),
        Control(
            "noisy_f",
            metric,
            broken(judge(replace(case, f=case.f * (1 + 1e-3 * random.standard_normal(len(case.f)))))),
        ),
    ]
    if case.boundary is not None:
        b = case.boundary
        count = len(b.x)
        order = random.permutation(count)
        white = replace(
            b, log_g_x=random.standard_normal(count), log_g_tau=random.standard_normal(len(b.tau))
        )
        mixed = replace(b, log_g_x=b.log_g_x[order])
        rising = replace(b, log_g_x=-b.log_g_x)
        found += [
            _of_data("white_noise_correlator", case, white),
            _of_data("shuffled_correlator", case, mixed),
            _of_data("inverted_correlator", case, rising),
        ]
    return tuple(sorted(found, key=lambda control: control.name))


def _of_data(name: str, case: Case, data: Boundary) -> Control:
    """Ask whether the inversion refuses spoilt data, or else a contract breaks."""
    expected = ("inversion", "uv_diagnosis", "signal")
    seen = broken(judge(replace(case, boundary=data)))
    try:
        recovered = recover(data)
    except (ValueError, np.linalg.LinAlgError) as error:
        return Control(name, expected, ("inversion", *seen), f"refused: {error}")
    if not recovered.is_explained:
        return Control(name, expected, ("inversion", *seen), "no family explains the data")
    family = ("declared_family",) if recovered.family != case.family else ()
    return Control(name, expected, (*family, *seen))


def _shuffled(name: str) -> Spoiler:
    def spoil(case: Case, random: np.random.Generator) -> Case:
        values = getattr(case, name)
        return replace(case, **{name: values[random.permutation(len(values))]})

    return spoil


def _bent_up(case: Case, _random: np.random.Generator) -> Case:
    """A warp factor that opens again: A + (z/z_end)², which needs negative energy."""
    return replace(case, A=case.A + (case.z / case.z[-1]) ** 2)
