"""One of the runs that are compared.

Knows: which facts of a run are compared.
Does not know: how they were read, how they are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from runpact.model.compare.series import Series
from runpact.model.facts import ArrayValues, Facts, Form, FormatFault
from runpact.model.manifest import FileRecord
from runpact.model.provenance import Provenance
from runpact.model.run import ContractRef, Outcome, State


class Contents(Protocol):
    """Answers questions about the files of one run.

    A file that is not the one its record names is a fault, as is one that cannot be read.
    """

    def facts(self, path: str, form: Form) -> Facts | FormatFault:
        """Return what is known of a file, its document or the headers of its arrays."""

    def rows(self, path: str, form: Form) -> list[dict[str, object]] | FormatFault:
        """Return the rows of a table, by column."""

    def values(self, path: str, name: str) -> ArrayValues | str:
        """Return the values of an array by name; a text says why they cannot be read."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared of one run."""

    shown: str
    """Its directory, as it is shown."""
    state: State
    reason: str = ""
    is_recorded: bool = True
    """runpact made the run; of others only the files are known."""
    kind: str = ""
    contract: ContractRef | None = None
    outcome: Outcome | None = None
    origin: Provenance | None = None
    metrics: Mapping[str, Series] = {}
    metrics_fault: str = ""
    """Why its metrics are not known; empty when they are."""
    files: Mapping[str, FileRecord] = {}
    """The files of its layout, by path."""
    contents: Contents
