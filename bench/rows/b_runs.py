"""Rows: what one run costs inside a process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile

import byhand
from contest import Contest, Way, compete
from row import Count, Scale, row

from rows.workspaces import MINIMAL, workspace

FLUSHES = "fsync,fdatasync,syncfs,sync_file_range,msync,sync"
SCRIPT = """\
import sys, runpact
for number in range(int(sys.argv[2])):
    with runpact.run(workspace=sys.argv[1], name=f"r{number}") as run:
        run.log({"loss": 0.5})
        run.save("metrics", {"loss": 0.5})
"""


def minimal_run(root: str, name: str, durability: str) -> str:
    """Make the smallest run that keeps its contract; return its directory."""
    import runpact

    with runpact.run(workspace=root, name=name, durability=durability) as run:
        run.log({"loss": 0.5})
        run.save("metrics", {"loss": 0.5})
    return run.dir


def _runs(place: str, scale: Scale, durability: str) -> Contest:
    root = workspace(place, MINIMAL)
    parent = os.path.join(place, "by-hand")
    os.makedirs(parent)
    each = 10
    is_durable = durability == "commit"

    def ours(number: int) -> None:
        for index in range(each):
            minimal_run(root, f"r{number}-{index}", durability)

    def floor(number: int) -> None:
        for index in range(each):
            byhand.minimal_run(parent, f"r{number}-{index}", durable=is_durable)

    ways = {"runpact": Way(ours), "floor": Way(floor)}
    return compete(ways, repetitions=scale.of(30, 6), units=each)


@row(
    "run",
    "one minimal run in a process, the second and later, not durable",
    budget=1.5 / 0.8,
    derived="1.5 ms against 0.8 ms",
    goal=1.5,
    why="capture, masking, guard and check are in it, which the floor lacks",
)
def run_volatile(place: str, scale: Scale) -> Contest:
    """Make runs without any flush."""
    return _runs(place, scale, "none")


@row(
    "run-durable",
    "the same, durable",
    budget=5 / 3.4,
    derived="5 ms against 3.4 ms",
    goal=5.0,
    why="it flushes more often than the floor",
)
def run_durable(place: str, scale: Scale) -> Contest:
    """Make runs that survive a power cut once they are acknowledged."""
    return _runs(place, scale, "commit")


@row(
    "run-flushes",
    "flushes of one minimal durable run, counted by strace",
    unit="flushes",
    why="with fewer, the simulated power cuts lose the contract's copy, the manifest or the seal",
)
def run_flushes(place: str, _scale: Scale) -> Count:
    """Count the system calls of eleven runs, less those of the first."""
    tracer = shutil.which("strace")
    if tracer is None:
        return Count(None, 8, ("strace is not on PATH",))
    few, many = (_flushes(tracer, os.path.join(place, str(count)), count) for count in (1, 11))
    return Count((many - few) // 10, 8)


def _flushes(tracer: str, place: str, count: int) -> int:
    root = workspace(place, MINIMAL)
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as trace:
        command = [tracer, "-f", "-qq", "-e", f"trace={FLUSHES}", "-o", trace.name]
        subprocess.run([*command, sys.executable, "-c", SCRIPT, root, str(count)], check=True)
        return len(re.findall(rf"\b(?:{FLUSHES.replace(',', '|')})\(", trace.read()))


@row("run-files", "files of one minimal run", unit="files")
def run_files(place: str, _scale: Scale) -> Count:
    """Count what stands in the directory of a run."""
    directory = minimal_run(workspace(place, MINIMAL), "one", "none")
    return Count(sum(len(names) for _folder, _folders, names in os.walk(directory)), 8)


def _points(place: str, scale: Scale, names: int) -> Contest:
    import runpact

    root = workspace(place, MINIMAL)
    count = scale.of(20_000, 4_000)
    values = {f"metric_{index}": 0.5 + index for index in range(names)}
    log = os.open(os.path.join(place, "points.jsonl"), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o666)
    run = runpact.run(workspace=root, name="points", durability="none").__enter__()

    def ours(_number: int) -> None:
        for step in range(count):
            run.log(values, step=step)

    try:
        ways = {"runpact": Way(ours), "floor": Way(lambda _number: byhand.append_points(log, count, values))}
        return compete(ways, repetitions=scale.of(20, 4), units=count * names)
    finally:
        os.close(log)
        run.save("metrics", {"loss": 0.5})
        run.finish()


@row(
    "points",
    "metric points one by one; none acknowledged is lost by SIGKILL",
    budget=368 / 250,
    derived="250 k/s against 368 k/s",
    goal=250_000,
    why="values are checked, the log can be cut off and counted again, its digest is kept",
    unit="points",
)
def points_single(place: str, scale: Scale) -> Contest:
    """Log one name at a time."""
    return _points(place, scale, 1)


@row(
    "points-ten",
    "metric points in batches of ten names; the same promise",
    budget=1.5,
    derived="1 M/s against 1.5 M/s",
    goal=1_000_000,
    why="as for single points",
    unit="points",
)
def points_of_ten(place: str, scale: Scale) -> Contest:
    """Log ten names at a time."""
    return _points(place, scale, 10)


CROWD = """\
import os, sys
sys.path[:0] = sys.argv[1:3]
from rows.b_runs import crowd_member
crowd_member(*sys.argv[3:])
"""
PROCESSES, EACH = 8, 20


def crowd_member(how: str, place: str, name: str) -> None:
    """Be one of the processes of a crowd: wait for the start, then make runs."""
    make = minimal_run_of(how, place)
    make(f"{name}-first")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(EACH):
        make(f"{name}-{number:02}")


def minimal_run_of(how: str, place: str):  # noqa: ANN201 - a callable; this module is imported by bare children
    """Return what makes one run in this way."""
    if how == "runpact":
        return lambda name: minimal_run(place, name, "commit")
    parent = os.path.join(place, "by-hand")
    return lambda name: byhand.minimal_run(parent, name, durable=True)


class Crowd:
    """Processes that stand ready and begin together."""

    def __init__(self, how: str, place: str) -> None:
        """Store what they are to do."""
        self.how, self.place, self.children = how, place, []

    def assemble(self, number: int) -> None:
        """Start the processes and wait until each has made a first run."""
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self.children = [
            subprocess.Popen(
                [sys.executable, "-c", CROWD, here, here, self.how, self.place, f"g{number}p{index}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for index in range(PROCESSES)
        ]
        for child in self.children:
            assert child.stdout.readline() == b"ready\n", "a process of the crowd could not start"

    def go(self, _number: int) -> None:
        """Let them begin, and wait for the last."""
        for child in self.children:
            child.stdin.write(b"go\n")
            child.stdin.flush()
        for child in self.children:
            child.communicate()
            assert child.returncode == 0, "a process of the crowd failed"


@row(
    "crowd",
    "8 processes × 20 durable runs in one folder",
    budget=2.0,
    derived="2 × the floor",
    why="each run flushes fifteen times, with provenance and digests; two cores share the work of eight",
)
def crowd(place: str, scale: Scale) -> Contest:
    """Let processes make runs side by side, then count them."""
    import runpact

    root = workspace(place, MINIMAL)
    os.makedirs(os.path.join(place, "by-hand"))
    crowds = {"runpact": Crowd("runpact", root), "floor": Crowd("floor", place)}
    ways = {name: Way(each.go, before=each.assemble) for name, each in crowds.items()}
    repetitions = scale.of(8, 2)
    contest = compete(ways, repetitions=repetitions, units=PROCESSES * EACH)
    states = [run.state.value for run in runpact.list_runs(workspace=root)]
    lost = (repetitions + 1) * PROCESSES * (EACH + 1) - states.count("finished")
    assert lost == 0, f"{lost} runs were lost"
    return Contest(contest.costs, contest.units, notes=(f"0 of {len(states)} runs lost",))
