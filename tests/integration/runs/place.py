"""A workspace that commands are called in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runpact.cli.main import run_command_line

Answer = tuple[int, str, str]

CONTRACT = """\
contract: test.runs
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}-{started:%Y%m%d-%H%M%S}"
    entries:
      - file: metrics.json
        schema: schemas/metrics.json
        required: run.state == "finished"
      - {file: config.json, written: start, fields: run.config}
      - {dir: logs, required: false}
      - {files: "frames/frame_{frame:04}.txt", as: frames, required: false, count: {max: 3}}
    others: refused
    rules:
      - {id: loss-is-sane, when: run.state == "finished", check: doc.metrics.loss < 10.0}
"""
SCHEMA = '{"type": "object", "required": ["loss"], "properties": {"loss": {"type": "number"}}}'


class Place:
    """A workspace that commands are called in."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        """Store the folder and where output is captured."""
        self.root = root
        self._capture = capture

    def call(self, *arguments: str) -> Answer:
        """Return exit code, stdout and stderr of one command."""
        self._capture.readouterr()
        code = run_command_line(list(arguments))
        out, err = self._capture.readouterr()
        assert "Traceback" not in err
        return code, out, err

    def json(self, *arguments: str) -> tuple[int, dict]:
        """Return exit code and the JSON document of one command."""
        split = arguments.index("--") if "--" in arguments else len(arguments)
        code, out, err = self.call(*arguments[:split], "--json", *arguments[split:])
        return code, json.loads(out or err)

    def write(self, path: str, text: str) -> Path:
        """Write a file of the workspace."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def runs(self) -> list[dict]:
        """Return what `ls` lists."""
        return self.json("ls")[1]["runs"]

    def run_of(self, script: str, *options: str) -> tuple[int, Path]:
        """Make a run of a shell script; return the exit code and the newest run's folder."""
        code, _out, _err = self.call("run", *options, "--", "sh", "-c", script)
        return code, self.root / self.runs()[0]["path"]
