"""Answer a question about many runs.

Knows: how filter, order and page become queries, that a run of an answer is looked at once more.
Does not know: how the index is kept, how an answer is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from runpact.disk.stamps import has_changed
from runpact.index.store import READ, Found, Store
from runpact.model.errors import FilterError
from runpact.model.query.doubts import is_open, kinds_in, unknown_fields, unknown_kinds
from runpact.model.query.evaluate import holds
from runpact.model.query.fields import AGE, FIELDS, TAG, VERDICT
from runpact.model.query.order import NEWEST, Key, parse_order, read_cursor, write_cursor
from runpact.model.query.page import facet_of, parts_of, tags_of
from runpact.model.query.parse import parse_filter
from runpact.model.query.sql import Clause, where
from runpact.model.query.tree import And, Field, Node, Scalar, Stored, fields_in, shown
from runpact.model.summary import IndexedRun
from runpact.verbs.finding.reindex import Catalogue

_LOOKS = 5
_TRIED = 300
"""Runs that are held against a filter before all that pass it are looked for."""
_UNLIMITED = 1 << 40
"""No workspace has as many runs, and SQLite counts a few more."""
_AT_ONCE = 200
"""Runs that are fetched at once where each must be judged."""

Judge = Callable[[str], str]
"""Returns the verdict on a run, by its path."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked."""

    filter: str = ""
    also: tuple[str, ...] = ()
    """Further filters, all of which must hold."""
    sort: str = NEWEST
    limit: int | None = None
    after: str | None = None
    """Where the page before ended."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One page of runs."""

    runs: tuple[IndexedRun, ...]
    next: str | None = None
    """Where the next page begins; None after the last run."""


class Facet(msgspec.Struct, frozen=True):
    """One value of a field."""

    value: Scalar
    runs: int
    """How many have it."""


class Facets(msgspec.Struct, frozen=True):
    """The values of a field, the most frequent first."""

    values: tuple[Facet, ...]
    more: int = 0
    """How many further values there are."""


class _Asked(msgspec.Struct, frozen=True):
    node: Node
    keys: tuple[Key, ...]
    order: str
    limit: int | None
    after: tuple[Stored | None, ...] | None

    @property
    def can_be_tried(self) -> bool:
        """Whether the filter asks anything, and no verdict."""
        fields = fields_in(self.node)
        return bool(fields) and all(field.name != VERDICT for field in fields)


def search(catalogue: Catalogue, question: Question, *, now: datetime, judge: Judge) -> Answer:
    """Return the runs that a filter holds for, in order.

    Raises:
        FilterError: Filter, order or page are not understood.
    """
    asked = _read(question, now)
    if any(field.name == VERDICT for field in fields_in(asked.node)):
        return _search_judged(catalogue, asked, judge)
    for _look in range(_LOOKS):
        found, is_more = catalogue.ask(lambda store: _page(store, asked))
        changed = [each.place for each in found if _has_changed(catalogue, each)]
        if not changed:
            break
        catalogue.look_again(changed)
    return Answer(runs=tuple(each.run for each in found), next=_next(asked, found) if is_more else None)


def count(catalogue: Catalogue, question: Question, *, now: datetime) -> int | None:
    """Return how many runs the filters hold for; None when they speak of verdicts."""
    node = _node(question, now)
    if any(field.name == VERDICT for field in fields_in(node)):
        return None
    condition = where(node)
    return catalogue.ask(lambda store: store.count(condition))


def doubts(
    catalogue: Catalogue,
    fields: tuple[Field, ...],
    question: Question,
    *,
    now: datetime,
    kinds: Iterable[str],
) -> tuple[str, ...]:
    """Say which names in a question no run has: an empty answer may be due to a letter.

    Args:
        catalogue: The runs.
        fields: That are shown, besides those of filters and order.
        question: What is asked.
        now: The moment that ages are counted from.
        kinds: That may be asked for, with runs or without.
    """
    node = _node(question, now)
    asked = (*fields_in(node), *(key.field for key in parse_order(question.sort)), *fields)
    named = kinds_in(node)
    if not any(map(is_open, asked)) and not set(named) - set(kinds):
        return ()
    known = catalogue.ask(
        lambda store: (store.keys(), store.rows(facet_of(FIELDS["kind"], ("1", ()), most=-1)))
    )
    used = [str(kind) for kind, _number in known[1]]
    return (*unknown_fields(asked, known[0]), *unknown_kinds(named, [*kinds, *used]))


def facets(
    catalogue: Catalogue, fields: tuple[Field, ...], question: Question, *, now: datetime, most: int = 20
) -> dict[str, Facets]:
    """Return, for each field, how many runs have which value; the most frequent first.

    Runs without a value are not counted.

    Raises:
        FilterError: The filters are not understood, or speak of verdicts.
    """
    node = _node(question, now)
    if any(field.name == VERDICT for field in (*fields, *fields_in(node))):
        raise FilterError(question.filter, 0, "runs are not counted by verdict", expected="another field")
    if any(field.name == AGE for field in fields):
        raise FilterError("age", 0, "every age differs", expected="another field", got="`age`")
    condition = where(node)
    return catalogue.ask(
        lambda store: {field.name: _facet(store, field, condition, most) for field in fields}
    )


def _facet(store: Store, field: Field, condition: Clause, most: int) -> Facets:
    query = tags_of(condition) if field.name == TAG else facet_of(field, condition, most=-1)
    rows = [(what, number) for what, number in store.rows(query) if what is not None]
    values = tuple(Facet(shown(what), int(str(number))) for what, number in rows[:most])
    return Facets(values, len(rows) - len(values))


def _read(question: Question, now: datetime) -> _Asked:
    keys = parse_order(question.sort)
    after = read_cursor(question.after, question.sort, len(keys)) if question.after else None
    limit = min(question.limit, _UNLIMITED) if question.limit is not None else None
    return _Asked(_node(question, now), keys, question.sort, limit, after)


def _node(question: Question, now: datetime) -> Node:
    return And(tuple(parse_filter(text, now=now) for text in (question.filter, *question.also)))


def _page(store: Store, asked: _Asked) -> tuple[list[Found], bool]:
    """Return one page and whether there is more.

    Of a filter that many runs pass, a page is soon full: the first runs in order are held against it before
    all that pass are looked for.
    """
    if asked.limit is None:
        return _selected(store, asked, where(asked.node), -1), False
    wanted = asked.limit + 1
    found: list[Found] = []
    if wanted <= _TRIED and asked.can_be_tried:
        tried = _selected(store, asked, ("1", ()), _TRIED)
        found = [each for each in tried if holds(asked.node, each.run)]
    if len(found) < wanted:
        found = _selected(store, asked, where(asked.node), wanted)
    return found[: asked.limit], len(found) >= wanted


def _selected(store: Store, asked: _Asked, condition: Clause, wanted: int) -> list[Found]:
    found: list[Found] = []
    for query in parts_of(condition, asked.keys, limit=wanted, after=asked.after, what=READ):
        found += store.select(query)
        if 0 <= wanted <= len(found):
            break
    return found[:wanted] if wanted >= 0 else found


def _next(asked: _Asked, found: list[Found]) -> str | None:
    return write_cursor(asked.order, found[-1].order) if found else asked.order


def _has_changed(catalogue: Catalogue, found: Found) -> bool:
    if found.run.is_open:
        return False  # it was looked at for this question
    return has_changed(f"{catalogue.root}/{found.place}", found.stamps)


class _Judged:
    """A run whose verdict is found when a filter asks for it."""

    def __init__(self, run: IndexedRun, judge: Judge) -> None:
        self.run = run
        self._judge = judge
        self.verdict: str | None = None

    def value(self, field: Field) -> Stored | None:
        if field.name != VERDICT:
            return self.run.value(field)
        self.verdict = self.verdict or self._judge(self.run.summary.path)
        return self.verdict

    def has(self, field: Field) -> bool:
        return field.name == VERDICT or self.run.has(field)


def _search_judged(catalogue: Catalogue, asked: _Asked, judge: Judge) -> Answer:
    """Judge what the rest of the filter leaves, page by page, until enough is found."""
    kept: list[Found] = []
    page = msgspec.structs.replace(asked, limit=_AT_ONCE)
    while True:
        found, is_more = catalogue.ask(lambda store, page=page: _page(store, page))  # type: ignore[misc]  # bound early
        for each in found:
            kept += [each] if holds(asked.node, _Judged(each.run, judge)) else []
            if asked.limit is not None and len(kept) > asked.limit:
                runs = kept[: asked.limit]
                return Answer(runs=tuple(one.run for one in runs), next=_next(asked, runs))
        if not is_more:
            return Answer(runs=tuple(one.run for one in kept))
        page = msgspec.structs.replace(page, after=found[-1].order)
