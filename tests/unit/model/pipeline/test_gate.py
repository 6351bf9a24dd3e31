import pytest

from runpact.model.finding import Finding, Report, Severity, Verdict
from runpact.model.pipeline.gate import Made, Needed, gate_line, judge_needed, stale_stages
from runpact.model.pipeline.result import Measured, Producer, StageInput, StageOutput, StageResult
from runpact.model.run import State

PATH = "02_fit/fits/a.npz"
GOOD, OTHER = "sha256:aa", "sha256:bb"
FAULT = Finding(
    code="shape", severity=Severity.ERROR, path=f"{PATH}#/z", message="another shape", expected="1", got="2"
)


def made(**changes):
    return Made(
        **{"stage": "02_fit", "state": State.FINISHED, "status": Verdict.OK, "recorded": {PATH: GOOD}}
        | changes
    )


def needed(**changes):
    usual = {
        "alias": "fits",
        "type": "Fit@1",
        "source": "manifest",
        "place": "fits",
        "made": made(),
        "present": {PATH: GOOD},
        "regenerate": "runpact pipeline run --experiment x --only 02",
    }
    return Needed(**usual | changes)


def codes(**changes):
    return [finding.code for finding in judge_needed(needed(**changes))]


def test_a_gate_opens_for_what_is_as_its_producer_recorded():
    assert judge_needed(needed()) == ()


@pytest.mark.requirement("C-092", "C-093", "C-103", "C-192")
@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("digest", [GOOD, OTHER, None])
@pytest.mark.parametrize("status", [*Verdict, None])
@pytest.mark.parametrize("stale", ["", "its input changed"])
def test_a_gate_is_closed_by_each_fault_and_names_each(exists, fits, digest, status, stale):
    facts = needed(
        made=made(status=status, stale=stale, why="because"),
        present={PATH: digest} if exists else {},
        faults=() if fits else (FAULT,),
    )
    findings = judge_needed(facts)
    is_usable = status in {Verdict.OK, Verdict.WARNING}
    is_open = exists and fits and digest == GOOD and is_usable and not stale
    assert (findings == ()) is is_open
    assert Report(findings).verdict is (Verdict.OK if is_open else Verdict.INCOMPLETE)
    told = [finding.code for finding in findings]
    assert told.count("missing-artifact") == (not exists)
    assert told.count("stale-artifact") == bool(stale)
    assert told.count("invalid-artifact") == (not is_usable) + (exists and digest != GOOD) + (not fits)


@pytest.mark.parametrize("is_required", [True, False])
@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "has not run"),
        (State.RUNNING, "is running"),
        (State.UNKNOWN, "is unknown"),
        (State.INTERRUPTED, "was interrupted before it ended"),
        (State.ABANDONED, "was abandoned before it ended"),
    ],
)
def test_what_has_not_been_made_is_missing_unless_it_may_be(is_required, state, told):
    findings = judge_needed(needed(made=made(state=state), is_required=is_required))
    assert [finding.code for finding in findings] == ["missing-artifact"] * is_required
    assert all(told in finding.message for finding in findings)


@pytest.mark.parametrize(
    "producer", [None, made(recorded={}), made(state=State.FAILED, status=Verdict.ERROR, recorded={})]
)
@pytest.mark.parametrize("is_required", [True, False])
def test_no_file_at_all_never_opens_a_gate_that_needs_one(producer, is_required):
    found = codes(made=producer, present={}, is_required=is_required)
    assert found == ["missing-artifact"] * is_required


@pytest.mark.requirement("C-095")
def test_each_missing_file_has_a_finding_of_its_own():
    paths = [f"02_fit/fits/{name}.npz" for name in "abc"]
    findings = judge_needed(needed(made=made(recorded=dict.fromkeys(paths, GOOD)), present={paths[0]: GOOD}))
    assert [finding.path for finding in findings] == paths[1:]
    assert {finding.code for finding in findings} == {"missing-artifact"}


@pytest.mark.requirement("C-185")
def test_a_file_that_its_producer_did_not_register_closes_the_gate():
    (finding,) = judge_needed(needed(present={PATH: GOOD, "02_fit/fits/own.npz": OTHER}))
    assert (finding.code, finding.path) == ("invalid-artifact", "02_fit/fits/own.npz")


@pytest.mark.requirement("C-011", "C-014")
def test_what_comes_from_a_legacy_folder_opens_the_gate_with_a_warning():
    findings = judge_needed(needed(source="legacy", made=None))
    assert [finding.code for finding in findings] == ["legacy-artifact"]
    assert Report(findings).verdict is Verdict.WARNING


def test_what_a_person_named_is_judged_by_its_type_alone():
    assert codes(source="cli", made=None) == []
    assert codes(source="cli", made=None, faults=(FAULT,)) == ["invalid-artifact"]
    assert codes(source="cli", made=None, present={PATH: None}) == ["invalid-artifact"]


@pytest.mark.parametrize(
    ("fault", "expected", "verdict"),
    [
        (("too-few", Severity.INCOMPLETE, None), ["missing-artifact"], Verdict.INCOMPLETE),
        (("schema", Severity.ERROR, None), ["invalid-artifact"], Verdict.INCOMPLETE),
        (("schema", Severity.WARNING, None), ["invalid-artifact"], Verdict.WARNING),
        (("vacuous", Severity.ADVICE, None), [], Verdict.OK),
        (("undecided", Severity.INCOMPLETE, PATH), [], Verdict.OK),
    ],
)
def test_a_fault_of_the_type_weighs_incomplete_unless_the_contract_only_warns(fault, expected, verdict):
    code, severity, because = fault
    found = Finding(code=code, severity=severity, path=PATH, message="m", because=because)
    findings = judge_needed(needed(faults=(found,)))
    assert ([each.code for each in findings], Report(findings).verdict) == (expected, verdict)


@pytest.mark.requirement("C-094", "C-102")
def test_a_line_says_what_where_expected_found_and_how_to_make_it_again():
    (finding,) = judge_needed(needed(present={}))
    assert gate_line(finding) == (
        "missing_artifact: 02_fit/fits/a.npz; `fits` (Fit@1): it was made and is gone; expected sha256:aa; "
        "found nothing; regenerate it: runpact pipeline run --experiment x --only 02"
    )
    assert gate_line(
        Finding(code="stale-artifact", severity=Severity.INCOMPLETE, path="p", message="m\nn")
    ) == ("stale_artifact: p; m n")


def test_a_line_without_a_type_or_a_command_leaves_them_out():
    (finding,) = judge_needed(needed(type="", regenerate="", present={}))
    assert (
        gate_line(finding)
        == "missing_artifact: 02_fit/fits/a.npz; `fits`: it was made and is gone; expected sha256:aa; found nothing"
    )


# -- freshness ---------------------------------------------------------------------------------------------


def result(stage, *, inputs=(), outputs=()):
    return StageResult(
        stage=stage,
        slug="s",
        attempt=1,
        status=Verdict.OK,
        exit_code=0,
        measured=Measured(exit_code=0),
        inputs=tuple(
            StageInput(
                alias="a",
                path=path,
                digest=digest,
                size=1,
                producer=Producer(producer, "u") if producer else None,
            )
            for producer, path, digest in inputs
        ),
        outputs=tuple(StageOutput(alias="a", path=path, digest=digest, size=1) for path, digest in outputs),
    )


@pytest.mark.parametrize(
    ("digest", "outputs", "told"),
    [
        (GOOD, [("01_s/a", GOOD)], None),
        (GOOD, [("01_s/a", OTHER)], "01_s/a was made anew by stage 01_s"),
        (GOOD, [("01_s/b", GOOD)], "01_s/a is no longer made by stage 01_s"),
    ],
)
def test_a_stage_is_stale_when_what_it_read_is_no_longer_what_its_producer_made(digest, outputs, told):
    results = {"01": result("01", outputs=outputs), "02": result("02", inputs=[("01", "01_s/a", digest)])}
    stale = stale_stages(results, {})
    assert list(stale) == (["02"] if told else [])
    assert told is None or told in stale["02"]


def test_what_reads_something_stale_is_stale_too():
    results = {
        "01": result("01", outputs=[("01_s/a", OTHER)]),
        "02": result("02", inputs=[("01", "01_s/a", GOOD)], outputs=[("02_s/b", GOOD)]),
        "03": result("03", inputs=[("02", "02_s/b", GOOD)]),
        "04": result("04", inputs=[(None, "x", GOOD), ("09", "y", GOOD)]),
    }
    stale = stale_stages(results, {})
    assert list(stale) == ["02", "03"]
    assert stale["03"] == "stage 02_s, which it reads, is out of date itself"


def test_a_stage_that_would_follow_from_something_else_is_stale_and_so_is_what_reads_it():
    results = {
        "01": result("01", outputs=[("01_s/a", GOOD)]),
        "02": result("02", inputs=[("01", "01_s/a", GOOD)]),
    }
    assert stale_stages(results, {"01": "its code changed: a.py"}) == {
        "01": "its code changed: a.py",
        "02": "stage 01_s, which it reads, is out of date itself",
    }


@pytest.mark.parametrize(
    ("state", "told"), [(State.CORRUPT, "is corrupt: because"), (State.FAILED, "is failed: because")]
)
def test_an_attempt_that_did_not_finish_closes_the_gate_whatever_its_result_says(state, told):
    (finding,) = judge_needed(needed(made=made(state=state, why="because")))
    assert (finding.code, told in finding.message) == ("invalid-artifact", True)
