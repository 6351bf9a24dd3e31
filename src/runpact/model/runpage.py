"""A page about one run, in Markdown or HTML.

Knows: how facts become tables, and what must be escaped.
Does not know: where the facts come from.
"""

from __future__ import annotations

from html import escape

import msgspec

from runpact.model.contract.page.markdown import code, heading, items, table
from runpact.model.notebook import html_table


class Section(msgspec.Struct, frozen=True):
    """A table of the page."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class PageFacts(msgspec.Struct, frozen=True):
    """What a page says."""

    title: str
    lines: tuple[str, ...]
    """The first things a reader asks, one a line."""
    sections: tuple[Section, ...]


def markdown_page(facts: PageFacts) -> str:
    """Return the page in Markdown."""
    parts = [heading(1, facts.title), items(code(line) for line in facts.lines)]
    for section in facts.sections:
        rows = [[code(cell) if cell else "" for cell in row] for row in section.rows]
        if rows:
            parts += [heading(2, section.title), table(section.header, rows)]
    return "\n".join(parts)


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{border:1px solid #ccc;padding:.2rem .6rem;text-align:left}"
)


def html_page(facts: PageFacts) -> str:
    """Return the page as one HTML file that loads nothing and runs nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(facts.title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{_STYLE}</style></head>'
    )
    lines = "".join(f"<li>{escape(line)}</li>" for line in facts.lines)
    body = [f"<body><h1>{escape(facts.title)}</h1><ul>{lines}</ul>"]
    body += [
        f"<h2>{escape(section.title)}</h2>{html_table(section.header, section.rows)}"
        for section in facts.sections
        if section.rows
    ]
    return head + "\n".join(body) + "</body></html>\n"
