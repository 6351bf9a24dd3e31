"""What follows from the facts about a workspace."""

from __future__ import annotations

import typing

import msgspec
import pytest

from runpact.model.codes import CODES
from runpact.model.contract.ignoring import fixed_folder, ignored_patterns
from runpact.model.contract.language import Contract, Kind, Promotion
from runpact.model.doctor import diagnosis
from runpact.model.doctor.diagnosis import RenewLatest, SealRun, SetAside, diagnose, remedy_name, remedy_text
from runpact.model.doctor.index import IndexState, judge_index
from runpact.model.doctor.latest import LatestState, judge_latest
from runpact.model.doctor.leftovers import OLD_SECONDS, YOUNG_SECONDS, Leftovers, Temporary, judge_leftovers
from runpact.model.doctor.notes import NotesState, judge_notes
from runpact.model.doctor.repository import Commitment, LargeFile, Probe, judge_repository
from runpact.model.doctor.runs import RunProcess, UnsealedRun, judge_runs
from runpact.model.finding import Severity
from runpact.model.run import Liveness, State


def codes(diagnoses: typing.Iterable[diagnosis.Diagnosis]) -> list[str]:
    return [each.finding.code for each in diagnoses]


def remedies(diagnoses: typing.Iterable[diagnosis.Diagnosis]) -> list[object]:
    return [each.remedy for each in diagnoses]


# ---------------------------------------------------------------- runs


def creation(**facts: object) -> UnsealedRun:
    known = {"path": "runs/.new-1", "state": State.ABANDONED, "is_staged": True, "liveness": Liveness.DEAD}
    return UnsealedRun(**(known | {"age_seconds": YOUNG_SECONDS} | facts))


def test_a_creation_is_abandoned_once_its_process_is_gone_and_it_is_not_young() -> None:
    assert remedies(judge_runs([creation()])) == [SetAside("runs/.new-1")]
    assert codes(judge_runs([creation(age_seconds=YOUNG_SECONDS - 1)])) == []
    assert codes(judge_runs([creation(liveness=Liveness.ALIVE)])) == []
    assert codes(judge_runs([creation(liveness=Liveness.ORPHANS)])) == []


def test_a_creation_of_another_host_is_never_touched() -> None:
    (found,) = judge_runs([creation(liveness=Liveness.UNDECIDED, age_seconds=1e9)])
    assert found.finding.code == "elsewhere"
    assert found.remedy is None


def interrupted(**facts: object) -> UnsealedRun:
    return UnsealedRun(**({"path": "runs/a", "state": State.INTERRUPTED, "liveness": Liveness.DEAD} | facts))


def test_an_interrupted_run_is_sealed_only_when_no_process_of_it_lives() -> None:
    assert remedies(judge_runs([interrupted()])) == [SealRun("runs/a")]
    assert remedies(judge_runs([interrupted(liveness=Liveness.ORPHANS)])) == [None]
    living = interrupted(processes=(RunProcess(7, "python train.py"),))
    assert codes(judge_runs([living])) == ["interrupted-run", "orphan-process"]
    assert remedies(judge_runs([living])) == [None, None]


def test_an_experiment_is_never_sealed_as_a_whole() -> None:
    living = interrupted(is_by_stage=True, reason="stage 02 was cut", processes=(RunProcess(7, "python"),))
    found = list(judge_runs([living]))
    assert codes(found) == ["interrupted-run", "orphan-process"]
    assert found[0].finding.severity is Severity.ADVICE
    assert remedies(found) == [None, None]


def test_an_interrupted_run_that_lost_its_manifest_is_not_sealed() -> None:
    (found,) = judge_runs([interrupted(has_manifest=False)])
    assert found.remedy is None
    assert "manifest" in (found.finding.hint or "")


@pytest.mark.parametrize("state", [State.RUNNING, State.FINISHED, State.FAILED])
def test_a_run_that_is_as_it_should_be_is_not_spoken_of(state: State) -> None:
    assert codes(judge_runs([UnsealedRun(path="a", state=state)])) == []
    assert codes(judge_runs([interrupted(is_sealed=True)])) == []
    assert codes(judge_runs([UnsealedRun(path="a", state=State.UNKNOWN, has_record=False)])) == []


def test_a_damaged_run_is_an_error_without_a_remedy() -> None:
    (found,) = judge_runs([UnsealedRun(path="a", state=State.CORRUPT, reason="the seal is missing")])
    assert (found.finding.severity, found.remedy) == (Severity.ERROR, None)
    assert "the seal is missing" in found.finding.message


# ---------------------------------------------------------------- leftovers


@pytest.mark.parametrize(
    ("age", "is_alive", "expected"),
    [
        (YOUNG_SECONDS, False, 1),
        (YOUNG_SECONDS - 1, False, 0),
        (OLD_SECONDS, True, 1),
        (OLD_SECONDS - 1, True, 0),
    ],
)
def test_a_temporary_file_is_nobodys_once_its_writer_is_gone_or_it_is_old(
    age: float, *, is_alive: bool, expected: int
) -> None:
    temporary = Temporary(path=".gitignore.tmp-1", age_seconds=age, is_alive=is_alive)
    assert len(list(judge_leftovers(Leftovers(temporaries=(temporary,))))) == expected


def test_what_was_set_aside_and_the_reserve_of_a_sealed_run_are_advice() -> None:
    found = list(judge_leftovers(Leftovers(ballasts=("a",), set_aside=("b",))))
    assert {each.finding.severity for each in found} == {Severity.ADVICE}
    assert remedies(found) == [None, None]


# ---------------------------------------------------------------- index, latest copies, notes


def test_an_index_is_damaged_when_it_says_so_or_differs_from_the_directories() -> None:
    assert codes(judge_index(IndexState(path="i"))) == []
    for state in (
        IndexState(path="i", faults=("a page",)),
        IndexState(path="i", unlisted=("runs/a",)),
        IndexState(path="i", imaginary=("runs/a",)),
    ):
        assert codes(judge_index(state)) == ["index-damaged"]
    (many,) = judge_index(IndexState(path="i", unlisted=tuple(f"r{n}" for n in range(9))))
    assert many.finding.got == "9 runs are missing in it: r0, r1, r2, r3, r4 and 4 more"
    assert codes(judge_index(IndexState(path="i", obstacle="a file"))) == ["no-index"]


def latest(**facts: object) -> LatestState:
    known = {"path": "latest.json", "source": "runs/b/m.json", "started": "2026", "is_link": False}
    return LatestState(**(known | {"expected": "sha256:1", "found": "sha256:0"} | facts))


@pytest.mark.parametrize(
    ("facts", "is_kept"),
    [
        ({"found": None}, False),
        ({"is_from_run": True}, False),
        ({"is_from_run": False}, True),
        ({"found": "", "is_from_run": True}, True),
        ({"found": "x", "is_link": True, "is_from_run": False}, True),
    ],
)
def test_what_came_from_no_run_is_kept_when_a_copy_is_renewed(
    facts: dict[str, object], *, is_kept: bool
) -> None:
    (found,) = judge_latest([latest(**facts)])
    assert isinstance(found.remedy, RenewLatest)
    assert found.remedy.is_kept is is_kept


def test_a_copy_of_the_newest_run_is_well() -> None:
    assert codes(judge_latest([latest(found="sha256:1")])) == []


def test_notes_are_judged_by_what_can_be_read_and_whose_they_are() -> None:
    assert codes(judge_notes([NotesState(path="n", has_run=True)])) == []
    assert codes(judge_notes([NotesState(path="n", has_run=False, damaged=1)])) == [
        "damaged-record",
        "notes-without-run",
    ]
    assert codes(judge_notes([NotesState(path="n", has_run=True, fault="refused")])) == ["damaged-record"]


# ---------------------------------------------------------------- what git would commit


def test_a_place_of_runs_has_a_remedy_only_where_a_pattern_fits() -> None:
    probe = Probe(folder="outputs/runs", path="outputs/runs/x/.runpact/run.json")
    (found,) = judge_repository(Commitment(runs=(probe,), patterns=("/outputs/",)))
    assert found.remedy is not None
    (other,) = judge_repository(Commitment(runs=(probe,), patterns=("/models/",)))
    assert other.remedy is None


def test_few_tracked_files_are_all_named() -> None:
    (found,) = judge_repository(Commitment(tracked={"runs": ("runs/a/x",)}))
    assert found.finding.got == "1 files: runs/a/x"


def test_large_files_and_what_git_cannot_tell_are_findings() -> None:
    large = (LargeFile("a", 10**8, is_staged=True), LargeFile("b", 10**8, is_staged=False))
    assert codes(judge_repository(Commitment(large=large, faults=("late",)))) == [
        "large-file",
        "large-file",
        "undecided",
    ]


# ---------------------------------------------------------------- patterns of the ignored


def contract(*places: str, promoted: tuple[str, ...] = ()) -> Contract:
    kinds = {f"k{n}": Kind(at=at) for n, at in enumerate(places)}
    promotions = {f"p{n}": Promotion(from_=("k0",), at=at) for n, at in enumerate(promoted)}
    return Contract(contract="a.b", version="1.0.0", kinds=kinds, promotions=promotions)


def test_the_first_folder_of_each_place_is_ignored() -> None:
    assert ignored_patterns(contract("runs/{name}", "outputs/sweeps/{a}/{b}", "{name}", ".")) == (
        "/outputs/",
        "/runs/",
    )


def test_promoted_copies_are_not_ignored_along_with_runs() -> None:
    shared = contract("outputs/runs/{name}", "models/{name}", promoted=("outputs/reports/{label}",))
    assert ignored_patterns(shared) == ("/models/", "/outputs/runs/")


def test_a_place_without_captures_is_its_own_folder() -> None:
    assert fixed_folder("out/run") == "out/run"
    assert fixed_folder(".") == ""


# ---------------------------------------------------------------- remedies


def test_every_remedy_has_a_name_of_its_own_and_says_what_it_does() -> None:
    examples = [
        SetAside("a"),
        SealRun("a"),
        diagnosis.RebuildIndex(),
        diagnosis.ClearCache(),
        RenewLatest(path="a", source="b", started="c", is_link=False, is_kept=True),
        diagnosis.WriteIgnored(("/runs/",)),
        diagnosis.WriteViews(),
    ]
    assert {type(each) for each in examples} == set(typing.get_args(diagnosis.Remedy))
    assert len({remedy_name(each) for each in examples}) == len(examples)
    assert len({remedy_text(each) for each in examples}) == len(examples)
    link = RenewLatest(path="a", source="b", started="c", is_link=True, is_kept=False)
    assert remedy_text(link) == "link to `b`"


def test_a_path_that_is_no_text_is_told_readably_and_kept_as_it_is_in_the_remedy() -> None:
    found = diagnose("leftover", "x", path="a\udcff", remedy=SetAside("a\udcff"))
    assert found.finding.path == "a\\xff"
    assert found.remedy == SetAside("a\udcff")
    assert b"xff" in msgspec.json.encode(found.finding)
    assert found.finding.severity is CODES["leftover"].severity
