"""The fields that a question can speak of.

Knows: their names, what they hold, which column of the index keeps them.
Does not know: a run.
"""

from __future__ import annotations

from runpact.model.query.tree import Field, Sort

VERDICT = "verdict"
"""Found by judging a run when somebody asks; no index keeps it."""
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
} | {VERDICT: Field(VERDICT, Sort.TEXT, None)}
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


def nearest_field(name: str) -> str | None:
    """Return the field that a mistyped name may have meant."""
    import difflib  # noqa: PLC0415 - only a mistyped name pays for it

    near = difflib.get_close_matches(name, [*FIELDS, *OPEN], n=1)
    return near[0] if near else None
