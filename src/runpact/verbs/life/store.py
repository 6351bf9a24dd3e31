"""Put values of a program into its run: artifacts and metric points.

Knows: how values become files and lines, and what is noted of them.
Does not know: who writes, and how the bytes reach the disk.
"""

from __future__ import annotations

import os
import posixpath
import time
from collections.abc import Mapping

from runpact.disk.source import read_chunks
from runpact.formats.encode import encode_value
from runpact.model.errors import RunpactError, UsageError
from runpact.model.recovery import SAVED, Label, labelled
from runpact.verbs.life.opened import OpenRun


def log_points(run: OpenRun, values: Mapping[str, float], step: float | None) -> None:
    """Record metric points of a run, all of them or none.

    Raises:
        UsageError: It is no mapping.
        ValueRefusedError: A value is not a finite number.
        StorageError: None of them was recorded.
    """
    if not isinstance(values, Mapping):
        raise UsageError("metrics are a mapping", expected="a number by name", got=f"{values!r:.60}")
    run.writer.points(time.time(), step, values)  # type: ignore[arg-type]  # read, never changed


def store_artifact(run: OpenRun, relative: str, value: object, label: Label) -> str:
    """Write an artifact once and return its absolute path.

    Args:
        run: An open run.
        relative: Path in the run; without a suffix it gets that of its value.
        value: JSON data, arrays by name, rows, text, bytes, or the path of a file to copy.
        label: What the manifest says of it besides.

    Raises:
        WriteOnceError: The name is taken.
        StorageError: Nothing was stored; the name is still free.
        ValueRefusedError: The value cannot be written strictly.
    """
    if isinstance(value, os.PathLike):
        relative += "" if posixpath.splitext(relative)[1] else posixpath.splitext(os.fspath(value))[1]
        stored = run.writer.store(relative, read_chunks(os.fspath(value)))
    else:
        data, suffix = encode_value(value, posixpath.splitext(relative)[1])
        relative += suffix if not posixpath.splitext(relative)[1] else ""
        stored = run.writer.store(relative, [data])
    run.stored[relative] = labelled(stored, label)
    said = {"producer": label.producer} if label.producer else {}
    facts = {"size": stored.size, "digest": stored.digest, "entry": label.entry, "type": label.type, **said}
    try:
        run.note(SAVED, path=relative, **facts)
    except RunpactError:
        del run.stored[relative]
        run.writer.discard(relative)
        raise
    return run.writer.paths.at(relative)
