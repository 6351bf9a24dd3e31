import pytest

from runpact.model.errors import UsageError
from runpact.model.sweep.splits import Walk, Window, splits_of

DAYS = [f"2024-01-{day:02}" for day in range(1, 32)]


def windows(index, **walk):
    return [(s.train.start, s.train.end, s.test.start, s.test.end) for s in splits_of(index, Walk(**walk))]


def test_a_rolling_walk_keeps_its_train_size():
    assert windows(range(10), train=4, test=2) == [(0, 4, 4, 6), (2, 6, 6, 8), (4, 8, 8, 10)]


def test_an_anchored_walk_begins_where_the_index_begins():
    assert windows(range(10), train=4, test=2, is_anchored=True) == [
        (0, 4, 4, 6),
        (0, 6, 6, 8),
        (0, 8, 8, 10),
    ]


def test_an_embargo_stands_between_both_windows():
    assert windows(range(10), train=4, test=2, embargo=1) == [(0, 4, 5, 7), (2, 6, 7, 9)]


def test_a_step_may_leave_entries_unjudged_and_never_judges_one_twice():
    assert windows(range(10), train=2, test=2, step=4) == [(0, 2, 2, 4), (4, 6, 6, 8)]
    assert windows(range(8), train=2, test=3, step=1) == [(0, 2, 2, 5), (3, 5, 5, 8)]


def test_sizes_may_be_lengths_of_time():
    assert windows(DAYS, train="14d", test="1w") == [(0, 14, 14, 21), (7, 21, 21, 28)]
    assert windows(DAYS, train="14d", test="1w", embargo="2d", is_anchored=True) == [
        (0, 14, 16, 23),
        (0, 21, 23, 30),
    ]
    hours = [f"2024-01-01T{hour:02}:00:00+00:00" for hour in range(12)]
    assert windows(hours, train="6h", test="180min")[0] == (0, 6, 6, 9)


def test_a_length_of_time_in_a_gap_leaves_a_window_empty_of_train():
    index = ["2024-01-01", "2024-01-02", "2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"]
    found = splits_of(index, Walk(train="2d", test="1d"))
    assert all(len(split.train) > 0 for split in found)
    assert [split.number for split in found] == list(range(1, len(found) + 1))


def test_one_entry_alone_has_no_usual_distance():
    with pytest.raises(UsageError):
        splits_of(["2024-01-01"], Walk(train="1d", test="1d"))


@pytest.mark.parametrize(
    ("index", "walk"),
    [
        ([], {"train": 1, "test": 1}),
        (range(3), {"train": 3, "test": 1}),
        ([1, 1, 2], {"train": 1, "test": 1}),
        ([2, 1], {"train": 1, "test": 1}),
        ([1, "2024-01-01"], {"train": 1, "test": 1}),
        (["2024-01-01", "2024-01-02T00:00:00+00:00"], {"train": 1, "test": 1}),
        (["x", "y"], {"train": 1, "test": 1}),
        ([True, 2], {"train": 1, "test": 1}),
        ([None, 2], {"train": 1, "test": 1}),
        (range(9), {"train": 0, "test": 1}),
        (range(9), {"train": 1, "test": 0}),
        (range(9), {"train": 1, "test": 1, "embargo": -1}),
        (range(9), {"train": "3d", "test": 1}),
        (DAYS, {"train": "3y", "test": 1}),
        (DAYS, {"train": "d", "test": 1}),
        (DAYS, {"train": "9999999d", "test": 1}),
        (DAYS, {"train": "60d", "test": "1d"}),
        ([], {"train": "1d", "test": "1d"}),
    ],
)
def test_an_index_or_a_size_that_is_none_is_refused(index, walk):
    with pytest.raises(UsageError):
        splits_of(list(index), Walk(**walk))


def test_a_window_knows_how_many_entries_it_has():
    assert len(Window(3, 7)) == 4
