"""Who may make a run: a project, never the code that a project uses.

Knows: that the nearest file decides, and what its path says of the run.
Does not know: how it is found who asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from runpact.model.template import PathTemplate


class Maker(msgspec.Struct, frozen=True):
    """The file whose code may make a run."""

    path: str
    """Relative to the workspace."""
    captures: Mapping[str, str]
    """What its path says of the run, as the name of the project."""


def maker_of(path: str, made_by: Iterable[str]) -> Maker | None:
    """Return a file as the maker of a run; None when no pattern fits it.

    Args:
        path: Relative to the workspace.
        made_by: Globs with captures, as `made_by` of a kind says them; the first that fits decides.
    """
    for pattern in made_by:
        captures = PathTemplate.pattern(pattern).match(path)
        if captures is not None:
            return Maker(path, captures)
    return None


def disagreement(
    maker: Maker, captures: Mapping[str, str], *, name: str | None, place: PathTemplate
) -> tuple[str, str, str] | None:
    """Return capture, value by the maker's path and value by the caller when those differ; else None.

    Args:
        maker: Who makes the run.
        captures: What the caller says of its place.
        name: The name that the caller gives it; it fills the only capture that the maker's path fills.
        place: Where such runs stand.
    """
    told = dict(captures)
    filled = [capture for capture in place.captures if capture in maker.captures]
    if name is not None and len(filled) == 1 and "name" not in place.captures:
        told.setdefault(filled[0], name)
    for capture in filled:
        if told.get(capture, maker.captures[capture]) != maker.captures[capture]:
            return capture, maker.captures[capture], told[capture]
    return None
