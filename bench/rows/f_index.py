"""Rows: questions about 100,000 runs, and one more run beside them."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime

import byhand
from contest import Contest, Way, compete
from hundred_thousand import LISTED, WORKSPACE, make_many
from row import Scale, row

from rows.b_runs import minimal_run
from rows.workspaces import MINIMAL, workspace

FILTER = "metrics.loss < 2.1 and config.model.depth = 3 and state = finished"
BY_HAND = (
    "SELECT * FROM runs WHERE loss < 2.1 AND depth = 3 AND state = 'finished' ORDER BY started DESC LIMIT 50"
)


class Many:
    """A workspace of very many runs, its index, and a table made by hand of the same runs."""

    def __init__(self, count: int, contract: str = WORKSPACE) -> None:
        """Make the runs and the index, both to be removed at the end."""
        from runpact.verbs.contracts.load_contract import load_contract
        from runpact.verbs.finding.reindex import Catalogue

        self.count = count
        folder = tempfile.mkdtemp(prefix="runpact-bench-many-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self.root = os.path.join(folder, "many")
        make_many(self.root, count, contract)
        loaded = load_contract(os.path.join(self.root, "contract.yaml")).contract
        self.contract = loaded
        self.catalogue = Catalogue(self.root, loaded)
        self.floor = sqlite3.connect(os.path.join(folder, "floor.sqlite"))
        self.catalogue.rebuild()
        self._copy()
        self.ask()(0)  # the look at all of them that is due
        time.sleep(0.2)  # every stamp proves something from now on
        self.ask()(0)

    def ask(self, **question: object) -> Callable[[int], object]:
        """Return the work of asking once for fifty runs."""
        from runpact.verbs.finding.search import Question, search

        now, asked = datetime.now(UTC), Question(**{"limit": 50} | question)
        return lambda _number: search(self.catalogue, asked, now=now, judge=str)

    def by_hand(self, query: str) -> Callable[[int], object]:
        """Return the work of one query on the table made by hand."""
        return lambda _number: self.floor.execute(query).fetchall()

    def _copy(self) -> None:
        rows = self.catalogue.ask(lambda store: store.rows(("SELECT n, path, started, state FROM runs", ())))
        facts = [
            dict(self.catalogue.ask(lambda store, name=name: store.rows(_fact(name))))
            for name in ("metrics.loss", "config.model.depth")
        ]
        self.floor.execute("CREATE TABLE runs (path, started, state, loss, depth)")
        copied = ((*rest, *(fact.get(n) for fact in facts)) for n, *rest in rows)
        self.floor.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?)", copied)
        self.floor.execute("CREATE INDEX by_started ON runs (started)")
        self.floor.execute("CREATE INDEX by_loss ON runs (loss)")
        self.floor.commit()


def _fact(name: str) -> tuple[str, tuple[str]]:
    return "SELECT run, value FROM facts WHERE key = (SELECT n FROM keys WHERE name = ?)", (name,)


@functools.cache
def many(count: int, contract: str = WORKSPACE) -> Many:
    """Return the workspace of so many runs, made once a session."""
    return Many(count, contract)


def _asked(scale: Scale, by_hand: str, **question: object) -> Contest:
    runs = many(scale.of(100_000, 6_000))
    ways = {"runpact": Way(runs.ask(**question)), "floor": Way(runs.by_hand(by_hand))}
    return compete(ways, repetitions=scale.of(60, 10), notes=(f"{runs.count:,} runs",))


@row(
    "many-latest",
    "the latest 50 of 100,000 runs, warm",
    budget=1 / 0.2,
    derived="1 ms against 0.2 ms",
    goal=1.0,
    why="fifty runs are compared with their stamps and become records; the floor's are rows of five cells",
)
def latest(_place: str, scale: Scale) -> Contest:
    """Ask for the newest runs."""
    return _asked(scale, "SELECT * FROM runs ORDER BY started DESC LIMIT 50")


@row(
    "many-filter",
    "the latest 50 of 100,000 that a filter of three conditions holds for",
    budget=60 / 33,
    derived="60 ms against 33 ms",
    goal=60.0,
    why="the floor knows the two facts as columns, and stops at the fiftieth; the goal is met",
)
def filtered(_place: str, scale: Scale) -> Contest:
    """Filter by a metric, a configuration value and the state."""
    return _asked(scale, BY_HAND, filter=FILTER)


@row(
    "many-sort",
    "the 50 of 100,000 runs with the least value of a metric",
    budget=1 / 0.2,
    derived="1 ms against 0.2 ms",
    goal=1.0,
    why="as for the latest 50",
)
def ordered(_place: str, scale: Scale) -> Contest:
    """Order by a metric."""
    return _asked(scale, "SELECT * FROM runs ORDER BY loss LIMIT 50", sort="metrics.loss")


@row("many-facets", "100,000 runs counted by state and by a configuration value")
def counted(_place: str, scale: Scale) -> Contest:
    """Count by two fields."""
    from runpact.model.query.order import parse_columns
    from runpact.verbs.finding.search import Question, facets

    runs = many(scale.of(100_000, 6_000))
    fields, now = parse_columns("state,config.model.depth"), datetime.now(UTC)

    def floor(_number: int) -> None:
        for column in ("state", "depth"):
            runs.floor.execute(f"SELECT {column}, count(*) FROM runs GROUP BY {column}").fetchall()  # noqa: S608 - one of two

    ways = {
        "runpact": Way(lambda _number: facets(runs.catalogue, fields, Question(), now=now)),
        "floor": Way(floor),
    }
    return compete(ways, repetitions=scale.of(20, 5))


@row("many-rebuild", "rebuilding the index of 100,000 runs", unit="runs", goal=2_000)
def rebuilt(_place: str, scale: Scale) -> Contest:
    """Read every run and load the tables; the floor reads and sorts their manifests."""
    runs = many(scale.of(100_000, 6_000))
    ways = {
        "runpact": Way(lambda _number: runs.catalogue.rebuild()),
        "floor": Way(lambda _number: byhand.list_runs(os.path.join(runs.root, "runs"))),
    }
    return compete(ways, repetitions=scale.of(2, 1), units=runs.count)


@row(
    "many-finish",
    "one run made where 100,000 exist, against one where 100 exist",
    budget=1.3,
    derived="1.3 × where 100 exist",
)
def finished(place: str, scale: Scale) -> Contest:
    """Make runs in a folder of many, and in one of few."""
    runs, few = many(scale.of(100_000, 6_000)), workspace(place, MINIMAL)
    for number in range(100):
        minimal_run(few, f"f{number}", "none")
    ways = {"runpact": _made(runs.root, "x"), "floor": _made(few, "x")}
    return compete(ways, repetitions=scale.of(30, 5), units=10)


def _made(root: str, prefix: str) -> Way:
    def work(number: int) -> None:
        for index in range(10):
            minimal_run(root, f"{prefix}{number}-{index}", "none")

    return Way(work)


@row(
    "many-finish-views",
    "the same, where a registry view lists them all",
    budget=1.3,
    derived="1.3 × where 100 exist",
    why="beyond 5,000 rows a success only marks the view stale",
)
def finished_and_listed(place: str, scale: Scale) -> Contest:
    """Make runs where a view lists very many, and where one lists few; writing all of it is another row."""
    runs, few = many(scale.of(100_000, 6_000), LISTED), workspace(place, LISTED)
    _write(runs)
    for number in range(100):
        minimal_run(few, f"f{number}", "none")
    ways = {"runpact": _made(runs.root, "y"), "floor": _made(few, "y")}
    return compete(ways, repetitions=scale.of(30, 5), units=10)


@row("views-finish", "one run made where a registry view lists 5,000, against one where there is no view")
def listed(place: str, scale: Scale) -> Contest:
    """Make runs whose success rewrites the files, and runs that are in no view."""
    runs, none = many(4_700, LISTED), workspace(place, MINIMAL)
    ways = {"runpact": _made(runs.root, "z"), "floor": _made(none, "z")}
    return compete(ways, repetitions=scale.of(20, 4), units=10, notes=("4,700 to 4,910 rows",))


@row(
    "views-write",
    "writing the three files of a view of 5,000 runs",
    goal=50.0,
    why="every run's records are looked at and every line has a checksum; the floor writes a table it has",
)
def written(place: str, scale: Scale) -> Contest:
    """Bring files that are missing up to date; the floor dumps a table to CSV, JSON and Markdown."""
    return _written(many(4_700, LISTED), place, scale.of(20, 4))


@row("many-views-write", "the same of 100,000 runs")
def many_written(place: str, scale: Scale) -> Contest:
    """Bring files that are missing up to date."""
    return _written(many(scale.of(100_000, 6_000), LISTED), place, 2)


def _written(runs: Many, place: str, repetitions: int) -> Contest:
    query = "SELECT path, started, state, loss, depth FROM runs ORDER BY path"
    ways = {
        "runpact": Way(lambda _number: _write(runs)),
        "floor": Way(lambda _number: byhand.write_views(place, runs.by_hand(query)(0))),
    }
    return compete(ways, repetitions=repetitions, notes=(f"{runs.count:,} runs",))


def _write(runs: Many) -> None:
    from runpact.verbs.life.views import write_views

    shutil.rmtree(os.path.join(runs.root, "lists"), ignore_errors=True)
    write_views(runs.root, runs.contract, is_own=True)
