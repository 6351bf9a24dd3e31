"""`runpact.sweep`: a function tried here and in forked processes."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

import runpact
import runpact.api.sweep
from integration.runs.place import Place
from runpact.disk.reader import Reading
from runpact.host.signals import Terminated
from runpact.model.sweep.objective import objective_of
from runpact.model.sweep.source import Listed
from runpact.model.sweep.trial import Trial
from runpact.verbs.sweep.measure import measured, metrics_in
from runpact.workspace import Workspace, sweeping
from runpact.workspace.trials import trial_request

SPACE = {"x": [1, 2, 3, 4]}


def square(trial):
    trial.run.save("seen.json", {"x": trial.config["x"], "pid": os.getpid(), "seed": trial.seed})
    return float((trial.settings["x"] - 3) ** 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_function_is_tried_and_what_it_returns_is_the_objective(empty: Place, jobs: int) -> None:
    found = runpact.sweep(
        SPACE,
        trial=square,
        objective="metrics.loss:min",
        jobs=jobs,
        config={"base": 1},
        overrides=("base=2",),
    )
    assert found.verdict is runpact.Verdict.OK
    assert [end.trial.settings["x"] for end in (place.end for place in found.outcome.places)] == [3, 2, 4, 1]
    assert found.outcome.best_config == {"base": 2, "x": 3}
    seen = [json.loads((empty.root / end.path / "seen.json").read_text()) for end in found.outcome.ends]
    assert len({each["pid"] for each in seen} - {os.getpid()}) == (jobs if jobs > 1 else 0)
    runs = runpact.runs(f"parent = {found.uid}")
    assert {run["seed.trial"] for run in runs} == {each["seed"] for each in seen}
    assert {run["config.x"] for run in runs} == {1, 2, 3, 4}


def test_mappings_metrics_and_documents_can_all_be_the_objective(empty: Place) -> None:
    def logged(trial):
        assert runpact.current() is trial.run
        for step in range(3):
            trial.run.log({"loss": trial.config["x"] - step}, step=step)

    least = runpact.sweep(SPACE, trial=logged, objective="metrics.loss@max:min")
    assert least.outcome.best.objective == 1.0
    several = runpact.sweep(
        SPACE, trial=lambda trial: {"loss": trial.config["x"], "other": 1.0}, objective="metrics.loss:max"
    )
    assert several.outcome.best.objective == 4.0

    def saved(trial):
        trial.run.save("m.json", {"a": [{"b": trial.config["x"]}]})

    assert runpact.sweep(SPACE, trial=saved, objective="m.json#/a/0/b:max").outcome.best.objective == 4.0


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_ends_its_trial_and_no_other(empty: Place, jobs: int) -> None:
    def broken(trial):
        if trial.number == 2:
            raise ValueError("two is bad")
        return float("nan") if trial.number == 3 else 1.0

    found = runpact.sweep(SPACE, trial=broken, objective="metrics.loss:min", jobs=jobs)
    assert found.verdict is runpact.Verdict.WARNING
    reasons = {place.end.trial.number: place.end.reason for place in found.outcome.places}
    assert reasons == {1: "", 4: "", 3: "the objective is not finite: nan", 2: "ValueError: two is bad"}


def test_a_number_for_an_objective_in_a_document_is_told(empty: Place) -> None:
    found = runpact.sweep({"x": [1]}, trial=lambda _trial: 1.0, objective="m.json#/a:min")
    assert "the objective is no metric" in found.outcome.places[0].end.reason
    assert found.verdict is runpact.Verdict.ERROR


def test_a_process_that_dies_takes_its_trial_and_no_other(empty: Place) -> None:
    def dying(trial):
        if trial.number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    found = runpact.sweep({"x": [1, 2, 3, 4, 5, 6]}, trial=dying, objective="metrics.loss:min", jobs=2)
    ends = {end.trial.number: end for end in found.outcome.ends}
    assert ends[2].reason == "its process was ended by signal 9"
    (left,) = runpact.runs(f"parent = {found.uid} and state = interrupted")
    assert (ends[2].path, ends[2].uid, ends[2].state) == (left.path, left.uid, "failed")
    assert left.path in (empty.root / found.path / "leaderboard.csv").read_text()
    assert [number for number, end in ends.items() if end.is_done] == [1, 3, 4, 5, 6]
    again = runpact.sweep(  # whoever died is tried again, whoever failed is not
        {"x": [1, 2, 3, 4, 5, 6]}, trial=square, objective="metrics.loss:min", resume=found.path, retry=1
    )
    assert [
        end.trial.number
        for end in again.outcome.ends
        if end.seconds and end.path not in {e.path for e in ends.values()}
    ] == [2]


def test_a_process_that_dies_before_its_trial_has_a_run_leaves_none(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(_place: Workspace, _plan: object, trial: Trial, *_more: object, base: object) -> object:
        if trial.number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return trial_request(_place, _plan, trial, *_more, base=base)  # type: ignore[arg-type]

    monkeypatch.setattr(runpact.api.sweep, "trial_request", asked)
    found = runpact.sweep({"x": [1, 2, 3]}, trial=square, objective="metrics.loss:min", jobs=2)
    ends = {end.trial.number: end for end in found.outcome.ends}
    assert (ends[2].path, ends[2].uid, ends[2].state) == ("", None, "failed")


def test_a_sweep_whose_processes_all_died_is_sealed_as_failed(empty: Place) -> None:
    def dying(_trial):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(runpact.RunpactError, match="every process"):
        runpact.sweep(SPACE, trial=dying, objective="metrics.loss:min", jobs=2)
    assert [run.state.value for run in runpact.runs("kind = sweep")] == ["failed"]


def test_ctrl_c_in_a_trial_seals_trial_and_sweep_and_is_raised_again(empty: Place) -> None:
    def stopped(trial):
        if trial.number == 3:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        runpact.sweep(SPACE, trial=stopped, objective="metrics.loss:min")
    states = {run.kind + str(run["config.x"]): run.state.value for run in runpact.runs()}
    assert states["run3"] == "interrupted"
    sweep = next(run for run in runpact.runs("kind = sweep"))
    assert (sweep.state.value, sweep.reason) == ("interrupted", "stopped by signal 2")
    assert (Path(sweep.directory) / "leaderboard.csv").read_text().count("\n") == 4
    tried = []

    def going_on(trial):
        tried.append(trial.number)
        return 1.0

    found = runpact.sweep(SPACE, trial=going_on, objective="metrics.loss:min", resume=sweep.path)
    assert tried == [3, 4]
    assert (found.outcome.counts.finished, found.outcome.counts.resumed) == (4, 2)
    with pytest.raises(runpact.RunpactError, match="nothing is left to do"):
        runpact.sweep(SPACE, trial=going_on, objective="metrics.loss:min", resume=sweep.path)
    with pytest.raises(runpact.RunpactError, match="planned otherwise"):
        runpact.sweep({"x": [1]}, trial=going_on, objective="metrics.loss:min", resume=sweep.path)
    assert "calls of a function" in empty.call("sweep", "--resume", sweep.path)[2]


def test_failed_trials_are_tried_again_only_when_asked(empty: Place) -> None:
    calls = []

    def failing(trial):
        calls.append(trial.number)
        if trial.number == 2 and calls.count(2) < 3:
            raise ValueError("not yet")
        return 1.0

    first = runpact.sweep(SPACE, trial=failing, objective="metrics.loss:min")
    assert first.outcome.counts.failed == 1
    again = runpact.sweep(SPACE, trial=failing, objective="metrics.loss:min", resume=first.path, retry=1)
    assert again.outcome.counts.failed == 0
    assert calls == [1, 2, 3, 4, 2, 2]
    assert {end.trial.number: end.attempts for end in again.outcome.ends}[2] == 2


def test_the_program_has_the_last_word_before_the_sweep_is_sealed(empty: Place) -> None:
    def report(run, outcome):
        lines = Path(run.dir, "leaderboard.csv").read_text().count("\n")
        run.save("report.json", {"ranked": outcome.counts.ranked, "lines": lines})

    found = runpact.sweep(SPACE, trial=square, objective="metrics.loss:min", report=report)
    assert json.loads((empty.root / found.path / "report.json").read_text()) == {"ranked": 4, "lines": 5}
    assert empty.call("verify", found.path)[0] == 0


def test_an_error_in_the_last_word_fails_the_sweep_and_keeps_its_trials(empty: Place) -> None:
    def report(_run, _outcome):
        raise ValueError("no words")

    with pytest.raises(ValueError, match="no words"):
        runpact.sweep(SPACE, trial=square, objective="metrics.loss:min", report=report)
    sweep = runpact.runs("kind = sweep")[0]
    assert (sweep.state.value, sweep.reason) == ("failed", "ValueError: no words")
    found = runpact.sweep(SPACE, trial=square, objective="metrics.loss:min", resume=sweep.path)
    assert found.outcome.counts.resumed == 4


def test_a_walk_tells_each_trial_its_window(empty: Place) -> None:
    days = [f"2024-01-{day:02}" for day in range(1, 11)]
    seen = []

    def backtest(trial):
        seen.append((trial.phase, trial.split, trial.config["start"], trial.config["end"]))
        return trial.config["x"]

    splits = {"index": days, "walk": {"train": 4, "test": 2, "embargo": 1, "anchored": True}}
    found = runpact.sweep({"x": [1, 2]}, trial=backtest, objective="metrics.r:max", splits=splits)
    assert seen[0] == ("train", 1, "2024-01-01", "2024-01-04")
    assert ("test", 1, "2024-01-06", "2024-01-07") in seen
    assert found.outcome.facts()["n_test_runs"] == len(found.outcome.places) == 2
    assert found.outcome.best.trial.split == 2
    assert (found.outcome.best_metrics, found.outcome.facts()["leaderboard_size"]) == ({"r": 2.0}, 1)
    assert [
        split.test.start for split in runpact.splits(days, train=4, test=2, embargo=1, anchored=True)
    ] == [5, 7]


@pytest.mark.parametrize(
    "said",
    [
        {"space": {}},
        {"space": {"x": "int(1,2)"}},
        {"jobs": 0},
        {"objective": "loss"},
        {"method": "bayes"},
        {"splits": {"index": [1], "walk": {"train": 1, "test": 1}}},
        {"splits": {"walk": 1}},
        {"kind": "none"},
        {"trials": "3"},
    ],
)
def test_what_is_not_understood_is_refused_and_makes_nothing(empty: Place, said: dict) -> None:
    whole = {"space": SPACE, "trial": square, "objective": "metrics.loss:min", **said}
    with pytest.raises(runpact.RunpactError):
        runpact.sweep(whole.pop("space"), **whole)
    assert not (empty.root / "runs").exists()
    assert not (empty.root / "sweeps").exists()


@pytest.mark.parametrize(("error", "reason"), [(KeyboardInterrupt(), 2), (Terminated(15), 15)])
def test_a_signal_between_two_trials_seals_the_sweep_as_interrupted(
    empty: Place, error: BaseException, reason: int
) -> None:
    def told(news):
        if news.moment == "ended" and news.trial.number == 2:
            raise error

    said = {"space": {"x": [1, 2, 3]}, "objective": "metrics.x:min", "command": ["true"]}
    found = sweeping.sweep(Workspace.open(), said, sweeping.Going(tell=told))
    assert (found.interrupted_by, found.state.value) == (reason, "interrupted")
    assert found.outcome.counts.finished == 2


def test_a_signal_between_two_calls_is_raised_again(empty: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def struck(self, end):
        raise Terminated(15)

    monkeypatch.setattr(Listed, "told", struck)
    with pytest.raises(Terminated):
        runpact.sweep(SPACE, trial=square, objective="metrics.loss:min")
    assert [run.state.value for run in runpact.runs("kind = sweep")] == ["interrupted"]
    monkeypatch.setattr(Listed, "told", lambda _self, _end: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        runpact.sweep(SPACE, trial=square, objective="metrics.loss:min")


def test_a_run_that_is_no_sweep_cannot_be_gone_on_with(empty: Place) -> None:
    with runpact.run(name="plain") as run:
        run.event("sweep.trial", end={"trial": 1})
    for reference in (run.id, run.uid):
        with pytest.raises(runpact.RunpactError, match="no sweep"):
            runpact.sweep(SPACE, trial=square, objective="metrics.loss:min", resume=reference)
    (Path(run.dir) / ".runpact/run.json").unlink()
    with pytest.raises(runpact.RunpactError, match="no sweep"):
        runpact.sweep(SPACE, trial=square, objective="metrics.loss:min", resume=run.dir)


def test_a_trial_whose_records_are_damaged_has_no_objective() -> None:
    reading = Reading(
        directory="/nowhere",
        is_staged=False,
        has_record=True,
        record_fault="damaged",
        has_manifest=False,
        has_seal=False,
    )
    assert measured(reading, objective_of("metrics.x:min")) == (None, "its records are damaged")
    assert metrics_in(reading) == ()


@pytest.mark.requirement("E5.2")
def test_a_view_is_not_rewritten_for_every_trial_and_lists_all_in_the_end(place: Place) -> None:
    index = place.root / "runs/index.json"
    seen = []

    def looking(_trial):
        seen.append(index.stat().st_mtime_ns if index.exists() else 0)
        return 1.0

    captures = {"mode": "{mode}", "digest": "{digest:7}"}
    found = runpact.sweep(
        {"lr": list(range(9))}, trial=looking, objective="metrics.x:min", sweep_captures=captures
    )
    assert len(set(seen)) <= 2  # none yet, then that of the first trial
    listed = {row["path"] for row in json.loads(index.read_text())["runs"]}
    assert listed == {found.path, *(end.path for end in found.outcome.ends)}
    with runpact.run(name="alone"):
        pass
    assert len(json.loads(index.read_text())["runs"]) == len(listed) + 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sweep_inside_an_open_run_is_part_of_it(empty: Place, jobs: int) -> None:
    with runpact.run(name="outer") as outer:
        found = runpact.sweep(SPACE, trial=square, objective="metrics.loss:min", jobs=jobs)
    assert {run.uid: run.parent for run in runpact.runs("kind = sweep")} == {found.uid: outer.uid}
    assert {run.parent for run in runpact.runs("kind = run and name != outer")} == {found.uid}
    assert empty.call("check")[0] == 0
