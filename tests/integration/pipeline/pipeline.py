"""A workspace that pipelines are run in."""

from __future__ import annotations

import json
from pathlib import Path

from integration.runs.place import Place

CONTRACT = """\
contract: test.pipeline
version: "1.0.0"
types:
  Numbers@1: {schema: {type: object, required: [value], properties: {value: {type: number}}}}
kinds:
  experiment:
    at: "runs/{experiment}"
    sealed: by_stage
    records: {manifest: run_manifest.json}
    entries:
      - {file: config.resolved.json, written: start, fields: run.config}
    each_stage:
      at: "{stage.id}_{stage.slug}"
      entries:
        - {file: logs/stdout.log}
        - {file: logs/stderr.log}
        - {file: cmd.txt, written: start, fields: stage.command_line}
        - {file: stage_summary.json, as: summary, written: seal, fields: summary}
    stages:
      - id: "01"
        slug: make
        command: [sh, stages/make.sh, "{experiment}"]
        config: [first]
        seed: 7
        writes: {numbers: {files: "numbers/{name}.json", type: Numbers@1, count: {min: 1}}}
      - id: "02"
        slug: sum
        command: [sh, stages/sum.sh, "{reads.numbers}", "{writes.total}"]
        config: [second]
        reads: {numbers: Numbers@1}
        writes: {total: {file: total/total.txt}}
      - id: "02b"
        slug: count
        command: [sh, stages/count.sh]
        config: []
        reads: {numbers: Numbers@1}
        writes: {size: {file: size/size.txt}}
      - id: "03"
        slug: tell
        command: [sh, stages/tell.sh]
        config: []
        reads: {total: {}, size: {}}
        writes: {story: {file: story/story.txt}}
"""
SCRIPTS = {
    "stages/make.sh": """\
echo making
echo '{"value": 1}' > "$RUNPACT_STAGE_DIR/numbers/a.json"
echo '{"value": 2}' > "$RUNPACT_STAGE_DIR/numbers/b.json"
""",
    "stages/sum.sh": 'cat "$1"/*.json > "$2/total.txt"\n',
    "stages/count.sh": 'ls "$RUNPACT_EXPERIMENT_DIR/numbers" | wc -l > "$RUNPACT_STAGE_DIR/size/size.txt"\n',
    "stages/tell.sh": 'cd "$RUNPACT_EXPERIMENT_DIR"; cat total/* size/* > 03_tell/story/story.txt\n',
}
STAGES = ["01_make", "02_sum", "02b_count", "03_tell"]


class Pipeline(Place):
    """A workspace with an experiment `x`."""

    @property
    def experiment(self) -> Path:
        """The experiment's folder."""
        return self.root / "runs/x"

    def go(self, *options: str) -> tuple[int, dict]:
        """Run the pipeline; return exit code and document."""
        return self.json("pipeline", "run", "--experiment", "x", *options)

    def done(self, *options: str) -> dict[str, str]:
        """Run the pipeline; return what became of each stage."""
        return {step["name"]: step["done"] for step in self.go(*options)[1]["stages"]}

    def why(self, *options: str) -> dict[str, str]:
        """Run the pipeline; return why each stage ran or was skipped."""
        return {step["name"]: step["why"] for step in self.go(*options)[1]["stages"]}

    @property
    def manifest(self) -> dict:
        """The experiment's manifest."""
        return json.loads((self.experiment / "run_manifest.json").read_bytes())

    def result(self, name: str) -> dict:
        """The result of the last attempt at a stage."""
        return json.loads((self.experiment / name / ".runpact/result.json").read_bytes())

    def events(self) -> list[dict]:
        """The events of the experiment."""
        return [
            json.loads(line) for line in (self.experiment / ".runpact/events.jsonl").read_bytes().splitlines()
        ]

    def story(self) -> str:
        """What the last stage wrote."""
        return (self.experiment / "story/story.txt").read_text()
