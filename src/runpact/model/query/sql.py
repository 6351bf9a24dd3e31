"""A filter as SQL text.

Knows: the names of the index's tables and columns, and how SQLite compares.
Does not know: a database.

Values are never part of the text. SQLite orders numbers before texts before bytes, so a bound in the next
sort keeps a comparison among values of its own. What compares with NULL is not selected; under `not` it
counts as false first.
"""

from __future__ import annotations

from runpact.model.query.fields import VERDICT
from runpact.model.query.glob import is_plain_glob
from runpact.model.query.tree import And, Exists, Field, Node, Not, Stored, Test

Clause = tuple[str, tuple[Stored, ...]]
"""A condition and its values."""
GLOB = "runpact_glob"
"""The function that `glob_holds` is called as, which whoever runs these texts must provide."""
_GROUP = 32
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
    text = _joined(word, [text for text, _values in clauses])
    return text, tuple(value for _text, values in clauses for value in values)


def _joined(word: str, texts: list[str]) -> str:
    """Join conditions, many of them in groups: SQLite counts how deep they hang on each other."""
    if len(texts) > _GROUP:
        groups = [texts[at : at + _GROUP] for at in range(0, len(texts), _GROUP)]
        texts = [f"({word.join(group)})" for group in groups]
    return f"({word.join(texts)})"


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
        return _glob(what, str(bound))
    if isinstance(bound, str):
        limit = f"{what} >= ''" if test.operator in {"<", "<="} else f"{what} < x''"
        return f"({what} {test.operator} ? AND {limit})", (bound,)
    limit = "" if test.operator in {"<", "<="} else f" AND {what} < ''"
    return f"({what} {test.operator} ?{limit})", (bound,)


def _glob(what: str, glob: str) -> Clause:
    """Return the condition of a glob.

    SQLite's own is the faster one, and yet: every star that leaves something to be tried multiplies its time
    by the length of the text, and NUL ends its texts.
    """
    ours = f"{GLOB}(?, {what})"
    if not is_plain_glob(glob):
        return f"(typeof({what}) = 'text' AND {ours})", (glob,)
    theirs = f"CASE WHEN instr({what}, char(0)) THEN {ours} ELSE {what} GLOB ? END"
    return f"(typeof({what}) = 'text' AND {theirs})", (glob, glob.replace("[", "[[]"))


def _exists(field: Field, *, doubt: bool) -> Clause:
    if field.name == VERDICT:
        return str(int(doubt)), ()
    if field.column is not None:
        return f"r.{field.column} IS NOT NULL", ()
    keys = "SELECT n FROM keys WHERE name = ? OR (name > ? AND name < ?)"
    below = (field.name, f"{field.name}.", f"{field.name}/")
    return f"r.n IN (SELECT run FROM facts WHERE key IN ({keys}))", below
