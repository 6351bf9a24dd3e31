"""One page of an answer, as SQL text.

Knows: how tables are joined for an order, how a page begins after another one.
Does not know: a database.

What a run is ordered by is gathered first, the rest of it only for those of the page.

A page is asked for in two parts: the runs that have a value for the first key, then those that have none. So
the first part walks along an index, and begins where the page before ended.
"""

from __future__ import annotations

from runpact.model.query.fields import TAG
from runpact.model.query.order import Key
from runpact.model.query.sql import Clause
from runpact.model.query.tree import Field, Stored

_KEY = "(SELECT n FROM keys WHERE name = ?)"


def parts_of(
    condition: Clause,
    keys: tuple[Key, ...],
    *,
    limit: int,
    after: tuple[Stored | None, ...] | None,
    what: str,
) -> tuple[Clause, ...]:
    """Return the queries of a page, in order; the second is needed when the first gives too few runs.

    Args:
        condition: Which runs.
        keys: In which order.
        limit: How many; -1 for all.
        after: Values of the last run of the page before.
        what: The columns wanted.
    """
    is_late = after is not None and after[0] is None
    parts = (True, False)[is_late:]
    return tuple(
        _part(
            condition,
            keys,
            has_first=part,
            limit=limit,
            after=after if part is not is_late else None,
            what=what,
        )
        for part in parts
    )


def _part(
    condition: Clause,
    keys: tuple[Key, ...],
    *,
    has_first: bool,
    limit: int,
    after: tuple[Stored | None, ...] | None,
    what: str,
) -> Clause:
    names, joins, values = _sources(keys, has_first=has_first)
    text, given = condition
    conditions, bounds = [text], [*given]
    if keys[0].field.column is not None or not has_first:
        conditions.append(f"{names[0]} IS {'NOT ' * has_first}NULL")
    if after is not None:
        later, late = _after(names, keys, after)
        conditions.append(later)
        bounds += late
        if after[0] is not None:
            conditions.append(f"{names[0]} {'<=' if keys[0].is_descending else '>='} ?")
            bounds.append(after[0])
    inner = ", ".join(f"{name} AS o{i}" for i, name in enumerate(names))
    text = " AND ".join(conditions)
    page = f"SELECT r.n AS n, {inner} FROM {joins} WHERE {text} ORDER BY {_order(names, keys)} LIMIT {limit}"
    outer = [f"p.o{i}" for i in range(len(names))]
    columns = ", ".join([what, *outer])
    return (
        f"SELECT {columns} FROM ({page}) p CROSS JOIN runs r ON r.n = p.n ORDER BY {_order(outer, keys)}",
        (*values, *bounds),
    )


def _order(names: list[str], keys: tuple[Key, ...]) -> str:
    return ", ".join(
        f"{name} {'DESC' if key.is_descending else 'ASC'}{' NULLS LAST' * (i > 0)}"
        for i, (name, key) in enumerate(zip(names, keys, strict=True))
    )


def _sources(keys: tuple[Key, ...], *, has_first: bool) -> tuple[list[str], str, tuple[Stored, ...]]:
    """Return the expression of each key, the joined tables, and their values."""
    names = [f"r.{key.field.column}" if key.field.column else f"s{i}.value" for i, key in enumerate(keys)]
    joins, values = "runs r", []
    for i, key in enumerate(keys):
        if key.field.column is not None:
            continue
        if i == 0 and has_first:
            joins = f"facts s0 CROSS JOIN runs r ON r.n = s0.run AND s0.key = {_KEY}"
        else:
            joins += f" LEFT JOIN facts s{i} ON s{i}.run = r.n AND s{i}.key = {_KEY}"
        values.append(key.field.name)
    return names, joins, tuple(values)


def _after(
    names: list[str], keys: tuple[Key, ...], after: tuple[Stored | None, ...]
) -> tuple[str, list[Stored]]:
    """Return the condition that a run comes after those values."""
    text = "0"
    values: list[Stored] = []
    for name, key, value in reversed(list(zip(names, keys, after, strict=True))):
        if value is None:
            text = f"({name} IS NULL AND {text})"
        else:
            sign = "<" if key.is_descending else ">"
            text = f"({name} {sign} ? OR {name} IS NULL OR ({name} = ? AND {text}))"
            values = [value, value, *values]
    return text, values


def facet_of(field: Field, condition: Clause, *, most: int) -> Clause:
    """Return the query that counts the runs of a condition by a field's value, the most frequent first.

    Args:
        field: Counted by; runs without a value are left out.
        condition: Which runs.
        most: How many values; -1 for all.
    """
    text, values = condition
    order = f"GROUP BY what ORDER BY count(*) DESC, what LIMIT {most}"
    if field.column is not None:
        name = f"r.{field.column}"
        return (
            f"SELECT {name} AS what, count(*) FROM runs r WHERE {text} AND {name} IS NOT NULL {order}",
            values,
        )
    runs = "" if text == "1" else f"AND run IN (SELECT r.n FROM runs r WHERE {text})"
    query = f"SELECT value AS what, count(*) FROM facts WHERE key = {_KEY} {runs} {order}"
    return query, (field.name, *values)


def tags_of(condition: Clause) -> Clause:
    """Return the query that counts the runs of a condition by each of their tags."""
    text, values = condition
    runs = "" if text == "1" else f"AND run IN (SELECT r.n FROM runs r WHERE {text})"
    which = "key IN (SELECT n FROM keys WHERE name > ? AND name < ?)"
    name = f"(SELECT substr(name, {len(TAG) + 2}) FROM keys WHERE n = key)"
    query = f"SELECT {name} AS what, count(*) FROM facts WHERE {which} {runs} GROUP BY key"
    return f"{query} ORDER BY count(*) DESC, what", (f"{TAG}.", f"{TAG}/", *values)
