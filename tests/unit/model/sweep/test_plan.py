import msgspec
import pytest

from runpact.model.errors import UsageError
from runpact.model.sweep.plan import Plan, plan_of, read_plan, saying_of
from runpact.model.sweep.source import Listed, Walked, source_of
from runpact.model.sweep.trial import TrialEnd

GRID = {"space": {"a": [1, 2]}, "objective": "metrics.loss:min"}
WALK = {**GRID, "splits": {"index": [1, 2, 3, 4, 5, 6], "walk": {"train": 2, "test": 1}}}


def plan(**more) -> Plan:
    return plan_of(saying_of({**GRID, **more}, file="plan.yaml"))


def test_what_is_left_open_follows_from_the_space():
    assert plan().method == "grid"
    assert plan(space={"a": "int(1,9)"}, trials=3).method == "random"
    assert plan().mode == "grid"
    assert plan_of(saying_of(WALK, file="p")).mode == "walkforward"


def test_a_plan_is_read_back_as_it_was_written():
    said = plan(space={"a": "log(1,2)", "b": [1, None, "x"]}, trials=3, method="optuna", set=["x=1"], retry=2)
    assert read_plan(msgspec.json.decode(msgspec.json.encode(said))) == said
    assert read_plan({"format": "runpact.sweep-plan/2"}) is None
    assert read_plan(None) is None


def test_only_what_decides_on_the_trials_is_in_the_digest():
    assert plan().digest == plan(retry=3, name="other").digest
    assert plan().digest != plan(seed=1).digest


@pytest.mark.parametrize(
    "more",
    [
        {"method": "grid", "space": {"a": "int(1,2)"}},
        {"method": "optuna"},
        {"space": {"a": "int(1,2)"}},
        {"retry": -1},
        {"trials": 0},
        {"method": "optuna", "trials": 3, "splits": WALK["splits"]},
        {"splits": {**WALK["splits"], "keys": ["a", "end"]}},
        {"splits": {**WALK["splits"], "keys": ["end", "end"]}},
        {"objective": "loss"},
    ],
)
def test_a_plan_that_does_not_fit_together_is_refused(more):
    with pytest.raises(UsageError):
        plan(**more)


@pytest.mark.parametrize(
    "document",
    [None, [], {"space": {}}, {**GRID, "spaec": 1}, {**GRID, "trials": "3"}, {**GRID, "method": "bayes"}],
)
def test_a_document_of_another_form_is_no_plan(document):
    with pytest.raises(UsageError, match="no plan of a sweep"):
        saying_of(document, file="plan.yaml")


def ended(trial, objective=1.0, state="finished") -> TrialEnd:
    return TrialEnd(trial=trial, state=state, verdict="OK", objective=objective)


def test_a_list_gives_each_setting_once():
    source = source_of(plan())
    assert isinstance(source, Listed)
    first, second = source.take(), source.take()
    source.told(ended(first))
    assert [first.settings, second.settings, source.take(), source.count] == [{"a": 1}, {"a": 2}, None, 2]


def walked() -> Walked:
    source = source_of(plan_of(saying_of(WALK, file="p")))
    assert isinstance(source, Walked)
    return source


def test_a_walk_judges_the_best_of_each_train_window_on_the_window_behind():
    source = walked()
    assert source.count == 4 * 3
    one, two = source.take(), source.take()
    assert (one.window, one.phase, one.split) == ({"start": 1, "end": 2}, "train", 1)
    source.told(ended(two, 0.5))
    assert source.take().split == 2
    source.told(ended(one, 0.7))
    test = source.take()
    assert (test.phase, test.split, test.settings, test.window) == (
        "test",
        1,
        {"a": 2},
        {"start": 3, "end": 3},
    )
    assert test.number == 3
    source.told(ended(test))
    assert set(source.selected) == {1}


def test_a_split_whose_train_trials_failed_or_were_stopped_is_not_judged():
    for state in ("failed", "interrupted"):
        source = walked()
        one, two = source.take(), source.take()
        source.told(ended(one, None, "failed"))
        source.told(ended(two, None if state == "failed" else 1.0, state))
        assert source.selected == {}
        left = [source.take() for _ in range(6)]
        assert {trial.phase for trial in left} == {"train"}
        assert source.take() is None
