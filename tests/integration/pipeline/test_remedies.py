"""What is told to run next opens the gate, and every command gives the same answer to what is up to date."""

from __future__ import annotations

import json
import shlex
import shutil

import pytest

from integration.pipeline.pipeline import CONTRACT, Pipeline

LATER = """\
      - id: "04"
        slug: end
        command: [sh, stages/end.sh]
        config: []
        reads: {story: {}}
        writes: {last: {file: last/last.txt}}
"""


@pytest.fixture
def ran(pipeline: Pipeline) -> Pipeline:
    """Four stages in a row that have run; the first feeds the last through two others."""
    pipeline.write("contract.yaml", CONTRACT + LATER)
    pipeline.write(
        "stages/end.sh", 'cp "$RUNPACT_EXPERIMENT_DIR/story/story.txt" "$RUNPACT_STAGE_DIR/last/last.txt"\n'
    )
    assert pipeline.go()[0] == 0
    return pipeline


def edit(pipeline: Pipeline, name: str, text: str = "# edited\n") -> None:
    path = pipeline.root / name
    path.write_text(path.read_text() + text)


def gate(pipeline: Pipeline, stage: str) -> tuple[int, str]:
    code, out, _err = pipeline.call("gate", "--experiment", "x", "--stage", stage)
    return code, out


def follow(pipeline: Pipeline, command: str) -> int:
    words = shlex.split(command)
    assert words[0] == "runpact"
    return pipeline.call(*words[1:])[0]


def remedy(out: str) -> str:
    return out.partition("regenerate it: ")[2].splitlines()[0]


def status(pipeline: Pipeline) -> dict[str, str]:
    stages = pipeline.json("pipeline", "status", "x")[1]["stages"]
    return {each["name"]: each["why"] for each in stages}


def test_the_next_command_begins_at_the_stage_that_is_stale_at_the_root(ran: Pipeline) -> None:
    edit(ran, "stages/make.sh")
    edit(ran, "stages/tell.sh")
    code, document = ran.go("--from", "03", "--to", "03")
    assert (code, document["stages"][0]["done"]) == (2, "refused")
    assert document["next"] == "runpact pipeline run --experiment x --from 01 --to 03"
    assert follow(ran, document["next"]) == 0
    assert gate(ran, "03")[0] == 0


def test_the_remedy_begins_at_a_stage_that_is_gone(ran: Pipeline) -> None:
    shutil.rmtree(ran.experiment / "01_make")
    shutil.rmtree(ran.experiment / "02_sum")
    code, out = gate(ran, "03")
    assert (code, remedy(out)) == (2, "runpact pipeline run --experiment x --from 01 --to 02")
    assert follow(ran, remedy(out)) == 0
    assert gate(ran, "03")[0] == 0


def test_the_remedy_of_a_gate_begins_at_the_root_and_opens_it(ran: Pipeline) -> None:
    edit(ran, "stages/make.sh")
    code, out = gate(ran, "03")
    assert (code, remedy(out)) == (2, "runpact pipeline run --experiment x --from 01 --to 02")
    assert follow(ran, remedy(out)) == 0
    assert gate(ran, "03")[0] == 0


@pytest.mark.parametrize("option", ["--only", "--from"])
def test_a_stage_is_not_up_to_date_while_one_before_it_is_not(ran: Pipeline, option: str) -> None:
    edit(ran, "stages/make.sh")
    code, document = ran.go(option, "04")
    (step,) = document["stages"]
    assert (code, step["done"], step["status"]) == (2, "refused", "INCOMPLETE")
    assert step["why"] == "stage 01_make before it is out of date: its code changed: stages/make.sh"
    assert document["next"] == "runpact pipeline run --experiment x --from 01"
    assert gate(ran, "04")[0] == 2
    _code, told, _err = ran.call("pipeline", "run", "--experiment", "x", option, "04", "--dry-run")
    assert told.startswith("04_end  refused: its gate is closed (stage 01_make before it is out of date")
    assert follow(ran, document["next"]) == 0
    assert ran.go(option, "04")[1]["stages"][0]["done"] == "skipped"


def test_a_late_file_beside_outputs_that_a_stage_does_not_read_leaves_it_up_to_date(
    pipeline: Pipeline,
) -> None:
    more = "writes: {size: {file: size/size.txt}, more: {files: 'more/{name}.txt', required: false}}"
    pipeline.write("contract.yaml", CONTRACT.replace("writes: {size: {file: size/size.txt}}", more))
    assert pipeline.go()[0] == 0
    (pipeline.experiment / "02b_count/more/late.txt").write_text("late")
    assert pipeline.done("--only", "03") == {"03_tell": "skipped"}


def test_a_file_that_was_put_among_outputs_makes_their_stage_again(ran: Pipeline) -> None:
    numbers = ran.experiment / "01_make/numbers"
    (numbers / "zz.json").write_text('{"value": 3}')
    why = "01_make/numbers/zz.json stands among its outputs, and it did not write it"
    assert status(ran)["01_make"] == why
    code, out = gate(ran, "02")
    assert code == 2
    assert ran.done("--only", "02") == {"02_sum": "refused"}
    assert follow(ran, remedy(out)) == 0
    assert sorted(path.name for path in numbers.iterdir()) == ["a.json", "b.json"]
    assert gate(ran, "02")[0] == 0
    assert set(ran.done().values()) == {"skipped"}


def test_a_link_that_a_stage_left_among_its_outputs_does_not_make_it_again(pipeline: Pipeline) -> None:
    edit(pipeline, "stages/tell.sh", "ln -s story.txt 03_tell/story/more.txt\n")
    text = CONTRACT.replace("{story: {file: story/story.txt}}", "{story: {files: 'story/{name}.txt'}}")
    pipeline.write("contract.yaml", text)
    pipeline.go()
    assert pipeline.done("--only", "03") == {"03_tell": "skipped"}


def test_what_verify_tells_to_do_about_any_late_file_is_done(ran: Pipeline) -> None:
    (ran.experiment / "02_sum/notes.txt").write_text("late")
    code, out, err = ran.call("verify", "x")
    assert code == 3
    command = (out + err).partition("make it again: ")[2].splitlines()[0]
    assert follow(ran, command) == 0
    findings = ran.json("verify", "x")[1]["findings"]
    assert {each["path"] for each in findings} == {".runpact/attempts/02_sum/1/notes.txt"}


def test_an_output_that_no_longer_fits_its_type_makes_its_stage_again(ran: Pipeline) -> None:
    text = CONTRACT.replace(
        "properties: {value: {type: number}}", "properties: {value: {type: number, minimum: 2}}"
    )
    ran.write("contract.yaml", text + LATER)
    why = status(ran)["01_make"]
    assert why.startswith("its output 01_make/numbers/a.json#/value is not what the contract says now: ")
    edit(ran, "stages/make.sh", "echo '{\"value\": 2}' > $RUNPACT_STAGE_DIR/numbers/a.json\n")
    assert follow(ran, remedy(gate(ran, "02")[1])) == 0
    assert gate(ran, "02")[0] == 0


def test_outputs_are_judged_once_by_a_contract_that_changed(
    ran: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran.write("contract.yaml", CONTRACT + LATER + "# another\n")
    assert set(ran.done().values()) == {"skipped"}
    monkeypatch.setattr("runpact.verbs.pipeline.unfit.look_at_output", None)
    assert set(ran.done().values()) == {"skipped"}


@pytest.mark.parametrize("change", ["alter", "remove", "add"])
def test_copies_behind_an_alias_are_put_right_from_what_was_sealed(pipeline: Pipeline, change: str) -> None:
    directories = CONTRACT.replace("sealed: by_stage\n", "sealed: by_stage\n    aliases: directory\n")
    pipeline.write("contract.yaml", directories)
    assert pipeline.go()[0] == 0
    copy = pipeline.experiment / "numbers/a.json"
    if change == "alter":
        copy.write_text('{"value": 9}')
    elif change == "remove":
        copy.unlink()
    else:
        (pipeline.experiment / "numbers/c.json").write_text('{"value": 9}')
    code, out = gate(pipeline, "02")
    assert code == 2
    assert f": runs/x/numbers/{'c' if change == 'add' else 'a'}.json; " in out
    code, document = pipeline.go("--only", "02", "--force")
    assert (code, document["next"]) == (2, "runpact pipeline run --experiment x --from 01 --to 02")
    assert follow(pipeline, document["next"]) == 0
    assert gate(pipeline, "02")[0] == 0
    assert copy.read_text() == '{"value": 1}\n'
    assert sorted(path.name for path in copy.parent.iterdir()) == ["a.json", "b.json"]


def test_a_warning_of_a_stage_that_is_skipped_is_told_again(pipeline: Pipeline) -> None:
    text = CONTRACT.replace("[sh, stages/count.sh]", "[sh, stages/count.sh]\n        exit_codes: contract")
    pipeline.write("contract.yaml", text)
    said = '{"status": "WARNING", "warnings": ["few numbers"]}'
    edit(pipeline, "stages/count.sh", f"echo '{said}' > $RUNPACT_STAGE_SUMMARY; exit 1\n")
    assert pipeline.go()[0] == 1
    code, _out, err = pipeline.call("pipeline", "run", "--experiment", "x")
    assert code == 1
    assert "02b_count  skipped: up to date with WARNING\n" in err
    assert "the program says WARNING: few numbers" in err


def test_paths_are_those_that_a_person_can_open(pipeline: Pipeline) -> None:
    text = CONTRACT.replace(
        "reads: {total: {}, size: {}}", "reads: {total: {}, size: {}, notes: {outside: n}}"
    )
    pipeline.write("contract.yaml", text)
    _code, _out, err = pipeline.call("pipeline", "run", "--experiment", "x")
    assert " n\n" in err or " n " in err
    assert "../" not in err


def test_a_result_that_was_changed_is_told_as_such(pipeline: Pipeline) -> None:
    edit(pipeline, "stages/make.sh", "exit 4\n")
    pipeline.go("--to", "01")
    result = pipeline.experiment / "01_make/.runpact/result.json"
    result.write_text(json.dumps(json.loads(result.read_text()) | {"status": "OK", "exit_code": 0}))
    out = gate(pipeline, "02")[1]
    assert "how stage 01_make ended: its result says OK, and it was sealed as failed" in out
