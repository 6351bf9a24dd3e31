from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml

from runpact.index.store import READ, Store
from runpact.index.tables import Row
from runpact.model.errors import FilterError
from runpact.model.metrics import MetricSummary
from runpact.model.query.evaluate import holds
from runpact.model.query.fields import FIELDS, VERDICT
from runpact.model.query.glob import glob_holds
from runpact.model.query.literal import before
from runpact.model.query.order import (
    parse_columns,
    parse_field,
    parse_order,
    read_cursor,
    write_cursor,
)
from runpact.model.query.page import parts_of
from runpact.model.query.parse import parse_filter
from runpact.model.query.sql import where
from runpact.model.query.token import LONGEST
from runpact.model.query.tree import FALSE, NULL, TRUE, Test, fields_in, shown, stored
from runpact.model.summary import EMPTY, IndexedRun, facts_of

ROOT = Path(__file__).resolve().parents[3]
TABLE = yaml.safe_load((ROOT / "docs/query.yaml").read_text(encoding="utf-8"))
NOW = datetime.fromisoformat(TABLE["now"])
RUNS = {name: msgspec.convert(run, IndexedRun) for name, run in TABLE["runs"].items()}


@pytest.fixture(scope="module")
def store() -> Store:
    """An index of the table's runs, in memory."""
    made = Store.build(None, "")
    made.fill({}, [Row(place=run.summary.path, inode=1, stamps={}, run=run) for run in RUNS.values()])
    return made


def selected(store: Store, text: str, order: str = "path", **page: object) -> list[str]:
    condition, keys = where(parse_filter(text, now=NOW)), parse_order(order)
    options = {"limit": -1, "after": None} | page
    parts = parts_of(condition, keys, what=READ, **options)
    return [found.run.summary.id for part in parts for found in store.select(part)]


@pytest.mark.parametrize(("text", "names"), TABLE["holds"])
def test_a_filter_holds_for_the_runs_of_the_table(store: Store, text: str, names: str) -> None:
    node = parse_filter(text, now=NOW)
    assert [name for name, run in RUNS.items() if holds(node, run)] == names.split()
    assert sorted(selected(store, text)) == names.split()


@pytest.mark.parametrize(("text", "character", "message", "expected"), TABLE["faults"])
def test_a_fault_is_told_with_its_character(text: str, character: int, message: str, expected: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, now=NOW)
    error = caught.value
    assert (error.position + 1, error.message) == (character, message)
    assert (error.at, error.faults[0].column) == (f"character {character}", character)
    assert expected in error.expected


def test_long_deep_and_crowded_filters_are_refused() -> None:
    for text, message in (
        ("x" * (LONGEST + 1), "the filter is too long"),
        ("(" * 60 + "kind = a" + ")" * 60, "the filter is nested too deeply"),
        (" and ".join(["kind = a"] * 501), "the filter has too many conditions"),
    ):
        with pytest.raises(FilterError, match=message):
            parse_filter(text, now=NOW)


def test_a_list_may_be_long(store: Store) -> None:
    assert selected(store, f"id in (a, {', '.join(f'x{n}' for n in range(5000))})") == ["a"]


def test_quotes_hold_what_a_word_cannot() -> None:
    node = parse_filter(r"""name = "a \"b\" \\ c" or name = 'it is' or name = x"y z"w""", now=NOW)
    assert [part.values[0] for part in node.parts] == ['a "b" \\ c', "it is", "xy zw"]


def test_the_fields_of_a_filter_are_told_once() -> None:
    node = parse_filter("state = failed or not (state = running and exists config.lr)", now=NOW)
    assert [field.name for field in fields_in(node)] == ["state", "config.lr"]


def test_what_no_table_decides_is_left_in_doubt_whatever_is_denied(store: Store) -> None:
    assert selected(store, "verdict = OK and id = a") == ["a"]
    assert selected(store, "not verdict = OK and id = a") == ["a"]
    assert selected(store, "not (exists verdict) and id = a") == ["a"]
    assert where(parse_filter("verdict = OK", now=NOW), doubt=False) == ("0", ())
    with pytest.raises(FilterError, match="is no verdict"):
        parse_filter("verdict = GOOD", now=NOW)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, NULL),
        (True, TRUE),
        (False, FALSE),
        (1, 1),
        ("x", "x"),
        (2**63, float(2**63)),
        (10**400, str(10**400)),
    ],
)
def test_truth_values_and_null_are_no_numbers(value: object, form: object) -> None:
    assert stored(value) == form
    if not isinstance(value, int) or abs(value) < 2**63:
        assert shown(form) is value or shown(form) == value


def test_moments_beyond_the_calendar_are_none() -> None:
    assert before(datetime(1, 1, 2, tzinfo=UTC), 10**6) is None
    assert before(datetime(1, 1, 2, tzinfo=UTC), 0) == "0001-01-02T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("path", "d c a b"),
        ("-path", "b a c d"),
        ("-started", "c b a d"),
        ("started", "a b c d"),
        ("metrics.loss", "a b d c"),
        ("-metrics.loss", "b a c d"),
        ("kind,-duration", "b a c d"),
        ("-kind,metrics.loss", "c a b d"),
        ("config.debug,path", "c b a d"),
        ("duration, -metrics.loss", "a b c d"),
    ],
)
def test_runs_without_a_value_come_last_and_pages_join_without_seam(
    store: Store, order: str, ids: str
) -> None:
    assert selected(store, "", order) == ids.split()
    keys = parse_order(order)
    met, after = [], None
    while True:
        found = []
        for part in parts_of(where(parse_filter("", now=NOW)), keys, limit=1, after=after, what=READ):
            found += store.select(part)
        if not found:
            break
        met.append(found[0].run.summary.id)
        after = read_cursor(write_cursor(order, found[0].order), order, len(keys))
    assert met == ids.split()


@pytest.mark.parametrize(
    ("text", "character", "message"),
    [
        ("-nme", 1, "no field `nme`"),
        ("started,,name", 9, "no field ``"),
        ("started, zzz", 10, "no field `zzz`"),
        ("age", 1, "`age` is `started`, turned around"),
        ("verdict", 1, "runs are not ordered by verdict"),
        (",".join(["name"] * 9), 45, "the order has too many keys"),
    ],
)
def test_an_order_that_is_none_is_refused(text: str, character: int, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_order(text)
    assert (caught.value.position + 1, caught.value.message) == (character, message)


def test_columns_are_named_like_fields() -> None:
    assert [field.name for field in parse_columns("metrics.loss, config.lr,metrics.loss")] == [
        "metrics.loss",
        "config.lr",
    ]
    assert parse_columns(" ") == ()
    with pytest.raises(FilterError) as caught:
        parse_columns("state, metric")
    assert caught.value.position == 7


@pytest.mark.parametrize("text", ['metrics."a, b"', "'metrics.a, b'", 'metrics.a", "b'])
def test_columns_and_orders_read_quoted_parts_of_names(text: str) -> None:
    assert [field.name for field in parse_columns(f"state,{text} , id")] == ["state", "metrics.a, b", "id"]
    assert [(key.field.name, key.is_descending) for key in parse_order(f"-{text},id")][:2] == [
        ("metrics.a, b", True),
        ("id", False),
    ]
    assert parse_field(text).name == "metrics.a, b"


def test_a_quote_in_a_list_of_columns_must_be_closed() -> None:
    with pytest.raises(FilterError, match="a quote is not closed") as caught:
        parse_columns('state,metrics."a')
    assert caught.value.position == 14


def test_a_page_goes_on_only_from_a_page_of_the_same_order() -> None:
    token = write_cursor("-started", ("2026", "runs/a"))
    assert read_cursor(token, "-started", 2) == ("2026", "runs/a")
    for wrong, order, keys in (
        (token, "started", 2),
        (token, "-started", 3),
        ("?", "path", 1),
        ("abcd", "path", 1),
    ):
        with pytest.raises(FilterError):
            read_cursor(wrong, order, keys)


def test_facts_are_leaves_by_dotted_name() -> None:
    config = {"a": {"b": [1, {"c": None}], "empty": {}}, "d": [], "e": object}
    assert facts_of(config, (), {"project": "x"}, {"python": None}) == {
        "config.a.b.0": 1,
        "config.a.b.1.c": None,
        "config.a.empty": EMPTY,
        "config.d": EMPTY,
        "config.e": str(object),
        "capture.project": "x",
        "seed.python": None,
    }
    assert facts_of({}, (MetricSummary("loss", 3, 0.5, 0.25, 1.0),), {}, {}) == {
        "metrics.loss": 0.5,
        "metrics.loss@min": 0.25,
        "metrics.loss@max": 1.0,
        "metrics.loss@count": 3,
    }


def test_a_run_tells_its_fields() -> None:
    run = RUNS["a"]
    assert run.shown(FIELDS["git.dirty"]) is False
    assert run.shown(FIELDS["name"]) == "exp-a"
    assert RUNS["d"].shown(FIELDS["name"]) is None
    assert run.value(FIELDS[VERDICT]) is None


@pytest.mark.parametrize(
    ("glob", "text", "is_met"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("?", "", False),
        ("a", "ab", False),
        ("a*", "a", True),
        ("a*a", "a", False),
        ("a*?", "a", False),
        ("?*?", "ab", True),
        ("*b?d*", "abcbed", True),
        ("*b?d*", "abccd", False),
        ("*ab*ab*", "xabab", True),
        ("*ab*ab*", "xabxa", False),
        ("a*b*b", "ab", False),
        ("a**b", "ab", True),
        ("?\n*", "a\nb", True),
        ("[a]*", "[a]", True),
        ("[a]*", "a", False),
        ("*a" * 20 + "b", "a" * 3000, False),
        ("*a" * 20, "a" * 3000, True),
        ("*?" * 20 + "b", "a" * 3000, False),
        ("a*", "a\0b", True),
        ("a", "a\0b", False),
        ("a\0*", "a\0b", True),
    ],
)
def test_a_glob_holds_for_the_whole_text_here_and_in_sql(glob: str, text: str, is_met: bool) -> None:
    assert glob_holds(glob, text) is is_met
    store = Store.build(None, "")
    condition, values = where(Test(FIELDS["name"], "~", (glob,)))
    rows = store.rows((f"SELECT 1 FROM (SELECT ? AS name) r WHERE {condition}", (text, *values)))
    assert bool(rows) is is_met
    store.close()


def test_a_glob_holds_for_no_number() -> None:
    assert not glob_holds("*", 1)


@pytest.mark.parametrize(
    "text",
    [
        f"git in ({', '.join(['a'] * 501)})",
        f"tag in ({', '.join(['a'] * 501)})",
        f"started in ({', '.join(['2026'] * 501)})",
        " and ".join([f"tag in ({', '.join(['a'] * 99)})"] * 6),
        f"name in ({','.join(['x'] * 20_001)})",
        f"name ~ {'x' * 1001}",
        f"git = {'x' * 1001}",
        "name = \udcff",
        "\udcff = 1",
    ],
)
def test_what_no_table_could_be_asked_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text, now=NOW)


def test_names_that_are_no_text_are_refused() -> None:
    for read in (parse_order, parse_columns):
        with pytest.raises(FilterError) as caught:
            read("started,config.\udcff")
        assert (caught.value.position, caught.value.got) == (15, "`\\xff`")


@pytest.mark.parametrize("number", [2**63, 2**64 - 1])
def test_a_page_goes_on_from_no_number_that_no_table_holds(number: int) -> None:
    token = base64.urlsafe_b64encode(msgspec.msgpack.encode(["path", [number, "x"]]))
    with pytest.raises(FilterError):
        read_cursor(token.decode().rstrip("="), "path", 2)
