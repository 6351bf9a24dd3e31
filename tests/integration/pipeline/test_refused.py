"""What a stage is told when the kernel refuses it a write."""

from __future__ import annotations

import pytest

from integration.pipeline.pipeline import Pipeline


@pytest.mark.parametrize(("end", "code"), [("true\n", 0), ("exit 1\n", 3)])
def test_a_stage_that_was_refused_a_write_is_told_where_it_may_write(
    pipeline: Pipeline, end: str, code: int
) -> None:
    script = """echo '{"value": 1}' > "$RUNPACT_STAGE_DIR/numbers/a.json"\necho stray > stray.txt\n"""
    pipeline.write("stages/make.sh", script + end)
    got, document = pipeline.go("--to", "01")
    told = [each for each in document["stages"][0]["findings"] if each["code"] == "perhaps-refused"]
    if not told:
        held = pipeline.json("show", "x/01_make")[1]["provenance"]["confinement"]["level"]
        assert held < "W2", "the kernel holds stages, and nothing is told"
        return
    assert got == code
    assert "$RUNPACT_STAGE_DIR" in told[0]["hint"]


def test_a_run_in_a_stage_is_refused_without_our_own_lines(pipeline: Pipeline) -> None:
    contract = (pipeline.root / "contract.yaml").read_text()
    pipeline.write("contract.yaml", contract.replace("[sh, stages/make.sh,", "[python3, stages/make.py,"))
    pipeline.write(
        "stages/make.py",
        "import runpact\nwith runpact.stage() as st:\n    with runpact.run():\n        pass\n",
    )
    code, _document = pipeline.go("--to", "01")
    log = (pipeline.experiment / "01_make/logs/stderr.log").read_text()
    assert code in {2, 3}
    assert "the program of a stage makes no runs" in log
    assert "stages/make.py" in log
    assert "nest.py" not in log
