import math

import msgspec
import pytest

from runpact.model.errors import UsageError
from runpact.model.sweep.board import board_of
from runpact.model.sweep.leaderboard import best_of, counts_of, ranked, row_of
from runpact.model.sweep.objective import number_of, objective_of
from runpact.model.sweep.plan import SplitPlan, plan_of, saying_of
from runpact.model.sweep.splits import Walk
from runpact.model.sweep.tables import columns_of, csv_table, json_page, markdown_table
from runpact.model.sweep.trial import Trial, TrialEnd
from runpact.model.sweep.walkforward import out_of_sample, walk_tables

LEAST = objective_of("metrics.loss:min")
GRID = plan_of(saying_of({"space": {"a": [1, 2]}, "objective": "metrics.loss:min"}, file="p"))
WALK = msgspec.structs.replace(GRID, splits=SplitPlan(index=[1, 2, 3], walk=Walk(train=1, test=1)))


def end(
    number, objective=None, *, state="finished", verdict="OK", reason="", settings=None, split=None, phase=""
):
    window = {"start": number, "end": number + 1} if split else {}
    trial = Trial(number=number, settings=settings or {"a": number}, split=split, phase=phase, window=window)
    return TrialEnd(
        trial=trial,
        uid=f"u{number}",
        path=f"runs/{number}",
        state=state,
        verdict=verdict,
        objective=objective,
        reason=reason,
    )


@pytest.mark.parametrize(
    ("text", "metric", "which"),
    [
        ("metrics.loss:min", "loss", "last"),
        ("metrics.val.loss@max:max", "val.loss", "max"),
        ("metrics.loss@min:min", "loss", "min"),
        ("metrics.json#/summary/x:max", None, "last"),
        ("out/m.json#:max", None, "last"),
    ],
)
def test_an_objective_is_a_metric_or_a_number_in_a_document(text, metric, which):
    found = objective_of(text)
    assert (found.metric, found.end, found.text) == (metric, which, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "metrics.loss",
        "metrics.loss:best",
        "loss:min",
        "metrics.:min",
        "a.json#x:min",
        "../a.json#/x:min",
        "/a.json#/x:min",
        None,
    ],
)
def test_an_objective_without_direction_or_place_is_refused(text):
    with pytest.raises(UsageError):
        objective_of(text)


@pytest.mark.parametrize(
    ("value", "number", "why"),
    [
        (1, 1.0, ""),
        (0.5, 0.5, ""),
        (None, None, "absent"),
        (True, None, "no number"),
        ("1", None, "no number"),
        (math.nan, None, "not finite"),
        (-math.inf, None, "not finite"),
        (10**400, None, "too large"),
    ],
)
def test_only_a_finite_number_ranks(value, number, why):
    found, reason = number_of(value)
    assert found == number
    assert why in reason


def test_equals_share_a_rank_and_the_earlier_stands_first():
    places = ranked([end(3, 1.0), end(1, 2.0), end(2, 1.0), end(4, 5.0)], LEAST)
    assert [(place.rank, place.end.trial.number, place.is_tied) for place in places] == [
        (1, 2, True),
        (1, 3, True),
        (3, 1, False),
        (4, 4, False),
    ]


def test_the_direction_turns_the_order_and_not_the_order_of_equals():
    most = objective_of("metrics.acc:max")
    assert [place.end.trial.number for place in ranked([end(2, 1.0), end(1, 1.0), end(3, 9.0)], most)] == [
        3,
        1,
        2,
    ]


def test_the_unranked_stand_last_those_that_finished_before_those_that_failed():
    found = [
        end(1, state="failed", reason="boom"),
        end(2, reason="absent"),
        end(3, 7.0),
        end(4, 1.0, verdict="ERROR", reason="broken"),
        end(5, state="interrupted"),
    ]
    places = ranked(found, LEAST)
    assert [(place.rank, place.end.trial.number) for place in places] == [
        (1, 3),
        (None, 2),
        (None, 1),
        (None, 4),
        (None, 5),
    ]
    counts = counts_of(places, asked=9, resumed=1)
    assert (counts.finished, counts.ranked, counts.failed, counts.interrupted) == (2, 1, 2, 1)
    assert counts.told == "2 finished, 2 failed, 1 interrupted, 1 without an objective, 1 taken over"
    assert row_of(places[3], LEAST)["reason"] == "broken"


def test_nothing_is_best_where_nothing_is_ranked():
    assert best_of([], LEAST) is None
    assert best_of([end(1, state="failed")], LEAST) is None
    assert counts_of((), asked=1, resumed=0).told == "none ran"


def test_a_setting_named_like_the_objective_does_not_hide_it():
    places = ranked([end(1, 0.5, settings={"metrics.loss": 9})], LEAST)
    assert row_of(places[0], LEAST)["metrics.loss"] == 0.5


def test_no_cell_is_a_formula_and_no_name_is_markup():
    rows = [{"a": "=cmd|'/c calc'!A1", "b|<script>": 'x,\n"y"', "c": None, "d": 1.5, "e": math.nan}]
    text = csv_table(rows).decode()
    assert "\"'=cmd|" in text
    assert text.count("\n") == 2
    page = markdown_table("t <b>", ["said *x*"], rows).decode()
    assert "<script>" not in page.replace("\\<script\\>", "")
    assert b"NaN" not in json_page({"x": math.nan, "rows": rows})
    assert "No trial has run." in markdown_table("t", [], []).decode()
    assert columns_of([{"a": 1}, {"b": 2, "a": 3}]) == ("a", "b")
    assert csv_table([{"a": 1, "b": 2}], ["b"]) == b"b\n2\n"


def walked(*figures):
    """Return the board of a walk: of each test window the setting, and its objective."""
    ends = [
        end(number, value, split=number, phase="test", settings={"a": a}, state=state)
        for number, (a, value, state) in enumerate(figures, 1)
    ]
    return board_of(WALK, [*ends, end(90, 0.0, split=1, phase="train")])


def test_the_best_of_a_walk_is_no_lucky_window_but_the_mean_of_the_setting_chosen_most():
    board = walked((1, 3.0, "finished"), (2, 0.1, "finished"), (1, 5.0, "finished"), (1, 4.0, "finished"))
    assert [(row["rank"], row["a"], row["metrics.loss"], row["windows"]) for row in board.rows] == [
        (1, 1, 4.0, 3),
        (2, 2, 0.1, 1),
    ]
    assert board.best_row == board.rows[0]
    assert [each.trial.number for each in board.best_ends] == [1, 3, 4]
    assert (board.rows[0]["median"], board.rows[0]["worst"], board.rows[0]["best"]) == (4.0, 5.0, 3.0)
    assert board.rows[0]["run"] == "runs/4"
    assert board.out_of_sample == {"windows": 4, "mean": 3.025, "median": 3.5, "worst": 5.0, "best": 0.1}
    assert board.remarks == ("Out of sample, over 4 windows: mean 3.025, median 3.5, worst 5, best 0.1",)


def test_a_walk_whose_settings_were_chosen_once_each_says_that_its_best_is_one_window():
    board = walked((1, 2.0, "finished"), (2, 1.0, "finished"), (3, 1.0, "finished"), (4, None, "failed"))
    assert [(row["rank"], row["a"], row["reason"]) for row in board.rows] == [
        (1, 2, "tied"),
        (1, 3, "tied"),
        (3, 1, ""),
        (None, 4, ""),
    ]
    assert board.rows[3]["metrics.loss"] is None
    assert "No setting was chosen for two windows" in board.remarks[1]


def test_a_walk_without_a_window_that_was_judged_has_no_best():
    for board in (walked((1, None, "failed")), walked()):
        assert (board.best_row, board.best_ends, board.remarks) == (None, (), ())
        assert board.out_of_sample == {
            "windows": 0,
            "mean": None,
            "median": None,
            "worst": None,
            "best": None,
        }


def test_the_board_of_another_sweep_has_its_trials():
    board = board_of(GRID, [end(1, 2.0), end(2, 1.0)])
    assert [row["trial"] for row in board.rows] == [2, 1]
    assert (board.best_row["trial"], board.out_of_sample, board.remarks) == (2, None, ())
    assert board_of(GRID, []).best_row is None


def test_a_walk_has_a_line_for_each_split_and_ranks_what_was_not_learnt_on():
    ends = [
        end(1, 3.0, split=1, phase="train"),
        end(2, 1.0, split=1, phase="train"),
        end(3, 4.0, split=1, phase="test", settings={"a": 2}),
        end(4, state="failed", split=2, phase="train"),
        end(5, 2.0, split=3, phase="train"),
    ]
    tables = walk_tables(ends, LEAST)
    first, second, third = tables["walkforward_summary"]
    assert (first["a"], first["train metrics.loss"], first["test metrics.loss"], first["reason"]) == (
        2,
        1.0,
        4.0,
        "",
    )
    assert (first["train_start"], first["test_start"]) == (1, 3)
    assert second["reason"] == "no train trial can be ranked"
    assert third["reason"] == "not judged"
    assert [row["split"] for row in tables["selected_configs"]] == [1, 3]
    assert [row["trial"] for row in tables["oos_leaderboard"]] == [3]
    assert len(tables["walkforward"]) == 5
    assert tables["split_metrics"][0] == {
        "split": 1,
        "phase": "train",
        "trials": 2,
        "ranked": 2,
        "best": 1.0,
        "mean": 2.0,
        "worst": 3.0,
    }
    assert tables["split_metrics"][2]["mean"] is None
    assert [each.trial.number for each in out_of_sample(ends)] == [3]
