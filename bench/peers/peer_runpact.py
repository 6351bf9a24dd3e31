"""One minimal run with runpact, durable, kept and checked: what the peers are told beside."""

import os
import sys

from protocol import measured

import runpact

CONTRACT = """\
contract: bench.runs
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - file: metrics.json
"""

with open(os.path.join(sys.argv[1], "contract.yaml"), "w", encoding="utf-8") as file:
    file.write(CONTRACT)


def one_run(number):
    with runpact.run(name=f"r{number}", config={"rate": 0.1}) as run:
        run.log({"loss": 0.5})
        run.save("metrics", {"loss": 0.5})


def points(count):
    with runpact.run(name="points") as run:
        for step in range(count):
            run.log({"loss": 0.5}, step=step)
        run.save("metrics", {"loss": 0.5})


measured(runpact.__version__, one_run, points=points, count=20_000)
