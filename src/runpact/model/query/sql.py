"""A filter as SQL text.

Knows: the names of the index's tables and columns, and how SQLite compares.
Does not know: a database.

Values are never part of the text. SQLite orders numbers before texts before bytes, so a bound in the next
sort keeps a comparison among values of its own. What compares with NULL is not selected; under `not` it
counts as false first.
"""

from __future__ import annotations

from runpact.model.query.fields import VERDICT
from runpact.model.query.tree import And, Exists, Field, Node, Not, Stored, Test

Clause = tuple[str, tuple[Stored, ...]]
"""A condition and its values."""
_KEY = "key = (SELECT n FROM keys WHERE name = ?)"


def where(node: Node, *, doubt: bool = True) -> Clause:
    """Return the condition on a row `r` of the runs.

    Args:
        node: The filter.
        doubt: What stands for a condition that no table decides, as a verdict: with true, no run is missed.
    """
    if isinstance(node, Test):
        return _test(node, doubt=doubt)
    if isinstance(node, Exists):
        return _exists(node.field, doubt=doubt)
    if isinstance(node, Not):
        text, values = where(node.inner, doubt=not doubt)
        return f"NOT ifnull({text}, 0)", values
    if not node.parts:
        return "1", ()
    clauses = [where(part, doubt=doubt) for part in node.parts]
    word = " AND " if isinstance(node, And) else " OR "
    return f"({word.join(text for text, _values in clauses)})", tuple(v for _text, vs in clauses for v in vs)


def _test(test: Test, *, doubt: bool) -> Clause:
    field = test.field
    if field.name == VERDICT:
        return str(int(doubt)), ()
    if field.column is not None:
        return _compared(f"r.{field.column}", test)
    text, values = _compared("value", test)
    return f"r.n IN (SELECT run FROM facts WHERE {_KEY} AND {text})", (field.name, *values)


def _compared(what: str, test: Test) -> Clause:
    if test.operator == "in":
        marks = ", ".join("?" * len(test.values))
        return f"{what} IN ({marks})" if len(test.values) > 1 else f"{what} = ?", test.values
    (bound,) = test.values
    if test.operator == "~":
        return f"({what} GLOB ? AND typeof({what}) = 'text')", (str(bound).replace("[", "[[]"),)
    if isinstance(bound, str):
        limit = f"{what} >= ''" if test.operator in {"<", "<="} else f"{what} < x''"
        return f"({what} {test.operator} ? AND {limit})", (bound,)
    limit = "" if test.operator in {"<", "<="} else f" AND {what} < ''"
    return f"({what} {test.operator} ?{limit})", (bound,)


def _exists(field: Field, *, doubt: bool) -> Clause:
    if field.name == VERDICT:
        return str(int(doubt)), ()
    if field.column is not None:
        return f"r.{field.column} IS NOT NULL", ()
    keys = "SELECT n FROM keys WHERE name = ? OR (name > ? AND name < ?)"
    below = (field.name, f"{field.name}.", f"{field.name}/")
    return f"r.n IN (SELECT run FROM facts WHERE key IN ({keys}))", below
