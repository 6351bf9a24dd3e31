"""`runpact diff` of certificates.

Knows: how they are laid out side by side.
Does not know: what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from runpact.cli.output import paint, plain, print_json, say, table_lines
from runpact.workspace.certifying import compare_certificates

if TYPE_CHECKING:
    from runpact.workspace import Workspace

_WIDEST = 24


def show_sides(place: Workspace, references: Sequence[str], *, is_all: bool, is_json: bool) -> int | None:
    """Print certificates side by side; return 0 when they say the same, 1 if not, None when they are none."""
    compared = compare_certificates(place, references)
    if compared is None:
        return None
    names, found = compared
    code = 0 if found.is_equal else 1
    rows = found.rows if is_all else found.told
    if is_json:
        print_json(
            "diff-certificates",
            answer="equal" if found.is_equal else "different",
            certificates=names,
            remarks=found.remarks,
            rows=[{**_document(row), "is_equal": row.is_equal} for row in rows],
        )
        return code
    letters = [chr(ord("A") + number % 26) + str(number // 26 or "") for number in range(len(names))]
    for letter, name in zip(letters, names, strict=True):
        say(f"{paint(letter, 'bold')}  {plain(name)}")
    say()
    cells = [(row.at, *map(_cell, row.values)) for row in rows]
    colours = [None if row.is_equal else "red" for row in rows]
    for line in table_lines(("", *letters), cells, colours=colours):
        say(line)
    for remark in found.remarks:
        say(f"{paint('not comparable', 'yellow')}: {remark}")
    return code


def _document(row: object) -> dict[str, object]:
    return dict(msgspec.to_builtins(row))


def _cell(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = text.removeprefix("sha256:") if text.startswith("sha256:") else text
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
