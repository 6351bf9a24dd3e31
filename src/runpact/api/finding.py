"""Ask about many runs from Python.

Knows: the shapes a caller may hand in.
Does not know: how runs are found.
"""

from __future__ import annotations

from runpact.api.opened import PathLike, opened
from runpact.model.errors import UsageError
from runpact.model.summary import RunSummary
from runpact.workspace.finding import Question, Runs, page


def runs(
    filter: str = "",  # noqa: A002 - the word of the grammar
    *,
    sort: str = "-started",
    limit: int | None = None,
    after: str | None = None,
    workspace: PathLike | None = None,
    workdir: PathLike | None = None,
) -> Runs:
    """Return the runs that a filter holds for, in order; `docs/query.md` has the grammar of both.

    Args:
        filter: Which runs; empty for all.
        sort: Fields in one text, each with `-` before it to begin with the greatest.
        limit: How many at most; None for all.
        after: Where the page before ended, as its `next` says.
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.

    Raises:
        FilterError: Filter, order or page are not understood; says at which character.
        UsageError: Filter or order are no texts, or the limit is no number of runs.
    """
    for what, said in (("the filter", filter), ("the order", sort)):
        if not isinstance(said, str):
            raise UsageError(
                f"{what} is one text", expected="as in `metrics.loss,-config.lr`", got=f"{said!r:.60}"
            )
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise UsageError(
            "no such number of runs", expected="1 or more, or None for all", got=f"{limit!r:.60}"
        )
    return page(
        opened(workspace, workdir=workdir), Question(filter=filter, sort=sort, limit=limit, after=after)
    )


def list_runs(*, workspace: PathLike | None = None, workdir: PathLike | None = None) -> list[RunSummary]:
    """Return one line about each run of the workspace, newest first."""
    return opened(workspace, workdir=workdir).runs()
