"""See the files of a run under the names that its layout has today.

Knows: that a legacy name counts where the canonical file is missing, and for nothing where it stands.
Does not know: what is done with the files.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.compare.side import Contents, Side
from runpact.model.contract.language import Kind
from runpact.model.facts import ArrayValues, Facts, Form, FormatFault


class _Renamed:
    """The contents of a run, asked by canonical names."""

    def __init__(self, contents: Contents, names: Mapping[str, str]) -> None:
        """Store who knows the files, and the name that each of these canonical ones has there."""
        self._contents = contents
        self._names = names

    def facts(self, path: str, form: Form) -> Facts | FormatFault:
        """Return what is known of a file."""
        return self._contents.facts(self._names.get(path, path), form)

    def rows(self, path: str, form: Form) -> list[dict[str, object]] | FormatFault:
        """Return the rows of a table, by column."""
        return self._contents.rows(self._names.get(path, path), form)

    def values(self, path: str, name: str) -> ArrayValues | str:
        """Return the values of an array by name."""
        return self._contents.values(self._names.get(path, path), name)


def under_canonical_names(side: Side, kind: Kind) -> Side:
    """Return a run with the names of its layout for legacy ones; what a canonical file supersedes is gone."""
    files, names = dict(side.files), dict[str, str]()
    for entry in kind.entries:
        if entry.single is None:
            continue
        for legacy in entry.formerly:
            record = files.pop(legacy, None)
            if record is not None and entry.single not in files:
                files[entry.single], names[entry.single] = record, legacy
    if files.keys() == side.files.keys():
        return side
    return msgspec.structs.replace(side, files=files, contents=_Renamed(side.contents, names))
