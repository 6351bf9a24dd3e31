"""Which runs may go, and why each other one stays."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from runpact.model.archive.copy import label_for
from runpact.model.archive.retention import Candidate, Decision, Keeping, decide, frozen_by, keeping_of
from runpact.model.archive.trash import PrunedRun, TrashRecord, parse_trash, render_trash
from runpact.model.errors import CannotStartError, MalformedDocumentError
from runpact.model.run import State

NOW = datetime(2026, 3, 9, tzinfo=UTC)


def old(number: int, **more: object) -> Candidate:
    facts = {
        "path": f"runs/a/{number}",
        "name": "a",
        "state": State.FINISHED,
        "started": f"2026-01-0{number}T00:00:00Z",
    }
    return Candidate(**(facts | more))


def decided(*runs: Candidate, cited: dict[str, str] | None = None, **said: object) -> dict[str, Decision]:
    found = decide(runs, Keeping(**said), cited=cited or {}, now=NOW)
    assert [each.path for each in found] == [run.path for run in runs]
    assert all(each.reasons for each in found)
    return {each.path.rpartition("/")[2]: each for each in found}


def freed(*runs: Candidate, **said: object) -> set[str]:
    return {name for name, each in decided(*runs, **said).items() if each.is_freed}


@pytest.mark.requirement("B-050")
def test_what_is_not_archived_stays() -> None:
    found = decided(old(1), old(2, archive="reports/x"), old(3, archive_fault="it was altered"), old(4))
    assert {name for name, each in found.items() if each.is_freed} == {"2"}
    assert found["1"].reasons == ("it is not archived",)
    assert found["2"].reasons == ("archived in reports/x",)
    assert found["3"].reasons == ("it was altered",)
    assert found["2"].basis == "archived"


@pytest.mark.requirement("B-122")
@pytest.mark.parametrize("state", [State.RUNNING, State.UNKNOWN, State.CORRUPT, State.ABANDONED])
def test_what_runs_or_is_in_doubt_never_goes(state: State) -> None:
    found = decided(old(1, state=state, archive="reports/x"), old(2), policy="p")
    assert not found["1"].is_freed
    assert f"it is {state.value}" in found["1"].reasons


@pytest.mark.requirement("B-122")
def test_the_newest_finished_run_of_each_name_never_goes() -> None:
    runs = [old(1), old(2), old(3, state=State.FAILED), old(4, name="b", path="runs/b/4")]
    assert freed(*runs, policy="p") == {"1", "3"}


def test_a_pinned_run_never_goes() -> None:
    assert freed(old(1, tags=("pin",)), old(2), policy="p") == set()


def test_what_is_to_be_kept_stays_though_it_is_archived() -> None:
    runs = [old(number, archive="reports/x") for number in range(1, 7)]
    assert freed(*runs) == {"1", "2", "3", "4", "5"}
    assert freed(*runs, newest=3) == {"1", "2", "3"}
    assert freed(*runs, within_days=64) == {"1", "2", "3"}
    tagged = [old(1, tags=("paper",), archive="reports/x"), *runs[1:]]
    assert freed(*tagged, tags=("paper", "other")) == {"2", "3", "4", "5"}
    assert freed(old(1, started="", archive="x"), old(2), within_days=1) == set()
    assert freed(old(1, started="no time", archive="x"), old(2), within_days=1) == set()


def test_a_policy_keeps_the_best_and_what_its_condition_says() -> None:
    ranks = {1: 0.5, 2: 0.1, 3: None, 4: 0.9}
    runs = [old(number, rank=rank) for number, rank in ranks.items()]
    assert freed(*runs, best=1, policy="p") == {"1"}
    assert freed(old(1, is_wanted=True), old(2), policy="p") == set()


def test_what_another_run_leans_on_stays_as_long_as_that_one_does() -> None:
    leaning = old(
        3, name="b", refers={"runs/a/1": "reads it", "runs/b/none": "reads it", "runs/a/3": "itself"}
    )
    found = decided(old(1), old(2), leaning, policy="p")
    assert found["1"].reasons == ("runs/a/3 reads it",)
    chain = [old(1), old(2, refers={"runs/a/1": "reads it"}), old(3, refers={"runs/a/2": "reads it"}), old(4)]
    assert freed(*chain, policy="p") == {"1", "2", "3"}
    assert freed(*chain, policy="p", tags=("none",)) == {"1", "2", "3"}
    pinned = [*chain[:2], msgspec.structs.replace(chain[2], tags=("pin",)), chain[3]]
    assert freed(*pinned, policy="p") == set()


def test_what_a_certificate_speaks_of_stays() -> None:
    found = decided(old(1), old(2), cited={"runs/a/1": "a certificate speaks of it"}, policy="p")
    assert found["1"].reasons == ("a certificate speaks of it",)


def test_a_policy_says_what_is_kept_and_a_person_may_only_keep_more() -> None:
    keep = {"newest": 3, "within": 30, "best": 2, "by": "doc.report.loss", "where": "true"}
    found = keeping_of("p", keep, Keeping(newest=5, within_days=2, tags=("x",)))
    assert found == Keeping(newest=5, within_days=30, best=2, tags=("x",), policy="p")
    assert keeping_of("p", {"newest": 1}, Keeping()) == Keeping(newest=1, policy="p")


@pytest.mark.parametrize(
    "keep", [{}, {"latest": 3}, {"best": 3}, {"by": "x"}, {"newest": "all"}, {"newest": -1}]
)
def test_a_policy_that_does_not_say_what_is_kept_frees_nothing(keep: dict) -> None:
    with pytest.raises(CannotStartError):
        keeping_of("p", keep, Keeping())


def test_the_record_of_the_trash_is_read_back_and_leads_nowhere_else() -> None:
    run = PrunedRun(uid="u", run_id="1", path="runs/a/1", places=("models/1",), basis="policy", reason="r")
    record = TrashRecord(pruned="2026-03-09T00:00:00Z", runs=(run,))
    assert parse_trash(render_trash(record)) == record
    for data in (
        b"{",
        render_trash(msgspec.structs.replace(record, format="other")),
        render_trash(msgspec.structs.replace(record, runs=(msgspec.structs.replace(run, path="../x"),))),
        render_trash(msgspec.structs.replace(record, runs=(msgspec.structs.replace(run, places=("/x",)),))),
    ):
        with pytest.raises(MalformedDocumentError):
            parse_trash(data)


@pytest.mark.requirement("B-A7")
def test_a_folder_says_that_its_certificate_failed_and_says_so_once() -> None:
    assert label_for("a", is_failed=False) == "a"
    assert label_for("a", is_failed=True) == label_for("a_failed", is_failed=True) == "a_failed"


@pytest.mark.requirement("C-137")
@pytest.mark.parametrize(
    ("path", "glob"),
    [
        ("outputs/a", "outputs/**"),
        ("outputs", "outputs/**"),
        ("fase11_2024/a/b", "fase11_*/**"),
        ("outputs2/a", None),
        ("runs/outputs/a", None),
    ],
)
def test_a_folder_is_frozen_by_the_glob_that_covers_it_or_what_is_in_it(path: str, glob: str | None) -> None:
    assert frozen_by(("outputs/**", "fase11_*/**"), path) == glob
