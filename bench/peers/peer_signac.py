"""One minimal run with signac: a job with its state point, a document, a file."""

import json
import sys

import signac
from protocol import measured

PROJECT = signac.init_project(sys.argv[1])


def one_run(number):
    job = PROJECT.open_job({"number": number, "rate": 0.1})
    job.init()
    job.doc.loss = 0.5
    with open(job.fn("metrics.json"), "w", encoding="utf-8") as file:
        json.dump({"loss": 0.5}, file)


measured(signac.__version__, one_run, lacks="state, digests, provenance, metric log")
