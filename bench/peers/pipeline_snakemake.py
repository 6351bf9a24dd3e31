"""A chain of stages with Snakemake: a rule each, up to date by times of change."""

import os
import sys
from importlib.metadata import version

from protocol import STAGES, beside, pipelined

os.chdir(sys.argv[1])
with open("Snakefile", "w", encoding="utf-8") as rules:
    rules.write(f'rule all:\n    input: "s{STAGES[-1]:02}/o.txt"\n')
    for number in STAGES:
        read = f'    input: "s{number - 1:02}/o.txt"\n' if number > 1 else ""
        written = f'    output: "s{number:02}/o.txt"\n    shell: "sh program.sh s{number:02}"\n'
        rules.write(f"rule s{number:02}:\n{read}{written}")
command = [beside("snakemake"), "--cores", "1", "--quiet", "all"]
pipelined(version("snakemake"), command, lacks="digests, logs of each stage, a fence, a seal")
