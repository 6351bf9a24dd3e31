"""Whatever the space, the index or the results: order, splits and ranks keep their promises."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runpact.model.config.coerce import read_text
from runpact.model.config.schema import Declared
from runpact.model.errors import UsageError
from runpact.model.sweep.leaderboard import ranked
from runpact.model.sweep.objective import objective_of
from runpact.model.sweep.order import settings_of
from runpact.model.sweep.space import Choice, Grid, Int, Log, Uniform, text_of
from runpact.model.sweep.splits import Walk, splits_of
from runpact.model.sweep.trial import Trial, TrialEnd

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
ENDS = st.tuples(st.integers(-1000, 1000), st.integers(1, 1000)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)
DIMENSIONS = (
    st.lists(PLAIN, min_size=1, max_size=4, unique_by=repr).map(lambda values: Grid(tuple(values)))
    | ENDS.map(lambda ends: Int(*ends))
    | ENDS.map(lambda ends: Uniform(float(ends[0]), float(ends[1])))
    | ENDS.map(lambda ends: Log(math.exp(ends[0] / 200), math.exp(ends[1] / 200)))
    | st.lists(PLAIN, min_size=1, max_size=4, unique_by=repr).map(lambda values: Choice(tuple(values)))
)


@given(
    st.dictionaries(st.text("abc", min_size=1), DIMENSIONS, min_size=1, max_size=3),
    st.integers(1, 30),
    st.integers(0, 9),
)
def test_settings_lie_in_their_space_are_distinct_and_the_same_each_time(space, trials, seed):
    found = list(settings_of(space, trials=trials, seed=seed))
    assert found == list(settings_of(space, trials=trials, seed=seed))
    assert 1 <= len(found) <= trials
    assert len({Trial(number=1, settings=each).key for each in found}) == len(found)
    for settings in found:
        for key, value in settings.items():
            dimension = space[key]
            if isinstance(dimension, Grid | Choice):
                assert value in dimension.values
            else:
                assert dimension.low <= value <= dimension.high


@given(PLAIN)
def test_an_override_says_exactly_the_value(value):
    read = read_text(text_of(value), Declared(key=()))
    assert (type(read), read) == (type(value), value)


@pytest.mark.requirement("E2.3")
@given(
    st.integers(0, 200), st.integers(1, 60), st.integers(1, 40), st.none() | st.integers(1, 50),
    st.integers(0, 10), st.booleans(),
)  # fmt: skip
def test_no_split_knows_what_it_is_judged_on(count, train, test, step, embargo, is_anchored):
    walk = Walk(train=train, test=test, step=step, embargo=embargo, is_anchored=is_anchored)
    if count < train + embargo + test:
        with pytest.raises(UsageError):
            splits_of(range(count), walk)
        return
    splits = splits_of(range(count), walk)
    judged = [place for split in splits for place in range(split.test.start, split.test.end)]
    assert len(judged) == len(set(judged)) <= count
    assert judged == sorted(judged)
    for split in splits:
        assert 0 <= split.train.start < split.train.end
        assert split.train.end + embargo == split.test.start
        assert split.test.end <= count
        assert len(split.test) == test
        assert split.train.start == 0 if is_anchored else len(split.train) == train


@given(
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=30),
    st.sampled_from(["min", "max"]),
)
def test_a_leaderboard_has_every_trial_once_and_none_before_a_better_one(values, direction):
    objective = objective_of(f"metrics.x:{direction}")
    ends = [
        TrialEnd(trial=Trial(number=number, settings={}), state="finished", verdict="OK", objective=value)
        for number, value in enumerate(values)
    ]
    places = ranked(ends, objective)
    assert sorted(place.end.trial.number for place in places) == list(range(len(values)))
    numbers = [place.end.objective for place in places if place.rank is not None]
    assert numbers == sorted(numbers, reverse=direction == "max")
    for place in places:
        better = sum(
            objective.key(number) < objective.key(place.end.objective)
            for number in numbers
            if place.rank is not None
        )
        assert place.rank is None or place.rank == better + 1
