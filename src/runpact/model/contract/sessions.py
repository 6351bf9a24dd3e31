"""Sessions: which of a kind's documents tells their life, and where in it.

Knows: that the expression of the kind's state speaks of the document.
Does not know: what the document says.
"""

from __future__ import annotations

from runpact.model.contract.language import Entry, Kind
from runpact.model.reference import Reference, references
from runpact.model.run import State

ENDS = (State.FINISHED, State.FAILED, State.INTERRUPTED)
"""States that a session ends in."""


def lifecycle_entry(kind: Kind) -> Entry | None:
    """Return the entry of a session's lifecycle document; None where the kind has none."""
    place = status_place(kind) if kind.session is not None else None
    named = (entry for entry in kind.entries if place is not None and entry.name == place.name)
    return next((entry for entry in named if entry.single is not None and entry.fields is not None), None)


def status_place(kind: Kind) -> Reference | None:
    """Return where a document tells the state, as in `doc.status.status`; None where none does."""
    return _place(kind.states.word) if kind.states is not None else None


def reason_place(kind: Kind) -> Reference | None:
    """Return where a document tells the reason; None where none does."""
    told = kind.states.reason if kind.states is not None else None
    return _place(told) if told is not None else None


def word_of(kind: Kind, state: State) -> str:
    """Return the layout's own word for a state."""
    return kind.state_words.get(state.value, state.value)


def _place(text: str) -> Reference | None:
    return next((each for each in references(text) if each.root == "doc"), None)
