"""The files of registry views as text.

Knows: how their states are shown.
Does not know: how files become stale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runpact.cli.output import VERDICT_COLOUR, paint, plain, say, table_lines

if TYPE_CHECKING:
    from runpact.workspace.finding import Views

_SHOWN = 20


def print_views(views: Views) -> None:
    """Print which file of which view is in which state."""
    if not views.files:
        say("the contract names no registry files; `workspace.indexes` would")
        return
    rows = [
        (file.state, "" if file.rows is None else str(file.rows), file.generated_at or "", file.path)
        for file in views.files
    ]
    colours = [VERDICT_COLOUR[file.verdict] for file in views.files]
    for line in table_lines(("STATE", "ROWS", "GENERATED", "FILE"), rows, colours=colours):
        say(line)
    for path in views.damaged[:_SHOWN]:
        say(f"{paint('warning', 'yellow')}: {plain(path)} is corrupt: its line says no more than its path")
    if len(views.damaged) > _SHOWN:
        say(f"and {len(views.damaged) - _SHOWN} more; `runpact ls --state corrupt` lists them")
