"""`runpact doctor` on experiments: what is sealed by stage is never sealed as a whole."""

from __future__ import annotations

import pytest

import runpact
from integration.pipeline.pipeline import Pipeline
from runpact.disk.aside import Aside
from runpact.verbs.life.recover import recover_run


def test_an_experiment_that_stopped_is_left_to_the_pipeline(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    assert pipeline.go()[0] == 0
    before = (pipeline.experiment / "run_manifest.json").read_bytes()
    code, document = pipeline.json("doctor", "--fix")
    assert (code, document["findings"], document["treated"]) == (0, [], [])
    (pipeline.experiment / "02_sum").rename(pipeline.root / "gone")
    code, document = pipeline.json("doctor", "--fix")
    assert code == 0
    assert [(each["code"], each["severity"]) for each in document["findings"]] == [
        ("interrupted-run", "advice")
    ]
    assert document["treated"] == []
    assert (pipeline.experiment / "run_manifest.json").read_bytes() == before
    with pytest.raises(runpact.RunpactError, match="not sealed as a whole"):
        recover_run(str(pipeline.root), "runs/x", Aside(str(pipeline.root), "x"))
    assert pipeline.go()[0] == 0
