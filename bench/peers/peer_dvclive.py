"""One minimal run with DVCLive, without DVC's own experiments."""

import logging
import os
import sys
from importlib.metadata import version

from dvclive import Live
from protocol import measured

logging.disable(logging.CRITICAL)


def live(name):
    return Live(os.path.join(sys.argv[1], name), save_dvc_exp=False, report=None, dvcyaml=None)


def one_run(number):
    with live(f"run-{number}") as run:
        run.log_param("rate", 0.1)
        run.log_metric("loss", 0.5)


def points(count):
    with live("points") as run:
        for _step in range(count):
            run.log_metric("loss", 0.5)
            run.step += 1


measured(version("dvclive"), one_run, points=points, lacks="state, digests, provenance, artifact")
