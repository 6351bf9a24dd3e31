"""Folders that stand where a contract says that older results lie.

Knows: how a path with open places is followed, level by level, without following a link.
Does not know: what is in them.
"""

from __future__ import annotations

import os
import posixpath
import re

from runpact.model.template import PathTemplate

_OPEN = re.compile(r"[*{]")


def standing_at(root: str, template: str) -> list[str]:
    """Return the paths below `root` that fit a template, sorted; relative to it.

    Args:
        root: Absolute folder.
        template: Parts of it may hold captures and `*`.
    """
    found = [""]
    for part in template.split("/"):
        found = [path for above in found for path in _below(root, above, part)]
    return sorted(found)


def _below(root: str, above: str, part: str) -> list[str]:
    if not _OPEN.search(part):
        path = posixpath.join(above, part)
        return [path] if os.path.lexists(posixpath.join(root, path)) else []
    pattern = PathTemplate.pattern(part)
    try:
        names = os.listdir(posixpath.join(root, above))
    except OSError:
        return []
    return [posixpath.join(above, name) for name in names if pattern.match(name) is not None]
