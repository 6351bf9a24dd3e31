"""What a stage's declaration means, its short forms spelled out.

Knows: outputs and reads in their long form, where an alias leads.
Does not know: other stages.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterator, Mapping

from runpact.model.contract.clause import Count
from runpact.model.contract.language import (
    SHARED_WITH_KIND,
    ArtifactType,
    EachStage,
    Entry,
    Kind,
    Output,
    Read,
    Stage,
)
from runpact.model.contract.merge import with_type

STAGE_SUMMARY = "stage_summary.json"
"""Where a stage's program says what it did, and a layout what the attempt came to; relative to the stage."""


def outputs_of(stage: Stage) -> Iterator[tuple[str, Output]]:
    """Yield each output of a stage with its alias."""
    for alias, written in stage.writes.items():
        for output in written if isinstance(written, tuple) else (written,):
            yield alias, output


def reads_of(stage: Stage) -> dict[str, Read]:
    """Return what a stage reads by alias, each in its long form."""
    return {alias: Read(type_=read) if isinstance(read, str) else read for alias, read in stage.reads.items()}


def directory_of(stage: Stage) -> str:
    """Return the name of a stage's directory, `NN_slug`."""
    return f"{stage.id}_{stage.slug}"


def folder_behind(stage: Stage, alias: str) -> str:
    """Return what an alias leads to, relative to the stage's directory: the folder of all its outputs.

    Empty for the directory itself.
    """
    written = stage.writes[alias]
    folders = [
        _fixed_folder(output.file or output.files or "")
        for output in (written if isinstance(written, tuple) else (written,))
    ]
    return functools.reduce(_common, folders)


def _fixed_folder(pattern: str) -> str:
    parts = posixpath.dirname(pattern).split("/")
    fixed = next((number for number, part in enumerate(parts) if set("*?{") & set(part)), len(parts))
    return "/".join(parts[:fixed])


def _common(one: str, other: str) -> str:
    shared = []
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        shared.append(left)
    return "/".join(shared)


def attempt_kind(kind: Kind, stage: Stage | None, types: Mapping[str, ArtifactType]) -> Kind:
    """Return what the directory of an attempt must hold, as a kind of its own.

    Args:
        kind: The experiment's.
        stage: The stage; None for a directory of a stage that the contract does not name.
        types: The contract's artifact types.
    """
    each_stage = kind.each_stage or EachStage()
    shared = {name: getattr(each_stage, name) for name in SHARED_WITH_KIND}
    entries = each_stage.entries + (_output_entries(stage) if stage is not None else ())
    return Kind(at="stage", **shared | {"entries": tuple(with_type(entry, types) for entry in entries)})


def _output_entries(stage: Stage) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            file=output.file,
            files=output.files,
            as_=alias,
            id=f"stages/{stage.id}/writes/{alias}",
            type_=output.type_,
            count=Count(**output.count) if output.count else None,
            required=output.required,
            description=output.description,
        )
        for alias, output in outputs_of(stage)
    )
