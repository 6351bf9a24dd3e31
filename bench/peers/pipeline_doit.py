"""A chain of stages with doit: a task each, up to date by its files' digests."""

import os
import sys
from importlib.metadata import version

from protocol import beside, pipelined

TASKS = """\
def task_chain():
    for number in range(1, 100):
        yield {
            "name": f"{number:02}",
            "actions": [f"sh program.sh s{number:02}"],
            "file_dep": ["program.sh"] + ([f"s{number - 1:02}/o.txt"] if number > 1 else []),
            "targets": [f"s{number:02}/o.txt"],
        }
"""
os.chdir(sys.argv[1])
with open("dodo.py", "w", encoding="utf-8") as tasks:
    tasks.write(TASKS)
pipelined(version("doit"), [beside("doit")], lacks="logs, records, a fence; digests of outputs")
