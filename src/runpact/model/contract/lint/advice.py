"""What is well formed and yet may surprise.

Knows: rules that will be undecided although every required file stands; places that runs would share.
Does not know: any run.
"""

from __future__ import annotations

from collections.abc import Iterator

from runpact.model.contract.language import Contract, Entry, Kind, Rule, stem_of
from runpact.model.contract.lint.expressions import rule_texts
from runpact.model.contract.lint.note import Note
from runpact.model.contract.stages import STAGE_SUMMARY
from runpact.model.reference import references
from runpact.model.template import PathTemplate

_IDENTITIES = frozenset({"run.id", "run.uid", "id", "uid"})
_READING = frozenset({"doc", "rows", "leaves"})


def advice_notes(contract: Contract) -> Iterator[Note]:
    """Yield the rules that read a document which may be missing, and do not say what holds then."""
    for name, kind in contract.kinds.items():
        optional = _optional(kind.entries)
        for number, rule in enumerate(kind.rules):
            yield from _of_rule(rule, optional, f"/kinds/{name}/rules/{number}")
        yield from _of_summary(kind, f"/kinds/{name}/each_stage/entries")
        for place, owned in kind.places.items():
            yield from _of_place(owned.at, kind.at, f"/kinds/{name}/places/{place}/at")


def _of_summary(kind: Kind, at: str) -> Iterator[Note]:
    """Yield that a stage's summary is left to its program, whose word is a claim and no verdict."""
    for number, entry in enumerate(kind.each_stage.entries if kind.each_stage is not None else ()):
        if entry.single == STAGE_SUMMARY and entry.fields is None:
            yield Note(
                f"{at}/{number}",
                "nothing writes the verdict there: what stands there is the claim of the stage's program",
                f"`{{file: {STAGE_SUMMARY}, written: seal, fields: summary}}`, for `pipeline done`",
                entry.single,
            )


def _of_place(place: str, kind: str, at: str) -> Iterator[Note]:
    """Yield that a place does not tell its run from others: what one writes changes what another sealed."""
    said, own = set(PathTemplate.parse(place).captures), set(PathTemplate.parse(kind).captures)
    if not said & _IDENTITIES and not (own and own <= said):
        yield Note(
            at,
            "runs may share this place, and what is sealed with one is the next one's to change",
            "`{run.id}` in it",
            place,
        )


def _optional(entries: tuple[Entry, ...]) -> frozenset[str]:
    """Return the names of single files that may be missing."""
    return frozenset(
        entry.as_ or stem_of(path) for entry in entries if entry.required is False for path in entry.paths
    )


def _of_rule(rule: Rule, optional: frozenset[str], at: str) -> Iterator[Note]:
    said = [reference for text in rule_texts(rule, at) for reference in references(text.text)]
    asked = {each.name for each in said if each.root in {"present", "files"}}
    asked |= {each.name for each in references(rule.when or "")}
    unguarded = {each.name for each in said if each.root in _READING and each.name in optional - asked}
    for name in sorted(filter(None, unguarded)):
        yield Note(
            at,
            f"rule `{rule.id}` reads `{name}`, which may be missing: it is undecided then",
            f"`when: present.{name}`, unless that is meant",
        )
