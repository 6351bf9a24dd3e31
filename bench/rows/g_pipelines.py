"""Rows: pipelines of a hundred small stages."""

from __future__ import annotations

import os
import sys
import time

from contest import Contest, Way, compete
from row import Scale, row

from rows.a_start import installed, spawn
from rows.workspaces import workspace

STAGES = 99
"""Ids have two digits."""
HEAD = """\
contract: bench.pipeline
version: "1.0.0"
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
    records: {manifest: run_manifest.json}
    stages:
"""
PROGRAM = 'echo "$RUNPACT_STAGE" > "$RUNPACT_STAGE_DIR/out/o.txt"\n'

IDLE = """\
import json, os, sys
stale = 0
for name in sorted(os.listdir(sys.argv[1])):
    folder = os.path.join(sys.argv[1], name)
    if name[:1].isdigit():
        with open(os.path.join(folder, ".runpact", "result.json"), "rb") as file:
            result = json.loads(file.read())
        for output in result["outputs"]:
            stale += os.stat(os.path.join(sys.argv[1], output["path"])).st_size != output["size"]
        stale += os.stat(os.path.join(folder, ".runpact", "manifest.json")).st_size == 0
print(stale)
"""

STAGED = """\
import json, os, subprocess, sys, time
root = os.path.join(sys.argv[1], str(time.monotonic_ns()))
for number in range(int(sys.argv[2])):
    folder = os.path.join(root, f"{number:02}_s")
    os.makedirs(os.path.join(folder, "out"))
    os.mkdir(os.path.join(folder, "logs"))
    began = time.monotonic()
    with open(os.path.join(folder, "logs", "out.log"), "wb") as out, open(
        os.path.join(folder, "logs", "err.log"), "wb"
    ) as err:
        code = subprocess.run(
            ["/bin/sh", "program.sh"], stdout=out, stderr=err,
            env={**os.environ, "RUNPACT_STAGE": str(number), "RUNPACT_STAGE_DIR": folder},
        ).returncode
    with open(os.path.join(folder, "record.json"), "w") as file:
        json.dump({"code": code, "seconds": time.monotonic() - began}, file)
"""


def _pipeline(place: str) -> str:
    """Lay out a chain of stages and return its workspace."""
    rows = []
    for number in range(1, STAGES + 1):
        reads = f", reads: {{a{number - 1:02}: {{}}}}" if number > 1 else ""
        writes = f"writes: {{a{number:02}: {{file: out/o.txt}}}}"
        rows.append(
            f'      - {{id: "{number:02}", slug: s, command: [/bin/sh, program.sh]{reads}, {writes}}}\n'
        )
    root = workspace(place, HEAD + "".join(rows))
    with open(os.path.join(root, "program.sh"), "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    return root


@row(
    "pipeline-idle",
    f"`runpact pipeline run` of {STAGES} stages with nothing to do, a new process",
    budget=2.1,
    derived="80 ms against 38 ms (Python reading and looking at as much)",
    goal=80,
    why="importing takes most of it; each stage's records and outputs are looked at once",
)
def pipeline_idle(place: str, scale: Scale) -> Contest:
    """Race a pipeline that is up to date against Python looking at the same files."""
    root = _pipeline(place)
    command = [installed("runpact"), "pipeline", "run", "--experiment", "e", "--durability", "none", "--json"]
    spawn(command, root)
    time.sleep(0.3)  # younger stamps prove nothing
    spawn(command, root)
    floor = [sys.executable, "-c", IDLE, os.path.join(root, "runs", "e")]
    ways = {
        "runpact": Way(lambda _number: spawn(command, root)),
        "floor": Way(lambda _number: spawn(floor, root)),
    }
    return compete(ways, repetitions=scale.of(20, 3))


@row(
    "pipeline-stage",
    "a stage of a pipeline: record, logs, fence and seal around `sh`, not durable; one of a hundred",
    budget=2.4,
    derived="5 ms against 2.1 ms (child, logs and a record by hand)",
    goal=5,
    why="each stage is a run of its own, with provenance, digests, a check of its directory and a seal",
)
def pipeline_stage(place: str, scale: Scale) -> Contest:
    """Race whole pipelines against a loop that starts as many programs and keeps their output.

    The loop writes outside the workspace: after each stage the folders of the workspace are looked through.
    """
    root, beside = _pipeline(os.path.join(place, "workspace")), os.path.join(place, "beside")
    words = ["pipeline", "run", "--durability", "none", "--json", "--experiment"]
    ways = {
        "runpact": Way(lambda number: spawn([installed("runpact"), *words, f"e{number}"], root)),
        "floor": Way(lambda _number: spawn([sys.executable, "-c", STAGED, beside, str(STAGES)], root)),
    }
    return compete(ways, repetitions=scale.of(5, 1), units=STAGES)
