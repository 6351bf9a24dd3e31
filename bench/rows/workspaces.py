"""Workspaces that the rows work in."""

from __future__ import annotations

import os

MINIMAL = """\
contract: bench.runs
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - file: metrics.json
"""

TEN_FILES = """\
contract: bench.ten
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries:
      - {file: metrics.json, schema: schemas/metrics.json}
      - files: "parts/part_{n:02}.json"
        as: parts
        count: {min: 9}
    others: refused
    rules:
      - id: loss-falls
        check: doc.metrics.loss < 1.0
"""

METRICS_SCHEMA = """\
{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
 "required": ["loss"], "properties": {"loss": {"type": "number", "minimum": 0}}}
"""


def workspace(folder: str, contract: str) -> str:
    """Write a contract and what belongs to it; return the workspace's folder."""
    os.makedirs(os.path.join(folder, "schemas"), exist_ok=True)
    os.makedirs(os.path.join(folder, "runs"), exist_ok=True)
    with open(os.path.join(folder, "contract.yaml"), "w", encoding="utf-8") as file:
        file.write(contract)
    with open(os.path.join(folder, "schemas", "metrics.json"), "w", encoding="utf-8") as file:
        file.write(METRICS_SCHEMA)
    return folder


def ten_file_run(root: str, name: str) -> str:
    """Make a run of ten files; return its directory."""
    import runpact

    with runpact.run(workspace=root, name=name, durability="none") as run:
        run.save("metrics", {"loss": 0.5})
        for number in range(9):
            run.save(f"parts/part_{number:02}.json", {"n": number})
    return run.dir
