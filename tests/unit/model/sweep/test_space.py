import math

import pytest

from runpact.model.errors import UsageError
from runpact.model.sweep.order import count_of, settings_of, unit_of, value_at
from runpact.model.sweep.space import (
    Choice,
    Grid,
    Int,
    Log,
    Uniform,
    dimension_of,
    drawn_of,
    grid_of,
    key_of,
    size_of,
    space_of,
    text_of,
)
from runpact.model.sweep.trial import Trial, filled, known_words, placeholders


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2", (1, 2)),
        ("1e-3, 0.5", (0.001, 0.5)),
        ("a,b", ("a", "b")),
        ("true,null", (True, None)),
        ('"a,b",c', ("a,b", "c")),
        (r'"a\",b",c', ('a",b', "c")),
        ("[1,2],[3]", ([1, 2], [3])),
        ('{"a": [1, 2]},x', ({"a": [1, 2]}, "x")),
        ("007,7", ("007", 7)),
        ("1,1,2", (1, 2)),
    ],
)
def test_a_grid_is_values_with_commas_that_part_nothing_within_quotes_and_brackets(text, values):
    assert grid_of(text, key="k") == Grid(values)


def test_of_two_writings_of_one_value_the_first_is_kept():
    assert [repr(value) for value in grid_of("1,1.0,2.0,2", key="k").values] == ["1", "2.0"]


def test_a_number_beyond_a_double_is_no_value():
    with pytest.raises(UsageError, match="not strict JSON data"):
        grid_of("1," + "9" * 400, key="k")


@pytest.mark.parametrize("text", ["", "1,,2", "1,"])
def test_an_empty_value_is_refused(text):
    with pytest.raises(UsageError, match="empty"):
        grid_of(text, key="k")


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("uniform(0,1)", Uniform(0.0, 1.0)),
        (" log( 1e-4 , 1e-1 ) ", Log(0.0001, 0.1)),
        ("int(-2,8)", Int(-2, 8)),
        ("choice(a,b,1)", Choice(("a", "b", 1))),
    ],
)
def test_a_range_is_read_from_text(text, dimension):
    assert drawn_of(text, key="k") == dimension
    assert dimension_of(text, key="k") == dimension


@pytest.mark.parametrize(
    "text",
    [
        "normal(0,1)",
        "uniform(0)",
        "uniform(1,0)",
        "uniform(0,0)",
        "uniform(a,b)",
        "uniform(true,2)",
        "uniform(-1e308,1e308)",
        "log(0,1)",
        "log(-1,1)",
        "int(0.5,2)",
        "int(0,1e300)",
        "int(0,99999999999999999)",
        "choice()",
        "0,1",
    ],
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(UsageError):
        drawn_of(text, key="k")


def test_a_program_may_say_lists_mappings_texts_and_single_values():
    said = {
        "a": [1, 2],
        "b": {"log": [1, 10]},
        "c": "int(1,3)",
        "d": "plain",
        "e": {"x": 1},
        "f": {"choice": 5},
        "g": range(3),
        "h": Grid((9,)),
    }
    assert space_of(said) == {
        "a": Grid((1, 2)),
        "b": Log(1.0, 10.0),
        "c": Int(1, 3),
        "d": Grid(("plain",)),
        "e": Grid(({"x": 1},)),
        "f": Choice((5,)),
        "g": Grid((0, 1, 2)),
        "h": Grid((9,)),
    }


@pytest.mark.parametrize(
    "said",
    [{}, [], {"": [1]}, {"a.": [1]}, {1: [1]}, {"a": []}, {"a": [object()]}, {"a": {"int": [1, 2, 3]}}],
)
def test_a_space_that_is_none_is_refused(said):
    with pytest.raises(UsageError):
        space_of(said)


@pytest.mark.parametrize("value", [math.inf, math.nan, [math.nan], {"a": -math.inf}, 2**60])
def test_a_number_that_json_has_no_form_for_is_refused(value):
    with pytest.raises(UsageError, match="strict JSON"):
        dimension_of([value, 1.0], key="k")


def test_keys_are_dotted():
    assert key_of('optimizer."my lr"') == 'optimizer."my lr"'


@pytest.mark.parametrize("value", [1, 0.5, True, None, "x", "true", "1", "a b", "[1]", [1, 2], {"a": 1}, ""])
def test_a_value_is_read_back_from_the_text_of_its_override(value):
    from runpact.model.config.coerce import read_text
    from runpact.model.config.schema import Declared

    assert read_text(text_of(value), Declared(key=())) == value


def test_the_size_of_a_space_is_known_unless_something_is_continuous():
    assert size_of({"a": Grid((1, 2)), "b": Int(1, 3), "c": Choice((1,))}) == 6
    assert size_of({"a": Grid((1, 2)), "b": Uniform(0.0, 1.0)}) is None


def test_a_grid_is_walked_with_the_last_key_fastest():
    space = {"a": Grid((1, 2)), "b": Grid(("x", "y"))}
    found = [tuple(each.values()) for each in settings_of(space, trials=None, seed=0)]
    assert found == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]
    assert len(list(settings_of(space, trials=3, seed=0))) == 3


def test_draws_take_the_points_of_a_grid_in_turn():
    space = {"a": Uniform(0.0, 1.0), "b": Grid((1, 2))}
    found = list(settings_of(space, trials=4, seed=3))
    assert [each["b"] for each in found] == [1, 2, 1, 2]
    assert [*found[0]] == ["a", "b"]


def test_drawing_ends_when_everything_has_been_tried():
    found = list(settings_of({"a": Int(1, 3)}, trials=100, seed=0))
    assert sorted(each["a"] for each in found) == [1, 2, 3]


def test_a_count_is_demanded_where_something_is_drawn():
    assert count_of({"a": Grid((1, 2))}, trials=None) == 2
    assert count_of({"a": Grid((1, 2))}, trials=1) == 1
    assert count_of({"a": Int(1, 2)}, trials=5) == 5
    for space, trials in (({"a": Int(1, 2)}, None), ({"a": Grid((1,))}, 0), ({"a": Int(1, 2)}, 2_000_000)):
        with pytest.raises(UsageError):
            count_of(space, trials=trials)


def test_the_ends_of_ranges_are_reached_and_never_passed():
    last = 1 - 2**-53
    assert value_at(Int(2, 4), 0.0) == 2
    assert value_at(Int(2, 4), last) == 4
    assert value_at(Choice(("a", "b")), last) == "b"
    assert value_at(Log(1e-4, 1e-1), 0.0) == pytest.approx(1e-4)
    assert 1e-4 <= value_at(Log(1e-4, 1e-1), last) <= 1e-1
    assert 0.0 <= value_at(Uniform(0.0, 1.0), last) <= 1.0


def test_a_draw_follows_from_seed_number_and_key():
    assert unit_of(1, 2, "a") == unit_of(1, 2, "a")
    assert len({unit_of(1, 2, "a"), unit_of(2, 2, "a"), unit_of(1, 3, "a"), unit_of(1, 2, "b")}) == 4


def test_words_in_braces_are_filled_and_others_left():
    trial = Trial(
        number=7, settings={"lr": 0.1, "opt.name": "sgd"}, split=2, phase="test", window={"start": "2020"}
    )
    words = known_words(trial, seed=5, name="first", digest="sha256:0123456789")
    text = "{lr} {opt.name} {trial} {seed} {digest:4} {sweep} {split}{phase} {start} {other} ${lr} {{x}}"
    assert filled(text, words) == "0.1 sgd 0007 5 0123 first 2test 2020 {other} $0.1 {{x}}"
    assert placeholders("{a} {b.c:3} { d } {9}") == ("a", "b.c")


def test_a_trial_is_told_apart_by_what_it_tries_and_not_by_its_number():
    first = Trial(number=1, settings={"a": 1, "b": 2})
    assert first.key == Trial(number=9, settings={"b": 2, "a": 1}).key
    assert first.key != Trial(number=1, settings={"a": 1, "b": 2}, split=1, phase="train").key
    assert first.seed(0) == first.seed(0) != first.seed(1)
    assert first.seed(0) < 2**31
    assert first.overrides == ("a=1", "b=2")
