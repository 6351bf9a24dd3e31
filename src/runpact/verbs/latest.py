"""Refresh the convenience copies of the newest finished run.

Knows: which files a layout wants copied where.
Does not know: how a copy is replaced atomically.
"""

from __future__ import annotations

import posixpath

from runpact.disk.latest import replace_copy
from runpact.model.errors import RunpactError
from runpact.model.template import PathTemplate
from runpact.verbs.opened import OpenRun


def refresh_latest(run: OpenRun) -> str | None:
    """Copy what the kind's `latest` names; return why not, since the run itself is sealed already."""
    for latest in run.kind.latest:
        values = {**run.record.captures, "id": run.record.id}
        target = posixpath.join(run.root, PathTemplate.parse(latest.to).render(values))
        try:
            replace_copy(
                run.writer.paths.at(latest.copy),
                target,
                newest=run.record.started,
                sync=run.writer.is_durable,
            )
        except RunpactError as error:
            return f"the copy `{latest.to}` was not refreshed: {error.message}"
    return None
