"""Read the typed predictions of a run, frame by frame, and what is told of its checkpoints.

Knows: which document tells of the frames, and that a sealed frame must be the one that was sealed.
Does not know: how an array file is laid out.
"""

from __future__ import annotations

import io
import os
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from runpact.disk.layout import CONTRACT
from runpact.disk.reader import Reading, read_run
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import read_file
from runpact.formats.arrayvalues import MOST_BYTES, ArrayFile
from runpact.formats.npz import inspect
from runpact.model.checkpoints import Checkpoint, logged_checkpoints
from runpact.model.contract.kind import Kind
from runpact.model.digest import digest_bytes
from runpact.model.errors import Fault, MalformedDocumentError
from runpact.model.facts import FormatFault, Json
from runpact.model.frames import FramePlace, frame_place, logged_frames
from runpact.model.run import RunRecord
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.finding.read import read_entry


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of a run's predictions; its arrays are read when they are asked for."""

    frame_id: int | str
    timestamp: float | int | str
    """Seconds, or a moment as RFC 3339."""
    contract_version: str
    intrinsics: Json = None
    """Of the camera; None when they stand in a file of the run."""
    intrinsics_ref: str | None = None
    """That file, relative to the folder of the predictions."""
    path: str = ""
    """Of the arrays, relative to the run."""
    directory: str = ""
    """Absolute, of the run."""
    digest: str | None = None
    """What was sealed; None before that."""

    @property
    def arrays(self) -> dict[str, Any]:
        """Arrays by name, read anew each time.

        Raises:
            MalformedDocumentError: It is no file of arrays, or not the one that was sealed.
            StorageError: It cannot be read.
        """
        data = read_file(self.directory, self.path, MOST_BYTES)
        if self.digest is not None and digest_bytes(data) != self.digest:
            raise _malformed(self.path, "it is not the file that was sealed", self.digest)
        stream = io.BytesIO(data)
        facts = inspect(stream)
        if isinstance(facts, FormatFault):
            raise _malformed(self.path, facts.message, "an NPZ file")
        return {each.name: self._values(stream, each.name) for each in facts.arrays}

    def _values(self, stream: io.BytesIO, name: str) -> object:
        values = ArrayFile(is_npy=False).values(stream, name)
        if isinstance(values, str):
            raise _malformed(self.path, f"`{name}`: {values}", "an array without objects")
        return values.array

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - NumPy is no dependency, so neither is its type
        """Return one of its arrays."""
        return self.arrays[name]

    def __contains__(self, name: object) -> bool:
        """Whether it has an array of this name."""
        return name in self.arrays

    def __iter__(self) -> Iterator[str]:
        """Yield the names of its arrays."""
        return iter(self.arrays)


def frames_of(directory: str) -> Iterator[Frame]:
    """Yield the frames of a run in the order of its document; of an open run those acknowledged so far.

    Args:
        directory: Absolute path of the run.

    Raises:
        MalformedDocumentError: The document tells of no frames.
    """
    reading = read_run(directory)
    place = _place_of(directory, reading.record)
    sealed = _sealed_digests(reading)
    for row in _rows(directory, reading, place):
        try:
            frame = msgspec.convert(row, Frame)
        except msgspec.ValidationError as error:
            raise _malformed(
                place.metadata, str(error), "frame_id, timestamp and contract_version"
            ) from error
        path = place.path_of(frame.frame_id)
        yield msgspec.structs.replace(frame, path=path, directory=directory, digest=sealed.get(path))


def checkpoints_of(directory: str) -> tuple[Checkpoint, ...]:
    """Return the checkpoints that the log of a run tells of; none of a run without one.

    Args:
        directory: Absolute path of the run.
    """
    record = read_run(directory).record
    events = StoredLog(directory, record.records["events"]).entries() if record is not None else ()
    return logged_checkpoints(events)


def _rows(directory: str, reading: Reading, place: FramePlace) -> list[Mapping[str, Json]]:
    if not os.path.lexists(posixpath.join(directory, place.metadata)):
        record = reading.record
        if record is None:
            return []
        events = StoredLog(directory, record.records["events"]).entries()
        return [frame.frame for frame in logged_frames(events).values()]
    document = read_entry(directory, place.metadata).value
    rows = document.get("frames", [document]) if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _malformed(place.metadata, "it tells of no frames", "a list `frames`")
    return [row for row in rows if isinstance(row, dict)]


def _place_of(directory: str, record: RunRecord | None) -> FramePlace:
    if record is None:
        return frame_place(Kind())
    kinds = load_copy(posixpath.join(directory, CONTRACT)).contract.kinds
    return frame_place(kinds.get(record.kind, Kind()))


def _sealed_digests(reading: Reading) -> dict[str, str]:
    if reading.manifest is None or not reading.manifest.sealed:
        return {}
    return {record.path: record.digest for record in reading.manifest.files}


def _malformed(path: str, message: str, expected: str) -> MalformedDocumentError:
    fault = Fault(message, path, expected=expected)
    return MalformedDocumentError(f"`{path}` may not be used: {message}", at=path, faults=(fault,))
