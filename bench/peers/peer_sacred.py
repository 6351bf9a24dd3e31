"""One minimal run with Sacred: an experiment with a file observer."""

import logging
import sys
from importlib.metadata import version

from protocol import measured
from sacred import Experiment
from sacred.observers import FileStorageObserver

logging.disable(logging.CRITICAL)
EXPERIMENT = Experiment("minimal", save_git_info=False)
EXPERIMENT.observers.append(FileStorageObserver(sys.argv[1]))
EXPERIMENT.add_config(rate=0.1, points=1)


@EXPERIMENT.main
def main(_run, points):
    for step in range(points):
        _run.log_scalar("loss", 0.5, step)
    return 0.5


measured(
    version("sacred"),
    lambda _number: EXPERIMENT.run(),
    points=lambda count: EXPERIMENT.run(config_updates={"points": count}),
    lacks="metric points wait in memory: a kill loses them; digests",
)
