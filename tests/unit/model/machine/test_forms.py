"""Parameters of a command: from one declaration to values, faults, options and schemas."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field
from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec
import pytest

from runpact.model.errors import UsageError
from runpact.model.machine.form import Form, form_of


class Colour(enum.Enum):
    RED = "red"


class Window(TypedDict):
    first: int
    last: NotRequired[int]


class Inner(msgspec.Struct):
    depth: int
    inner: Inner | None = None


class Tagged(msgspec.Struct, tag=True):
    a: int


@dataclass
class Params:
    ticker: str
    fee: Annotated[float, msgspec.Meta(ge=0, description="cost of a trade")] = 0.0
    side: Literal["long", "short"] = "long"
    tags: list[str] = field(default_factory=list)
    paper: bool = False
    limit: int | None = None
    inner: Inner | None = None
    grid: dict[str, list[float]] = field(default_factory=dict)
    window: Window | None = None
    pair: tuple[int, str] | None = None
    many: tuple[int, ...] = ()
    day: dt.date | None = None
    colour: Colour = Colour.RED
    either: int | str = 0
    tagged: Tagged | None = None


class Strict(msgspec.Struct):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


def form(declared: type | None = Params, **aliases: str) -> Form:
    return form_of(declared, aliases, reserved=frozenset({"help"}))


def places(
    params: dict[str, object], *, is_text: bool = False, **aliases: str
) -> list[tuple[str, str | None]]:
    value, faults = form(**aliases).judge(params, is_text=is_text)
    assert (value is None) == bool(faults)
    return [(fault.path, fault.nearest) for fault in faults]


def test_parameters_become_a_value_of_the_declared_type() -> None:
    value, faults = form().judge(
        {
            "ticker": "SPY",
            "fee": 1,
            "inner": {"depth": 1, "inner": {"depth": 2}},
            "grid": {"fee": [0.1, 1]},
            "window": {"first": 1},
            "pair": [1, "a"],
            "many": [1, 2],
            "day": "2020-02-29",
            "colour": "red",
            "either": "x",
            "limit": None,
            "tagged": {"type": "Tagged", "a": 1},
        }
    )
    assert faults == ()
    assert value == Params(
        "SPY",
        fee=1.0,
        inner=Inner(1, Inner(2)),
        grid={"fee": [0.1, 1.0]},
        window={"first": 1},
        pair=(1, "a"),
        many=(1, 2),
        day=dt.date(2020, 2, 29),
        either="x",
        tagged=Tagged(1),
    )


@pytest.mark.requirement("E10.5", "E10.7")
def test_all_that_is_wrong_with_parameters_is_told_at_once() -> None:
    assert places(
        {
            "tickr": "SPY",
            "fee": -1,
            "side": "lnog",
            "tags": ["a", 1, None],
            "paper": 1,
            "limit": 1.5,
            "inner": {"depht": 1, "inner": {"depth": "x"}},
            "grid": {"fee": [0.1, "1"]},
            "window": {"frist": 1},
            "pair": [1],
            "many": [1, "x"],
            "day": "2020-02-30",
            "colour": "blue",
            "either": [],
            "tagged": {"type": "Other"},
        }
    ) == [
        ("params.tickr", "ticker"),
        ("params.fee", None),
        ("params.side", "long"),
        ("params.tags[1]", None),
        ("params.tags[2]", None),
        ("params.paper", None),
        ("params.limit", None),
        ("params.inner.depht", "depth"),
        ("params.inner.inner.depth", None),
        ("params.inner.depth", None),
        ("params.grid.fee[1]", None),
        ("params.window.frist", "first"),
        ("params.window.first", None),
        ("params.pair", None),
        ("params.many[1]", None),
        ("params.day", None),
        ("params.colour", None),
        ("params.either", None),
        ("params.tagged.type", None),
        ("params.ticker", None),
    ]


@pytest.mark.requirement("E10.5")
def test_a_fault_says_what_was_expected_and_what_was_given() -> None:
    _value, (unknown, mistyped, odd) = form().judge(
        {"ticker": "A", "feee": 2, "fee": "x" * 200, "side": "up"}
    )
    assert (unknown.message, unknown.got) == ("no parameter `feee`", "2")
    assert "`fee`" in unknown.expected
    assert (mistyped.expected, mistyped.got) == ("`float`", '"' + "x" * 78 + "…")
    assert (odd.expected, odd.message) == ('"long" or "short"', "Invalid enum value 'up'")


def test_a_value_that_the_type_itself_refuses_is_a_fault() -> None:
    value, (fault,) = form(Strict).judge({"low": 2, "high": 1})
    assert value is None
    assert (fault.path, fault.message) == ("params", "low is above high")


def test_a_parameter_may_have_another_name_but_is_given_once() -> None:
    assert form(symbol="ticker").judge({"symbol": "SPY"})[0] == Params("SPY")
    assert places({"symbol": "SPY", "ticker": "SPY"}, symbol="ticker") == [("params.ticker", None)]


def test_text_of_a_command_line_is_read_as_its_type_wants() -> None:
    value, faults = form().judge(
        {"ticker": "5", "fee": "0.5", "paper": True, "limit": "3", "tags": ["1"], "many": ["1", "2"]},
        is_text=True,
    )
    assert faults == ()
    assert value == Params("5", fee=0.5, paper=True, limit=3, tags=["1"], many=(1, 2))
    assert places({"ticker": "A", "fee": "nan"}, is_text=True) == [("params.fee", None)]
    assert places({"ticker": "A", "grid": {"a": ["inf"]}}, is_text=True) == [("params.grid.a[0]", None)]
    assert places({"ticker": "A", "fee": "0.5"}) == [("params.fee", None)]


def test_of_very_many_faults_no_more_are_looked_for_than_are_told() -> None:
    faults = form().judge({"ticker": "A", "tags": [1] * 200_000, **{f"x{n}": 1 for n in range(1000)}})[1]
    assert len(faults) == 101
    assert len(form().judge({f"x{n}": 1 for n in range(100)})[1]) == 101


def test_a_command_may_take_nothing() -> None:
    assert form(None).judge({})[1] == ()
    assert [fault.expected for fault in form(None).judge({"a": 1})[1]] == ["none"]


def test_each_parameter_is_told_with_its_sort_and_default() -> None:
    known = {each.name: (each.sort, each.required, each.default) for each in form().parameters}
    assert known["ticker"] == ("value", True, None)
    assert known["tags"] == ("list", False, None)
    assert known["paper"] == ("flag", False, False)
    assert (known["grid"][0], known["inner"][0], known["many"][0]) == ("document", "document", "list")
    assert form().parameters[1].description == "cost of a trade"


class Listed(msgspec.Struct, array_like=True):
    a: int


class Helping(msgspec.Struct):
    help: str


class Odd(msgspec.Struct):
    value: complex


class Lost(msgspec.Struct):
    value: "Nowhere"  # noqa: F821, UP037 - a type that does not exist


@pytest.mark.parametrize("declared", [dict, 5, Listed, Tagged, Helping, Odd, Lost])
def test_what_cannot_be_told_in_json_or_has_a_meaning_of_its_own_is_refused(declared: type) -> None:
    with pytest.raises(UsageError):
        form(declared)


@pytest.mark.parametrize("aliases", [{"help": "ticker"}, {"fee": "ticker"}, {"symbol": "tickr"}])
def test_another_name_must_be_free_and_mean_a_parameter(aliases: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        form(**aliases)
