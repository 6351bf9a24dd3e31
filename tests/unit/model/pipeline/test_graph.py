"""Which stages there are, who feeds whom, which are asked for, which must run."""

from __future__ import annotations

import msgspec
import pytest

from runpact.model.contract.command import CommandError, filled, slots_of
from runpact.model.contract.language import Kind, Output, Stage
from runpact.model.contract.stages import folder_behind
from runpact.model.errors import UsageError
from runpact.model.finding import Finding, Severity, Verdict
from runpact.model.pipeline.graph import Graph
from runpact.model.pipeline.judging import judge_experiment, judge_view
from runpact.model.pipeline.plan import changes, command_line, why_again
from runpact.model.pipeline.result import Basis, CodeFile, Measured, StageResult
from runpact.model.pipeline.standing import Asked, experiment_standing, parse_asked
from runpact.model.pipeline.view import StageRow
from runpact.model.run import Standing, State


def stage(number: str, reads: str = "", writes: str = "") -> Stage:
    return Stage(
        id=number,
        slug="s",
        command=("true",),
        reads=dict.fromkeys(reads.split(), "A@1"),
        writes={alias: Output(file=f"{alias}/x") for alias in writes.split()},
    )


GRAPH = Graph(
    Kind(
        at="runs/{x}",
        stages=(
            stage("03", "b c"),
            stage("01", "", "a"),
            stage("02", "a", "b"),
            stage("02b", "a outside", "c"),
            stage("04", "", "d"),
        ),
    )
)


def test_stages_stand_in_the_order_of_their_ids() -> None:
    assert GRAPH.ids == ("01", "02", "02b", "03", "04")
    assert GRAPH.feeds == {"01": (), "02": ("01",), "02b": ("01",), "03": ("02", "02b"), "04": ()}


@pytest.mark.parametrize(
    ("stage", "before"), [("01", ()), ("02b", ("01",)), ("03", ("01", "02", "02b")), ("04", ())]
)
def test_a_stage_rests_on_all_that_feed_it(stage, before) -> None:
    assert GRAPH.before(stage) == before


@pytest.mark.parametrize(
    ("first", "last", "only", "expected"),
    [
        (None, None, (), ("01", "02", "02b", "03", "04")),
        ("02", "03", (), ("02", "02b", "03")),
        ("02_s", None, ("04", "02b"), ("02b", "04")),
    ],
)
def test_stages_are_asked_for_by_id_or_name(first, last, only, expected) -> None:
    assert GRAPH.select(first=first, last=last, only=only) == expected


@pytest.mark.parametrize(
    ("first", "last", "only"), [("03", "02", ()), ("09", None, ()), ("03", None, ("01",))]
)
def test_no_stage_to_run_is_a_misunderstanding(first, last, only) -> None:
    with pytest.raises(UsageError):
        GRAPH.select(first=first, last=last, only=only)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("x/{n}.json",), "x"),
        (("x/y/{n}/a.json", "x/y.json"), "x"),
        (("x.json",), ""),
        (("x/a.json", "y/a.json"), ""),
        (("x/*/a.json",), "x"),
    ],
)
def test_an_alias_leads_to_the_folder_of_all_its_outputs(files, expected) -> None:
    outputs = tuple(Output(files=path) for path in files)
    assert folder_behind(Stage(id="01", slug="s", writes={"a": outputs}), "a") == expected


def test_slots_of_a_command_are_filled_and_braces_kept() -> None:
    assert slots_of("{a}-{b.c}{{}}") == ("a", "b.c")
    assert filled(("{a}", "{{{a}}}", "x"), {"a": "1"}) == ("1", "{1}", "x")
    with pytest.raises(CommandError):
        slots_of("a}")


BASIS = Basis(
    command="c",
    code=(CodeFile("a.py", "1"),),
    config="k",
    seed="s",
    inputs={"x": "1"},
    declaration="d",
)
RESULT = StageResult(
    stage="01",
    slug="s",
    attempt=1,
    status=Verdict.OK,
    exit_code=0,
    measured=Measured(exit_code=0),
    basis=BASIS,
)


@pytest.mark.parametrize(
    ("state", "result", "basis", "unfit", "expected"),
    [
        (None, None, BASIS, "", "it has not run yet"),
        (State.INTERRUPTED, None, BASIS, "", "its last attempt is interrupted: why"),
        (State.FINISHED, None, BASIS, "", "its last attempt left no result"),
        (
            State.FAILED,
            msgspec.structs.replace(RESULT, status=Verdict.ERROR),
            BASIS,
            "",
            "its last attempt ended with ERROR",
        ),
        (State.FINISHED, RESULT, None, "", "an input is missing, or may not be read"),
        (State.FINISHED, RESULT, BASIS, "its output x is gone", "its output x is gone"),
        (State.FINISHED, RESULT, BASIS, "", ""),
    ],
)
def test_a_stage_runs_for_a_reason(state, result, basis, unfit, expected) -> None:
    assert why_again(state, "why", result, basis, unfit) == expected


@pytest.mark.parametrize(
    ("part", "value", "expected"),
    [
        ("command", "x", "its command changed"),
        ("declaration", "x", "the contract says otherwise what it writes"),
        ("config", "x", "its section of the configuration changed"),
        ("seed", "x", "its seed changed"),
        ("code", (), "its code changed: a.py"),
        ("inputs", {"x": "2"}, "its input changed: x"),
        ("inputs", dict.fromkeys("abcde", "1"), "its input changed: a, b, c and 3 more"),
    ],
)
def test_what_changed_is_named(part, value, expected) -> None:
    assert list(changes(BASIS, msgspec.structs.replace(BASIS, **{part: value}))) == [expected]


def test_the_next_command_is_exact() -> None:
    assert command_line("a b", first="02", last="03", more="--kind k") == (
        "runpact pipeline run --experiment 'a b' --from 02 --to 03 --kind k"
    )
    assert command_line("x") == "runpact pipeline run --experiment x"


def standing(*states: State) -> dict[str, Standing]:
    return {f"0{number}_s": Standing(state, "why") for number, state in enumerate(states)}


@pytest.mark.parametrize(
    ("asked", "states", "is_orchestrated", "expected"),
    [
        ((), (), True, State.RUNNING),
        ((), (), False, State.INTERRUPTED),
        ((), (State.FINISHED, State.RUNNING), False, State.RUNNING),
        ((), (State.FINISHED, State.FINISHED), False, State.FINISHED),
        (("00_s", "09_s"), (State.FINISHED,), False, State.INTERRUPTED),
        (("00_s", "09_s"), (State.FAILED,), False, State.FAILED),
        ((), (State.FAILED, State.CORRUPT), False, State.CORRUPT),
        ((), (State.INTERRUPTED, State.FINISHED), False, State.INTERRUPTED),
    ],
)
def test_the_state_of_an_experiment_follows_from_its_stages(asked, states, is_orchestrated, expected) -> None:
    found = experiment_standing(asked, standing(*states), is_orchestrated=is_orchestrated)
    assert found.state is expected


def test_a_stage_without_a_reason_gives_none() -> None:
    found = experiment_standing((), {"01_s": Standing(State.FAILED)}, is_orchestrated=False)
    assert found.reason == "stage 01_s is failed"


@pytest.mark.parametrize("data", [None, b"", b"{", b'{"format": "runpact.pipeline/2"}'])
def test_a_request_that_cannot_be_read_asks_for_nothing(data) -> None:
    assert parse_asked(data) == Asked()


def row(**said: object) -> StageRow:
    known = {"name": "01_s", "state": State.FINISHED, "uid": "u", "attempt": 1, "manifest_digest": "d"}
    return StageRow(**{**known, **said})


@pytest.mark.parametrize(
    ("rows", "asked", "expected"),
    [
        ({}, (), [("not-run", ".")]),
        ({}, ("01_s",), [("not-run", "01_s")]),
        ({"01_s": row(result=RESULT)}, (), []),
        ({"01_s": row(state=State.CORRUPT, reason="why")}, (), [("corrupt", "01_s/.runpact")]),
        ({"01_s": row(manifest_digest=None, state=State.RUNNING)}, (), [("not-sealed", "01_s/.runpact")]),
        ({"01_s": row(manifest_digest=None, state=State.INTERRUPTED)}, (), [("not-sealed", "01_s/.runpact")]),
        ({"01_s": row()}, (), [("damaged-record", "01_s/.runpact/result.json")]),
    ],
)
def test_each_standing_of_a_stage_is_told(rows, asked, expected) -> None:
    found = judge_experiment(rows, asked=asked, stale={})
    assert [(each.code, each.path) for each in found] == expected


def test_findings_of_an_attempt_and_its_staleness_are_told() -> None:
    finding = Finding(code="missing", severity=Severity.WARNING, message="m", path="01_s/x")
    result = msgspec.structs.replace(RESULT, findings=(finding,))
    found = list(judge_experiment({"01_s": row(result=result)}, asked=(), stale={"01_s": "why"}))
    assert [each.code for each in found] == ["missing", "stale"]


VIEW = {"stages": {"01_s": {"uid": "u", "attempt": 1, "manifest_digest": "d"}}, "config_digest": "c"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (VIEW, []),
        (None, ["m#/stages/01_s", "m#/config_digest"]),
        ({**VIEW, "stages": []}, ["m#/stages/01_s"]),
        ({**VIEW, "stages": {**VIEW["stages"], "02_s": {}}}, ["m#/stages/02_s"]),
        ({**VIEW, "stages": {"01_s": {"uid": "v"}}}, ["m#/stages/01_s"]),
    ],
)
def test_a_manifest_that_says_otherwise_is_told(document, expected) -> None:
    found = judge_view(document, {"01_s": row()}, path="m", config_digest="c")
    assert [each.path for each in found] == expected
