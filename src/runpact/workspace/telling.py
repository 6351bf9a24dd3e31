"""The front door to pages about runs.

Knows: which run a person means, where the page is to stand.
Does not know: what it says.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runpact.workspace import Workspace

__all__ = ["write_page"]


def write_page(place: Workspace, reference: str, form: str, *, output: str | None) -> tuple[str | None, str]:
    """Return where the page of a run was written, None without a place, and its text.

    Args:
        place: The workspace.
        reference: The run.
        form: `md` or `html`.
        output: File to write, replacing what is there; never one of a run.
    """
    from runpact.disk.picture import write_picture
    from runpact.model.runpage import html_page, markdown_page
    from runpact.verbs.judging.tell import facts_of

    facts = facts_of(place.show(reference), place.check([reference])[0])
    text = html_page(facts) if form == "html" else markdown_page(facts)
    if output is None:
        return None, text
    target = posixpath.normpath(posixpath.join(place.cwd, output))
    write_picture(target, text.encode("utf-8"))
    return place.shown(target), text
