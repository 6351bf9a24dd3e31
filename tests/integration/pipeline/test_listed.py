"""Experiments in registry views: listed when they finish, by what their sealed attempts vouch for."""

from __future__ import annotations

import csv
import io
import shutil

from integration.pipeline.pipeline import CONTRACT, STAGES, Pipeline

VIEW = """\
workspace:
  indexes:
    - files: "lists/experiments.csv"
      columns:
        id: run.id
        state: run.state
        second: doc.settings.second
        story: lines_at("03_tell/story/story.txt")[2]
kinds:
"""

LISTED = CONTRACT.replace("kinds:\n", VIEW).replace("resolved.json,", "resolved.json, as: settings,")


def rows(pipeline: Pipeline) -> list[tuple[str, ...]]:
    text = (pipeline.root / "lists/experiments.csv").read_text()
    return [tuple(row.values()) for row in csv.DictReader(io.StringIO(text))]


def listed(pipeline: Pipeline) -> list[tuple[str, ...]]:
    assert pipeline.call("index", "views")[0] == 0
    return rows(pipeline)


def test_an_experiment_is_listed_when_it_finished_and_again_when_a_stage_is_run_again(
    pipeline: Pipeline,
) -> None:
    pipeline.write("contract.yaml", LISTED)
    assert pipeline.go("--config", "config.json", "--to", "02")[0] == 0
    assert rows(pipeline) == [("x", "finished", "2", "")]
    assert pipeline.done() == dict.fromkeys(STAGES[:2], "skipped") | dict.fromkeys(STAGES[2:], "ran")
    assert rows(pipeline) == [("x", "finished", "2", "2")]
    pipeline.write("stages/make.sh", "exit 3\n")
    assert pipeline.go("--force")[0] == 3
    assert rows(pipeline) == [("x", "finished", "2", "2")]  # a failure writes nothing
    assert listed(pipeline) == [("x", "failed", "2", "2")]


def test_a_stages_file_that_is_not_the_one_sealed_has_no_say(pipeline: Pipeline) -> None:
    pipeline.write("contract.yaml", LISTED)
    assert pipeline.go("--config", "config.json")[0] == 0
    (pipeline.experiment / "03_tell/story/story.txt").write_text("a\nb\nc\n")
    shutil.rmtree(pipeline.root / ".runpact-cache")
    assert listed(pipeline) == [("x", "finished", "2", "")]


def test_experiments_of_a_contract_without_views_are_not_listed(pipeline: Pipeline) -> None:
    assert pipeline.go()[0] == 0
    assert not (pipeline.root / ".runpact-cache").exists()
