"""Registry views: that their files can be written and their columns exist.

Knows: which keys of a view speak of which others.
Does not know: what a column comes to.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from runpact.model.contract.language import Contract, IndexView, Kind
from runpact.model.contract.lint.expressions import expression_notes, names_of
from runpact.model.contract.lint.note import Note, escaped, nearest, relative_notes
from runpact.model.contract.viewfiles import view_files
from runpact.model.errors import RunpactError
from runpact.model.reference import references
from runpact.model.template import PathTemplate
from runpact.model.variables import RUN

_OF_VIEWS = frozenset({"path", "metrics"})
"""What `run` has in views besides."""
_OURS = (".runpact", ".runpact-cache", ".runpact-notes")


def lint_views(contract: Contract) -> Iterator[Note]:
    """Yield what is wrong with the views of a contract."""
    known = {name for kind in contract.kinds.values() for name in names_of(kind.entries)} | {"manifest"}
    members = RUN | _OF_VIEWS | _captures(contract)
    owners: dict[str, int] = {}
    for number, view in enumerate(contract.workspace.indexes):
        at = f"/workspace/indexes/{number}"
        yield from _files(contract, view, f"{at}/files")
        for path in view_files(view.files).values():
            if owners.setdefault(path, number) != number:
                yield Note(f"{at}/files", "another view writes this file", "a file of its own", path)
        texts = {f"{at}/columns/{escaped(column)}": text for column, text in view.columns.items()}
        for place, text in {**texts, f"{at}/where": view.where}.items():
            yield from expression_notes(text, place, known)
            yield from _members(text, place, members)
        yield from _kinds(contract, view, f"{at}/kinds")
        yield from _columns(view, at)
        yield from _json(view, f"{at}/json")


def _kinds(contract: Contract, view: IndexView, at: str) -> Iterator[Note]:
    """Yield a view that lists sessions among other runs."""
    sorts = {contract.kinds[kind].session is not None for kind in view.kinds if kind in contract.kinds}
    if len(sorts) > 1:
        yield Note(at, "sessions stand in no registry of runs", "a view of their own", ", ".join(view.kinds))


def _members(text: str, at: str, known: frozenset[str]) -> Iterator[Note]:
    """Yield what an expression asks of `run` that no run has: its column would be empty for ever."""
    for reference in references(text):
        member = reference.parts[0] if reference.root == "run" and reference.parts else None
        if member is not None and member not in known:
            expected = ", ".join(sorted(known))
            yield Note(at, f"`run` has no `{member}`", expected, reference.text, nearest(member, known))


def _captures(contract: Contract) -> frozenset[str]:
    """Return the names of the captures in the places of all kinds."""
    found: set[str] = set()
    for kind in contract.kinds.values():
        with contextlib.suppress(RunpactError):  # told where the kind stands
            found |= {name.split(".")[0] for name in PathTemplate.pattern(kind.at).captures}
    return frozenset(found)


def _files(contract: Contract, view: IndexView, at: str) -> Iterator[Note]:
    files = view_files(view.files)
    if not files:
        expected = "a path that ends in .csv, .json or .md, or in several: runs_index.{csv,json,md}"
        yield Note(at, "it names no files of a view", expected, view.files)
    for path in list(files.values())[:1]:
        yield from relative_notes(path, at)
        inside = next((name for name, kind in contract.kinds.items() if _is_in(path, kind)), None)
        if path.split("/", 1)[0] in _OURS:
            yield Note(at, "that folder is runpact's own", "another folder", path)
        elif inside is not None:
            yield Note(at, f"it lies in a run of kind `{inside}`", "a place beside the runs", path)


def _is_in(path: str, kind: Kind) -> bool:
    """Whether a file would stand in a directory that a run of a kind may have."""
    try:
        template = PathTemplate.parse(kind.at)
    except RunpactError:  # told where the kind stands
        return False
    above = path.split("/")[: len(template.segments)]
    return kind.at == "." or (above != path.split("/") and template.match("/".join(above)) is not None)


def _columns(view: IndexView, at: str) -> Iterator[Note]:
    if not view.columns:
        yield Note(f"{at}/columns", "a view has columns", "a name and an expression", "none")
    named = [(f"{at}/order/{number}", name.removeprefix("-")) for number, name in enumerate(view.order)]
    named += [(f"{at}/markdown/columns/{number}", name) for number, name in enumerate(view.markdown.columns)]
    for place, name in named:
        if name not in view.columns:
            known = list(view.columns)
            yield Note(place, "the view has no such column", " or ".join(known), name, nearest(name, known))


def _json(view: IndexView, at: str) -> Iterator[Note]:
    counted = Counter(view.json.values())
    if view.json and counted["runs"] != 1:
        yield Note(at, "the rows stand at one key", "one key for `runs`", str(counted["runs"]))
    if counted["generated_at"] > 1:
        yield Note(at, "the moment stands at one key", "one key for `generated_at`", "several")
