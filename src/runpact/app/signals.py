"""Read the lifecycle signals that requests left in a file.

Knows: where the file stands.
Does not know: what its lines mean.
"""

from __future__ import annotations

import os

from runpact.model.errors import CannotStartError
from runpact.model.machine.signals import Signalled, read_lines


def read_signals(path: str | os.PathLike[str]) -> tuple[Signalled, ...]:
    """Return what a file of signals tells of each request, the first heard of first.

    A request that never said how it ended has the status `unknown`: it may be running, or its process was
    killed. Lines that are no signals, as a torn last one, are passed over.

    Args:
        path: As given to `--signal-file`.

    Raises:
        CannotStartError: The file cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            return read_lines(stream)
    except OSError as error:
        raise CannotStartError(
            "the signals cannot be read", at=os.fspath(path), got=error.strerror or str(error)
        ) from error
