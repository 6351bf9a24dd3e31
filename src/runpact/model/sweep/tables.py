"""Tables of a sweep as files: CSV, JSON, Markdown.

Knows: columns, headings, and that a cell is only ever text, number or nothing.
Does not know: where the files stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from runpact.model.facts import Json
from runpact.model.registry.cells import csv_cell, csv_name, markdown_cell, markdown_text, plain_value

Row = Mapping[str, Json]


def columns_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return all columns that some row has, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for row in rows for name in row))


def csv_table(rows: Sequence[Row], columns: Sequence[str] = ()) -> bytes:
    """Return rows as CSV; no cell is one that a spreadsheet takes for a formula."""
    names = tuple(columns) or columns_of(rows)
    lines = [",".join(map(csv_name, names))]
    lines += [",".join(csv_cell(plain_value(row.get(name))) for name in names) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def markdown_table(title: str, said: Iterable[str], rows: Sequence[Row]) -> bytes:
    """Return a page of a title, remarks and a table, free of markup that a value brought along."""
    names = columns_of(rows)
    lines = [f"# {markdown_text(title)}", "", *(f"- {markdown_text(each)}" for each in said)]
    if rows:
        lines += ["", "| " + " | ".join(map(markdown_cell, names)) + " |", "|" + " --- |" * len(names)]
        lines += [
            "| " + " | ".join(markdown_cell(plain_value(row.get(name))) for name in names) + " |"
            for row in rows
        ]
    else:
        lines += ["", "No trial has run."]
    return ("\n".join(lines) + "\n").encode()


def json_page(document: Mapping[str, object]) -> bytes:
    """Return a document as JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(plain_value(document)), indent=2) + b"\n"
