"""Read what a page shows of a run's own files: results, evidence, tables.

Knows: which files these are, and that no more of a table is read than a page bears.
Does not know: how any of it looks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from runpact.formats.inspect import Inspector
from runpact.model.contract.language import Kind
from runpact.model.facts import DamagedRowError, DocumentFact, Json, TableRows
from runpact.model.runpage.evidence import evidence_sections
from runpact.model.runpage.facts import Section

MOST_TABLES = 8
_MOST_ROWS = 20
_MOST_COUNTED = 100_000
_MOST_COLUMNS = 16
_REPORT, _RESULTS, _CONFIG, _METADATA = "report", "metrics", "config", "metadata"
"""Names of the entries that these documents have; without one, the files of that name."""


class Contents(msgspec.Struct, frozen=True):
    """What a page shows of a run's own files."""

    results: Json = None
    config: Json = None
    """Where a directory that runpact did not make keeps its configuration."""
    metadata: Json = None
    """Where such a directory says who made it."""
    evidence: tuple[Section, ...] = ()
    tables: tuple[Section, ...] = ()


def contents_of(directory: str, kind: Kind | None, paths: Iterable[str]) -> Contents:
    """Return what a page shows of the files of a run.

    Args:
        directory: Absolute path of the run.
        kind: Of the run; None where it is not known.
        paths: Of its files, relative to it.
    """
    standing = sorted(paths)
    inspector = Inspector(directory, {})
    tables = (_table(inspector, path) for path in standing if path.endswith(".csv"))
    shown = (each for each in tables if each is not None)
    return Contents(
        results=_document(inspector, kind, _RESULTS, standing),
        config=_document(inspector, kind, _CONFIG, standing),
        metadata=_document(inspector, kind, _METADATA, standing),
        evidence=evidence_sections(_document(inspector, kind, _REPORT, standing)),
        tables=tuple(itertools.islice(shown, MOST_TABLES)),
    )


def config_of(directory: str, kind: Kind | None, paths: Iterable[str]) -> dict[str, object]:
    """Return the configuration that a directory of somebody else tells; empty where it tells none."""
    value = _document(Inspector(directory, {}), kind, _CONFIG, tuple(paths))
    return msgspec.convert(value, dict[str, object]) if isinstance(value, dict) else {}


def _document(inspector: Inspector, kind: Kind | None, name: str, standing: Sequence[str]) -> Json:
    """Return a document of the layout: the canonical file where it stands, else one under a legacy name."""
    entries = kind.entries if kind is not None else ()
    named = [each for each in entries if each.name == name and each.single is not None]
    paths = [path for each in named for path in (each.single, *each.formerly)] or [f"{name}.json"]
    path = next((each for each in paths if each in standing), None)
    fact = inspector.document(path) if path is not None else None
    return fact.value if isinstance(fact, DocumentFact) else None


def _table(inspector: Inspector, path: str) -> Section | None:
    """Return the first rows of a table; None where it cannot be read, which a check tells."""
    rows = inspector.table(path)
    if not isinstance(rows, TableRows) or not rows.columns:
        return None
    columns = rows.columns[:_MOST_COLUMNS]
    try:
        first = [_cells(row) for row in itertools.islice(rows.rows, _MOST_ROWS)]
        more = sum(1 for _row in itertools.islice(rows.rows, _MOST_COUNTED))
    except DamagedRowError:
        return None
    told = [f"and {'at least ' * (more == _MOST_COUNTED)}{more:,} more rows"] if more else []
    hidden = len(rows.columns) - len(columns)
    told += [f"{hidden} more columns"] if hidden else []
    return Section(path, columns, tuple(first), ", ".join(told))


def _cells(row: Sequence[str] | Mapping[str, Json]) -> tuple[str, ...]:
    cells = row.values() if isinstance(row, Mapping) else row
    return tuple(str(cell) for cell in itertools.islice(cells, _MOST_COLUMNS))
