import json
import sys
from pathlib import Path

import pytest

import runpact
from runpact.model.errors import CannotStartError, MalformedDocumentError, UsageError


def end(code):
    return pytest.raises(SystemExit, check=lambda error: error.code == code)


def write_all(st):
    Path(st.output("fits", "a.json")).write_text('{"value": 2}')
    Path(st.output("summary")).write_text("{}")


# -- what a stage is told ----------------------------------------------------------------------------------


def test_a_stage_knows_its_name_experiment_directory_configuration_and_seed(fit):
    with runpact.stage() as st:
        write_all(st)
    assert (st.id, st.name, st.experiment) == ("02", "02_fit", "debug")
    assert (st.dir, st.config, st.seed) == (str(fit.folder), {"depth": 3}, 7)


@pytest.mark.parametrize(
    ("text", "seed"), [("", None), ("7", 7), ("0.5", 0.5), ("true", True), ('"7"', "7"), ("blue", "blue")]
)
def test_a_seed_is_a_number_where_its_text_is_one(fit, monkeypatch, text, seed):
    monkeypatch.setenv("RUNPACT_SEED", text)
    with runpact.stage() as st:
        write_all(st)
    assert (st.seed, type(st.seed)) == (seed, type(seed))


def test_a_process_that_no_pipeline_began_is_the_program_of_no_stage(monkeypatch, capsys):
    monkeypatch.delenv("RUNPACT_STAGE", raising=False)
    monkeypatch.setattr("sys.argv", ["fit.py"])
    with pytest.raises(SystemExit) as ended, runpact.stage():
        pass
    assert ended.value.code == 64
    assert "error[usage]: this process is the program of no stage\n  expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value"), [("RUNPACT_STAGE_DIR", None), ("RUNPACT_INPUTS", "{"), ("RUNPACT_INPUTS", "[]")]
)
def test_an_environment_that_says_half_is_refused(fit, monkeypatch, name, value):
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="does not say what a stage needs"), runpact.stage():
        pass


@pytest.mark.parametrize("change", ["stage", "experiment"])
def test_a_stage_that_the_contract_does_not_know_is_refused(fit, monkeypatch, change):
    if change == "stage":
        monkeypatch.setenv("RUNPACT_STAGE", "09")
    else:
        (fit.experiment / ".runpact/run.json").unlink()
    with pytest.raises(CannotStartError, match="knows no stage"), runpact.stage():
        pass


# -- inputs ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("C-129")
def test_inputs_are_named_by_alias_and_sorted(fit):
    with runpact.stage() as st:
        assert st.inputs == {
            "numbers": (f"{fit.experiment}/numbers/a.json", f"{fit.experiment}/numbers/b.json"),
            "table": (f"{fit.experiment}/table/table.csv",),
            "notes": (),
        }
        assert st.input("table") == f"{fit.experiment}/table/table.csv"
        write_all(st)


def test_the_folder_behind_an_alias_is_validated_before_it_is_told(fit):
    with runpact.stage() as st:
        assert st.folder("numbers") == f"{fit.experiment}/numbers"
        with pytest.raises(UsageError, match="does not read `stranger`"):
            st.folder("stranger")
        write_all(st)
        fit.write("01_measure/numbers/a.json", "[]")
        st._found.clear()
        with pytest.raises(MalformedDocumentError):
            st.folder("numbers")


def test_an_alias_of_several_files_or_none_is_no_single_input(fit):
    with runpact.stage() as st:
        for alias in ("numbers", "notes"):
            with pytest.raises(UsageError, match=f"`{alias}` stands for"):
                st.input(alias)
        with pytest.raises(UsageError, match="does not read `fits`") as caught:
            st.input("fits")
        assert caught.value.expected == "`numbers` or `table` or `notes`"
        write_all(st)


def test_an_input_may_stand_where_the_pipeline_resolved_it_to(bench):
    bench.measured()
    one = bench.write("../../elsewhere/own.json", '{"value": 3}')
    notes = bench.write("../../notes/n.txt", "n")
    bench.enter("02", "fit", numbers=one, notes=str(Path(notes).parent))
    with runpact.stage() as st:
        assert st.inputs["numbers"] == (one,)
        assert st.input("notes") == notes
        write_all(st)


@pytest.mark.requirement("C-100", "C-102", "C-103")
def test_a_stage_whose_input_is_missing_ends_incomplete_before_it_begins(bench, capsys):
    bench.enter("02", "fit")
    with end(2), runpact.stage():
        pytest.fail("the block was entered")
    said = bench.summary()
    assert (said["status"], said["exit_code"]) == ("INCOMPLETE", 2)
    assert said["errors"][0] == (
        "missing_artifact: numbers; nothing stands behind the alias `numbers`; expected Number@1; "
        "found nothing; "
        "`runpact gate --experiment debug --stage 02` says how to make it"
    )
    assert said["errors"][0] in capsys.readouterr().err


@pytest.mark.requirement("C-100", "C-186")
def test_a_stage_whose_input_is_not_of_its_type_ends_incomplete_before_it_begins(bench):
    bench.measured(value='"one"')
    bench.enter("02", "fit")
    with end(2), runpact.stage():
        pytest.fail("the block was entered")
    said = bench.summary()
    assert said["status"] == "INCOMPLETE"
    assert [line.partition(":")[0] for line in said["errors"]] == ["schema", "schema"]


def test_an_input_that_spoils_meanwhile_is_not_handed_out(fit):
    with end(2), runpact.stage() as st:
        st._found.clear()  # as in a process that looks for the first time
        fit.write("01_measure/numbers/a.json", "[]")
        st.inputs["numbers"]
    assert "may not be read" in fit.summary()["errors"][0]


def test_validate_inputs_tells_what_is_wrong(fit):
    with runpact.stage() as st:
        assert st.validate_inputs() == ()
        write_all(st)
    fit.write("01_measure/tables/table.csv", "other\n1\n")
    st._found.clear()
    with pytest.raises(MalformedDocumentError):
        st.input("table")


# -- outputs -----------------------------------------------------------------------------------------------


def test_outputs_have_their_place_behind_their_alias(fit):
    with runpact.stage() as st:
        assert st.output("fits", "a.json") == f"{fit.folder}/fits/a.json"
        assert st.output("summary") == f"{fit.folder}/summary.json"
        assert st.output("summary", "summary.json") == f"{fit.folder}/summary.json"
        assert st.output("extras", "more/b.txt") == f"{fit.folder}/extras/more/b.txt"
        assert (fit.folder / "extras/more").is_dir()
        assert st.path("figures/x.svg") == f"{fit.folder}/figures/x.svg"
        assert st.folder("fits") == f"{fit.folder}/fits"
        assert st.folder("summary") == str(fit.folder)
        write_all(st)
    assert fit.summary()["artifacts"] == {
        "fits": "02_fit/fits",
        "summary": "02_fit/summary.json",
        "extras": "02_fit/extras",
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("numbers", "a.json"), "does not write `numbers`"),
        (("fits",), "`no name` does not stand behind"),
        (("extras",), "`no name` does not stand behind"),
        (("fits", "a.txt"), "`fits/a.txt` does not stand behind"),
        (("fits", "../a.json"), "not a safe relative path"),
        (("fits", "/a.json"), "not a safe relative path"),
    ],
)
def test_an_output_that_the_contract_does_not_name_is_refused(fit, arguments, told):
    with runpact.stage() as st:
        with pytest.raises(UsageError, match=told):
            st.output(*arguments)
        write_all(st)


@pytest.mark.requirement("C-101", "C-103")
def test_a_stage_that_leaves_out_an_output_ends_incomplete(fit):
    with end(2), runpact.stage() as st:
        Path(st.output("summary")).write_text("{}")
    assert fit.summary()["status"] == "INCOMPLETE"
    assert fit.summary()["errors"][0].startswith("missing: fits")


@pytest.mark.requirement("C-101")
def test_a_stage_whose_output_is_not_of_its_type_ends_with_an_error(fit):
    with end(3), runpact.stage() as st:
        write_all(st)
        Path(st.output("fits", "a.json")).write_text('{"value": "two"}')
        assert [finding.code for finding in st.validate_outputs()] == ["schema"]
    assert fit.summary()["exit_code"] == 3


# -- what it says of itself --------------------------------------------------------------------------------


@pytest.mark.requirement("C-039", "C-044")
def test_a_stage_that_ends_well_says_so_and_the_program_goes_on(fit):
    with runpact.stage() as st:
        write_all(st)
        st.counts(inputs_total=3, inputs_ok=3)
        st.counts(inputs_failed=0, outputs_rows=4)
    said = fit.summary()
    assert (said["stage"], said["experiment"], said["status"], said["exit_code"]) == (
        "02_fit",
        "debug",
        "OK",
        0,
    )
    assert said["counts"] == {"inputs_total": 3, "inputs_ok": 3, "inputs_failed": 0, "outputs_rows": 4}
    assert (said["errors"], said["warnings"], said["origin"]) == ([], [], "stage")


@pytest.mark.requirement("C-040", "C-044")
def test_a_warning_ends_the_program_with_one(fit, capsys):
    with end(1), runpact.stage() as st:
        write_all(st)
        st.warn("two systems have no horizon")
    assert (fit.summary()["status"], fit.summary()["warnings"]) == (
        "WARNING",
        ["two systems have no horizon"],
    )
    assert capsys.readouterr().err == "runpact: two systems have no horizon\n"


@pytest.mark.requirement("C-059")
def test_failed_inputs_end_the_program_with_a_warning(fit):
    with end(1), runpact.stage() as st:
        write_all(st)
        st.counts(inputs_total=40, inputs_ok=38, inputs_failed=2)
    assert fit.summary()["status"] == "WARNING"


@pytest.mark.parametrize("value", [-1, 1.5, True, "3"])
def test_a_count_is_a_whole_number_from_zero(fit, value):
    with runpact.stage() as st:
        with pytest.raises(UsageError, match="`outputs_rows` is a count"):
            st.counts(outputs_rows=value)
        write_all(st)


@pytest.mark.requirement("C-041", "C-042", "C-044")
@pytest.mark.parametrize(("word", "code", "status"), [("incomplete", 2, "INCOMPLETE"), ("fail", 3, "ERROR")])
def test_a_stage_may_end_itself(fit, word, code, status):
    with end(code), runpact.stage() as st:
        st.warn("odd")
        getattr(st, word)("no spectrum")
    said = fit.summary()
    assert (said["status"], said["exit_code"], said["errors"]) == (status, code, ["no spectrum"])


@pytest.mark.requirement("C-042", "C-044")
def test_an_exception_is_an_error_with_its_traceback_on_stderr(fit, capsys):
    with end(3), runpact.stage():
        raise ValueError("no root in the interval")
    assert fit.summary()["errors"] == ["ValueError: no root in the interval"]
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.requirement("C-043")
@pytest.mark.parametrize("code", [1, 2, 77, "usage: fit.py"])
def test_an_exit_code_of_the_programs_own_is_an_error_never_a_verdict(fit, code):
    with end(3), runpact.stage():
        sys.exit(code)
    assert fit.summary()["errors"] == [f"SystemExit: {code}"]


@pytest.mark.parametrize("code", [None, 0])
def test_a_program_may_end_itself_well(fit, code):
    with end(code), runpact.stage() as st:
        write_all(st)
        sys.exit(code)
    assert fit.summary()["status"] == "OK"


def test_a_program_that_a_person_interrupts_claims_an_error_and_stays_interrupted(fit):
    with pytest.raises(KeyboardInterrupt), runpact.stage():
        raise KeyboardInterrupt
    assert fit.summary()["status"] == "ERROR"


def test_a_claim_names_the_modules_of_the_workspace(fit, monkeypatch):
    (fit.root / "lib").mkdir()
    (fit.root / "lib/own_physics.py").write_text("X = 1\n")
    monkeypatch.syspath_prepend(str(fit.root / "lib"))
    with runpact.stage() as st:
        import own_physics  # noqa: F401 - what the test is about

        write_all(st)
    assert fit.summary()["code"] == ["lib/own_physics.py"]
    del sys.modules["own_physics"]


def test_a_decorated_function_is_the_program_of_a_stage(fit):
    @runpact.stage
    def main(st):
        """Fit."""
        write_all(st)
        return st.name

    assert (main(), main.__name__, main.__doc__) == ("02_fit", "main", "Fit.")
    assert fit.summary()["status"] == "OK"


def test_a_block_that_was_never_entered_says_nothing(fit):
    pending = runpact.stage()
    pending.__exit__(None, None, None)
    assert not (fit.folder / "stage_summary.json").exists()


def test_the_summary_is_one_that_the_reader_of_claims_understands(fit):
    from runpact.model.facts import DocumentFact
    from runpact.model.pipeline.claim import claim_of

    with runpact.stage() as st:
        write_all(st)
    claim = claim_of(DocumentFact(json.loads((fit.folder / "stage_summary.json").read_text())))
    assert (claim.origin, claim.fault, claim.status.value) == ("stage", None, "OK")
