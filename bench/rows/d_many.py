"""Rows: finding runs among many."""

from __future__ import annotations

import os

import byhand
from contest import Contest, Way, compete
from row import Scale, row

from rows.b_runs import minimal_run
from rows.workspaces import MINIMAL, workspace


@row("list", "listing 1,000 runs from their records, warm", unit="runs")
def list_thousand(place: str, scale: Scale) -> Contest:
    """List runs without an index; the floor reads and sorts their manifests."""
    import runpact

    root, count = workspace(place, MINIMAL), scale.of(1_000, 200)
    for number in range(count):
        minimal_run(root, f"r{number:04}", "none")
    ways = {
        "runpact": Way(lambda _number: runpact.list_runs(workspace=root)),
        "floor": Way(lambda _number: byhand.list_runs(os.path.join(root, "runs"))),
    }
    return compete(ways, repetitions=scale.of(12, 3), units=count)
