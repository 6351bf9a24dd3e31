"""`runpact gate`: whether what a stage reads may be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from integration.pipeline.pipeline import CONTRACT, SCRIPTS, Pipeline

OLD = "old/x/numbers"
AGAIN = "regenerate it: runpact pipeline run --experiment x --from 01 --to 01"


def gate(pipeline: Pipeline, stage: str = "02", *options: str) -> tuple[int, list[str]]:
    code, out, _err = pipeline.call("gate", "--experiment", "x", "--stage", stage, *options)
    return code, out.splitlines()


def says(pipeline: Pipeline, **changes: str) -> None:
    """Change the contract of the workspace."""
    text = CONTRACT
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    pipeline.write("contract.yaml", text)


def legacy(pipeline: Pipeline, template: str = "old/{experiment}/numbers") -> None:
    says(pipeline, a=("sealed: by_stage\n", f"sealed: by_stage\n    legacy: {{numbers: '{template}'}}\n"))


def outside(pipeline: Pipeline, read: str) -> None:
    says(pipeline, a=("reads: {total: {}, size: {}}", f"reads: {{total: {{}}, size: {{}}, notes: {read}}}"))


def numbers(pipeline: Pipeline, folder: str, text: str = '{"value": 5}') -> Path:
    return pipeline.write(f"{folder}/a.json", text)


# -- open --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("C-090", "C-091", "C-167")
def test_the_gate_opens_for_what_the_stages_before_it_made(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    assert gate(pipeline) == (0, ["OK gate of x/02_sum: open, 2 files behind 1 alias"])
    code, document = pipeline.json("gate", "--experiment", "x", "--stage", "sum")
    assert (code, document["verdict"], document["stage"]) == (0, "OK", "02_sum")
    assert [(each["path"], each["source"], each["resolved_from_legacy"]) for each in document["inputs"]] == [
        ("01_make/numbers/a.json", "manifest", False),
        ("01_make/numbers/b.json", "manifest", False),
    ]
    assert document["inputs"][0]["size"] == len('{"value": 1}\n')


def test_the_gate_of_a_stage_that_reads_nothing_is_open(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    assert gate(pipeline, "01") == (0, ["OK gate of x/01_make: open, 0 files behind 0 aliases"])


@pytest.mark.requirement("X-05")
@pytest.mark.parametrize("sort", ["link", "directory", "record"])
def test_the_gate_opens_whatever_aliases_are(pipeline: Pipeline, sort: str) -> None:
    says(pipeline, a=("sealed: by_stage\n", f"sealed: by_stage\n    aliases: {sort}\n"))
    assert pipeline.go("--to", "01")[0] == 0
    assert gate(pipeline)[0] == 0


def test_copies_behind_an_alias_are_what_is_judged(pipeline: Pipeline) -> None:
    says(pipeline, a=("sealed: by_stage\n", "sealed: by_stage\n    aliases: directory\n"))
    pipeline.go("--to", "01")
    (pipeline.experiment / "numbers/a.json").write_text('{"value": 9}')
    code, lines = gate(pipeline)
    assert (code, len(lines)) == (2, 2)
    assert lines[0].startswith("invalid_artifact: runs/x/numbers/a.json; ")


# -- closed ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("C-092", "C-094", "C-102", "C-103")
def test_what_was_never_made_is_missing_with_the_command_that_makes_it(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01", "--config", "config.json")
    code, lines = gate(pipeline, "03")
    assert code == 2
    assert lines == [
        *(
            f"missing_artifact: runs/x/{name}/{alias}; `{alias}`: stage {name} has not run; found nothing; "
            f"regenerate it: runpact pipeline run --experiment x --from {identity} --to {identity}"
            for identity, name, alias in (("02", "02_sum", "total"), ("02b", "02b_count", "size"))
        ),
        "INCOMPLETE gate of x/03_tell: closed, 0 files behind 0 aliases",
    ]


@pytest.mark.requirement("C-095")
def test_each_file_that_is_gone_is_told(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    for name in "ab":
        (pipeline.experiment / f"01_make/numbers/{name}.json").unlink()
    code, lines = gate(pipeline)
    assert code == 2
    told = [line.split(";")[0] for line in lines[:2]]
    assert told == [f"missing_artifact: runs/x/01_make/numbers/{name}.json" for name in "ab"]


@pytest.mark.requirement("C-093")
def test_a_file_that_changed_since_it_was_made_is_invalid_by_digest_and_by_type(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    (pipeline.experiment / "01_make/numbers/a.json").write_text('{"value": "x"}')
    code, lines = gate(pipeline)
    assert code == 2
    assert "it is not the file that its producer recorded; expected sha256:" in lines[0]
    assert lines[1].startswith("invalid_artifact: runs/x/01_make/numbers/a.json#/value; ")
    assert all(line.endswith(AGAIN) for line in lines[:2])


def test_a_file_that_nobody_registered_is_invalid(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    numbers(pipeline, "runs/x/01_make/numbers").rename(pipeline.experiment / "01_make/numbers/c.json")
    code, lines = gate(pipeline)
    assert code == 2
    assert (
        "runs/x/01_make/numbers/c.json; `numbers` (Numbers@1): its producer's record does not name it"
        in lines[1]
    )


@pytest.mark.requirement("C-192")
def test_a_type_that_the_contract_changed_since_is_judged_anew(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    says(
        pipeline, a=("properties: {value: {type: number}}", "properties: {value: {type: number, minimum: 2}}")
    )
    code, lines = gate(pipeline)
    assert code == 2
    assert lines[0].startswith("invalid_artifact: runs/x/01_make/numbers/a.json#/value; ")


@pytest.mark.parametrize(
    ("replace", "told"),
    [
        (
            None,
            "missing_artifact: runs/x/numbers; the alias `numbers` does not lead to what stage 01_make made",
        ),
        ("02_sum/total", "invalid_artifact: runs/x/numbers; the alias `numbers` does not lead to"),
    ],
)
def test_an_alias_that_leads_elsewhere_closes_the_gate(
    pipeline: Pipeline, replace: str | None, told: str
) -> None:
    pipeline.go("--to", "02")
    (pipeline.experiment / "numbers").unlink()
    if replace:
        (pipeline.experiment / "numbers").symlink_to(replace)
    code, lines = gate(pipeline)
    assert code == 2
    assert lines[0].startswith(told)


def test_a_producer_that_failed_closes_the_gate(pipeline: Pipeline) -> None:
    pipeline.write("stages/make.sh", 'echo \'{"value": 1}\' > "$RUNPACT_STAGE_DIR/numbers/a.json"; exit 1\n')
    pipeline.go("--to", "01")
    code, lines = gate(pipeline)
    assert code == 2
    assert lines[0].startswith(
        "invalid_artifact: runs/x/01_make/numbers; `numbers` (Numbers@1): stage 01_make ended with ERROR: it"
    )


def test_a_producer_whose_result_is_gone_closes_the_gate(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    (pipeline.experiment / "01_make/.runpact/result.json").write_text("{")
    code, lines = gate(pipeline)
    assert code == 2
    assert "no record says how stage 01_make ended" in lines[0]


@pytest.mark.requirement("C-031")
def test_what_was_made_of_something_else_is_stale(pipeline: Pipeline) -> None:
    pipeline.go()
    pipeline.write("stages/make.sh", 'echo \'{"value": 8}\' > "$RUNPACT_STAGE_DIR/numbers/a.json"\n')
    pipeline.go("--to", "01")
    code, lines = gate(pipeline, "03")
    assert code == 2
    stale = [line for line in lines if line.startswith("stale_artifact: ")]
    assert len(stale) == 2
    assert "stage 02_sum is out of date: 01_make/numbers/a.json was made anew by stage 01_make" in stale[0]


@pytest.mark.requirement("C-093")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("stages/make.sh", SCRIPTS["stages/make.sh"] + "# other\n"), "its code changed: stages/make.sh"),
        (("sh, stages/make.sh", "sh, -e, stages/make.sh"), "its command changed"),
        (("config: [first]", "config: [second]"), "its section of the configuration changed"),
        (("seed: 7", "seed: 8"), "its seed changed"),
        (("count: {min: 1}}", "count: {min: 2}}"), "the contract says otherwise what it writes"),
    ],
)
def test_what_would_follow_from_something_else_now_is_stale(
    pipeline: Pipeline, change: tuple[str, str], told: str
) -> None:
    pipeline.go("--config", "config.json")
    if change[0].startswith("stages/"):
        pipeline.write(*change)
    else:
        says(pipeline, a=change)
    code, lines = gate(pipeline)
    assert code == 2
    why = f"stage 01_make is out of date: {told}"
    assert lines[0] == f"stale_artifact: runs/x/01_make/numbers; `numbers` (Numbers@1): {why}; {AGAIN}"
    assert "stage 01_make, which it reads, is out of date itself" in gate(pipeline, "03")[1][0]
    code, document = pipeline.go("--only", "02", "--force")
    assert (code, document["stages"][0]["status"]) == (2, "INCOMPLETE")
    assert pipeline.go()[0] == 0
    assert gate(pipeline, "03")[0] == 0


@pytest.mark.requirement("C-093")
@pytest.mark.parametrize("how", ["declared", "named"])
@pytest.mark.parametrize("change", ["changed", "added", "gone"])
def test_what_a_stage_before_it_read_from_outside_makes_it_stale_when_it_changed(
    pipeline: Pipeline, how: str, change: str
) -> None:
    read = "{outside: raw}" if how == "declared" else "{outside: true}"
    says(
        pipeline,
        a=("        config: [first]\n", f"        config: [first]\n        reads: {{raw: {read}}}\n"),
    )
    pipeline.write("raw/a.txt", "one")
    pipeline.write("raw/b.txt", "two")
    named = () if how == "declared" else ("--input", "raw=raw")
    assert pipeline.go("--to", "02", *named)[0] == 0
    assert gate(pipeline)[0] == 0
    if change == "gone":
        for name in "ab":
            (pipeline.root / f"raw/{name}.txt").unlink()
    else:
        pipeline.write("raw/a.txt" if change == "changed" else "raw/c.txt", "three")
    code, lines = gate(pipeline)
    assert (code, lines[0].startswith("stale_artifact: runs/x/01_make/numbers; ")) == (2, True)
    assert "stage 01_make is out of date: its input changed: raw" in lines[0]
    status = pipeline.json("pipeline", "status", "x")[1]["stages"][0]
    assert status["why"].startswith("its input changed: raw" if change != "gone" else "an input is missing")


def test_an_input_that_was_not_there_and_is_now_makes_its_reader_stale(pipeline: Pipeline) -> None:
    read = "        reads: {raw: {outside: raw, required: false}}\n"
    says(pipeline, a=("        config: [first]\n", f"        config: [first]\n{read}"))
    pipeline.go("--to", "02")
    assert gate(pipeline)[0] == 0
    pipeline.write("raw/a.txt", "one")
    assert "its input changed: raw" in gate(pipeline)[1][0]


def test_what_a_caller_named_or_a_person_began_is_not_stale_for_its_command(pipeline: Pipeline) -> None:
    numbers(pipeline, "mine")
    pipeline.go("--to", "01")
    pipeline.go("--only", "02", "--input", "numbers=mine")
    assert not any(line.startswith("stale") for line in gate(pipeline, "03")[1])
    pipeline.write("stages/sum.sh", 'cat "$1"/*.json > "$2/total.txt"; true\n')
    assert "its code changed: stages/sum.sh" in gate(pipeline, "03")[1][0]


def test_a_failed_stage_is_told_as_failed_and_not_as_stale(pipeline: Pipeline) -> None:
    pipeline.write("stages/make.sh", "exit 1\n")
    pipeline.go("--to", "01")
    pipeline.write("stages/make.sh", "exit 2\n")
    assert not any(line.startswith("stale") for line in gate(pipeline)[1])


# -- other sources -----------------------------------------------------------------------------------------


@pytest.mark.requirement("C-012", "C-015")
def test_the_command_line_names_an_input_before_all_others(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    numbers(pipeline, "mine")
    code, document = pipeline.json("gate", "--experiment", "x", "--stage", "02", "--input", "numbers=mine")
    assert (code, document["verdict"]) == (0, "OK")
    assert [(each["path"], each["source"], each["producer"]) for each in document["inputs"]] == [
        ("../../mine/a.json", "cli", None)
    ]
    assert gate(pipeline, "02", "--input", "numbers=mine/a.json")[0] == 0


def test_what_the_command_line_names_is_validated_and_must_stand_there(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    numbers(pipeline, "mine", "[]")
    code, lines = gate(pipeline, "02", "--input", "numbers=mine")
    assert (code, lines[0].split(";")[0]) == (2, "invalid_artifact: mine/a.json")
    code, lines = gate(pipeline, "02", "--input", "numbers=nowhere")
    assert (code, lines[0].split(";")[0]) == (2, "missing_artifact: nowhere")


def test_two_places_for_one_input_are_none(pipeline: Pipeline) -> None:
    pipeline.go("--to", "01")
    code, lines = gate(pipeline, "02", "--input", "numbers=a", "--input", "numbers=b")
    assert code == 2
    assert lines[0].startswith("ambiguous_artifact: runs/x/numbers; the command line names 2 places for it")


@pytest.mark.parametrize(
    ("option", "told"),
    [("numbers", "--input cannot be read"), ("=a", "--input cannot be read"), ("size=a", "reads no `size`")],
)
def test_an_input_that_cannot_be_meant_is_refused(pipeline: Pipeline, option: str, told: str) -> None:
    pipeline.go("--to", "01")
    code, _out, err = pipeline.call("gate", "--experiment", "x", "--stage", "02", "--input", option)
    assert (code, told in err) == (64, True)


@pytest.mark.requirement("C-010", "C-011", "C-014")
def test_a_stage_that_never_began_leaves_its_place_to_the_legacy_folder_with_a_warning(
    pipeline: Pipeline,
) -> None:
    legacy(pipeline)
    file = numbers(pipeline, OLD)
    file.with_name("linked.json").symlink_to("a.json")
    pipeline.go("--only", "02b")
    code, document = pipeline.json("gate", "--experiment", "x", "--stage", "02")
    assert (code, document["verdict"]) == (1, "WARNING")
    assert [each["code"] for each in document["findings"]] == ["legacy-artifact"]
    assert {(each["source"], each["resolved_from_legacy"]) for each in document["inputs"]} == {
        ("legacy", True)
    }
    assert pipeline.result("02b_count")["inputs"][0]["resolved_from_legacy"] is True


@pytest.mark.requirement("C-010")
def test_a_stage_that_failed_never_falls_back_to_the_legacy_folder(pipeline: Pipeline) -> None:
    legacy(pipeline)
    numbers(pipeline, OLD)
    pipeline.write("stages/make.sh", "exit 1\n")
    pipeline.go("--to", "01")
    code, lines = gate(pipeline)
    assert code == 2
    assert any("stage 01_make ended with ERROR" in line for line in lines)


@pytest.mark.requirement("C-010")
def test_two_legacy_folders_are_none(pipeline: Pipeline) -> None:
    legacy(pipeline, "old/{experiment}_{date}/numbers")
    numbers(pipeline, "old/x_1/numbers")
    numbers(pipeline, "old/x_2/numbers")
    (pipeline.root / "old/x_3").mkdir()
    pipeline.go("--only", "02b")
    code, lines = gate(pipeline)
    assert code == 2
    assert "the legacy resolver names 2 places for it" in lines[0]


def test_an_input_from_outside_must_be_named(pipeline: Pipeline) -> None:
    outside(pipeline, "{outside: true}")
    pipeline.go("--to", "02b")
    code, lines = gate(pipeline, "03")
    assert code == 2
    assert lines[0].startswith("missing_artifact: runs/x/notes; ")
    assert "name it with --input notes=PATH" in lines[0]
    pipeline.write("notes.txt", "n")
    assert gate(pipeline, "03", "--input", "notes=notes.txt")[0] == 0


def test_an_input_from_outside_that_is_not_needed_may_be_left_out(pipeline: Pipeline) -> None:
    outside(pipeline, "{outside: true, required: false}")
    pipeline.go("--to", "02b")
    assert gate(pipeline, "03")[0] == 0


def test_an_input_from_outside_may_stand_where_the_contract_says(pipeline: Pipeline) -> None:
    outside(pipeline, "{outside: notes}")
    pipeline.go("--to", "02b")
    assert gate(pipeline, "03")[1][0].startswith("missing_artifact: notes; ")
    pipeline.write("notes/deep/n.txt", "n")
    code, document = pipeline.json("gate", "--experiment", "x", "--stage", "03")
    assert code == 0
    assert [(each["path"], each["source"]) for each in document["inputs"] if each["alias"] == "notes"] == [
        ("../../notes/deep/n.txt", "contract")
    ]


def test_an_input_outside_the_workspace_is_recorded_by_its_absolute_path(
    pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside(pipeline, "{outside: true}")
    pipeline.go("--to", "02b")
    file = tmp_path_factory.mktemp("far") / "n.txt"
    file.write_text("n")
    code, document = pipeline.json("gate", "--experiment", "x", "--stage", "03", "--input", f"notes={file}")
    assert (code, document["inputs"][-1]["path"]) == (0, str(file))
    if os.geteuid() != 0:
        file.chmod(0)
        assert gate(pipeline, "03", "--input", f"notes={file}")[0] == 2


def test_an_experiment_that_does_not_exist_has_no_gate(pipeline: Pipeline) -> None:
    assert pipeline.call("gate", "--experiment", "y", "--stage", "02")[0] == 2


def test_a_pipeline_takes_inputs_from_the_command_line(pipeline: Pipeline) -> None:
    numbers(pipeline, "mine")
    assert pipeline.go("--only", "02", "--input", "numbers=mine")[0] == 0
    (read,) = pipeline.result("02_sum")["inputs"]
    assert (read["path"], read["source"]) == ("../../mine/a.json", "cli")
