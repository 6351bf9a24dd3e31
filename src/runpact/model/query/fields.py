"""The fields that a question can speak of.

Knows: their names, what they hold, which column of the index keeps them.
Does not know: a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from runpact.model.query.tree import Field, Sort

_LONGEST, _MOST = 80, 2000
"""How much is compared to guess what was meant."""

VERDICT = "verdict"
"""Found by judging a run when somebody asks; no index keeps it."""
NOTE = "note"
"""What people remarked on a run, all of it."""
AGE = "age"
"""Seconds since a run began; the index keeps when that was."""

_COLUMNS = {
    Sort.TEXT: {
        "id": "id",
        "uid": "uid",
        "name": "name",
        "path": "path",
        "kind": "kind",
        "state": "state",
        "reason": "reason",
        "parent": "parent",
        "contract": "contract",
        "contract.version": "contract_version",
        "git": "commit_id",
        "git.commit": "commit_id",
        "git.branch": "branch",
        "command": "command",
        "python": "python",
    },
    Sort.MOMENT: {"started": "started", "ended": "ended"},
    Sort.SECONDS: {"duration": "duration", AGE: "started"},
    Sort.NUMBER: {"exit_code": "exit_code"},
    Sort.TRUTH: {"git.dirty": "dirty"},
}
FIELDS = {
    name: Field(name, sort, column) for sort, columns in _COLUMNS.items() for name, column in columns.items()
} | {name: Field(name, Sort.TEXT, None) for name in (VERDICT, NOTE)}
"""Every field with a fixed name."""
TAG = "tag"
OPEN = ("config", "metrics", "capture", "seed", TAG)
"""Beginnings of the fields that differ from run to run: `config.lr`, `metrics.loss`, `metrics.loss@min`."""
WORDS = {
    "state": ("running", "finished", "failed", "interrupted", "abandoned", "unknown", "corrupt"),
    VERDICT: ("OK", "WARNING", "INCOMPLETE", "ERROR"),
}
"""Fields that hold one of a few words."""


def field_named(name: str) -> Field | None:
    """Return the field of that name; None when there is none."""
    known = FIELDS.get(name)
    if known is not None:
        return known
    head, dot, rest = name.partition(".")
    if head in OPEN and (rest or not dot):
        return Field(name, Sort.ANY, None)
    return None


def field_hint(name: str) -> str:
    """Return which fields a name that is none may have meant."""
    near = nearest_of(name, [*FIELDS, *OPEN])
    if near is not None:
        return f"did you mean `{near}`?"
    is_bare = name.replace("_", "").isalnum()
    return f"did you mean `metrics.{name}` or `config.{name}`?" if is_bare else "a field of docs/query.md"


def nearest_of(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one may have meant."""
    import difflib  # noqa: PLC0415 - only a mistyped name pays for it

    near = difflib.get_close_matches(name[:_LONGEST], list(islice(known, _MOST)), n=1)
    return near[0] if near else None
