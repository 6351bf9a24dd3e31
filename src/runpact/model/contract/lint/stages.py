"""Stages: their names, commands, and how what they write and read fits together.

Knows: who may write an alias, who may read it, which captures a command may use.
Does not know: how a stage is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runpact.model.contract.command import CommandError, known_slots, slots_of
from runpact.model.contract.language import Contract, Kind, Output, Read, Stage
from runpact.model.contract.lint.entries import schema_notes
from runpact.model.contract.lint.note import Note, escaped, nearest, relative_notes, template_notes
from runpact.model.contract.stages import reads_of
from runpact.model.errors import RunpactError
from runpact.model.names import check_name
from runpact.model.template import PathTemplate

_ID = re.compile(r"[0-9]{2}[a-z]?")
_SLUG = re.compile(r"[a-z0-9_]+")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def lint_stages(contract: Contract, kind: Kind, at: str, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    """Yield what is wrong with the stages of a kind."""
    yield from _kind(kind, at)
    writers = _writers(kind)
    slots = _slots(kind)
    for number, stage in enumerate(kind.stages):
        place = f"{at}/stages/{number}"
        yield from _names(kind, number, place)
        yield from _written(contract, stage, place, schemas)
        yield from _read(contract, stage, place, writers, kind)
        yield from _command(stage, place, slots)
        yield from _amounts(stage, place)
    yield from _circles(kind, at, writers)


def _kind(kind: Kind, at: str) -> Iterator[Note]:
    if kind.stages and kind.sealed != "by_stage":
        yield Note(
            f"{at}/stages", "a kind with stages is sealed stage by stage", "sealed: by_stage", kind.sealed
        )
    if kind.smoke is not None:
        yield from _smoke(kind.smoke, f"{at}/smoke", has_stages=bool(kind.stages))
    for alias, template in kind.legacy.items():
        yield from template_notes(template, f"{at}/legacy/{escaped(alias)}")


def _smoke(name: str, at: str, *, has_stages: bool) -> Iterator[Note]:
    if not has_stages:
        yield Note(at, "only a kind with stages has a smoke experiment", "stages", "none")
    try:
        check_name(name, what="experiment")
    except RunpactError as error:
        yield Note(at, error.message, error.expected, error.got)


def _writers(kind: Kind) -> dict[str, Stage]:
    """Return the first writer of each alias."""
    writers: dict[str, Stage] = {}
    for stage in kind.stages:
        for alias in stage.writes:
            writers.setdefault(alias, stage)
    return writers


def _names(kind: Kind, number: int, at: str) -> Iterator[Note]:
    stage, ids = kind.stages[number], [stage.id for stage in kind.stages]
    if not _ID.fullmatch(stage.id):
        yield Note(f"{at}/id", "a stage's id has two digits and perhaps a letter", "02 or 02b", stage.id)
    if not _SLUG.fullmatch(stage.slug):
        yield Note(f"{at}/slug", "a slug has small letters, digits and _", "a slug", stage.slug)
    if ids.index(stage.id) != number:
        yield Note(f"{at}/id", "two stages have one id", "an id for each stage", stage.id)
    for alias in stage.writes:
        first = next(each for each in kind.stages if alias in each.writes)
        if first is not stage:
            place = f"{at}/writes/{escaped(alias)}"
            yield Note(
                place, f"two stages write `{alias}`", "one writer for each alias", f"{first.id}, {stage.id}"
            )


def _written(contract: Contract, stage: Stage, at: str, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    for alias, written in stage.writes.items():
        place = f"{at}/writes/{escaped(alias)}"
        if not _ALIAS.fullmatch(alias):
            yield Note(place, "an alias cannot be the name of a folder", "letters, digits, . _ -", alias)
        if written == ():
            yield Note(place, "nothing stands behind the alias", "an output", "none")
        several = isinstance(written, tuple)
        for number, output in enumerate(written if isinstance(written, tuple) else (written,)):
            inside = f"{place}/{number}" if several else place
            yield from _output(contract, output, inside)
            schema = contract.types[output.type_].schema if output.type_ in contract.types else None
            yield from schema_notes(schema, f"{inside}/type", schemas) if schema is not None else ()


def _output(contract: Contract, output: Output, at: str) -> Iterator[Note]:
    if (output.file is None) == (output.files is None):
        yield Note(at, "an output is one of file, files", "exactly one of them")
    if output.file is not None:
        yield from relative_notes(output.file, f"{at}/file")
    if output.files is not None:
        yield from template_notes(output.files, f"{at}/files")
        yield from relative_notes(output.files.partition("{")[0] or "x", f"{at}/files")
    yield from _type(contract, output.type_, f"{at}/type")


def _type(contract: Contract, name: str | None, at: str) -> Iterator[Note]:
    if name is not None and contract.types and name not in contract.types:
        yield Note(at, f"no type `{name}`", " or ".join(contract.types), name, nearest(name, contract.types))


def _read(contract: Contract, stage: Stage, at: str, writers: dict[str, Stage], kind: Kind) -> Iterator[Note]:
    for alias, read in reads_of(stage).items():
        place = f"{at}/reads/{escaped(alias)}"
        yield from _type(contract, read.type_, place)
        writer = writers.get(alias)
        if writer is None and read.outside is False and alias not in kind.legacy:
            yield Note(
                place,
                f"no stage writes `{alias}`",
                " or ".join(writers) or "a stage that writes it",
                alias,
                nearest(alias, writers) or "`outside: true` is for what comes from elsewhere",
            )
        elif writer is not None:
            yield from _fit(stage, read, writer, alias, place)


def _fit(stage: Stage, read: Read, writer: Stage, alias: str, at: str) -> Iterator[Note]:
    if read.outside is not False:
        yield Note(at, f"stage {writer.id} writes `{alias}`", "one origin", "outside")
    written = writer.writes[alias]
    types = {each.type_ for each in (written if isinstance(written, tuple) else (written,))}
    if read.type_ is not None and types - {None} and read.type_ not in types:
        got = " and ".join(sorted(each for each in types if each is not None))
        yield Note(at, f"stage {writer.id} writes `{alias}` as another type", got, read.type_)
    if writer is stage:
        yield Note(at, "a stage reads what it writes itself", "an alias of a stage before it", alias)


def _circles(kind: Kind, at: str, writers: dict[str, Stage]) -> Iterator[Note]:
    """Yield each alias that is read before it is written; stages run in the order of their ids."""
    feeds = {
        stage.id: {writers[alias].id for alias in stage.reads if alias in writers} for stage in kind.stages
    }
    for number, stage in enumerate(kind.stages):
        for alias in stage.reads:
            writer = writers.get(alias)
            if writer is None or writer.id <= stage.id:
                continue
            circle = _way(feeds, writer.id, stage.id)
            yield Note(
                f"{at}/stages/{number}/reads/{escaped(alias)}",
                f"stages feed each other in a circle: {' → '.join((*circle, writer.id))}"
                if circle
                else f"stage {writer.id}, which writes `{alias}`, comes later",
                "an alias of a stage before it",
                alias,
            )


def _way(feeds: dict[str, set[str]], start: str, goal: str) -> tuple[str, ...]:
    """Return the stages from `start` back to `goal`, each fed by the next; empty when there is no way."""
    waiting: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while waiting:
        way = waiting.pop()
        if way[-1] == goal:
            return way
        new = sorted(feeds.get(way[-1], set()) - seen)
        seen.update(new)
        waiting += [(*way, each) for each in new]
    return ()


def _slots(kind: Kind) -> frozenset[str]:
    """Return what commands of this kind may have filled in, aliases apart."""
    try:
        captures = PathTemplate.parse(kind.at).captures
    except RunpactError:
        return frozenset()
    return frozenset(captures)


def _command(stage: Stage, at: str, slots: frozenset[str]) -> Iterator[Note]:
    if not stage.command:
        yield Note(at, "a stage needs a command", "command: [program, argument, …]", "none")
    known = slots | known_slots(stage)
    for number, argument in enumerate(stage.command):
        place = f"{at}/command/{number}"
        try:
            names = slots_of(argument)
        except CommandError as error:
            yield Note(place, f"the argument cannot be read: {error}", "{name}, or {{ for a brace", argument)
            continue
        for name in names:
            if name not in known:
                yield Note(
                    place,
                    f"nothing fills in `{{{name}}}`",
                    ", ".join(sorted(known)),
                    name,
                    nearest(name, known),
                )


def _amounts(stage: Stage, at: str) -> Iterator[Note]:
    if stage.timeout_seconds is not None and stage.timeout_seconds <= 0:
        yield Note(
            f"{at}/timeout_seconds", "a time to run is more than nothing", "> 0", f"{stage.timeout_seconds:g}"
        )
