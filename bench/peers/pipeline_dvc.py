"""A chain of stages with DVC: a stage each in dvc.yaml, outputs kept out of its cache."""

import os
import subprocess
import sys
from importlib.metadata import version

from protocol import STAGES, beside, pipelined

os.chdir(sys.argv[1])
subprocess.run([beside("dvc"), "init", "--no-scm", "--quiet"], check=True)
with open("dvc.yaml", "w", encoding="utf-8") as stages:
    stages.write("stages:\n")
    for number in STAGES:
        read = f", s{number - 1:02}/o.txt" if number > 1 else ""
        stages.write(
            f"  s{number:02}:\n    cmd: sh program.sh s{number:02}\n    deps: [program.sh{read}]\n"
            f"    outs: [{{s{number:02}/o.txt: {{cache: false}}}}]\n"
        )
pipelined(
    version("dvc"), [beside("dvc"), "repro", "--quiet"], lacks="logs, a fence, a seal, records of attempts"
)
