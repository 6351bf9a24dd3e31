"""The conductor of a sweep, with a source and trials made of values."""

from __future__ import annotations

import threading

import pytest

from runpact.model.sweep.trial import Trial, TrialEnd
from runpact.verbs.sweep.conduct import Conductor, Handling


class Given:
    """Trials in order; remembers what it was told."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.heard: list[int] = []
        self._number = 0

    def take(self) -> Trial | None:
        if self._number >= self.count:
            return None
        self._number += 1
        return Trial(number=self._number, settings={"x": self._number})

    def told(self, end: TrialEnd) -> None:
        self.heard.append(end.trial.number)


def end_of(trial: Trial, state: str = "finished") -> TrialEnd:
    return TrialEnd(trial=trial, state=state, verdict="OK", objective=1.0)


def handling(run, **more) -> Handling:
    usual = {
        "note": lambda _end: None,
        "tell": lambda _news: None,
        "is_stopped": lambda: False,
        "stop": lambda: None,
    }
    return Handling(run=run, **(usual | more))


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_trial_is_run_once_and_written_down_before_the_source_is_told(jobs):
    source, noted = Given(9), []
    conductor = Conductor(
        source,
        handling(end_of, jobs=jobs, note=lambda end: noted.append((end.trial.number, len(source.heard)))),
    )
    conductor.run()
    assert sorted(number for number, _heard in noted) == sorted(source.heard) == list(range(1, 10))
    assert [heard for _number, heard in noted] == list(range(9))
    assert len(conductor.ends) == 9


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_known_is_told_and_not_run(jobs):
    source, ran = Given(4), []
    known = {
        ("x=2",): end_of(Trial(number=99, settings={"x": 2})),
        ("x=4",): end_of(Trial(number=98, settings={"x": 4}), "failed"),
    }
    conductor = Conductor(
        source, handling(lambda trial: ran.append(trial.number) or end_of(trial), jobs=jobs), known
    )
    conductor.run()
    assert sorted(ran) == [1, 3]
    assert sorted(source.heard) == [1, 2, 3, 4]
    assert conductor.resumed == 2
    assert {end.trial.number: end.state for end in conductor.ends}[4] == "failed"


@pytest.mark.parametrize("jobs", [1, 2])
def test_once_stopped_no_trial_begins(jobs):
    source, ran = Given(100), []
    conductor = Conductor(
        source,
        handling(
            lambda trial: ran.append(trial.number) or end_of(trial),
            jobs=jobs,
            is_stopped=lambda: len(ran) >= 5,
        ),
    )
    conductor.run()
    assert 5 <= len(ran) <= 5 + jobs - 1
    assert len(conductor.ends) == len(ran)


def test_a_failed_trial_is_tried_again_as_often_as_allowed_and_no_longer_once_stopped():
    calls = []

    def failing(trial):
        calls.append(trial.number)
        return end_of(trial, "failed" if trial.number == 1 or calls.count(2) < 2 else "finished")

    conductor = Conductor(Given(2), handling(failing, retry=2))
    conductor.run()
    assert calls == [1, 1, 1, 2, 2]
    assert [(end.state, end.attempts) for end in conductor.ends] == [("failed", 3), ("finished", 2)]
    calls.clear()
    Conductor(Given(1), handling(failing, retry=9, is_stopped=lambda: len(calls) > 1)).run()
    assert calls == [1, 1]


def test_an_interrupted_trial_is_not_tried_again():
    calls = []
    conductor = Conductor(
        Given(1), handling(lambda trial: calls.append(1) or end_of(trial, "interrupted"), retry=5)
    )
    conductor.run()
    assert len(calls) == 1


def test_an_error_stops_the_others_whose_ends_are_kept():
    is_stopping, source = threading.Event(), Given(4)

    def run(trial):
        if trial.number == 1:
            raise OSError("all need this")
        assert is_stopping.wait(10)
        if trial.number == 3:
            raise ValueError("another one")
        return end_of(trial, "interrupted")

    conductor = Conductor(source, handling(run, jobs=3, stop=is_stopping.set))
    with pytest.raises(OSError, match="all need this"):
        conductor.run()
    assert [(end.trial.number, end.state) for end in conductor.ends] == [(2, "interrupted")]
