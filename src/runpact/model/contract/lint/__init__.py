"""Says what is wrong with a contract beyond its form.

Each part of the language has a module; adding a clause touches its module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runpact.model.contract.language import Contract
from runpact.model.contract.lint.advice import advice_notes
from runpact.model.contract.lint.head import lint_head
from runpact.model.contract.lint.kinds import lint_kinds
from runpact.model.contract.lint.note import Note, placed
from runpact.model.contract.lint.surroundings import lint_surroundings
from runpact.model.contract.node import Node
from runpact.model.errors import Fault


def lint(
    contract: Contract, tree: Node, file: str, schemas: Mapping[str, bytes], known: tuple[Fault, ...] = ()
) -> tuple[Fault, ...]:
    """Return every fault of a contract beyond those of its form.

    Args:
        contract: Merged with what it extends.
        tree: The contract's own document, for the places.
        file: Its name.
        schemas: Schema documents by the path entries name them with.
        known: Faults of its form; what only follows from them is not told again.
    """
    notes = [note for note in _notes(contract, schemas) if not _follows(note, known)]
    return tuple(placed(note, tree, file) for note in dict.fromkeys(notes))


def advise(contract: Contract, tree: Node, file: str) -> tuple[Fault, ...]:
    """Return what is well formed and yet may surprise."""
    return tuple(placed(note, tree, file) for note in advice_notes(contract))


def _notes(contract: Contract, schemas: Mapping[str, bytes]) -> Iterator[Note]:
    yield from lint_head(contract)
    yield from lint_kinds(contract, schemas)
    yield from lint_surroundings(contract, schemas)


def _follows(note: Note, known: tuple[Fault, ...]) -> bool:
    """Whether a note may come of a part that was left out for its own fault."""
    scope = "/".join(note.at.split("/")[:3]) if note.is_about_names else note.at
    return any(fault.at == scope or fault.at.startswith(f"{scope}/") for fault in known)
