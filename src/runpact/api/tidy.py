"""Tests that leave a workspace as they found it.

Knows: when to look, and what is told.
Does not know: which paths are nobody's concern.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from runpact.api import PathLike
from runpact.model.errors import WorkspaceChangedError
from runpact.workspace.tidying import differences_since, outline_of

_MOST_TOLD = 5


@contextlib.contextmanager
def unchanged(near: PathLike, *, free: Iterable[str] = ()) -> Iterator[None]:
    """Make sure that what is done in a block leaves the workspace as it was: tests write elsewhere.

    As a fixture of all tests, in `conftest.py`:

        @pytest.fixture(scope="session", autouse=True)
        def tidy():
            with runpact.unchanged(__file__):
                yield

    Args:
        near: A file or folder in the workspace, as `__file__`.
        free: Globs of what may change besides caches and version control, relative to the workspace.

    Raises:
        NoContractError: No contract stands there or above.
        WorkspaceChangedError: Something in `runs/`, `models/` or elsewhere was made, changed or removed.
    """
    before = outline_of(os.fspath(near), tuple(free))
    yield
    told = differences_since(before)
    if told:
        more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        raise WorkspaceChangedError(
            f"the workspace is not as it was: {'; '.join(told[:_MOST_TOLD])}{more}",
            at=before.root,
            expected="nothing made, changed or removed",
            got=f"{len(told)} changes",
            hint="write to a temporary folder (pytest: `tmp_path`), or name what may change: free=(…)",
        )
