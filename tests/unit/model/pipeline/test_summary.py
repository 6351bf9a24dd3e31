import msgspec
import pytest

from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.pipeline.claim import Claim, Counts
from runpact.model.pipeline.result import Measured, StageInput, StageOutput, StageResult
from runpact.model.pipeline.summary import SummaryFacts, summary_document, through_alias

RESULT = StageResult(
    stage="06",
    slug="build",
    attempt=2,
    status=Verdict.WARNING,
    exit_code=1,
    measured=Measured(exit_code=1, duration_seconds=1.5),
    inputs=tuple(
        StageInput(alias="predictions", path=f"02_fit/predictions/{name}.npz", digest="sha256:aa", size=1)
        for name in "abc"
    ),
    outputs=(StageOutput(alias="modes", path="06_build/out/modes.csv", digest="sha256:bb", size=9),),
    seed=7,
)
FACTS = SummaryFacts(
    experiment="debug",
    result=RESULT,
    aliases={"modes": "06_build/out"},
    rows=4,
    git_sha="abc",
    created_at="now",
)


def summary(claim=None, result=RESULT, **changes):
    return summary_document(msgspec.structs.replace(FACTS, claim=claim, result=result, **changes))


def fault(code, severity, path="02_fit/predictions/a.npz", **more):
    return Finding(code=code, severity=severity, path=path, message="m", **more)


@pytest.mark.requirement(*(f"C-{number:03}" for number in (45, 46, 47, 49, 50, 53, 54, 55, 56, 57)))
def test_a_summary_has_every_field_that_the_seed_names():
    assert summary() == {
        "stage": "06_build",
        "experiment": "debug",
        "status": "WARNING",
        "exit_code": 1,
        "counts": {"inputs_total": 3, "inputs_ok": 3, "inputs_failed": 0, "outputs_rows": 4},
        "errors": [],
        "warnings": [],
        "artifacts": {"modes": "modes/modes.csv"},
        "meta": {
            "git_sha": "abc",
            "created_at": "now",
            "duration_seconds": 1.5,
            "process": {"exit_code": 1, "signal": None},
            "attempt": 2,
            "launched_by": "pipeline",
            "seed": 7,
            "resolved_from_legacy": False,
        },
    }


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        (Counts(inputs_total=40, inputs_ok=38, inputs_failed=2), (40, 38, 2)),
        (Counts(inputs_ok=38, inputs_failed=2), (40, 38, 2)),
        (Counts(inputs_total=40, inputs_failed=2), (40, 38, 2)),
        (Counts(inputs_total=40, inputs_ok=38), (40, 38, 2)),
        (Counts(inputs_total=40), (40, 40, 0)),
        (Counts(inputs_ok=40), (3, 3, 0)),
        (Counts(inputs_total=40, inputs_ok=38, inputs_failed=1), (3, 3, 0)),
        (Counts(inputs_total=4, inputs_ok=5), (3, 3, 0)),
        (Counts(), (3, 3, 0)),
    ],
)
def test_the_counts_of_a_claim_are_taken_when_they_add_up(claimed, expected):
    counts = summary(Claim(origin="summary", counts=claimed))["counts"]
    assert (counts["inputs_total"], counts["inputs_ok"], counts["inputs_failed"]) == expected


@pytest.mark.parametrize(("rows", "said", "expected"), [(4, 5, 4), (None, 5, 5), (None, None, 0), (0, 5, 0)])
def test_rows_that_were_counted_come_before_those_that_are_claimed(rows, said, expected):
    claim = Claim(origin="summary", counts=Counts(outputs_rows=said))
    assert summary(claim, rows=rows)["counts"]["outputs_rows"] == expected


def test_inputs_that_closed_the_gate_are_counted_as_failed():
    findings = (
        fault("invalid-artifact", Severity.INCOMPLETE),
        fault("stale-artifact", Severity.INCOMPLETE),
        fault("missing-artifact", Severity.INCOMPLETE, path="02_fit/predictions/gone.npz"),
        fault("invalid-artifact", Severity.WARNING, path="02_fit/predictions/b.npz"),
    )
    counts = summary(result=msgspec.structs.replace(RESULT, findings=findings))["counts"]
    assert (counts["inputs_total"], counts["inputs_ok"], counts["inputs_failed"]) == (4, 2, 2)


def test_errors_and_warnings_are_the_findings_and_what_the_program_says():
    findings = (
        fault("contradiction", Severity.ERROR, expected="1", got="2"),
        fault("not-begun", Severity.INCOMPLETE, path=""),
        fault("inputs-failed", Severity.WARNING),
        fault("claimed", Severity.WARNING),
        fault("vacuous", Severity.ADVICE),
        fault("undecided", Severity.INCOMPLETE, because="x"),
    )
    claim = Claim(origin="summary", errors=("own error",), warnings=("own warning",))
    told = summary(claim, msgspec.structs.replace(RESULT, findings=findings))
    assert told["errors"] == [
        "contradiction: 02_fit/predictions/a.npz: m, expected 1, got 2",
        "not-begun: m",
        "own error",
    ]
    assert told["warnings"] == ["inputs-failed: 02_fit/predictions/a.npz: m", "own warning"]


def test_claimed_artifacts_are_named_through_the_alias_and_those_that_do_not_stand_are_left_out():
    findings = (fault("contradiction", Severity.ERROR, path="06_build/stage_summary.json#/artifacts/gone"),)
    artifacts = {
        "table": "06_build/out/modes.csv",
        "log": "06_build/own.txt",
        "gone": "modes/gone",
        "abs": "/x",
    }
    claim = Claim(origin="summary", artifacts=artifacts)
    told = summary(claim, msgspec.structs.replace(RESULT, findings=findings))
    assert told["artifacts"] == {"table": "modes/modes.csv", "log": "06_build/own.txt"}


def test_several_files_behind_one_alias_are_one_artifact():
    more = (
        *RESULT.outputs,
        StageOutput(alias="modes", path="06_build/out/b.csv", digest="sha256:cc", size=1),
    )
    result = msgspec.structs.replace(RESULT, outputs=more)
    assert summary(result=result)["artifacts"] == {"modes": "modes"}
    assert summary(result=result, aliases={})["artifacts"] == {"modes": "06_build/out/modes.csv"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("02_a/x/y.npz", "deep/y.npz"),
        ("02_a/x", "deep"),
        ("02_a/z.npz", "wide/z.npz"),
        ("02_ab/z.npz", "02_ab/z.npz"),
    ],
)
def test_the_innermost_alias_names_a_file(path, expected):
    assert through_alias(path, {"wide": "02_a", "deep": "02_a/x", "none": ""}) == expected
