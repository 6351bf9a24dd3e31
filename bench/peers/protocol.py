"""What every peer is asked to do, and how it answers: one line of JSON.

A peer's script runs in an environment of its own with a folder as its argument.
"""

import json
import os
import statistics
import subprocess
import sys
import time

RUNS = 15
STAGES = range(1, 100)
PROGRAM = 'mkdir -p "$1" && echo "$1" > "$1/o.txt"\n'
"""Of every stage of a chain; it is told the folder of its output."""


def measured(version, one_run, *, points=None, count=2000, lacks=""):
    """Time runs one by one, then metric points, and print what came out.

    Args:
        version: Of the peer.
        one_run: Makes one minimal run, told its number.
        points: Logs so many points to a run of its own; None when the peer has no metric log.
        count: How many points.
        lacks: What runpact records of a run and the peer does not.
    """
    os.chdir(sys.argv[1])
    one_run(0)
    seconds = []
    for number in range(1, RUNS + 1):
        started = time.perf_counter()
        one_run(number)
        seconds.append(time.perf_counter() - started)
    found = {"version": version, "run_ms": statistics.median(seconds) * 1000, "lacks": lacks}
    if points is not None:
        points(10)
        started = time.perf_counter()
        points(count)
        found["points_per_second"] = count / (time.perf_counter() - started)
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def pipelined(version, command, *, lacks=""):
    """Time a chain of stages that was laid out in the folder, then time finding that nothing is to do.

    Args:
        version: Of the peer.
        command: Runs the whole chain.
        lacks: What runpact does for a stage and the peer does not.
    """
    with open("program.sh", "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    whole = _seconds(command)
    time.sleep(0.3)  # younger stamps prove nothing
    _seconds(command)
    idle = statistics.median(_seconds(command) for _number in range(5))
    found = {
        "version": version,
        "stage_ms": whole / len(STAGES) * 1000,
        "idle_ms": idle * 1000,
        "lacks": lacks,
    }
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def _seconds(command):
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def beside(name):
    """Return a program that was installed beside this Python."""
    return os.path.join(os.path.dirname(sys.executable), name)
