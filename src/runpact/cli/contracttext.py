"""How answers about a contract are shown.

Knows: text and JSON of changes and of tried trees.
Does not know: flags, the language.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runpact.cli.output import paint, plain, say
from runpact.model.errors import CannotStartError
from runpact.model.finding import Verdict

if TYPE_CHECKING:
    from runpact.workspace import Revision, TriedContract


def write_page(path: str, page: str) -> None:
    """Write a page, and make its folder."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        raise CannotStartError(f"`{path}` cannot be written: {error.strerror or error}", at=path) from error


def verdict_of(revision: Revision) -> Verdict:
    """Return what a revision comes to."""
    is_breaking = any(change.is_breaking for change in revision.changes)
    is_announced = _major(revision.new) > _major(revision.old)
    if revision.broken or (is_breaking and not is_announced):
        return Verdict.ERROR
    return Verdict.WARNING if is_breaking else Verdict.OK


def _major(version: str) -> int:
    return int(version.split(".", 1)[0])


def revision_document(revision: Revision) -> dict[str, object]:
    """Return a revision as JSON data."""
    document = msgspec.to_builtins(revision)
    return {**document, "is_breaking": any(change.is_breaking for change in revision.changes)}


def revision_lines(revision: Revision) -> Iterator[str]:
    """Yield a revision as people read it."""
    if not revision.changes:
        yield f"{paint('OK', 'green')} nothing changed that runs could notice"
    for change in revision.changes:
        word = paint("breaking", "red") if change.is_breaking else paint("harmless", "green")
        yield f"{word} {change.sort} {plain(change.at)}" + (f": {change.why}" if change.why else "")
        if change.old is not None:
            yield f"  - {plain(change.old)}"
        if change.new is not None:
            yield f"  + {plain(change.new)}"
    if revision.changes:
        least = f"; it must be at least {revision.needed}" if verdict_of(revision) is Verdict.ERROR else ""
        yield f"version {revision.old} → {revision.new}{least}"
    if revision.judged:
        yield f"{revision.judged} runs judged by both: {len(revision.broken)} stop conforming"
    for run in revision.broken:
        told = f"{run.finding.message} at {run.finding.path}"
        yield f"  {plain(run.path)}: {run.verdict.value}, {plain(told)}"


def tried_document(tried: TriedContract) -> dict[str, object]:
    """Return tried trees as JSON data."""
    return {
        "id": tried.id,
        "cases": [
            {"tree": case.tree, "verdict": case.verdict, "rule": case.rule, "faults": list(case.faults)}
            for case in tried.cases
        ],
        "right": tried.right,
        "unbroken": list(tried.unbroken),
    }


def say_tried(tried: TriedContract) -> None:
    """Print what trying the trees of a contract came to."""
    word = paint("OK", "green") if tried.is_ok else paint("ERROR", "red")
    say(f"{word} {plain(tried.id)}: {tried.right} of {len(tried.cases)} trees judged as they should be")
    for case in tried.cases:
        for fault in case.faults:
            say(f"  {plain(case.tree)}: {plain(fault)}")
    if tried.unbroken:
        say(f"  no tree breaks {', '.join(tried.unbroken)}")
