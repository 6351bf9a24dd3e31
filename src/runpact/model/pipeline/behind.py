"""What stands behind an alias, as claims that can be judged.

Knows: how a stage's declaration becomes entries, relative to its directory or to the folder of an alias.
Does not know: how entries are judged, which attempt made the files.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.contract.clause import Count
from runpact.model.contract.entry import ArtifactType, Entry
from runpact.model.contract.kind import Output, Read, Stage
from runpact.model.contract.merge import with_type
from runpact.model.contract.stages import folder_behind, outputs_of
from runpact.model.template import PathTemplate

Types = Mapping[str, ArtifactType]


def written_entries(stage: Stage, types: Types) -> tuple[Entry, ...]:
    """Return what a stage writes as entries relative to its directory; each is named like its alias.

    Args:
        stage: The stage.
        types: The contract's artifact types.
    """
    numbers: dict[str, int] = {}
    entries = []
    for alias, output in outputs_of(stage):
        numbers[alias] = numbers.get(alias, 0) + 1
        name = alias if numbers[alias] == 1 else f"{alias}_{numbers[alias]}"
        entries.append(_entry(output, name, alias, types))
    return tuple(entries)


def entries_behind(writer: Stage | None, alias: str, read: Read, types: Types) -> tuple[Entry, ...]:
    """Return what a consumer may expect behind an alias, as entries relative to the alias's folder.

    Args:
        writer: The stage that writes it; None when no stage does.
        alias: The alias.
        read: What the consumer says of it; its type comes before the writer's.
        types: The contract's artifact types.
    """
    if writer is None:
        everything = Entry(files="**", as_=alias, id=alias, type_=read.type_, required=read.required)
        return (with_type(everything, types),)
    folder = folder_behind(writer, alias)
    below = [output for name, output in outputs_of(writer) if name == alias]
    entries = []
    for number, output in enumerate(below, 1):
        moved = msgspec.structs.replace(
            output,
            file=_below(output.file, folder),
            files=_below(output.files, folder),
            type_=read.type_ or output.type_ if len(below) == 1 else output.type_,
            required=output.required is True and read.required,
        )
        entries.append(_entry(moved, alias if number == 1 else f"{alias}_{number}", alias, types))
    return tuple(entries)


def file_behind(name: str, alias: str, read: Read, types: Types) -> tuple[Entry, ...]:
    """Return what a consumer may expect of one file that stands for an alias.

    Args:
        name: Of the file, in its folder.
        alias: The alias.
        read: What the consumer says of it.
        types: The contract's artifact types.
    """
    return (with_type(Entry(file=name, as_=alias, id=alias, type_=read.type_), types),)


def is_claimed(entries: tuple[Entry, ...], path: str) -> bool:
    """Whether one of these entries speaks of a path."""
    return any(
        path == entry.file
        or (entry.files is not None and PathTemplate.pattern(entry.files).match(path) is not None)
        for entry in entries
    )


def _entry(output: Output, name: str, alias: str, types: Types) -> Entry:
    claim = Entry(
        file=output.file,
        files=output.files,
        as_=name,
        id=alias,
        type_=output.type_,
        count=Count(**output.count) if output.count else None,
        required=output.required,
        description=output.description,
    )
    return with_type(claim, types)


def _below(path: str | None, folder: str) -> str | None:
    return path.removeprefix(f"{folder}/") if path is not None and folder else path
