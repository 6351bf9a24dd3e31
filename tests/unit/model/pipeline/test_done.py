"""Each point of the definition of done holds by what was measured, and fails by what was not."""

from __future__ import annotations

import msgspec
import pytest

from runpact.model.contract.language import ArtifactType, Output, Read, Stage
from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.pipeline.done import POINTS, Measurement, Smoke, judge_done
from runpact.model.pipeline.result import Measured, StageInput, StageOutput, StageResult
from runpact.model.pipeline.view import StageRow
from runpact.model.run import State

STAGE = Stage(
    id="02",
    slug="sum",
    reads={"numbers": "Number@1"},
    writes={
        "total": Output(file="total/t.json", type_="Number@1"),
        "log": (Output(file="log/l.json", type_="Number@1"),),
    },
)
TYPES = {"Number@1": ArtifactType(format_="json"), "Empty@1": ArtifactType()}
OUTPUTS = tuple(
    StageOutput(alias=alias, path=f"02_sum/{alias}/x", digest="d", size=1) for alias in ("total", "log")
)
INPUT = StageInput(alias="numbers", path="01_make/numbers/a.json", digest="d", size=1)
FAULT = Finding(code="schema", severity=Severity.ERROR, path="a.json", message="no number")


def result(status: Verdict = Verdict.OK, **said: object) -> StageResult:
    told: dict = {"inputs": (INPUT,), "outputs": OUTPUTS, **said}
    return StageResult(
        stage="02",
        slug="sum",
        attempt=1,
        status=status,
        exit_code=status.exit_code,
        measured=Measured(exit_code=0),
        **told,
    )


def row(found: StageResult | None, state: State = State.FINISHED) -> StageRow:
    return StageRow(name="02_sum", state=state, result=found)


GOOD = Measurement(
    stage=STAGE,
    experiment="x",
    types=TYPES,
    written={"numbers": ("Number@1",), "total": ("Number@1",), "log": ("Number@1",)},
    row=row(result()),
    sealed=frozenset({"stage_summary.json", "logs/stdout.log", "logs/stderr.log"}),
    summary={"status": "OK"},
    summary_path="stage_summary.json",
    smoke=Smoke(experiment="toy", row=row(result())),
)


def failing(**changed: object) -> dict[int, str]:
    """Return the evidence of each point that does not hold."""
    found = judge_done(msgspec.structs.replace(GOOD, **changed))
    return {point.number: point.evidence for point in found.points if not point.holds}


@pytest.mark.requirement("C-163")
def test_a_stage_of_which_all_eight_points_hold_is_done() -> None:
    found = judge_done(GOOD)
    assert (found.name, found.is_done, found.label) == ("02_sum", True, "done")
    assert [point.name for point in found.points] == list(POINTS)
    assert len(POINTS) == 8


@pytest.mark.requirement("C-163")
@pytest.mark.parametrize(
    ("changed", "point", "evidence"),
    [
        ({"row": row(result(Verdict.ERROR))}, 1, "attempt 1 ended with ERROR"),
        ({"why": "code changed: a.py"}, 1, "attempt 1 is of an older state: code changed: a.py"),
        (
            {"row": row(result(inputs=(msgspec.structs.replace(INPUT, source="cli"),)))},
            2,
            "`01_make/numbers/a.json` was found by cli",
        ),
        (
            {
                "row": row(
                    result(
                        inputs=(msgspec.structs.replace(INPUT, source="legacy", resolved_from_legacy=True),)
                    )
                )
            },
            2,
            "`01_make/numbers/a.json` was found from a legacy folder",
        ),
        (
            {"row": row(result(inputs=(msgspec.structs.replace(INPUT, alias="other", source="cli"),)))},
            2,
            "`01_make/numbers/a.json` was found by cli",
        ),
        ({"row": row(result(inputs=()))}, 2, "nothing was read behind `numbers`"),
        ({"gate": (FAULT,)}, 3, "a.json: no number"),
        ({"row": row(result(outputs=OUTPUTS[:1]))}, 4, "nothing stands behind `log`"),
        ({"damage": (FAULT,)}, 4, "a.json: no number"),
        (
            {
                "row": row(
                    result(
                        findings=(
                            Finding(code="stray-write", severity=Severity.WARNING, path="y", message="out"),
                        )
                    )
                )
            },
            4,
            "y: out",
        ),
        ({"lost": {"total": "02_sum/total"}}, 4, "the alias `total` does not lead to 02_sum/total"),
        ({"outputs": (FAULT,)}, 5, "a.json: no number"),
        ({"written": GOOD.written | {"log": ("Number@1", "")}}, 5, "`log` has no type that demands anything"),
        ({"written": GOOD.written | {"log": ("Empty@1",)}}, 5, "`log` has no type that demands anything"),
        ({"line": (FAULT,)}, 6, "no number"),
        (
            {"summary_path": ""},
            7,
            (
                "the layout has no summary of a stage: "
                "`{file: stage_summary.json, written: seal, fields: summary}` in `each_stage`"
            ),
        ),
        ({"sealed": frozenset({"stage_summary.json"})}, 7, "`logs/stdout.log` is not in the attempt"),
        ({"summary": {"status": "WARNING"}}, 7, "the summary says WARNING, the record OK"),
        ({"summary": None}, 7, "the summary says None, the record OK"),
        ({"smoke": Smoke()}, 8, "no smoke experiment is named: `smoke` of the kind, or --smoke"),
        ({"smoke": Smoke(experiment="toy", fault="it is gone")}, 8, "it is gone"),
        ({"smoke": Smoke(experiment="toy")}, 8, "it has not run to its end in `toy`"),
        (
            {"smoke": Smoke(experiment="toy", row=row(result(Verdict.INCOMPLETE)))},
            8,
            "it ended with INCOMPLETE in `toy`",
        ),
        (
            {"smoke": Smoke(experiment="toy", row=row(result()), why="code changed")},
            8,
            "in `toy` it ran in an older state: code changed",
        ),
    ],
)
def test_a_stage_that_fails_one_point_is_in_development(changed: dict, point: int, evidence: str) -> None:
    assert failing(**changed)[point] == evidence
    assert judge_done(msgspec.structs.replace(GOOD, **changed)).label == "in development"


def test_each_fault_fails_its_own_point_alone() -> None:
    for changed, point in (({"gate": (FAULT,)}, 3), ({"outputs": (FAULT,)}, 5), ({"line": (FAULT,)}, 6)):
        assert list(failing(**changed)) == [point]


def test_a_stage_that_has_not_run_holds_no_point_of_its_own() -> None:
    assert failing(row=None) == dict.fromkeys(range(1, 8), "it has not run")
    interrupted = failing(row=row(None, State.INTERRUPTED))
    assert interrupted == dict.fromkeys(range(1, 8), "its last attempt is interrupted")


def test_a_stage_that_reads_nothing_needs_to_validate_nothing() -> None:
    stage = msgspec.structs.replace(STAGE, reads={})
    assert failing(stage=stage, row=row(result(inputs=()))) == {}


def test_an_input_that_the_command_line_must_name_may_be_named_there() -> None:
    stage = msgspec.structs.replace(STAGE, reads={"numbers": Read(type_="Number@1", outside=True)})
    assert failing(stage=stage, row=row(result(inputs=(msgspec.structs.replace(INPUT, source="cli"),)))) == {}
    optional = msgspec.structs.replace(STAGE, reads={"numbers": Read(type_="Number@1", required=False)})
    assert failing(stage=optional, row=row(result(inputs=()))) == {}


def test_a_type_is_the_producers_where_the_consumer_says_none() -> None:
    stage = msgspec.structs.replace(STAGE, reads={"numbers": Read()})
    assert failing(stage=stage) == {}
    assert failing(stage=stage, written=GOOD.written | {"numbers": ("",)}) == {
        3: "`numbers` has no type that demands anything"
    }
    unknown = msgspec.structs.replace(STAGE, reads={"elsewhere": Read(required=False)})
    assert failing(stage=unknown) == {3: "`elsewhere` has no type that demands anything"}


def test_a_stage_without_outputs_is_not_done() -> None:
    stage = msgspec.structs.replace(STAGE, writes={})
    assert failing(stage=stage, row=row(result(outputs=()))) == {
        4: "it has written nothing that the contract names",
        5: "the contract names no output of it",
    }


def test_advice_fails_nothing_and_numbers_are_told_as_words() -> None:
    advice = Finding(code="unexpected", severity=Severity.ADVICE, path="y", message="out")
    assert failing(row=row(result(findings=(advice,))), gate=(advice,), damage=(advice,)) == {}
    evidence = {point.number: point.evidence for point in judge_done(GOOD).points}
    assert evidence[2] == "1 file behind 1 alias"
    assert evidence[4] == "2 files behind 2 aliases, as they were sealed"
    assert evidence[5] == "2 files judged now by Number@1"
