"""`runpact pipeline done`: the definition of done of each stage, measured."""

from __future__ import annotations

import json
import sys

import pytest

from integration.pipeline.pipeline import CONTRACT, Pipeline

TYPED = (
    CONTRACT.replace("    sealed: by_stage\n", "    sealed: by_stage\n    smoke: toy\n")
    .replace("kinds:", "  Text@1: {format: txt}\nkinds:")
    .replace("total.txt}", "total.txt, type: Text@1}")
    .replace("size.txt}", "size.txt, type: Text@1}")
    .replace("story.txt}", "story.txt, type: Text@1}")
)


@pytest.fixture
def typed(pipeline: Pipeline) -> Pipeline:
    """A pipeline whose artifacts all have types, run for `x` and for the smoke experiment."""
    pipeline.write("contract.yaml", TYPED)
    assert pipeline.go("--config", "config.json")[0] == 0
    assert pipeline.json("pipeline", "run", "--experiment", "toy", "--set", "first=9")[0] == 0
    return pipeline


def failing(pipeline: Pipeline, *options: str) -> dict[str, list[int]]:
    """Return the numbers of the points that do not hold, by stage; stages that are done are left out."""
    stages = pipeline.json("pipeline", "done", "x", *options)[1]["stages"]
    found = {
        each["name"]: [point["number"] for point in each["points"] if not point["holds"]] for each in stages
    }
    return {name: numbers for name, numbers in found.items() if numbers}


@pytest.mark.requirement("C-163")
def test_stages_of_which_everything_was_measured_are_done(typed: Pipeline) -> None:
    code, document = typed.json("pipeline", "done", "x")
    assert (code, document["done"]) == (0, True), document
    assert {each["label"] for each in document["stages"]} == {"done"}
    assert typed.call("pipeline", "done", "x")[1].endswith("4 of 4 stages done\n")


@pytest.mark.requirement("C-163")
def test_a_stage_that_fails_a_point_is_labelled_in_development(typed: Pipeline) -> None:
    typed.write("contract.yaml", TYPED.replace("total.txt, type: Text@1}", "total.txt}"))
    code, out, _err = typed.call("pipeline", "done", "x")
    assert code == 1
    assert "02_sum  in development\n" in out
    assert "5 no   validates its outputs: `total` has no type that demands anything" in out


def test_what_was_measured_of_older_code_does_not_count(typed: Pipeline) -> None:
    typed.write("stages/count.sh", 'echo 5 > "$RUNPACT_STAGE_DIR/size/size.txt"\n')
    assert failing(typed) == {"02b_count": [1, 8], "03_tell": [1, 8]}
    assert typed.go()[0] == 0
    assert failing(typed) == {"02b_count": [8], "03_tell": [8]}
    assert typed.json("pipeline", "run", "--experiment", "toy")[0] == 0
    assert failing(typed) == {}


def test_without_a_smoke_experiment_nothing_is_done(typed: Pipeline) -> None:
    assert set(map(tuple, failing(typed, "--smoke", "nowhere").values())) == {(8,)}
    assert failing(typed, "--smoke", "x") == {}
    typed.write("contract.yaml", TYPED.replace("    smoke: toy\n", ""))
    assert set(map(tuple, failing(typed).values())) == {(8,)}
    (typed.root / "runs/other").mkdir()
    point = typed.json("pipeline", "done", "x", "--smoke", "other")[1]["stages"][0]["points"][7]
    assert "is no experiment" in point["evidence"]


def test_a_stage_that_has_not_run_or_failed_is_in_development(typed: Pipeline) -> None:
    typed.write("stages/tell.sh", "exit 1\n")
    assert typed.go()[0] == 3
    assert 1 in failing(typed)["03_tell"]
    typed.write("new.json", "{}")
    assert typed.json("pipeline", "run", "--experiment", "y", "--only", "01")[0] == 0
    stages = typed.json("pipeline", "done", "y")[1]["stages"]
    assert stages[1]["points"][0]["evidence"] == "it has not run"


def test_a_damaged_output_fails_layout_and_validation(typed: Pipeline) -> None:
    path = typed.experiment / "01_make/numbers/a.json"
    path.chmod(0o644)
    path.write_text('{"value": "none"}')
    numbers = failing(typed)
    assert numbers["01_make"] == [1, 4, 5]
    assert 3 in numbers["02_sum"]


def test_an_alias_that_leads_elsewhere_fails_the_layout(typed: Pipeline) -> None:
    alias = typed.experiment / "story"
    alias.unlink()
    alias.symlink_to("02_sum/total")
    assert failing(typed)["03_tell"] == [4]


def test_a_manifest_or_summary_that_says_otherwise_fails_its_point(typed: Pipeline) -> None:
    manifest = typed.experiment / "run_manifest.json"
    document = json.loads(manifest.read_bytes())
    document["stages"]["02_sum"]["attempt"] = 7
    manifest.write_text(json.dumps(document))
    assert failing(typed) == {"02_sum": [6]}
    manifest.write_text("{")
    assert set(map(tuple, failing(typed).values())) == {(6,)}
    summary = typed.experiment / "03_tell/stage_summary.json"
    summary.chmod(0o644)
    summary.write_text("{")
    assert failing(typed)["03_tell"] == [4, 6, 7]


def test_a_layout_without_a_summary_is_never_done(typed: Pipeline) -> None:
    line = "        - {file: stage_summary.json, as: summary, written: seal, fields: summary}\n"
    typed.write("contract.yaml", TYPED.replace(line, ""))
    assert set(map(tuple, failing(typed).values())) == {(7,)}


def test_a_python_program_may_be_a_stage_that_is_done(typed: Pipeline) -> None:
    typed.write(
        "stages/count.py",
        "import os\nopen(os.environ['RUNPACT_STAGE_DIR'] + '/size/size.txt', 'w').write('2')\n",
    )
    contract = TYPED.replace("[sh, stages/count.sh]", f'["{sys.executable}", stages/count.py]')
    typed.write("contract.yaml", contract)
    for name in ("x", "toy"):
        assert typed.json("pipeline", "run", "--experiment", name)[0] == 0
    assert failing(typed) == {}


def test_the_name_of_a_smoke_experiment_is_a_name(typed: Pipeline) -> None:
    assert "A stage is done when it passes the experiment `toy`." in typed.call("contract", "docs")[1]
    typed.write("contract.yaml", TYPED.replace("smoke: toy", "smoke: ../toy"))
    assert typed.json("contract", "lint")[0] == 2
    typed.write(
        "contract.yaml", 'contract: test.x\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}", smoke: toy}}\n'
    )
    assert typed.json("contract", "lint")[0] == 2


def test_what_is_no_experiment_is_refused(typed: Pipeline) -> None:
    assert typed.json("pipeline", "done", "nowhere")[0] == 2
    (typed.root / "runs/empty").mkdir()
    code, document = typed.json("pipeline", "done", "empty")
    assert (code, document["error"]["code"]) == (2, "cannot-start")


def test_nothing_is_changed_by_looking(typed: Pipeline) -> None:
    before = {path: path.lstat().st_mtime_ns for path in sorted(typed.root.rglob("*"))}
    assert typed.json("pipeline", "done", "x")[0] == 0
    assert {path: path.lstat().st_mtime_ns for path in sorted(typed.root.rglob("*"))} == before
