"""The stages as functions of (input folders, parameters, output folders).

`STEPS` says for each stage its slug, which aliases it reads and which it writes. A step reads whatever stands
in the folders that it is given, in sorted order, and writes only into the folders that it is given: who runs
it decides where they are.
"""

from __future__ import annotations

from holography.steps.boundary import build_systems, recover_geometries
from holography.steps.equations import analyse, discover_equations
from holography.steps.judgement import judge_geometries, mismatch, noise
from holography.steps.literature import compare_with_literature
from holography.steps.preflight import check_solver
from holography.steps.shape import Outcome, Parameters, Stage
from holography.steps.spectrum import build_eigenmodes
from holography.steps.words import build_dictionary, compare_closed_forms, emergent_dictionary

__all__ = ["STEPS", "Outcome", "Parameters", "Stage"]

STEPS = {
    stage.id: stage
    for stage in (
        Stage("00", "check_solver", check_solver, (), ("solver_check",)),
        Stage("01", "build_systems", build_systems, ("measured",), ("systems",)),
        Stage(
            "02",
            "emergent_geometry_engine",
            recover_geometries,
            ("systems",),
            ("predictions", "geometry_emergent"),
        ),
        Stage("03", "discover_bulk_equations", discover_equations, ("predictions",), ("bulk_equations",)),
        Stage(
            "04",
            "geometry_physics_contracts",
            judge_geometries,
            ("systems", "predictions", "geometry_emergent", "bulk_equations"),
            ("geometry_contracts",),
        ),
        Stage(
            "04b",
            "negative_control_mismatch",
            mismatch,
            ("systems", "predictions", "geometry_emergent", "bulk_equations"),
            ("mismatch_controls",),
        ),
        Stage(
            "04c",
            "negative_control_noise",
            noise,
            ("systems", "predictions", "geometry_emergent", "bulk_equations"),
            ("noise_controls",),
        ),
        Stage(
            "05",
            "analyze_bulk_equations",
            analyse,
            ("systems", "predictions", "geometry_emergent", "bulk_equations", "geometry_contracts"),
            ("analysis",),
        ),
        Stage(
            "06", "build_bulk_eigenmodes_dataset", build_eigenmodes, ("predictions",), ("bulk_eigenmodes",)
        ),
        Stage(
            "07", "emergent_dictionary", emergent_dictionary, ("bulk_eigenmodes",), ("emergent_dictionary",)
        ),
        Stage(
            "07b",
            "compare_closed_forms",
            compare_closed_forms,
            ("bulk_eigenmodes", "emergent_dictionary"),
            ("closed_forms",),
        ),
        Stage(
            "08",
            "build_holographic_dictionary",
            build_dictionary,
            ("bulk_eigenmodes", "emergent_dictionary"),
            ("dictionary",),
        ),
        Stage("09", "literature_contracts", compare_with_literature, ("predictions",), ("literature",)),
    )
}
