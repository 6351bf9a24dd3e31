"""Kinds: their places, words, and how their parts agree.

Knows: which texts must parse and which names must agree.
Does not know: how a run is judged.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from runpact.model.contract.language import Contract, Kind
from runpact.model.contract.lint.configuration import lint_configuration
from runpact.model.contract.lint.entries import lint_entries
from runpact.model.contract.lint.expressions import lint_expressions
from runpact.model.contract.lint.note import Note, escaped, nearest, relative_notes, template_notes
from runpact.model.contract.lint.sessions import lint_session
from runpact.model.contract.lint.stages import lint_stages
from runpact.model.errors import RunpactError
from runpact.model.run import State
from runpact.model.template import PathTemplate

_KIND = re.compile(r"[a-z][a-z0-9_]*")
_MOST_TOLD = 20
"""Other kinds that a fault names."""


def lint_kinds(contract: Contract, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    """Yield what is wrong with each kind."""
    places: dict[str, str] = {}
    for name, kind in contract.kinds.items():
        at = f"/kinds/{name}"
        if not _KIND.fullmatch(name):
            yield Note(at, f"the kind `{name}` has an unsafe name", "small letters, digits and _", name)
        if kind.like is not None:
            known = [each for each in itertools.islice(contract.kinds, _MOST_TOLD) if each != name]
            yield Note(
                f"{at}/like",
                "it is like no kind of this contract"
                if kind.like not in contract.kinds.keys() - {name}
                else "kinds are like each other",
                " or ".join(known) or "another kind",
                kind.like,
                nearest(kind.like, known),
            )
        if not kind.at:
            yield Note(at, "the key `at` is missing", "the place of its runs, as in runs/{name}")
            continue
        twin = places.setdefault(kind.at, name)
        if twin != name and kind.told_by is None and contract.kinds[twin].told_by is None:
            message = f"the kinds `{twin}` and `{name}` share one place"
            yield Note(f"{at}/at", message, "a place for each kind, or `told_by`", kind.at)
        yield from _kind(contract, kind, at, schemas)


def _kind(contract: Contract, kind: Kind, at: str, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    yield from _templates(kind, at)
    yield from _words(kind, at)
    yield from lint_stages(contract, kind, at, schemas)

    if kind.config is not None:
        yield from lint_configuration(kind.config, f"{at}/config", schemas)
    yield from lint_entries(contract, kind.entries, f"{at}/entries", schemas)
    for name, place in kind.places.items():
        yield from lint_entries(contract, place.entries, f"{at}/places/{name}/entries", schemas)
    if kind.each_stage is not None:
        yield from lint_entries(contract, kind.each_stage.entries, f"{at}/each_stage/entries", schemas)
    yield from lint_expressions(kind, at)
    yield from lint_session(kind, at)


def _templates(kind: Kind, at: str) -> Iterator[Note]:
    yield from _parsed(kind.at, f"{at}/at")
    yield from _clash(kind.clash, f"{at}/clash")
    if kind.at.startswith("/") or ".." in kind.at.split("/"):
        yield Note(f"{at}/at", "the place leaves the workspace", "a relative path", kind.at)
    for number, latest in enumerate(kind.latest):
        place = f"{at}/latest/{number}"
        yield from template_notes(latest.to, f"{place}/to")
        if (latest.copy is None) == (latest.link is None):
            yield Note(
                place, "it is one of copy, link", "exactly one of them", "both" if latest.copy else "none"
            )
        for word, path in (("copy", latest.copy), ("link", latest.link)):
            yield from relative_notes(path, f"{place}/{word}") if path is not None else ()
    for name, owned in kind.places.items():
        yield from template_notes(owned.at, f"{at}/places/{name}/at")
    for number, pattern in enumerate(kind.made_by):
        yield from template_notes(pattern, f"{at}/made_by/{number}")
    for name, folder in kind.scopes.items():
        yield from relative_notes(folder, f"{at}/scopes/{escaped(name)}")
    if kind.each_stage is not None:
        yield from template_notes(kind.each_stage.at, f"{at}/each_stage/at")


def _parsed(text: str, at: str) -> Iterator[Note]:
    try:
        PathTemplate.parse(text)
    except RunpactError as error:
        yield Note(at, error.message, error.expected, error.got)


def _clash(text: str, at: str) -> Iterator[Note]:
    faults = list(_parsed(text, at))
    yield from faults
    if not faults and PathTemplate.parse(text).captures != ("n",):
        yield Note(at, "the clash suffix has no number", "a suffix with {n}, as in _{n:02}", text)


def _words(kind: Kind, at: str) -> Iterator[Note]:
    states = [state.value for state in State]
    for word in kind.state_words:
        if word not in states:
            place, hint = f"{at}/state_words/{word}", nearest(word, states)
            yield Note(place, f"`{word}` is not a state", ", ".join(states), word, hint)
    records = [getattr(kind.records, name) for name in kind.records.__struct_fields__]
    for name, path in zip(kind.records.__struct_fields__, records, strict=True):
        yield from relative_notes(path, f"{at}/records/{name}")
    if len(set(records)) < len(records):
        yield Note(f"{at}/records", "two records share one file", "a file for each record")
    if kind.states is not None:
        known = set(kind.states.moves)
        for word, nexts in kind.states.moves.items():
            for each in nexts:
                if each not in known:
                    place = f"{at}/states/moves/{word}"
                    yield Note(place, f"`{each}` is not a state here", ", ".join(sorted(known)), each)
