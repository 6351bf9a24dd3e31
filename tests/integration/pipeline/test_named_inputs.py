"""Inputs that a caller names: read as named, or refused; never passed over."""

from __future__ import annotations

import json
import re
import sys

import pytest

from integration.pipeline.pipeline import CONTRACT, Pipeline
from runpact.api.byhand import run_by_hand
from runpact.model.errors import UsageError

READS = "reads: {total: {}, size: {}, notes: {outside: true, required: false}}"


@pytest.fixture
def optional(pipeline: Pipeline) -> Pipeline:
    """A pipeline whose last stage can do without notes."""
    pipeline.write("contract.yaml", CONTRACT.replace("reads: {total: {}, size: {}}", READS))
    script = 'cat "$RUNPACT_EXPERIMENT_DIR/../../"*.notes > "$RUNPACT_STAGE_DIR/story/story.txt"; true\n'
    pipeline.write("stages/tell.sh", script)
    pipeline.write("a.notes", "one\n")
    assert pipeline.go("--to", "02b")[0] == 0
    return pipeline


def test_a_pipeline_reads_no_alias_that_its_contract_does_not_name(optional: Pipeline) -> None:
    code, _out, err = optional.call("pipeline", "run", "--experiment", "new", "--input", "typo=a.notes")
    assert (code, "this pipeline reads no `typo`" in err) == (64, True)
    assert not (optional.root / "runs/new").exists()
    assert optional.call("pipeline", "run", "--experiment", "x", "--dry-run", "--input", "typo=a")[0] == 64


def test_an_input_that_was_named_must_stand_there_though_the_stage_can_do_without(optional: Pipeline) -> None:
    code, document = optional.go("--input", "notes=b.notes")
    assert (code, document["stopped_at"]) == (2, "03_tell")
    finding = document["stages"][-1]["findings"][0]
    assert (finding["code"], finding["path"]) == ("missing-artifact", "../../b.notes")
    options = ("gate", "--experiment", "x", "--stage", "03", "--input")
    assert optional.call(*options, "notes=b.notes")[0] == 2
    assert optional.call(*options, "notes=a.notes")[0] == 0
    assert document["next"] == "runpact pipeline run --experiment x --from 03 --input notes=b.notes"


def test_an_input_that_was_remembered_and_vanished_closes_the_gate_until_it_is_forgotten(
    optional: Pipeline,
) -> None:
    assert optional.go("--input", "notes=a.notes")[0] == 0
    (optional.root / "a.notes").unlink()
    code, document = optional.go()
    assert (code, document["stages"][-1]["done"]) == (2, "refused")
    (finding,) = document["stages"][-1]["findings"]
    assert finding["hint"].endswith("or forget what was named: --input notes=")
    code, document = optional.go("--input", "notes=")
    assert (code, document["stages"][-1]["why"]) == (0, "its input changed: notes")
    assert optional.result("03_tell")["named"] == {}
    assert optional.done()["03_tell"] == "skipped"


@pytest.mark.parametrize(
    ("named", "told"), [("zz=mine", "stage 02_sum reads no `zz`"), ("numbers", "--input cannot be read")]
)
def test_a_stage_that_is_begun_by_hand_reads_no_other_alias_either(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, named: str, told: str
) -> None:
    text = CONTRACT.replace("[sh, stages/sum.sh,", f"[{json.dumps(sys.executable)}, stages/sum.py,")
    pipeline.write("contract.yaml", text)
    program = pipeline.write("stages/sum.py", "")
    monkeypatch.setattr(sys, "argv", [str(program), "--experiment", "x", "--input", named])
    with pytest.raises(UsageError, match=re.escape(told)):
        run_by_hand(str(program), sys.argv[1:], command=[sys.executable, *sys.argv])
