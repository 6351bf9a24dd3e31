"""The front door to pages about runs.

Knows: which run a person means, where the page is to stand.
Does not know: what it says.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runpact.model.errors import CannotStartError

if TYPE_CHECKING:
    from runpact.model.runpage.facts import OwnForm, PageFacts
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
    from runpact.verbs.judging.tell import facts_of

    details = place.show(reference)
    kind = place.working_contract.contract.kinds.get(details.summary.kind or "")
    checked = place.check([reference])[0]
    facts = facts_of(details, checked, root=place.data_root, kind=kind, own=_own_form(place, reference))
    text = _page(facts, form)
    if output is None:
        return None, text
    target = posixpath.normpath(posixpath.join(place.cwd, output))
    write_picture(target, text.encode("utf-8"))
    return place.shown(target), text


def _own_form(place: Workspace, reference: str) -> OwnForm | None:
    """Return what a page says first of a sweep; None of any other run."""
    from runpact.model.runpage.sweep import sweep_form
    from runpact.workspace.goingon import trials_of, went_on_as

    try:
        form = sweep_form(*trials_of(place, reference))
        return replace(form, lines=(*form.lines, ("went on as", went_on_as(place, reference))))
    except CannotStartError:
        return None


def _page(facts: PageFacts, form: str) -> str:
    if form == "html":
        from runpact.model.runpage.html import html_page

        return html_page(facts)
    from runpact.model.runpage.markdown import markdown_page

    return markdown_page(facts)
