"""The frozen configuration of an experiment stays what it was begun with."""

from __future__ import annotations

import shutil

import pytest

from integration.pipeline.pipeline import CONTRACT, Pipeline

NAMED = CONTRACT.replace("[sh, stages/tell.sh]", '[sh, stages/tell.sh, "{config}"]')
WHY = "it was not the configuration that the experiment was begun with"


@pytest.fixture
def ran(pipeline: Pipeline) -> Pipeline:
    """An experiment whose last stage reads the file of the configuration."""
    pipeline.write("contract.yaml", NAMED)
    pipeline.write("stages/tell.sh", 'cat "$1" > "$RUNPACT_STAGE_DIR/story/story.txt"\n')
    assert pipeline.go("--config", "config.json")[0] == 0
    return pipeline


@pytest.mark.parametrize("text", ['{"first": 99}', "", None])
def test_a_configuration_that_was_changed_is_restored_before_any_stage_reads_it(
    ran: Pipeline, text: str | None
) -> None:
    frozen = ran.experiment / "config.resolved.json"
    born = frozen.read_text()
    frozen.unlink()
    if text is not None:
        frozen.write_text(text)
    _code, out, _err = ran.call("pipeline", "status", "x")
    assert out.endswith(
        "config.resolved.json is not the configuration it was begun with; the next run restores it\n"
    )
    assert out.count("up to date") == 4
    assert ran.json("check", "x")[0] == 3
    code, document = ran.go("--force")
    assert (code, document["restored"]) == (0, ["config.resolved.json"])
    assert frozen.read_text() == ran.story() == born
    assert [event["path"] for event in ran.events() if event["event"] == "config.restored"] == [
        "config.resolved.json"
    ]
    assert ran.json("check", "x")[0] == ran.json("verify", "x")[0] == 0
    assert ran.go()[1]["restored"] == []


def test_a_person_is_told_that_the_configuration_was_restored(ran: Pipeline) -> None:
    (ran.experiment / "config.resolved.json").write_text("{}")
    _code, _out, err = ran.call("pipeline", "run", "--experiment", "x")
    assert f"config.resolved.json  restored: {WHY}" in err
    assert "4 up to date" in err


def test_without_its_copy_of_the_contract_the_one_at_hand_derives_it(ran: Pipeline) -> None:
    frozen = ran.experiment / "config.resolved.json"
    born = frozen.read_text()
    shutil.rmtree(ran.experiment / ".runpact/contract")
    frozen.write_text("{}")
    assert ran.go()[1]["restored"] == ["config.resolved.json"]
    assert frozen.read_text() == born


def test_an_experiment_whose_layout_has_no_configuration_has_none_to_restore(pipeline: Pipeline) -> None:
    entry = "      - {file: config.resolved.json, written: start, fields: run.config}\n"
    text = CONTRACT.replace(f"    entries:\n{entry}", "", 1)
    assert text != CONTRACT
    pipeline.write("contract.yaml", text)
    assert pipeline.go()[1]["restored"] == []


def test_a_configuration_that_the_contract_names_later_was_never_written(pipeline: Pipeline) -> None:
    entry = "      - {file: config.resolved.json, written: start, fields: run.config}\n"
    pipeline.write("contract.yaml", CONTRACT.replace(f"    entries:\n{entry}", "", 1))
    assert pipeline.go()[0] == 0
    pipeline.write("contract.yaml", CONTRACT)
    assert pipeline.go()[1]["restored"] == []
