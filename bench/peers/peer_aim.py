"""One minimal run with Aim."""

import logging
import sys
from importlib.metadata import version

from aim import Run
from protocol import measured

logging.disable(logging.CRITICAL)


def points(count):
    run = Run(repo=sys.argv[1], system_tracking_interval=None, capture_terminal_logs=False)
    for step in range(count):
        run.track(0.5, name="loss", step=step)
    run.close()


def one_run(_number):
    run = Run(repo=sys.argv[1], system_tracking_interval=None, capture_terminal_logs=False)
    run["rate"] = 0.1
    run.track(0.5, name="loss")
    run.close()


measured(version("aim"), one_run, points=points, count=1000, lacks="artifact, digests")
