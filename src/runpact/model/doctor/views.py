"""Whether the files of registry views are what runpact wrote.

Knows: that a missing file, or one with older rows, is written by the next success.
Does not know: what is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runpact.model.doctor.diagnosis import Diagnosis, WriteViews, diagnose


def judge_views(states: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield the files that are no whole file of their view.

    Args:
        states: `current`, `stale`, `missing` or `damaged`, by path relative to the workspace.
    """
    for path, state in states.items():
        if state == "damaged":
            yield diagnose(
                "view-damaged",
                "a file of a registry view is not what runpact wrote",
                path=path,
                expected="a list of the runs, whole",
                got="other text, or a part of it",
                remedy=WriteViews(),
            )
