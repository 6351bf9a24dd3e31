"""What a Python program reads: documents, and runs that exist.

Knows: that what an open run reads is recorded as its input.
Does not know: how a document is validated, how a run is found.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import overload

import msgspec

from runpact.api import open_here
from runpact.api.opened import PathLike, opened
from runpact.host.clock import utc_now
from runpact.model.checkpoints import Checkpoint
from runpact.model.summary import RunSummary
from runpact.verbs.finding.frames import Frame, checkpoints_of, frames_of
from runpact.verbs.finding.known import KnownRun
from runpact.verbs.finding.look import Look, told_verdict
from runpact.verbs.finding.read import ReadDocument, read_entry
from runpact.verbs.life.inputs import note_input
from runpact.workspace.making import root_above


class RecordedRun(KnownRun, frozen=True, kw_only=True):
    """An existing run: what is known of it, what people say about it, and its documents."""

    look: Look

    @property
    def verdict(self) -> str:
        """`OK`, `WARNING`, `INCOMPLETE` or `ERROR`: judged when it is first asked for."""
        return self.look.verdict

    def told(self) -> list[tuple[str, object]]:
        """Return what a notebook shows of the run."""
        return [*super().told(), ("verdict", told_verdict(self.look))]

    def __repr__(self) -> str:
        return f"<RecordedRun {self.path}: {self.state.value}>"

    def read(self, name: str) -> object:
        """Return the value of a document of the run; inside an open run it is recorded as an input.

        It is validated by the schema that its entry has in the contract the run was made under; a file that
        is not the one that was sealed is refused.

        Args:
            name: Name of a contract entry, or a path relative to the run directory.

        Raises:
            CannotStartError: There is no such file.
            MalformedDocumentError: It is not what it must be; carries every fault.
        """
        return _used(read_entry(self.directory, name), None)

    def predictions(self) -> Iterator[Frame]:
        """Yield its typed predictions, frame by frame; of an open run those written so far.

        Raises:
            MalformedDocumentError: The document about them tells of no frames.
        """
        return frames_of(self.directory)

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return its checkpoints in the order of their saving, with step and metrics of that moment."""
        return checkpoints_of(self.directory)


@overload
def read(path: RunSummary) -> RecordedRun: ...
@overload
def read(
    path: PathLike, *, schema: PathLike | Mapping[str, object] | None = None, name: str | None = None
) -> object: ...


def read(
    path: PathLike | RunSummary,
    *,
    schema: PathLike | Mapping[str, object] | None = None,
    name: str | None = None,
) -> object:
    """Return the value of a document that was validated first; an open run records it as an input.

    Args:
        path: JSON, YAML, TOML; JSONL or CSV (a list of its rows); of NPZ and NPY the header, dtype and
            shape by name. Of a run, as `runs` and `open_run` return it: what is in it.
        schema: JSON Schema that it must fit: a file, relative to the current directory or else to the
            workspace, or the schema itself.
        name: What to call the input; by default its path in the workspace.

    Raises:
        CannotStartError: File or schema cannot be read.
        MalformedDocumentError: It is not what it must be; carries every fault.
    """
    if isinstance(path, RunSummary):
        return open_run(path)
    wanted = schema if schema is None or isinstance(schema, Mapping) else os.fspath(schema)
    return _used(opened(None).read(os.fspath(path), wanted), name)


def _used(document: ReadDocument, name: str | None) -> object:
    """Return the value, noted as an input of the open run unless it is that run's own."""
    active = open_here()
    if active is not None and active.writer.is_open and not document.place.startswith(active.dir + "/"):
        note_input(active, document.place, document.pinned, name=name, origin=document.run)
    return document.value


def open_run(
    reference: PathLike | RunSummary, *, workspace: PathLike | None = None, workdir: PathLike | None = None
) -> RecordedRun:
    """Return what is known of an existing run, to read from it.

    Args:
        reference: Path, id, `parent/id`, uid, unique prefix, or name; or a run of an answer.
        workspace: Folder of the contract; by default found upwards.
        workdir: Folder for the data, when it is not the contract's.

    Raises:
        NoSuchRunError: Nothing is named so.
    """
    place = opened(workspace, workdir=workdir)
    directory = place.resolve(reference_to(reference))
    look = Look(utc_now(), lambda: place.check([directory])[0].verdict.value)
    summary = msgspec.structs.asdict(place.summary(directory))
    return RecordedRun(**summary, directory=directory, root=place.data_root, look=look)


def reference_to(run: PathLike | RunSummary) -> str:
    """Return how the workspace is asked for a run that a caller names or holds."""
    if isinstance(run, RunSummary):
        return str(getattr(run, "directory", run.path))
    return os.fspath(run)


def workspace_root(near: PathLike | None = None) -> Path:
    """Return the workspace's folder, so that no program takes the current directory for it.

    Args:
        near: A file or folder in the workspace, as `__file__`; by default the current directory.

    Raises:
        NoContractError: No contract stands there or above.
    """
    return Path(root_above(os.getcwd() if near is None else os.fspath(near)))
