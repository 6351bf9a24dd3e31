"""Write typed predictions, frame by frame, so that a kill loses at most the one being written.

Knows: the order of the steps, and what is refused before anything is written.
Does not know: how bytes reach the disk.

1. Refuse what the document or the contract could not hold: ids, times, arrays.
2. Publish the file of arrays under its name, which must be free.
3. Append an event with all that the document will say of the frame: now it is acknowledged.
4. When the run ends, derive the document from what was acknowledged. After a kill `runpact doctor --fix`
   does so from the log, and moves aside a file that had its name but not its event.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Self

from runpact.formats.encode import plain_data
from runpact.formats.limits import MAX_SIZE
from runpact.formats.npzbytes import as_array, encode_arrays, fault_of_array
from runpact.model.errors import (
    CannotStartError,
    RunpactError,
    StorageError,
    UsageError,
    ValueRefusedError,
    WriteOnceError,
)
from runpact.model.facts import Json
from runpact.model.frames import (
    ABOUT,
    BEGUN,
    FRAME,
    FramePlace,
    Row,
    frame_place,
    frames_document,
    plain_id,
    plain_timestamp,
    room_of,
)
from runpact.model.manifest import FileRecord
from runpact.model.names import check_relative
from runpact.model.recovery import SAVED
from runpact.verbs.life.opened import OpenRun

_Arrays = tuple[str, ...]
_FRAMING = 32
"""Bytes of a document without rows."""


class Predictions:
    """The predictions of a run, written frame by frame; the document about them follows from the frames."""

    def __init__(
        self,
        run: OpenRun,
        *,
        contract_version: str,
        intrinsics: object = None,
        intrinsics_ref: str | None = None,
    ) -> None:
        """Store what is said of all frames.

        Args:
            run: Open.
            contract_version: Of the agreement on what the arrays mean.
            intrinsics: Of the camera: plain data, or an array.
            intrinsics_ref: Instead, a file of the run, relative to the folder of the predictions.

        Raises:
            UsageError: Not exactly one of the two is given, or the version is no text.
            CannotStartError: The file does not exist.
            ValueRefusedError: The intrinsics are no plain data.
        """
        if not isinstance(contract_version, str) or not contract_version:
            raise UsageError(
                "predictions say which version of their contract they keep",
                expected='a text, as contract_version="1.0"',
                got=f"{contract_version!r:.60}",
            )
        self._run = run
        self._place = frame_place(run.kind)
        self._version = contract_version
        self._camera = _camera(run, self._place, intrinsics, intrinsics_ref)
        self._clauses: dict[str, tuple[_Arrays, bool]] = {}
        run.note(BEGUN, pattern=self._place.pattern, about=self._place.metadata)
        self._rows = run.frames.setdefault(self._place.metadata, {})
        self._size = _FRAMING + sum(map(room_of, self._rows.values()))
        self._is_open = True

    def write(
        self, frame_id: int | str, /, *, timestamp: object, intrinsics: object = None, **arrays: object
    ) -> str:
        """Write one frame and return the absolute path of its file; it survives the end of the process.

        Args:
            frame_id: A whole number, or a text where the contract's pattern allows one; used once.
            timestamp: When it was taken: seconds from 0 on, or a moment with a zone, also as RFC 3339.
            intrinsics: Of the camera, when this frame's are not those of all.
            arrays: What was predicted: numbers, booleans or fixed texts, no objects; finite where the
                contract's type says so.

        Raises:
            WriteOnceError: The frame was written already.
            ValueRefusedError: An array or the timestamp cannot be written strictly; nothing was.
            UsageError: There are no arrays, it is no id, or the predictions are closed.
            StorageError: Nothing was stored.
        """
        number = plain_id(frame_id)
        path = self._place.path_of(number)
        if not self._is_open:
            raise UsageError("these predictions are closed", got=str(number), hint="write before `close()`")
        if path in self._rows:
            raise WriteOnceError(
                f"frame `{number}` was written already", at=path, hint="each frame has an id of its own"
            )
        row = self._row(number, timestamp, intrinsics)
        size = self._with_room_for(row)
        data = encode_arrays(self._checked(arrays))
        try:
            stored = self._run.writer.store(path, [data], is_flushed=False)
        except StorageError:
            self._run.writer.discard(path)  # it may have its name although that was refused
            raise
        self._acknowledge(stored, row)
        self._size = size
        return self._run.writer.paths.at(path)

    def _with_room_for(self, row: Row) -> int:
        """Return the size of the document with one more row; nobody could read it beyond a limit."""
        size = self._size + room_of(row)
        if size > MAX_SIZE:
            raise ValueRefusedError(
                f"the document about {len(self._rows)} frames has no room for another one",
                at=self._place.metadata,
                expected=f"at most {MAX_SIZE} bytes",
                got=f"{size} bytes",
                hint="name the intrinsics by intrinsics_ref=…, or write the frames into several runs",
            )
        return size

    def _row(self, number: int | str, timestamp: object, intrinsics: object) -> Row:
        camera = self._camera if intrinsics is None else {"intrinsics": _plain_camera(intrinsics)}
        time = plain_timestamp(timestamp if isinstance(timestamp, datetime) else plain_data(timestamp))
        return {"frame_id": number, "timestamp": time, **camera, "contract_version": self._version}

    def _checked(self, arrays: Mapping[str, object]) -> dict[str, object]:
        if not arrays:
            raise UsageError("a frame holds arrays", expected="at least one, by name", got="none")
        checked = {}
        for name, value in arrays.items():
            array = as_array(name, value)
            dtypes, is_finite = self._claims(name)
            fault = fault_of_array(array, dtypes=dtypes, is_finite=is_finite)
            if fault is not None:
                message, expected, got = fault
                raise ValueRefusedError(f"array `{name}`: {message}", expected=expected, got=got)
            checked[name] = array
        return checked

    def _claims(self, name: str) -> tuple[_Arrays, bool]:
        """Return which types the contract allows an array, and whether it must be finite."""
        found = self._clauses.get(name)
        if found is None:
            clauses = self._place.clauses_of(name)
            said = next((clause.dtype for clause in clauses if clause.dtype is not None), ())
            dtypes = (said,) if isinstance(said, str) else tuple(said)
            found = self._clauses[name] = dtypes, any(clause.finite for clause in clauses)
        return found

    def _acknowledge(self, stored: FileRecord, row: Row) -> None:
        run, place = self._run, self._place
        said: dict[str, object] = {"type": place.type, FRAME: row, ABOUT: place.metadata}
        try:
            run.note(SAVED, path=stored.path, size=stored.size, digest=stored.digest, **said)
        except RunpactError:
            run.writer.discard(stored.path)
            raise
        record = FileRecord(stored.path, stored.size, stored.digest, type=place.type)
        run.stored[stored.path] = record
        self._rows[stored.path] = row

    def close(self) -> None:
        """Write the document about the frames, no more of which can be written; the run's end does so too."""
        self._is_open = False
        write_frames(self._run)

    def __len__(self) -> int:
        """Return how many frames were written."""
        return len(self._rows)

    def __enter__(self) -> Self:
        """Return the predictions themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them; the frames of a block that failed stay."""
        self._is_open = False
        if error is None:
            self.close()


def write_frames(run: OpenRun) -> None:
    """Derive the documents about frames from what was acknowledged, unless another process seals the run.

    Raises:
        StorageError: One of them could not be written.
    """
    for path, rows in run.frames.items():
        if rows and run.writer.seals:
            run.writer.replace(path, frames_document(rows.values()))


def _camera(run: OpenRun, place: FramePlace, intrinsics: object, reference: str | None) -> Mapping[str, Json]:
    if (intrinsics is None) == (reference is None):
        raise UsageError(
            "predictions say by which intrinsics the camera sees",
            expected="one of intrinsics=…, intrinsics_ref=…",
            got="none of them" if reference is None else "both",
        )
    if reference is None:
        return {"intrinsics": _plain_camera(intrinsics)}
    check_relative(reference, what="reference to intrinsics")
    path = run.writer.paths.at(posixpath.join(place.folder, reference))
    if not os.path.isfile(path):
        raise CannotStartError(
            f"there is no file `{reference}` that tells the intrinsics",
            at=path,
            expected="a file of the run",
            got="nothing",
            hint=f'first: run.save("{place.folder}/{reference}", …)',
        )
    return {"intrinsics_ref": reference}


def _plain_camera(intrinsics: object) -> Json:
    plain = plain_data(intrinsics.tolist() if hasattr(intrinsics, "tolist") else intrinsics)
    if not isinstance(plain, dict | list) or not plain:
        raise ValueRefusedError(
            "intrinsics are numbers of a camera",
            expected="a mapping such as {'fx': …, 'fy': …, 'cx': …, 'cy': …}, or a matrix",
            got=f"{intrinsics!r:.60}",
        )
    return plain
