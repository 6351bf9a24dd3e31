import msgspec
import pytest

from runpact.model.errors import CannotStartError, UsageError
from runpact.model.plot.heat import Heat, heat_picture
from runpact.model.plot.picture import Parallel, Picture
from runpact.model.plot.svg import left_out_text, svg_of
from runpact.model.plot.vega import vega_of
from runpact.model.sweep.picture import sweep_picture
from runpact.model.sweep.plan import SplitPlan, plan_of, saying_of
from runpact.model.sweep.splits import Walk
from runpact.model.sweep.trial import Trial, TrialEnd


def plan(direction="min", **space):
    return plan_of(saying_of({"space": space, "objective": f"metrics.loss:{direction}"}, file="p"))


def end(number, objective, state="finished", **settings):
    trial = Trial(number=number, settings=settings)
    return TrialEnd(trial=trial, state=state, verdict="OK", objective=objective)


def test_one_key_makes_a_scatter():
    picture = sweep_picture(plan(a=[1, 2]), [end(2, 5.0, a=2), end(1, 4.0, a=1)])
    assert isinstance(picture, Picture)
    assert [(line.label, line.values) for line in picture.lines] == [
        ("0001", ((1, 4.0),)),
        ("0002", ((2, 5.0),)),
    ]
    assert not picture.has_lines


def test_two_keys_of_few_values_make_a_heat_map_of_the_best_of_each_pair():
    ends = [
        end(n, float(n), a=a, b=b)
        for n, (a, b) in enumerate([(10, "x"), (9, "x"), (10, "y"), (10, "x")], start=1)
    ]
    picture = sweep_picture(plan(a=[9, 10], b=["x", "y"]), ends)
    assert isinstance(picture, Heat)
    assert picture.x.categories == ("9", "10")
    assert {cell[1:] for cell in picture.cells} == {("10", "x", 1.0), ("9", "x", 2.0), ("10", "y", 3.0)}
    most = sweep_picture(plan("max", a=[9, 10], b=["x", "y"]), ends)
    assert {cell[0] for cell in most.cells} == {"0002", "0003", "0004"}
    assert picture.runs == 4


def test_more_keys_or_values_make_parallel_coordinates():
    three = sweep_picture(plan(a=[1], b=[1], c=[1]), [end(1, 1.0, a=1, b=1, c=1)])
    drawn = sweep_picture(plan(a=[1, 2], b=[1, 2]), [end(1, 1.0, a=1, b=1), end(2, 2.0, a=2, b=2)])
    assert isinstance(three, Parallel)
    assert isinstance(drawn, Parallel)
    assert [axis.title for axis in three.axes] == ["a", "b", "c", "metrics.loss"]
    assert drawn.rows == (("0001", (1, 1, 1.0)), ("0002", (2, 2, 2.0)))


@pytest.mark.parametrize(("direction", "best"), [("min", (3.0, 1.0, 1.0)), ("max", (3.0, 3.0, 5.0))])
def test_trials_in_order_have_the_best_so_far_beside_them(direction, best):
    ends = [end(1, 3.0, a=1), end(3, 5.0, a=3), end(2, 1.0, a=2), end(4, None, "failed", a=4)]
    picture = sweep_picture(plan(direction, a=[1, 2, 3, 4]), ends, "trials")
    assert [[y for _x, y in line.values] for line in picture.lines] == [[3.0, 1.0, 5.0], list(best)]
    assert picture.left_out == ("0004",)
    assert left_out_text(picture).endswith("1 of 4 runs")


def test_a_key_that_is_drawn_by_orders_of_magnitude_has_a_logarithmic_axis():
    drawn = plan_of(
        saying_of({"space": {"a": "log(1,10)"}, "objective": "metrics.loss:min", "trials": 2}, file="p")
    )
    ends = [end(1, 1.0, a=2.0), end(2, 2.0, a=3.0)]
    assert sweep_picture(drawn, ends).x.is_log
    assert not sweep_picture(plan(a=[2.0, 3.0]), ends).x.is_log


def test_a_walk_draws_its_settings_by_the_mean_of_their_windows():
    def tested(number, a, objective):
        trial = Trial(number=number, settings={"a": a, "b": 1}, split=number, phase="test")
        return TrialEnd(trial=trial, state="finished", verdict="OK", objective=objective)

    walk = msgspec.structs.replace(
        plan(a=[1, 2], b=[1]), splits=SplitPlan(index=[1, 2, 3], walk=Walk(train=1, test=1))
    )
    ends = [tested(1, 1, 2.0), tested(2, 1, 4.0), tested(3, 2, 1.0)]
    assert {cell[1:] for cell in sweep_picture(walk, ends, "heat").cells} == {
        ("1", "1", 3.0),
        ("2", "1", 1.0),
    }
    windows = sweep_picture(walk, ends, "trials").lines[0]
    assert [value for _number, value in windows.values] == [2.0, 4.0, 1.0]


def test_train_trials_of_a_walk_are_not_drawn():
    train = TrialEnd(
        trial=Trial(number=1, settings={"a": 1}, split=1, phase="train"),
        state="finished",
        verdict="OK",
        objective=1.0,
    )
    test = TrialEnd(
        trial=Trial(number=2, settings={"a": 1}, split=1, phase="test"),
        state="finished",
        verdict="OK",
        objective=2.0,
    )
    assert [line.label for line in sweep_picture(plan(a=[1]), [train, test]).lines] == ["0002"]


def test_what_does_not_fit_is_told():
    with pytest.raises(CannotStartError, match="nothing to draw"):
        sweep_picture(plan(a=[1]), [end(1, None, a=1)])
    with pytest.raises(UsageError, match="room for 2"):
        sweep_picture(plan(a=[1]), [end(1, 1.0, a=1)], "heat")
    with pytest.raises(UsageError, match="room for 1"):
        sweep_picture(plan(a=[1], b=[1]), [end(1, 1.0, a=1, b=1)], "scatter")
    many = [end(n, 1.0, a=n, b=n % 2) for n in range(1, 60)]
    with pytest.raises(CannotStartError, match="too many values"):
        sweep_picture(plan(a=list(range(1, 60)), b=[0, 1]), many, "heat")
    with pytest.raises(CannotStartError, match="nothing to draw"):
        heat_picture(("a", "b", "c"), [], key=float)


def heat(cells):
    return heat_picture(("a<b>", "k", "loss"), cells, key=float, left_out=("x",))


def test_a_heat_map_is_safe_svg_that_says_what_it_shows():
    svg = svg_of(heat([("1", 1, "<script>", 1.0), ("2", 2, "y", 2.0), ("3", None, True, 0.5)]))
    assert "<script>" not in svg
    assert "3 cells of loss over a&lt;b&gt; and k." in svg
    assert svg.count("<rect") == 1 + 3 + 9
    assert ">0.5</text>" in svg
    assert "not drawn, for want of values: 1 of 4 runs" in svg
    narrow = svg_of(heat([(str(n), n, 1, float(n)) for n in range(30)]))
    assert ">29</text>" not in narrow


def test_a_heat_map_is_a_vega_document():
    document = vega_of(heat([("1", 1, 2, 1.0), ("2", 2, 2, 1000.0)]))
    assert document["mark"] == {"type": "rect"}
    assert document["encoding"]["color"]["scale"]["type"] == "log"
    assert document["encoding"]["x"]["sort"] == ["1", "2"]
    assert vega_of(heat([("1", 1, 2, 1.0)]))["encoding"]["color"]["scale"].keys() == {"range"}
