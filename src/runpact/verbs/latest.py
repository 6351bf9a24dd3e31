"""Refresh the convenience copies of, and links to, the newest finished run.

Knows: which files a layout wants copied where.
Does not know: how a copy is replaced atomically.
"""

from __future__ import annotations

import posixpath

from runpact.disk.latest import replace_copy, replace_link
from runpact.model.errors import RunpactError
from runpact.model.template import PathTemplate
from runpact.verbs.opened import OpenRun


def refresh_latest(run: OpenRun) -> str | None:
    """Copy or link what the kind's `latest` names; return why not, since the run itself is sealed already."""
    for latest in run.kind.latest:
        values = {**run.record.captures, "id": run.record.id}
        target = posixpath.join(run.root, PathTemplate.parse(latest.to).render(values))
        source = run.writer.paths.at(latest.copy or latest.link or "")
        replace = replace_copy if latest.copy is not None else replace_link
        try:
            replace(source, target, newest=run.record.started, sync=run.writer.is_durable)
        except RunpactError as error:
            return f"`{latest.to}` was not refreshed: {error.message}"
    return None
