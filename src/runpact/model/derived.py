"""The files that a layout derives from the record of a run: which are due, and in which order.

Knows: what an entry's fields ask for, and so what must stand before it.
Does not know: what any field comes to.
"""

from __future__ import annotations

from collections.abc import Collection

from runpact.model.contract.language import Entry, Kind
from runpact.model.contract.sessions import lifecycle_entry
from runpact.model.reference import references

MARKDOWN, HTML = "report_markdown", "report_html"
PAGES = frozenset({MARKDOWN, HTML})
INVENTORY = "inventory"


def texts_of(entry: Entry) -> tuple[str, ...]:
    """Return the expressions of an entry's fields."""
    if isinstance(entry.fields, str):
        return (entry.fields,)
    return tuple((entry.fields or {}).values())


def asked_of_run(texts: Collection[str]) -> frozenset[str]:
    """Return the members of `run` that expressions ask for."""
    found = (each for text in texts for each in references(text))
    return frozenset(each.parts[0] for each in found if each.root == "run" and each.parts)


def named_by(texts: Collection[str], root: str) -> frozenset[str]:
    """Return the entries that expressions speak of, as in `doc.NAME` for the root `doc`."""
    found = (each for text in texts for each in references(text))
    return frozenset(each.parts[0] for each in found if each.root == root and each.parts)


def due_entries(kind: Kind, moments: Collection[str]) -> tuple[tuple[str, Entry], ...]:
    """Return the entries with fields that are written at these moments, each with its path, in their order.

    Documents come first, pages about them next, lists of all files after those, the lifecycle document of a
    session last.

    Args:
        kind: Of the run.
        moments: Of `start`, `change`, `seal`.
    """
    last = lifecycle_entry(kind)
    due = [
        (entry.single, entry)
        for entry in kind.entries
        if entry.fields is not None
        and entry.single is not None
        and entry.written in moments
        and entry.single != kind.records.manifest
    ]
    return tuple(sorted(due, key=lambda each: _rank(each[1], last)))


def _rank(entry: Entry, last: Entry | None) -> int:
    if entry == last:
        return 3
    asked = asked_of_run(texts_of(entry))
    return 2 if INVENTORY in asked else 1 if asked & PAGES else 0
