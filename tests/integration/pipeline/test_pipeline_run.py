"""`runpact pipeline run`: what is run, what is skipped, what is recorded."""

from __future__ import annotations

import json

import pytest

from integration.pipeline.pipeline import STAGES, Pipeline

STORY = '{"value": 1}\n{"value": 2}\n2\n'


@pytest.mark.requirement("C-020", "C-109", "C-110", "C-111")
def test_the_stages_run_in_order_each_in_its_directory(pipeline: Pipeline) -> None:
    code, document = pipeline.go("--config", "config.json")
    assert (code, document["verdict"]) == (0, "OK")
    assert [step["done"] for step in document["stages"]] == ["ran"] * 4
    assert list(pipeline.manifest["stages"]) == STAGES
    began = [event["stage"] for event in pipeline.events() if event["event"] == "stage.began"]
    assert began == STAGES
    assert pipeline.story() == STORY


@pytest.mark.requirement("C-022", "C-030", "C-032")
def test_aliases_are_relative_links_to_the_producer(pipeline: Pipeline) -> None:
    pipeline.go()
    links = {
        alias: str((pipeline.experiment / alias).readlink())
        for alias in ("numbers", "total", "size", "story")
    }
    assert links == {
        "numbers": "01_make/numbers",
        "total": "02_sum/total",
        "size": "02b_count/size",
        "story": "03_tell/story",
    }
    assert pipeline.manifest["aliases"] == links


@pytest.mark.requirement("C-034", "C-035", "C-036", "C-037", "C-038")
def test_the_manifest_has_inputs_outputs_command_commit_and_environment(pipeline: Pipeline) -> None:
    pipeline.go()
    stage = pipeline.manifest["stages"]["02_sum"]
    assert [each["path"] for each in stage["inputs"]] == ["01_make/numbers/a.json", "01_make/numbers/b.json"]
    assert {each["producer"]["uid"] for each in stage["inputs"]} == {
        pipeline.manifest["stages"]["01_make"]["uid"]
    }
    assert stage["outputs"] == ["02_sum/total/total.txt"]
    assert stage["command"] == ["sh", "stages/sum.sh", "runs/x/numbers", "runs/x/02_sum/total"]
    assert stage["git_sha"] == "unknown"
    assert stage["environment"]["python"].startswith("3.")


@pytest.mark.requirement("C-116", "C-117", "C-118")
def test_each_stage_has_its_logs_command_and_summary(pipeline: Pipeline) -> None:
    pipeline.go()
    folder = pipeline.experiment / "01_make"
    assert (folder / "logs/stdout.log").read_text() == "making\n"
    assert (folder / "cmd.txt").read_text() == "sh stages/make.sh x\n"
    summary = json.loads((folder / "stage_summary.json").read_bytes())
    assert (summary["stage"], summary["status"], summary["exit_code"]) == ("01_make", "OK", 0)


def test_a_second_time_nothing_runs(pipeline: Pipeline) -> None:
    pipeline.go()
    before = pipeline.manifest
    assert set(pipeline.done().values()) == {"skipped"}
    assert set(pipeline.why().values()) == {"up to date"}
    assert pipeline.manifest == before


def test_changed_code_runs_the_stage_and_what_reads_its_outputs(pipeline: Pipeline) -> None:
    pipeline.go()
    pipeline.write("stages/sum.sh", 'echo 3 > "$2/total.txt"\n')
    code, document = pipeline.go()
    assert code == 0
    assert {step["name"]: step["why"] for step in document["stages"]} == {
        "01_make": "up to date",
        "02_sum": "its code changed: stages/sum.sh",
        "02b_count": "up to date",
        "03_tell": "its input changed: total",
    }
    assert pipeline.story() == "3\n2\n"


def test_a_stage_that_makes_the_same_again_costs_those_after_it_nothing(pipeline: Pipeline) -> None:
    pipeline.go()
    pipeline.write("stages/make.sh", (pipeline.root / "stages/make.sh").read_text() + "# the same\n")
    assert pipeline.done() == {
        "01_make": "ran",
        "02_sum": "skipped",
        "02b_count": "skipped",
        "03_tell": "skipped",
    }


@pytest.mark.requirement("C-106", "C-107")
def test_from_and_to_bound_what_runs(pipeline: Pipeline) -> None:
    assert pipeline.done("--from", "01", "--to", "02") == {"01_make": "ran", "02_sum": "ran"}
    assert pipeline.done("--from", "02b") == {"02b_count": "ran", "03_tell": "ran"}


def test_only_runs_the_named_stages(pipeline: Pipeline) -> None:
    pipeline.go()
    assert pipeline.done("--only", "02", "--force") == {"02_sum": "ran"}


@pytest.mark.requirement("C-041", "C-115")
def test_a_missing_input_is_incomplete_and_the_next_command_is_told(pipeline: Pipeline) -> None:
    code, document = pipeline.go("--from", "02")
    assert (code, document["stopped_at"]) == (2, "02_sum")
    assert document["next"] == "runpact pipeline run --experiment x --from 01"
    assert "missing-artifact" in [finding["code"] for finding in document["stages"][0]["findings"]]
    assert [step["done"] for step in document["stages"]] == ["not begun", "not reached", "not reached"]


def test_a_failed_stage_stops_the_pipeline_and_its_alias_stays_away(pipeline: Pipeline) -> None:
    pipeline.go()
    pipeline.write("stages/sum.sh", "echo half > $2/total.txt; exit 5\n")
    code, document = pipeline.go()
    assert (code, document["stopped_at"]) == (3, "02_sum")
    assert document["next"] == "runpact pipeline run --experiment x --from 02"
    assert not (pipeline.experiment / "total").exists()
    assert "total" not in pipeline.manifest["aliases"]
    assert pipeline.runs()[0]["state"] == "failed"
    pipeline.write("stages/sum.sh", 'echo 3 > "$2/total.txt"\n')
    assert pipeline.go("--from", "02")[0] == 0
    assert pipeline.story() == "3\n2\n"


def test_a_closed_gate_displaces_no_attempt_that_may_be_read(pipeline: Pipeline) -> None:
    pipeline.go()
    before = pipeline.result("02_sum")
    (pipeline.experiment / "01_make/numbers/a.json").write_text('{"value": 9}')
    code, document = pipeline.go("--only", "02", "--force")
    assert (code, document["stages"][0]["done"], document["stages"][0]["status"]) == (
        2,
        "refused",
        "INCOMPLETE",
    )
    assert document["next"] == "runpact pipeline run --experiment x --from 01 --to 02"
    assert pipeline.result("02_sum") == before
    assert (pipeline.experiment / "total/total.txt").exists()
    assert not (pipeline.experiment / ".runpact/attempts/02_sum").exists()
    assert [each["event"] for each in pipeline.events()][-2:] == ["stage.refused", "gate.closed"]
    told = pipeline.call("pipeline", "run", "--experiment", "x", "--only", "02")[2]
    assert "1 refused (its last attempt stays)" in told
    assert pipeline.go()[0] == 0


@pytest.mark.parametrize("change", ["gone", "no program"])
def test_a_program_that_cannot_be_started_displaces_no_attempt_that_may_be_read(
    pipeline: Pipeline, change: str
) -> None:
    pipeline.go()
    before = pipeline.result("02_sum")
    program, text = pipeline.root / "stages/sum.sh", (pipeline.root / "contract.yaml").read_text()
    if change == "gone":
        program.rename(program.with_suffix(".away"))
    else:
        pipeline.write("contract.yaml", text.replace("[sh, stages/sum.sh", "[no-such-shell, stages/sum.sh"))
    code, document = pipeline.go()
    (step,) = [each for each in document["stages"] if each["name"] == "02_sum"]
    assert (code, step["done"], step["status"]) == (2, "refused", "INCOMPLETE")
    told = {"gone": "its program `stages/sum.sh` is not there", "no program": "no-such-shell"}[change]
    assert told in step["findings"][0]["message"]
    assert document["next"] == "runpact pipeline run --experiment x --from 02"
    assert pipeline.result("02_sum") == before
    assert pipeline.story()
    err = pipeline.call("pipeline", "run", "--experiment", "x")[2]
    assert told in err
    assert "1 refused (its last attempt stays)" in err
    if change == "gone":
        program.with_suffix(".away").rename(program)
    pipeline.write("contract.yaml", text)
    assert set(pipeline.done().values()) == {"skipped"}


def test_the_next_command_begins_at_the_first_stage_that_is_left_with_the_same_options(
    pipeline: Pipeline,
) -> None:
    pipeline.write("stages/count.sh", "exit 5\n")
    pipeline.write("stages/sum.sh", "sleep 1; exit 5\n")
    code, document = pipeline.go("--jobs", "2")
    assert (code, document["stopped_at"]) == (3, "02b_count")
    assert document["next"] == "runpact pipeline run --experiment x --from 02 --jobs 2"
    pipeline.write("my numbers/a.json", '{"value": 1}')
    _code, document = pipeline.go("--from", "02", "--input", "numbers=my numbers")
    assert document["next"] == "runpact pipeline run --experiment x --from 02 --input 'numbers=my numbers'"


def test_older_attempts_are_kept_whole(pipeline: Pipeline) -> None:
    pipeline.go()
    first = pipeline.manifest["stages"]["02_sum"]["uid"]
    pipeline.go("--only", "02", "--force")
    older = pipeline.experiment / ".runpact/attempts/02_sum/1"
    assert json.loads((older / ".runpact/run.json").read_bytes())["uid"] == first
    assert pipeline.call("verify", str(older))[0] == 0
    assert pipeline.manifest["stages"]["02_sum"]["attempt"] == 2


def test_a_damaged_attempt_that_was_made_anew_is_a_warning(pipeline: Pipeline) -> None:
    pipeline.go()
    pipeline.write("runs/x/02_sum/total/total.txt", "altered")
    assert pipeline.call("verify", "x")[0] == 3
    assert pipeline.go()[0] == 0
    code, document = pipeline.json("verify", "x")
    (told,) = document["findings"]
    assert (code, told["path"]) == (1, ".runpact/attempts/02_sum/1/total/total.txt")
    assert "superseded" in told["message"]


def test_an_output_of_another_type_is_an_error(pipeline: Pipeline) -> None:
    pipeline.write("stages/make.sh", 'echo "{}" > "$RUNPACT_STAGE_DIR/numbers/a.json"\n')
    code, document = pipeline.go()
    assert (code, document["stopped_at"]) == (3, "01_make")
    assert not (pipeline.experiment / "numbers").exists()


@pytest.mark.requirement("C-125", "C-126", "C-127")
def test_another_configuration_is_refused_unless_it_gets_a_name(pipeline: Pipeline) -> None:
    pipeline.go("--config", "config.json")
    frozen = (pipeline.experiment / "config.resolved.json").read_bytes()
    code, document = pipeline.go("--config", "config.json", "--set", "first=5")
    assert (code, document["error"]["code"]) == (2, "config")
    assert "--as x-2" in document["error"]["hint"]
    assert (document["error"]["expected"], document["error"]["got"]) == ("first: 1", "first: 5")
    assert pipeline.go("--config", "config.json", "--set", "first=5", "--as", "y")[0] == 0
    assert (pipeline.experiment / "config.resolved.json").read_bytes() == frozen
    assert json.loads((pipeline.root / "runs/y/config.resolved.json").read_bytes())["first"] == 5
    assert set(pipeline.done("--config", "config.json").values()) == {"skipped"}


def test_another_experiment_begins_with_the_configuration_of_the_one_it_is_to_differ_from(
    pipeline: Pipeline,
) -> None:
    pipeline.go("--to", "01", "--config", "config.json")
    for more in ("--to", "--only"):  # made, then continued
        assert pipeline.go("--set", "first=5", "--as", "y", more, "01")[0] == 0
    frozen = json.loads((pipeline.root / "runs/y/config.resolved.json").read_text())
    assert frozen == {"first": 5, "second": 2, "unread": 0}
    assert pipeline.go("--set", "first=6", "--as", "y")[0] == 2
    assert pipeline.go("--as", "z", "--to", "01")[0] == 0
    assert json.loads((pipeline.root / "runs/z/config.resolved.json").read_text())["first"] == 1
    new = ("--experiment", "new", "--set", "first=7", "--as", "w", "--to", "01")
    assert pipeline.json("pipeline", "run", *new)[0] == 0
    assert json.loads((pipeline.root / "runs/w/config.resolved.json").read_text()) == {"first": 7}


def test_stages_that_do_not_feed_each_other_run_at_once(pipeline: Pipeline) -> None:
    for name in ("sum", "count"):  # each waits for the other one to begin
        other = {"sum": "count", "count": "sum"}[name]
        text = (pipeline.root / f"stages/{name}.sh").read_text()
        meet = (
            f': > "$RUNPACT_STAGE_DIR/{name}.begun"; n=0\n'
            f'while [ ! -e "$RUNPACT_EXPERIMENT_DIR"/*_{other}/{other}.begun ]; do\n'
            "n=$((n+1)); [ $n -lt 300 ] || exit 9; sleep 0.1; done\n"
        )
        pipeline.write(f"stages/{name}.sh", meet + text)
    code, document = pipeline.go("--jobs", "2")
    assert (code, document["verdict"]) == (0, "OK")
    assert pipeline.story() == STORY


def test_attempts_are_not_listed_as_runs_beside_their_experiment(pipeline: Pipeline) -> None:
    pipeline.go()
    assert [(run["path"], run["state"]) for run in pipeline.runs()] == [("runs/x", "finished")]


def test_people_are_told_what_happens(pipeline: Pipeline) -> None:
    _code, _out, err = pipeline.call("pipeline", "run", "--experiment", "x", "--to", "01")
    assert f"x  new experiment: {pipeline.experiment}\n" in err
    assert "01_make  runs: it has not run yet" in err
    assert "runpact: x OK: 1 ran, 0 up to date" in err
    pipeline.write("stages/sum.sh", "exit 4\n")
    _code, _out, err = pipeline.call("pipeline", "run", "--experiment", "x")
    assert "01_make  skipped: up to date" in err
    assert "next: runpact pipeline run --experiment x --from 02" in err
    assert "new experiment" not in err


def test_a_stage_that_could_not_begin_is_not_told_as_one_that_ran(pipeline: Pipeline) -> None:
    _code, _out, err = pipeline.call("pipeline", "run", "--experiment", "x", "--only", "02")
    assert "runpact: x INCOMPLETE: 0 ran, 0 up to date, 1 could not begin\n" in err
    assert "stage_summary.json" not in err


def test_a_failure_shows_what_the_program_said_last_and_nothing_that_follows_from_it(
    pipeline: Pipeline,
) -> None:
    pipeline.write("stages/make.sh", "echo 'no such data' >&2; exit 4\n")
    _code, _out, err = pipeline.call("pipeline", "run", "--experiment", "x")
    assert f"{pipeline.experiment}/01_make/logs/stderr.log ends with\n    | no such data\n" in err
    assert "missing" not in err
    assert "too-few" not in err
    findings = {each["code"]: each.get("because") for each in pipeline.result("01_make")["findings"]}
    assert findings["failed-command"] is None
    assert findings["too-few"] == "01_make"


@pytest.mark.parametrize("where", ["file", "environment"])
def test_a_secret_of_the_configuration_reaches_the_stage_and_no_record(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "s3cr3t-value-of-acme")
    value = "${env:ACME_TOKEN}" if where == "environment" else "s3cr3t-value-of-acme"
    pipeline.write("config.json", json.dumps({"token": value}))
    made = 'echo \'{"value": 3}\' > "$RUNPACT_STAGE_DIR/numbers/a.json"'
    pipeline.write("stages/make.sh", f'case "$RUNPACT_CONFIG" in *s3cr3t-value*) {made};; esac\n')
    assert pipeline.go("--config", "config.json")[0] == 0
    records = [path.read_bytes() for path in pipeline.experiment.rglob("*") if path.is_file()]
    assert [record for record in records if b"s3cr3t-value" in record] == []
    assert set(pipeline.done("--config", "config.json").values()) == {"skipped"}
    assert pipeline.done("--only", "01", "--force") == {"01_make": "ran"}


def test_a_short_value_from_the_environment_reaches_the_stage_and_no_record(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_PIN", "q7z")
    pipeline.write("config.json", json.dumps({"site": {"pin": "${env:ACME_PIN}"}}))
    made = 'echo \'{"value": 3}\' > "$RUNPACT_STAGE_DIR/numbers/a.json"'
    pipeline.write("stages/make.sh", f'case "$RUNPACT_CONFIG" in *q7z*) {made};; esac\n')
    assert pipeline.go("--config", "config.json")[0] == 0
    records = [path for path in pipeline.experiment.rglob("*") if path.is_file()]
    assert [path for path in records if b'"q7z"' in path.read_bytes()] == []


def test_an_input_that_was_named_once_is_the_default_of_the_next_attempt(pipeline: Pipeline) -> None:
    text = (pipeline.root / "contract.yaml").read_text()
    pipeline.write(
        "contract.yaml", text.replace("reads: {total: {}, size: {}}", "reads: {raw: {outside: true}}")
    )
    pipeline.write(
        "stages/tell.sh",
        'cp "$RUNPACT_EXPERIMENT_DIR/../../mine/a.txt" "$RUNPACT_STAGE_DIR/story/story.txt"\n',
    )
    pipeline.write("mine/a.txt", "one")
    assert pipeline.go()[1]["next"] == "runpact pipeline run --experiment x --from 03"
    code, document = pipeline.go("--only", "03", "--input", "raw=mine")
    assert (code, document["stages"][0]["findings"]) == (0, [])
    assert pipeline.result("03_tell")["named"] == {"raw": "mine"}
    assert pipeline.why("--only", "03") == {"03_tell": "up to date"}
    pipeline.write("mine/a.txt", "two")
    assert pipeline.why("--only", "03") == {
        "03_tell": "its input changed: raw; with --input raw=mine as last time"
    }
    assert (pipeline.experiment / "story/story.txt").read_text() == "two"
    (pipeline.root / "mine/a.txt").unlink()
    (pipeline.root / "mine").rmdir()
    assert pipeline.done("--only", "03") == {"03_tell": "refused"}
    assert (pipeline.experiment / "story/story.txt").read_text() == "two"


def test_an_attempt_is_found_by_its_experiment_and_stage_and_by_its_uid(pipeline: Pipeline) -> None:
    pipeline.go("--to", "02")
    uid = pipeline.manifest["stages"]["02_sum"]["uid"]
    for reference in ("x/02_sum", "x/02", "x/sum", uid):
        code, out, err = pipeline.call("show", reference)
        assert (code, uid in out) == (0, True), (reference, err)
    for reference in ("x/03", "y/02", "zz"):
        assert "no run" in pipeline.call("show", reference)[2]
    (pipeline.experiment / "01_make/.runpact/run.json").write_text("{}")
    assert pipeline.call("show", uid)[0] == 0


def test_an_experiment_is_shown_with_its_configuration_and_what_held_its_stages(pipeline: Pipeline) -> None:
    pipeline.go("--to", "02", "--config", "config.json", "--set", "first=4")
    level = json.loads((pipeline.experiment / "02_sum/.runpact/manifest.json").read_text())["provenance"]
    told = pipeline.call("show", "x")[1]
    assert "  config       config.json, with --set first=4\n" in told
    assert f"  confinement  {level['confinement']['level']} in 2 stages\n" in told
    pipeline.go("--as", "y", "--only", "02")
    told = pipeline.call("show", "y")[1]
    assert "  config       frozen when it began\n" in told
    assert "  confinement  " in told
    (pipeline.root / "runs/y/02_sum/.runpact/manifest.json").unlink()
    assert "  confinement  that of each stage; none has run\n" in pipeline.call("show", "y")[1]


def test_damage_to_a_stage_is_told_with_the_command_that_makes_it_again(pipeline: Pipeline) -> None:
    pipeline.go()
    (pipeline.experiment / "02_sum/total/total.txt").write_text("else")
    _code, out, err = pipeline.call("verify", "x")
    assert "make it again: runpact pipeline run --experiment x --from 02" in out + err


def test_a_configuration_that_no_stage_could_be_handed_is_refused_before_anything_is_made(
    pipeline: Pipeline,
) -> None:
    pipeline.write("large.json", json.dumps({f"key{number}": number for number in range(20_000)}))
    code, document = pipeline.go("--config", "large.json")
    assert (code, "too large to be handed" in document["error"]["message"]) == (2, True)
    assert not pipeline.experiment.exists()


@pytest.mark.parametrize("seconds", ["-1", "nan", "soon"])
def test_a_time_that_is_none_is_refused(pipeline: Pipeline, seconds: str) -> None:
    for words in (
        ("pipeline", "run", "--experiment", "x"),
        ("sessions", "abort", "x"),
    ):
        assert pipeline.call(*words, "--wait", seconds)[0] == 64
    assert pipeline.call("tail", "x", "--interval", seconds)[0] == 64


def test_a_sweep_makes_no_trial_of_a_kind_with_stages_unasked(pipeline: Pipeline) -> None:
    sweep = ("sweep", "--grid", "a=1,2", "--objective", "metrics.loss:min", "--", "true")
    code, _out, err = pipeline.call(*sweep)
    assert (code, "no kind for runs of one command" in err, "--kind" in err) == (64, True, True)
