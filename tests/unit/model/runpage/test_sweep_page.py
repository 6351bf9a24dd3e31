"""What a page says of a sweep."""

from __future__ import annotations

import msgspec

from runpact.model.runpage.facts import Section, Told, page_of
from runpact.model.runpage.html import html_page
from runpact.model.runpage.markdown import markdown_page
from runpact.model.runpage.sweep import MOST_DRAWN, MOST_LISTED, sweep_form
from runpact.model.sweep.plan import Plan, SplitPlan, plan_of, saying_of
from runpact.model.sweep.splits import Walk
from runpact.model.sweep.trial import Trial, TrialEnd


def plan(space: dict[str, object], trials: int | None = None) -> Plan:
    said = {"space": space, "objective": "metrics.loss:min", "trials": trials}
    return plan_of(saying_of(said, file="p"))


def end(number: int, objective: float | None, *, split: int | None = None, **settings: object) -> TrialEnd:
    trial = Trial(number=number, settings=settings, split=split, phase="test" if split else "")
    state = "failed" if objective is None else "finished"
    reason = "it broke" if objective is None else ""
    return TrialEnd(
        trial=trial, path=f"runs/{number}", state=state, verdict="OK", objective=objective, reason=reason
    )


def test_a_grid_tells_objective_best_leaderboard_space_and_a_heat_map() -> None:
    ends = [
        end(number, float(a * b), a=a, b=b)
        for number, (a, b) in enumerate([(1, 2), (1, 3), (2, 2), (2, 3)], start=1)
    ]
    form = sweep_form(plan({"a": [1, 2], "b": [2, 3]}), [*ends, end(5, None, a=9, b=9)])
    assert form.lines == (
        ("objective", "metrics.loss:min (grid)"),
        ("trials", "4 finished, 1 failed"),
        ("best", "2 with a=1 b=2, runs/1"),
    )
    board, space = form.sections
    assert board.header[:5] == ("rank", "trial", "metrics.loss", "a", "b")
    assert [row[:5] for row in board.rows[:2]] == [("1", "1", "2", "1", "2"), ("2", "2", "3", "1", "3")]
    assert board.rows[-1][0] == ""
    assert board.rows[-1][-1] == "it broke"
    assert space.rows == (("a", "1, 2"), ("b", "2, 3"))
    assert [chart.title for chart in form.charts] == ["auto", "trials"]
    assert "by a and b" in form.charts[0].svg


def test_a_page_has_the_form_of_a_sweep_first_and_its_tables_once() -> None:
    told = Told(
        path="sweeps/s",
        status="finished",
        state="finished",
        config={"base": 1},
        tables=(Section("leaderboard.csv", ("a",), (("1",),)), Section("own.csv", ("a",), (("1",),))),
        own=sweep_form(plan({"a": [1, 2]}), [end(1, 1.0, a=1), end(2, 2.0, a=2)]),
    )
    page = markdown_page(page_of(told))
    assert page.startswith("# Sweep sweeps/s")
    assert page.index("**objective:**") < page.index("**state:**")
    assert page.index("## Leaderboard") < page.index("## Base configuration")
    assert "leaderboard.csv" not in page
    assert "own.csv" in page
    assert html_page(page_of(told)).count("<figure>") == 2


def test_what_is_drawn_is_told_as_a_range() -> None:
    drawn = plan(
        {"a": "log(1e-4,0.1)", "b": "int(2,8)", "c": "choice(x,true)", "d": "uniform(0,1)", "e": [1]},
        trials=3,
    )
    form = sweep_form(drawn, [])
    assert dict(form.sections[1].rows) == {
        "a": "log(0.0001, 0.1)",
        "b": "int(2, 8)",
        "c": "one of x, true",
        "d": "uniform(0, 1)",
        "e": "1",
    }
    assert (form.charts, form.sections[0].rows) == ((), ())
    assert dict(form.lines)["trials"] == "none ran"


def test_a_walk_tells_settings_by_their_windows_and_itself_by_all() -> None:
    walk = msgspec.structs.replace(
        plan({"a": [1, 2]}), splits=SplitPlan(index=(1, 2, 3), walk=Walk(train=1, test=1))
    )
    form = sweep_form(walk, [end(1, 2.0, split=1, a=1), end(2, 4.0, split=2, a=1), end(3, 1.0, split=3, a=2)])
    assert dict(form.lines)["Out of sample, over 3 windows"].startswith("mean 2.33333, median 2")
    board, space = form.sections
    assert board.header == (
        *("rank", "trial", "windows", "metrics.loss", "a", "median", "worst", "best", "run", "reason"),
    )
    assert [row[:4] for row in board.rows] == [("1", "2", "2", "3"), ("2", "3", "1", "1")]
    assert space.rows[-1] == ("start and end", "train 1, test 1, anchored false, embargo 0")


def test_of_very_many_trials_the_best_are_listed_and_drawn() -> None:
    ends = [end(number, float(number), a=number) for number in range(1, MOST_DRAWN + 3)]
    form = sweep_form(plan({"a": list(range(1, MOST_DRAWN + 3))}), ends)
    assert len(form.sections[0].rows) == MOST_LISTED
    assert form.sections[0].note == "and 982 more"
    assert form.charts[0].svg.count("<circle") <= MOST_DRAWN
