"""A filter means the same as a predicate and as SQL; pages join without a seam."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from runpact.index.store import READ, Store
from runpact.index.tables import Row
from runpact.model.query.evaluate import holds
from runpact.model.query.order import parse_order, read_cursor, write_cursor
from runpact.model.query.page import parts_of
from runpact.model.query.parse import parse_filter
from runpact.model.query.sql import where
from runpact.model.run import State
from runpact.model.summary import IndexedRun, Origin, RunSummary

NOW = datetime(2026, 2, 2, tzinfo=UTC)
TEXTS = st.one_of(
    st.sampled_from(["", "a", "b", "A", "ab", "a*", "[a]", "1", "é", "\U0001f600"]),
    st.text("ab*?[]^é", max_size=4),
)
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.5, 1.0, 2**62, 2**70, 1e300, -0.0]))
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
STARTED = [None, "2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00.000000Z", "2026-02-01T12:00:00.000000Z"]
DYNAMIC = ["config.x", "config.y.z", "metrics.loss"]


@st.composite
def runs(draw: st.DrawFn) -> list[IndexedRun]:
    return [
        IndexedRun(
            summary=RunSummary(
                id=f"r{number}",
                uid=None,
                state=draw(st.sampled_from(State)),
                kind=draw(st.sampled_from([None, "a", "b"])),
                name=draw(TEXTS),
                path=f"runs/r{number}",
                started=draw(st.sampled_from(STARTED)),
                duration_seconds=draw(st.sampled_from([None, 0.0, 1.5, 60.0])),
            ),
            origin=Origin(
                dirty=draw(st.sampled_from([None, True, False])),
                exit_code=draw(st.sampled_from([None, 0, 3])),
            ),
            facts=draw(st.dictionaries(st.sampled_from(DYNAMIC), SCALARS)),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spelled(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or isinstance(value, bool)
        else repr(value)
    )


ORDERS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
TESTS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(DYNAMIC), ORDERS, st.one_of(TEXTS, NUMBERS).map(spelled)),
    st.builds(
        "{} {} {}".format, st.sampled_from(DYNAMIC), st.sampled_from(["=", "!="]), SCALARS.map(spelled)
    ),
    st.builds("{} in ({}, {})".format, st.sampled_from(DYNAMIC), SCALARS.map(spelled), SCALARS.map(spelled)),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["name", "config.x"]),
        st.sampled_from(["~", "!~"]),
        TEXTS.map(quoted),
    ),
    st.builds("name {} {}".format, ORDERS, TEXTS.map(quoted)),
    st.builds("kind not in ({})".format, TEXTS.map(quoted)),
    st.builds(
        "started {} {}".format, ORDERS, st.sampled_from(["2026", "2026-02", "2026-02-01", "2026-02-01T12"])
    ),
    st.builds(
        "age {} {}".format, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from(["12h", "1d", "2d"])
    ),
    st.builds("duration {} {}".format, ORDERS, st.sampled_from(["0", "1.5", "1min"])),
    st.builds("git.dirty {} {}".format, st.sampled_from(["=", "!="]), st.sampled_from(["true", "false"])),
    st.builds("exit_code {} {}".format, ORDERS, st.integers(-1, 3)),
    st.sampled_from(
        [*(f"exists {field}" for field in (*DYNAMIC, "config", "config.y", "name", "started", "age"))]
    ),
)
FILTERS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not {}".format, inner),
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["started", "name", "duration", "kind", "path", "git.dirty", *DYNAMIC])
SORTS = st.lists(st.builds("{}{}".format, st.sampled_from(["", "-"]), KEYS), min_size=1, max_size=3).map(
    ",".join
)


def filled(found: list[IndexedRun]) -> Store:
    store = Store.build(None, "")
    rows = [Row(place=run.summary.path, inode=1, stamps={}, run=run) for run in found]
    store.fill({}, rows[: len(rows) // 2])
    for row in rows[len(rows) // 2 :]:
        store.put(row)
    return store


@given(runs(), FILTERS)
def test_sql_selects_the_runs_that_the_predicate_holds_for(found: list[IndexedRun], text: str) -> None:
    node = parse_filter(text, now=NOW)
    store = filled(found)
    (selected,) = [
        store.rows((f"SELECT id FROM runs r WHERE {condition} ORDER BY id", values))
        for condition, values in [where(node)]
    ]
    store.close()
    assert [name for (name,) in selected] == [run.summary.id for run in found if holds(node, run)]


@given(runs(), SORTS, st.integers(1, 3))
def test_pages_of_any_order_hold_every_run_once(found: list[IndexedRun], order: str, size: int) -> None:
    store, keys = filled(found), parse_order(order)
    met, after = [], None
    while len(met) <= len(found):
        page = []
        for part in parts_of(("1", ()), keys, limit=size, after=after, what=READ):
            page += store.select(part)
        if not page:
            break
        met += [each.run for each in page[:size]]
        after = read_cursor(write_cursor(order, page[:size][-1].order), order, len(keys))
    store.close()
    assert sorted(run.summary.id for run in met) == [run.summary.id for run in found]
    first = keys[0]
    values = [run.value(first.field) for run in met]
    present = [value for value in values if value is not None]
    assert values[: len(present)] == present
    plain = [value for value in present if isinstance(value, int | float)]
    assert plain == sorted(plain, reverse=first.is_descending)


@given(runs(), st.data())
def test_an_index_that_was_changed_equals_one_that_was_made_anew(
    found: list[IndexedRun], data: st.DataObject
) -> None:
    store = filled(found)
    again = {run.summary.path: run for run in data.draw(runs())}
    for path, run in again.items():
        store.put(Row(place=path, inode=1, stamps={}, run=run))
    left = {run.summary.path: run for run in found} | again
    gone = data.draw(st.sets(st.sampled_from(sorted(left)))) if left else set()
    for path in gone:
        assert store.remove(path) is not None
        assert store.remove(path) is None
    fresh = filled([run for path, run in sorted(left.items()) if path not in gone])
    wanted = """
    SELECT r.place, k.name, f.value
    FROM runs r LEFT JOIN facts f ON f.run = r.n LEFT JOIN keys k ON k.n = f.key ORDER BY 1, 2, 3
    """
    assert store.rows((wanted, ())) == fresh.rows((wanted, ()))
    assert store.rows(("SELECT count(*) FROM facts", ())) == fresh.rows(("SELECT count(*) FROM facts", ()))
    store.close()
    fresh.close()
