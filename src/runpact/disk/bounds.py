"""Where the workspace ends.

Knows: whether links lead a path out of it.
Does not know: what is written there.
"""

from __future__ import annotations

import os

from runpact.model.errors import StorageError


def leads_out(root: str, path: str) -> bool:
    """Whether what stands at a path, or would, lies outside of a folder, because a link leads there."""
    base = os.path.realpath(root).rstrip("/")
    real = os.path.realpath(path)
    return real != base and not real.startswith(f"{base}/")


def demand_inside(root: str, path: str) -> None:
    """Refuse to write where a link leads out of a folder.

    Raises:
        StorageError: It does.
    """
    if leads_out(root, path):
        raise StorageError(
            f"`{os.path.relpath(path, root)}` leads out of the workspace",
            at=os.path.realpath(path),
            expected="a folder of its own",
            got="a link",
            hint="runpact keeps its records inside; put a folder in the place of the link",
        )
