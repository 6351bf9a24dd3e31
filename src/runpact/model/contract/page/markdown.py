"""Pieces of Markdown.

Knows: headings, tables, code, what must be escaped.
Does not know: contracts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def heading(level: int, text: str) -> str:
    """Return a heading with an empty line after it."""
    return f"{'#' * level} {escaped(text)}\n"


def paragraph(text: str) -> str:
    """Return a paragraph; nothing for no text."""
    return f"{text.strip()}\n" if text.strip() else ""


def code(text: object) -> str:
    """Return inline code that may hold backticks."""
    plain = str(text)
    if "`" not in plain:
        return f"`{plain}`"
    return f"`` {plain} ``"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; nothing without rows, and without the columns that are empty in every row."""
    lines = [list(row) for row in rows]
    kept = [index for index in range(len(header)) if any(line[index] for line in lines)]
    if not lines or not kept:
        return ""
    body = ["| " + " | ".join(_cell(line[index]) for index in kept) + " |" for line in ([*header], *lines)]
    return "\n".join([body[0], "|" + "---|" * len(kept), *body[1:]]) + "\n"


def items(lines: Iterable[str]) -> str:
    """Return a list; nothing without lines."""
    return "".join(f"- {line}\n" for line in lines)


def fence(text: str, language: str = "") -> str:
    """Return a block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def escaped(text: str) -> str:
    """Return text whose characters have no meaning in Markdown or HTML."""
    for character in ("\\", "*", "_", "<", ">", "[", "]"):
        text = text.replace(character, f"\\{character}")
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
