"""What a golden record holds, asked as if it were the files of a run.

Knows: which question each held part answers.
Does not know: how values of arrays are compared; that is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from runpact.model.compare.side import Contents
from runpact.model.facts import (
    ArrayFact,
    ArraysFact,
    ArrayValues,
    DocumentFact,
    Facts,
    Form,
    FormatFault,
    Json,
    TableFact,
)
from runpact.model.golden.record import HeldArray, HeldFile

Load = Callable[[HeldArray], ArrayValues | str]
"""Returns values to compare with, or why there are none."""


class HeldContents:
    """The files of a golden record."""

    def __init__(self, files: Iterable[HeldFile], load: Load) -> None:
        """Store what is held, and how held arrays are looked into."""
        self._files = {file.path: file for file in files}
        self._load = load

    def facts(self, path: str, form: Form) -> Facts | FormatFault:
        """Return what is held of a file."""
        del form
        file = self._files[path]
        if file.document is not msgspec.UNSET:
            return DocumentFact(file.document)
        if isinstance(file.rows, list):
            return TableFact(tuple(file.rows[0]) if file.rows else (), len(file.rows))
        if isinstance(file.arrays, dict):
            held = file.arrays.items()
            return ArraysFact(tuple(ArrayFact(name, each.dtype, each.shape) for name, each in held))
        return FormatFault("not-a-document", "only its digest is held")

    def rows(self, path: str, form: Form) -> list[dict[str, object]] | FormatFault:
        """Return the rows that are held of a table."""
        del form
        rows = self._files[path].rows
        return rows if isinstance(rows, list) else FormatFault("not-a-document", "no rows are held")

    def values(self, path: str, name: str) -> ArrayValues | str:
        """Return the values that are held of an array."""
        arrays = self._files[path].arrays
        held = arrays.get(name) if isinstance(arrays, dict) else None
        return self._load(held) if held is not None else "its values are not held"


class WithMetrics:
    """The files of a run, and beside them its streams of metrics as documents: the last value by name."""

    def __init__(self, contents: Contents, metrics: Mapping[str, Mapping[str, Json]]) -> None:
        """Store both; metrics by the path of their stream."""
        self._contents = contents
        self._metrics = metrics

    def facts(self, path: str, form: Form) -> Facts | FormatFault:
        """Return what is known of a file or a stream."""
        if path in self._metrics:
            return DocumentFact(dict(self._metrics[path]))
        return self._contents.facts(path, form)

    def rows(self, path: str, form: Form) -> list[dict[str, object]] | FormatFault:
        """Return the rows of a table."""
        return self._contents.rows(path, form)

    def values(self, path: str, name: str) -> ArrayValues | str:
        """Return the values of an array by name."""
        return self._contents.values(path, name)
