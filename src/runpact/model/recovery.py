"""What can be said of a run whose process ended without sealing it.

Knows: what its logs tell of its last moment and of its files.
Does not know: how logs are read, whether the process is gone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from runpact.model.confinement import Confinement
from runpact.model.manifest import FileRecord
from runpact.model.run import Outcome, State

RECOVERED, SAVED, NAMED = "run.recovered", "artifact.saved", "artifact.named"
"""Events of a run's log; what is named, somebody was given the path of, to write it."""
WRITTEN = "layout.written"
"""The event that tells which files of the layout runpact wrote, with their digests, or is about to write."""
GAP = "the run's process ended before anything was compared; another one sealed the run later"
CHECKPOINT = "checkpoint"
"""Field of the event that tells of a file whose place a later one may take."""
_REASON = "its process ended without sealing it; another one sealed it later"
_KILLED = "somebody ended its process, which had not sealed it"


def recovered_outcome(
    started: str,
    events: Iterable[Mapping[str, object]],
    points: Iterable[Mapping[str, object]],
    *,
    heard: object = None,
    killed: object = None,
) -> Outcome:
    """Return how a run ended that nobody sealed: interrupted, when it was heard of last.

    That is the last line of its logs, or the last beat of a session where that is later.

    Args:
        started: As the birth record says, RFC 3339.
        events: Entries of its event log.
        points: Entries of its metric log; the last one is enough.
        killed: When somebody ended its process, RFC 3339; None where it ended by itself.
        heard: What the lifecycle document of a session tells as the moment of its last beat.
    """
    began = _moment(started)
    told = [
        *(_moment(entry.get("time")) for entry in events),
        *(_second(entry.get("time")) for entry in points),
        _moment(heard),
        _moment(killed),
    ]
    moments = [moment for moment in (began, *told) if moment is not None]
    last = max(moments, default=None)
    return Outcome(
        state=State.INTERRUPTED,
        ended=last.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if last else started,
        duration_seconds=(last - began).total_seconds() if last and began else 0.0,
        error=_REASON if killed is None else _KILLED,
    )


def saved_files(events: Iterable[Mapping[str, object]]) -> dict[str, FileRecord]:
    """Return the artifacts whose saving a log of events acknowledged, by path.

    Those that a later one may have replaced are left out: at the end nobody knows which of them stands there.
    """
    found: dict[str, FileRecord] = {}
    for event in events:
        if event.get("event") == SAVED and CHECKPOINT not in event:
            with contextlib.suppress(
                msgspec.ValidationError
            ):  # the log is free text to whoever writes events
                record = msgspec.convert(dict(event), FileRecord)
                found[record.path] = record
    return found


def written_files(events: Iterable[Mapping[str, object]], born_with: Iterable[str]) -> dict[str, str | None]:
    """Return the digests of the layout's files as runpact wrote them; None where any content is its own.

    Args:
        events: Of a run that another process began.
        born_with: Files of its start; where the log says nothing of them, no program of it ever ran.
    """
    known: dict[str, str | None] = dict.fromkeys(born_with)
    for event in events:
        files = event.get("files") if event.get("event") == WRITTEN else None
        if isinstance(files, Mapping):
            known |= {str(path): str(digest) if digest else None for path, digest in files.items()}
    return known


class Label(msgspec.Struct, frozen=True):
    """What is said of a file apart from its bytes."""

    entry: str = ""
    """Name of the contract's entry it belongs to."""
    type: str = ""
    """Artifact type."""
    producer: str = ""
    """The scope that wrote it."""


def labels_of(events: Iterable[Mapping[str, object]]) -> dict[str, Label]:
    """Return what a log of events says of files that were saved or named, by path."""
    found: dict[str, Label] = {}
    for event in events:
        if event.get("event") in {SAVED, NAMED}:
            words = (str(event.get(word) or "") for word in Label.__struct_fields__)
            found[str(event.get("path"))] = Label(*words)
    return found


def labelled(record: FileRecord, label: Label) -> FileRecord:
    """Return the record of a file with what is said of it where the record says nothing."""
    return msgspec.structs.replace(
        record,
        entry=record.entry or label.entry,
        type=record.type or label.type,
        producer=record.producer or label.producer,
    )


def unconfined(confinement: Confinement) -> Confinement:
    """Return what a birth record says of the fence, with what nobody can say of the run's end."""
    return msgspec.structs.replace(confinement, gaps=(*confinement.gaps, GAP))


def _moment(value: object) -> datetime | None:
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    return None


def _second(value: object) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None
    return None
