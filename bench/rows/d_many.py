"""Rows: many runs, and one run again and again."""

from __future__ import annotations

import os

import byhand
from contest import Contest, Way, compete
from row import Scale, row

from rows.b_runs import minimal_run
from rows.workspaces import MINIMAL, TEN_FILES, ten_file_run, workspace


@row("check", "checking a run of ten files, warm")
def check_warm(place: str, scale: Scale) -> Contest:
    """Judge the same run repeatedly in one process."""
    import runpact

    root, each = workspace(place, TEN_FILES), 20
    directory = ten_file_run(root, "ten")

    def ours(_number: int) -> None:
        for _index in range(each):
            assert runpact.check(directory, workspace=root)[0].verdict.value == "OK"

    def floor(_number: int) -> None:
        for _index in range(each):
            byhand.look_over(directory)

    return compete({"runpact": Way(ours), "floor": Way(floor)}, repetitions=scale.of(25, 5), units=each)


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
