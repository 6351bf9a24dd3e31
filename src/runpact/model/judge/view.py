"""What the run under judgement answers to those who work out its claims and names.

Knows: the questions.
Does not know: the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from runpact.model.contract.language import Entry, Kind, LoadedContract
from runpact.model.expression import Undecided
from runpact.model.facts import DocumentFact, FileFact, FormatFault, RunTree
from runpact.model.judge.claim import Group
from runpact.model.judge.frame import EMPTY, Frame, Located


class View(Protocol):
    """One run, its contract and what stands in it; every answer is the same when asked again."""

    kind: Kind
    loaded: LoadedContract
    tree: RunTree
    by_path: Mapping[str, FileFact]
    constants: Mapping[str, object]

    def groups(self, entry: Entry) -> tuple[Group, ...]:
        """Return an entry's claims, one group for each item of its `foreach`."""

    def document(self, path: str) -> DocumentFact | FormatFault:
        """Return a parsed document."""

    def rows(self, path: str) -> list[dict[str, object]] | FormatFault:
        """Return the rows of a table, the cells of typed columns as values."""

    def evaluate(self, text: str, frame: Frame = EMPTY) -> object:
        """Return the value of an expression, or `Undecided`."""

    def decide(self, condition: bool | str, frame: Frame = EMPTY) -> bool | Undecided:  # noqa: FBT001 - a presence is one or the other
        """Return whether a presence or condition holds."""

    def place_of(self, text: str, frame: Frame = EMPTY) -> Located | None:
        """Return the first place that an expression refers to."""
