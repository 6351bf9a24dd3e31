"""Typed predictions: one file of arrays for each frame, and one document about all of them.

Knows: where both stand, what is said of a frame, how the document follows from the log.
Does not know: arrays, how anything is stored.
"""

from __future__ import annotations

import contextlib
import operator
import posixpath
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from runpact.model.contract.entry import Array, Entry
from runpact.model.contract.kind import Kind
from runpact.model.errors import RunpactError, UnsafeNameError, UsageError, ValueRefusedError
from runpact.model.facts import Json
from runpact.model.recovery import SAVED
from runpact.model.template import PathTemplate, compile_glob

PATTERN = "artifacts/predictions/frame_{frame:04}.npz"
"""Where frames stand when the contract names no other place."""
METADATA = "metadata.json"
BEGUN = "predictions.begun"
"""Event of a run's log: from now on frames are written by a pattern."""
FRAME, ABOUT = "frame", "about"
"""Fields of the event that tells of a saved frame: what is said of it, and the document that says so."""
_PATTERN_NAME, _METADATA_NAME = "predictions", "frames"
"""Names of the entries by which a contract says so."""

Row = Mapping[str, Json]


class FramePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the frames of a run stand, and what each of them must be."""

    pattern: str
    """With one capture, the id of the frame."""
    metadata: str
    """Path of the document about them, in the run."""
    type: str = ""
    """Artifact type of each."""
    arrays: Mapping[str, Array] = {}
    """What its arrays must be, by name or glob."""

    @property
    def folder(self) -> str:
        """The folder of the document; references in it begin there."""
        return posixpath.dirname(self.metadata)

    def path_of(self, frame_id: object) -> str:
        """Return the path of a frame in the run.

        Raises:
            UsageError: It cannot be an id here.
        """
        template = PathTemplate.parse(self.pattern)
        try:
            return template.render({template.captures[0]: frame_id})
        except UnsafeNameError as error:
            raise UsageError(
                f"`{frame_id!s:.60}` is no id of a frame here",
                expected=f"a value of `{self.pattern}`",
                got=f"{frame_id!r:.60}",
                hint="number frames from 0; names, where the pattern takes them, have A-Z a-z 0-9 . _ -",
            ) from error

    def clauses_of(self, name: str) -> tuple[Array, ...]:
        """Return what the contract says of an array."""
        return tuple(
            clause
            for glob, clause in self.arrays.items()
            if glob == name or compile_glob(glob).fullmatch(name)
        )


def frame_place(kind: Kind) -> FramePlace:
    """Return where the frames of such runs stand: as the entries `predictions` and `frames` say."""
    entry = next((each for each in kind.entries if _is_pattern(each)), None)
    pattern = entry.files if entry is not None and entry.files is not None else PATTERN
    about = next((each.single for each in kind.entries if each.as_ == _METADATA_NAME and each.single), None)
    return FramePlace(
        pattern=pattern,
        metadata=about or posixpath.join(posixpath.dirname(pattern), METADATA),
        type=(entry.type_ or "") if entry is not None else "",
        arrays=(entry.arrays or {}) if entry is not None else {},
    )


def _is_pattern(entry: Entry) -> bool:
    pattern = entry.files or ""
    return entry.as_ == _PATTERN_NAME and pattern.endswith(".npz") and _is_readable(pattern)


def _is_readable(pattern: str) -> bool:
    """Whether a path can be made of a pattern and the id of a frame."""
    try:
        return len(PathTemplate.parse(pattern).captures) == 1 and not {"*", "?"} & set(pattern)
    except RunpactError:
        return False


def plain_id(frame_id: object) -> int | str:
    """Return the id of a frame as a document holds it; whole numbers of NumPy become plain ones.

    Raises:
        UsageError: It is neither a whole number nor a text.
    """
    if isinstance(frame_id, str) and frame_id:
        return frame_id
    if not isinstance(frame_id, bool | str):
        with contextlib.suppress(TypeError):
            return operator.index(frame_id)  # type: ignore[arg-type]  # what has no index is refused below
    raise UsageError("a frame needs an id", expected="a whole number or a text", got=f"{frame_id!r:.60}")


def plain_timestamp(timestamp: object) -> float | str:
    """Return when a frame was taken: a moment as RFC 3339, seconds as they are.

    Args:
        timestamp: A moment, or plain data.

    Raises:
        ValueRefusedError: A moment without a zone, seconds below 0, or nothing that tells a time.
    """
    if isinstance(timestamp, datetime):
        if timestamp.tzinfo is None:
            raise _no_time("the timestamp has no zone", timestamp)
        return timestamp.isoformat()
    if isinstance(timestamp, str):
        if not _is_moment(timestamp):
            raise _no_time("the timestamp is no moment with a zone", timestamp)
        return timestamp
    if isinstance(timestamp, bool) or not isinstance(timestamp, int | float):
        raise _no_time("the timestamp tells no time", timestamp)
    if not timestamp >= 0:
        raise _no_time("the timestamp lies before its clock began", timestamp)
    return timestamp


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _no_time(message: str, got: object) -> ValueRefusedError:
    expected = "seconds from 0 on, or a moment with its zone, as 2026-01-02T03:04:05Z"
    return ValueRefusedError(message, expected=expected, got=f"{got!r:.60}")


def frames_document(rows: Iterable[Row]) -> bytes:
    """Return the bytes of the document about frames, in the order of their ids."""
    ordered = sorted(rows, key=_by_id)
    lines = b",\n  ".join(msgspec.json.encode(row) for row in ordered)
    return b'{\n "frames": [\n  %b\n ]\n}\n' % lines


def room_of(row: Row) -> int:
    """Return how many bytes of the document a row takes."""
    return len(msgspec.json.encode(row)) + len(",\n  ")


def _by_id(row: Row) -> tuple[bool, int, str]:
    frame_id = row.get("frame_id")
    is_number = isinstance(frame_id, int)
    return not is_number, frame_id if isinstance(frame_id, int) else 0, str(frame_id)


class LoggedFrame(msgspec.Struct, frozen=True):
    """A frame that a log of events tells of."""

    path: str
    size: int
    digest: str
    about: str
    """Path of the document that speaks of it."""
    frame: dict[str, Json]


def logged_frames(events: Iterable[Mapping[str, object]]) -> dict[str, LoggedFrame]:
    """Return the frames that a log acknowledged, by path."""
    found: dict[str, LoggedFrame] = {}
    for event in events:
        if event.get("event") == SAVED and FRAME in event:
            with contextlib.suppress(msgspec.ValidationError):  # a log is free text to whoever writes events
                logged = msgspec.convert(dict(event), LoggedFrame)
                found[logged.path] = logged
    return found


def parted_frames(
    events: Iterable[Mapping[str, object]], sizes: Mapping[str, int]
) -> tuple[list[LoggedFrame], list[str]]:
    """Return the frames of a run whose process ended that are whole, and the files that are none.

    Args:
        events: Of its log.
        sizes: Bytes of each file in the run, by path.

    Returns:
        Acknowledged frames whose file is there in full size, and paths of frames that nobody acknowledged.
    """
    told = tuple(events)
    logged = logged_frames(told)
    whole = {path: frame for path, frame in logged.items() if sizes.get(path) == frame.size}
    patterns = {str(event.get("pattern")) for event in told if event.get("event") == BEGUN}
    templates = [PathTemplate.parse(pattern) for pattern in patterns if _is_readable(pattern)]
    others = [
        path
        for path in sizes
        if path not in whole and any(each.match(path) is not None for each in templates)
    ]
    return list(whole.values()), others
