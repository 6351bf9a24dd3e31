"""A chain of stages with runpact, not durable, as the others are."""

import os
import sys

from protocol import STAGES, beside, pipelined

from runpact.version import VERSION

HEAD = """\
contract: bench.chain
version: "1.0.0"
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
    records: {manifest: run_manifest.json}
    stages:
"""
os.chdir(sys.argv[1])
with open("contract.yaml", "w", encoding="utf-8") as contract:
    contract.write(HEAD)
    for number in STAGES:
        reads = f", reads: {{a{number - 1:02}: {{}}}}" if number > 1 else ""
        writes = f"a{number:02}: {{file: out/o.txt}}"
        command = f'[/bin/sh, program.sh, "{{writes.a{number:02}}}"]'
        contract.write(
            f'      - {{id: "{number:02}", slug: s, command: {command}{reads}, writes: {{{writes}}}}}\n'
        )
command = [beside("runpact"), "pipeline", "run", "--experiment", "e", "--durability", "none", "--json"]
pipelined(VERSION, command)
