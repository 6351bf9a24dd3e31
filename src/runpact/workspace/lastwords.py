"""What the program of a stage said last.

Knows: which log tells why it failed.
Does not know: how it failed.
"""

from __future__ import annotations

import posixpath

from runpact.disk.lastlines import last_lines

_LOG = "logs/stderr.log"
_MOST = 8


def last_words(experiment: str, stage: str) -> tuple[str, tuple[str, ...]]:
    """Return the absolute path of a stage's log of errors, and its last lines.

    Args:
        experiment: Absolute directory of the experiment.
        stage: Name of the stage, `NN_slug`.
    """
    path = posixpath.join(experiment, stage, _LOG)
    return path, last_lines(path, _MOST)
