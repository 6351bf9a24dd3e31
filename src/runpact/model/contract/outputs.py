"""Where a contract's runs and copies are written to.

Knows: which templates of a contract name output, and how a path is recognised by them.
Does not know: files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.contract.language import Contract

_CAPTURE = re.compile(r"(\{[^}]*\}|\*\*|\*|\?)")
_ANY = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def output_pattern(contract: Contract) -> str:
    """Return a regular expression that fits the paths, relative to the workspace, of what runs write.

    Files of runs and of their places, latest copies, promotions, caches, the log and the indexes fit; a file
    that stands beside the runs does not.
    """
    return "|".join(dict.fromkeys(_patterns(contract)))


def _patterns(contract: Contract) -> Iterator[str]:
    for kind in contract.kinds.values():
        if kind.at:
            yield _below(kind.at)
        yield from (_below(place.at) for place in kind.places.values())
        for latest in kind.latest:
            yield f"{_fitting(latest.to)}(?:/.*)?"
    yield from (_below(promotion.at) for promotion in contract.promotions.values())
    rules = contract.workspace
    yield from (f"{_fitting(glob)}(?:/.*)?" for glob in rules.caches)
    yield from (_fitting(view.files) for view in rules.indexes)
    if rules.log is not None:
        yield _fitting(rules.log)


def _below(template: str) -> str:
    return f"{_fitting(template)}/.*"


def _fitting(template: str) -> str:
    """Return what fits a template or glob; a capture fits any one name, or part of it."""
    parts = _CAPTURE.split(template.rstrip("/"))
    return "".join(_ANY.get(part, "[^/]+" if part.startswith("{") else re.escape(part)) for part in parts)
