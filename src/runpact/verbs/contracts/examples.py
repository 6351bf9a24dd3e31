"""Lay out a shipped example as a workspace of its own.

Knows: where examples are shipped.
Does not know: what they do.
"""

from __future__ import annotations

from runpact.disk.examples import example_folder, example_names
from runpact.disk.setup import copy_missing
from runpact.model.errors import CannotStartError

_NOT_COPIED = frozenset(
    {
        "runs",
        "outputs",
        "stats",
        "tmp",
        "log.txt",
        "config.toml",
        "config.resolved.toml",
        "reports_scratch",
        ".runpact",
        ".runpact-cache",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
    }
)
"""What running an example leaves in a checkout."""


def lay_out(name: str, target: str) -> str:
    """Copy the example `name` to the absolute folder `target` and return it; existing files stay.

    Raises:
        CannotStartError: There is no such example.
        StorageError: The folder cannot be written.
    """
    source = example_folder(name)
    if source is None:
        raise CannotStartError(
            f"no example `{name}`",
            expected=" or ".join(example_names()) or "an example",
            got=name,
            hint="`runpact demo` runs the example certification",
        )
    copy_missing(source, target, skip=_NOT_COPIED)
    return target
