"""Where the directories stand that a run owns outside its own.

Knows: how their templates are filled from a run.
Does not know: what must stand in them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from runpact.model.contract.language import Kind
from runpact.model.errors import RunpactError
from runpact.model.run import RunRecord
from runpact.model.template import PathTemplate


def place_folders(kind: Kind, root: str, run: Mapping[str, object]) -> dict[str, str]:
    """Return the absolute directories of a run's places by name; one that cannot be told is left out.

    Args:
        kind: The run's kind.
        root: Absolute data root.
        run: What templates may say of the run: `id` as `{run.id}` and as `{id}`.
    """
    values = {f"run.{name}": value for name, value in run.items()} | dict(run)
    folders: dict[str, str] = {}
    for name, place in kind.places.items():
        try:
            folders[name] = posixpath.join(root, PathTemplate.parse(place.at).render(values))
        except (KeyError, RunpactError):
            continue
    return folders


def named_by(record: RunRecord) -> dict[str, object]:
    """Return what templates may say of a run that has just begun."""
    return {**record.captures, "id": record.id, "uid": record.uid, "kind": record.kind, "name": record.name}
