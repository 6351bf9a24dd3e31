"""Where a contract's runs, copies and records are written to.

Knows: which templates of a contract name output, and how a path is recognised by them.
Does not know: files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runpact.model.contract.language import Contract
from runpact.model.contract.viewfiles import view_files

_CAPTURE = re.compile(r"(\{[^}]*\}|\*\*|\*|\?)")
_ANY = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def output_pattern(contract: Contract) -> str:
    """Return a regular expression that fits the paths, relative to the workspace, of what runs write.

    Files of runs and of their places, latest copies, promotions, caches, the log and the indexes fit; a file
    that stands beside the runs does not. A template whose first folder is a capture tells nothing: everything
    would fit it, code as well.
    """
    found = (_fitting(template) + rest for template, rest in _templates(contract) if template[:1] != "{")
    return "|".join(dict.fromkeys(found))


def _templates(contract: Contract) -> Iterator[tuple[str, str]]:
    """Return templates and globs, each with a pattern of what may follow it in a path."""
    below, at_or_below = "/.*", "(?:/.*)?"
    for kind in contract.kinds.values():
        yield from ((at, below) for at in (kind.at, *(place.at for place in kind.places.values())) if at)
        yield from ((latest.to, at_or_below) for latest in kind.latest)
    yield from ((promotion.at, below) for promotion in contract.promotions.values())
    rules = contract.workspace
    yield from ((glob, at_or_below) for glob in rules.caches)
    yield from ((path, "") for path in _records(contract))


def record_pattern(contract: Contract, folders: Iterable[str] = (), files: Iterable[str] = ()) -> str:
    """Return a regular expression that fits what runpact itself rewrites beside the runs.

    Tags, registry views and the log change with every run, also where somebody committed them: a change of
    them is none of the code.

    Args:
        contract: Names the registry views and the log.
        folders: Of runpact's own records, relative to the workspace.
        files: Of runpact's own records that stand alone.
    """
    own = (*(f"{re.escape(folder)}/.*" for folder in folders), *map(re.escape, files))
    found = (*own, *map(_fitting, _records(contract)))
    return "|".join(dict.fromkeys(found))


def _records(contract: Contract) -> Iterator[str]:
    rules = contract.workspace
    for view in rules.indexes:
        yield from view_files(view.files).values()
    if rules.shared_log is not None:
        yield rules.shared_log.file


def _fitting(template: str) -> str:
    """Return what fits a template or glob; a capture fits any one name, or part of it."""
    parts = _CAPTURE.split(template.rstrip("/"))
    return "".join(_ANY.get(part, "[^/]+" if part.startswith("{") else re.escape(part)) for part in parts)
