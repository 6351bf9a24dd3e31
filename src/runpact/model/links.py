"""Where symbolic links inside a run lead to.

Knows: that links may lead to links, in circles, or out.
Does not know: the disk; it follows what was listed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from runpact.model.facts import FileFact

_MOST_STEPS = 8


def led_to(fact: FileFact, by_path: Mapping[str, FileFact]) -> FileFact | None:
    """Return what a link leads to inside the run; nothing when it leads out, nowhere, or in a circle."""
    found: FileFact | None = fact
    for _step in range(_MOST_STEPS):
        if found is None or found.kind != "symlink":
            return found
        above = posixpath.dirname(found.path)
        inside = posixpath.normpath(posixpath.join(above, found.target or ""))
        found = None if found.escapes else by_path.get(inside)
    return None


def linked_files(facts: Iterable[FileFact]) -> dict[str, str]:
    """Return the path of the file that each link leads to, by the link's own path."""
    facts = tuple(facts)
    links = [fact for fact in facts if fact.kind == "symlink"]
    by_path = {fact.path: fact for fact in facts} if links else {}
    led = {link.path: led_to(link, by_path) for link in links}
    return {path: fact.path for path, fact in led.items() if fact is not None and fact.kind == "file"}
