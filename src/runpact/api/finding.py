"""Ask about many runs from Python.

Knows: the shapes a caller may hand in.
Does not know: how runs are found.
"""

from __future__ import annotations

import os

from runpact.model.summary import RunSummary
from runpact.workspace import Workspace
from runpact.workspace.finding import Question, Runs, page


def runs(
    filter: str = "",  # noqa: A002 - the word of the grammar
    *,
    sort: str = "-started",
    limit: int | None = None,
    after: str | None = None,
    workspace: str | os.PathLike[str] | None = None,
) -> Runs:
    """Return the runs that a filter holds for, in order; `docs/query.md` has the grammar of both.

    Args:
        filter: Which runs; empty for all.
        sort: Fields, each with `-` before it to begin with the greatest.
        limit: How many at most.
        after: Where the page before ended, as its `next` says.
        workspace: Folder of the contract; by default found upwards.

    Raises:
        FilterError: Filter, order or page are not understood; says at which character.
    """
    return page(_opened(workspace), Question(filter=filter, sort=sort, limit=limit, after=after))


def list_runs(*, workspace: str | os.PathLike[str] | None = None) -> list[RunSummary]:
    """Return one line about each run of the workspace, newest first."""
    return _opened(workspace).runs()


def _opened(workspace: str | os.PathLike[str] | None) -> Workspace:
    return Workspace.open(workspace=None if workspace is None else os.fspath(workspace))
