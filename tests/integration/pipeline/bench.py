"""An experiment that a stage's program finds by its environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import runpact

CONTRACT = """\
contract: test.stages
version: "1.0.0"
types:
  Number@1:
    format: json
    schema: {type: object, required: [value], properties: {value: {type: number}}}
  Rows@1:
    format: csv
    table: {columns: [name, value]}
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
    exit_codes: contract
    stages:
      - id: "01"
        slug: measure
        command: [python, stages/measure.py]
        writes:
          numbers: {files: "numbers/{name}.json", type: Number@1, count: {min: 1}}
          table: {file: tables/table.csv, type: Rows@1}
      - id: "02"
        slug: fit
        command: [python, stages/fit.py]
        reads: {numbers: Number@1, table: Rows@1, notes: {required: false, outside: true}}
        writes:
          fits: {files: "fits/{name}.json", type: Number@1}
          summary: {file: summary.json}
          extras:
            - {file: extras/a.txt, required: false}
            - {files: "extras/more/*.txt", required: false}
"""


class Bench:
    """A stage's directory in an experiment, and the environment that its program finds it by."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the experiment; no stage has run in it."""
        (root / "contract.yaml").write_text(CONTRACT)
        with runpact.run(
            kind="experiment",
            name="debug",
            workspace=root,
            durability="none",
            guard="off",
            unsafe_skip_check=True,
        ) as run:
            self.experiment = Path(run.dir)
        self.root = root
        self._monkeypatch = monkeypatch
        self.folder = self.experiment

    def enter(self, stage: str, slug: str, **inputs: str) -> None:
        """Let this process be the program of a stage."""
        self.folder = self.experiment / f"{stage}_{slug}"
        self.folder.mkdir()
        told = {
            "RUNPACT_STAGE": stage,
            "RUNPACT_STAGE_DIR": str(self.folder),
            "RUNPACT_STAGE_SUMMARY": str(self.folder / "stage_summary.json"),
            "RUNPACT_EXPERIMENT": "debug",
            "RUNPACT_EXPERIMENT_DIR": str(self.experiment),
            "RUNPACT_INPUTS": json.dumps(inputs),
            "RUNPACT_SEED": "7",
            "RUNPACT_CONFIG": '{"depth": 3}',
            "RUNPACT_RUN_ROOT": str(self.root),
        }
        for name, value in told.items():
            self._monkeypatch.setenv(name, value)

    def write(self, path: str, text: str) -> str:
        """Write a file of the experiment; return its path."""
        target = self.experiment / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return str(target)

    def measured(self, *, value: str = "1") -> None:
        """Put what the first stage writes behind its aliases."""
        for name in ("b", "a"):
            self.write(f"01_measure/numbers/{name}.json", f'{{"value": {value}}}')
        self.write("01_measure/tables/table.csv", "name,value\na,1\n")
        (self.experiment / "numbers").symlink_to("01_measure/numbers")
        (self.experiment / "table").symlink_to("01_measure/tables")

    def summary(self) -> dict:
        """Return what the stage says of itself."""
        return json.loads((self.folder / "stage_summary.json").read_text())
