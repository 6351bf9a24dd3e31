"""What every peer is asked to do, and how it answers: one line of JSON.

A peer's script runs in an environment of its own with a folder as its argument.
"""

import json
import os
import statistics
import sys
import time

RUNS = 15


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
