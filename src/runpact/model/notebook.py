"""Runs as a notebook shows them.

Knows: HTML tables, with everything escaped.
Does not know: which facts are worth a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_LONGEST = 200
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def html_table(header: Sequence[str], rows: Iterable[Sequence[object]], *, below: str = "") -> str:
    """Return an HTML table; `below` is a line of text under it."""
    head = "".join(f"<th>{_escaped(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    foot = f"<p>{_escaped(below)}</p>" if below else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def _cell(value: object) -> str:
    """Return a cell; one without a space says so, for pages that break no date and no name."""
    text = html_cell(value)
    return f"<td>{text}</td>" if " " in text else f'<td class="word">{text}</td>'


def html_cell(value: object) -> str:
    """Return the text of a cell: numbers in six digits, nothing for None."""
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return _escaped(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
