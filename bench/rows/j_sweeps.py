"""Rows: what a sweep adds to the runs that its trials are."""

from __future__ import annotations

import os
import sys

from contest import Contest, Way, compete
from row import Scale, row

from rows.b_runs import minimal_run
from rows.workspaces import workspace

CONTRACT = """\
contract: bench.sweeps
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    clash: "~{n:02}"
    entries:
      - file: metrics.json
  sweep:
    at: "sweeps/{name}"
    entries:
      - file: leaderboard.csv
"""
VIEW = """\
workspace:
  indexes:
    - {files: "runs/index.{csv,json,md}", columns: {id: run.id, state: run.state, lr: run.config.lr}}
"""


def _trial(trial) -> None:  # noqa: ANN001 - `runpact.OpenTrial`, imported by what is measured
    trial.run.log({"loss": 0.5})
    trial.run.save("metrics", {"loss": 0.5})


def _sweep(root: str, name: str, count: int) -> None:
    import runpact

    space = {"lr": [each / count for each in range(count)]}
    found = runpact.sweep(space, trial=_trial, objective="metrics.loss:min", name=name, workspace=root)
    assert found.outcome.counts.ranked == count, found.outcome.counts


def _runs(root: str, name: str, count: int) -> None:
    for number in range(count):
        minimal_run(root, f"{name}-{number}", "commit")


@row(
    "sweep-trial",
    "one trial of a function, beside the same run made without a sweep",
    budget=1.2,
    derived="20 % above a minimal run",
    why="the sweep notes each end, reads the objective, ranks, writes its tables",
)
def sweep_trial(place: str, scale: Scale) -> Contest:
    """Try a function in this process."""
    root, each = workspace(place, CONTRACT), scale.of(200, 20)
    ways = {
        "runpact": Way(lambda number: _sweep(root, f"s{number}", each)),
        "floor": Way(lambda number: _runs(root, f"r{number}", each)),
    }
    return compete(ways, repetitions=scale.of(7, 3), units=each, notes=("floor: `with runpact.run(…)`",))


@row(
    "sweep-command",
    "one trial of a command, beside the same run made without a sweep",
    budget=1.2,
    derived="20 % above `runpact run` in one process",
    why="the sweep notes each end, reads the objective, ranks, writes its tables",
)
def sweep_command(place: str, scale: Scale) -> Contest:
    """Try a command, one at a time."""
    from runpact.workspace import Workspace, sweeping

    root, each = workspace(place, CONTRACT), scale.of(40, 8)
    home = Workspace.open(workspace=root)
    command = [
        sys.executable,
        "-S",
        "-c",
        "import os;open(os.environ['RUNPACT_RUN_DIR']+'/metrics.json','w').write('{}')",
    ]

    def swept(number: int) -> None:
        said = {
            "space": {"lr": list(range(each))},
            "objective": "metrics.loss:min",
            "name": f"s{number}",
            "command": command,
        }
        found = sweeping.sweep(home, said)
        assert found.outcome.counts.finished == each, found.outcome.counts

    def alone(number: int) -> None:
        for index in range(each):
            request = home.request(
                kind="run", name=f"c{number}-{index}", overrides=(f"lr={index}",), command=tuple(command)
            )
            home.execute(request, tee=False)

    ways = {"runpact": Way(swept), "floor": Way(alone)}
    return compete(
        ways, repetitions=scale.of(7, 3), units=each, notes=("floor: the verb behind `runpact run`",)
    )


@row(
    "sweep-views",
    "one trial of many where a registry view lists them, beside one where none does",
    derived="a refresh each ten seconds and one at the end",
    why="every trial is read once into the index and becomes a line of each file",
)
def sweep_views(place: str, scale: Scale) -> Contest:
    """Try a function in a workspace with a view, and in one without."""
    listed = workspace(os.path.join(place, "listed"), CONTRACT + VIEW)
    bare = workspace(os.path.join(place, "bare"), CONTRACT)
    each = scale.of(400, 30)
    ways = {
        "runpact": Way(lambda number: _sweep(listed, f"s{number}", each)),
        "floor": Way(lambda number: _sweep(bare, f"s{number}", each)),
    }
    return compete(ways, repetitions=scale.of(5, 2), units=each, notes=("floor: without a view",))
