"""A page about a run in Markdown.

Knows: headings, tables, what must be escaped.
Does not know: where facts come from.
"""

from __future__ import annotations

from runpact.model.contract.page.markdown import code, heading, items, paragraph, table
from runpact.model.runpage.facts import PageFacts


def markdown_page(facts: PageFacts) -> str:
    """Return the page in Markdown; the course of a metric stands in its table."""
    lines = (f"**{name}:** {code(_one_line(value))}" for name, value in facts.lines)
    parts = [heading(1, _one_line(facts.title)), paragraph(f"**{facts.status}**"), items(lines)]
    for section in facts.sections:
        rows = [[code(_one_line(cell)) if cell else "" for cell in row] for row in section.rows]
        if rows:
            parts += [heading(2, section.title), table(section.header, rows), paragraph(section.note)]
    return "\n".join(part for part in parts if part)


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
