"""Load a contract: as earlier processes of this user parsed it, or from its files.

Knows: when a contract that was loaded still holds.
Does not know: how a contract is made of its files.
"""

from __future__ import annotations

import functools
import posixpath

import msgspec

from runpact.model.contract.documents import EXTENDS
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import CannotStartError
from runpact.packs import pack_names, read_pack
from runpact.verbs.contracts.contract_answers import ContractAnswers
from runpact.verbs.contracts.shelf import CONTRACT_FILE, recall_copy, recall_named, shelve


def load_contract(reference: str, *, is_trusted: bool = False) -> LoadedContract:
    """Read a contract with everything that belongs to it.

    Args:
        reference: Absolute path of the contract's file, or the name of a pack.
        is_trusted: Its own validators may be imported and run.

    Raises:
        CannotStartError: There is no such file or pack.
        MalformedContractError: It has faults; all of them are carried.
    """
    folder = posixpath.dirname(reference) if reference.startswith("/") else None
    loaded = _memory_of(reference).recall(folder, reference)
    return msgspec.structs.replace(loaded, code_folder=folder) if is_trusted else loaded


def load_copy(folder: str) -> LoadedContract:
    """Read the copy that a run carries; equal to what the run was made under."""
    data = ContractAnswers(folder).read(CONTRACT_FILE)
    return _memory_of(data).recall(folder, None)


class _Memory:
    """A contract that was loaded, kept while its files stay as they were."""

    def __init__(self) -> None:
        self._kept: tuple[LoadedContract, ContractAnswers] | None = None

    def recall(self, folder: str | None, reference: str | None) -> LoadedContract:
        """Return the contract of that reference; of the copy in the folder without one."""
        origin = reference or posixpath.join(folder or "", CONTRACT_FILE)
        kept = self._kept
        if kept is None or not kept[1].hold_in(folder):
            kept = self._kept = _named(reference, folder) if reference else _copied(folder or "")
        origin = reference or posixpath.join(folder or "", CONTRACT_FILE)
        return kept[0] if kept[0].origin == origin else msgspec.structs.replace(kept[0], origin=origin)


@functools.lru_cache(maxsize=16)
def _memory_of(_contract: str | bytes) -> _Memory:
    """Return the memory for a reference, or for all copies of these bytes."""
    return _Memory()


def _named(reference: str, folder: str | None) -> tuple[LoadedContract, ContractAnswers]:
    """Load a contract by its reference, and keep it for the next process."""
    answers = ContractAnswers(folder)
    given = _given(reference, answers)
    loaded = recall_named(reference, given, answers)
    if loaded is None:
        answers = ContractAnswers(folder)
        given = _given(reference, answers)
        loaded = _assembled(given, answers, reference)
        shelve(loaded, answers)
    return loaded, answers


def _given(reference: str, answers: ContractAnswers) -> dict[str, bytes]:
    """Return the files that a reference alone tells, by path in a copy."""
    if reference.startswith("/"):
        return {CONTRACT_FILE: answers.read(posixpath.basename(reference))}
    files = read_pack(reference)
    if files is None:
        raise CannotStartError(
            f"no pack `{reference}`",
            expected=" or ".join(pack_names()),
            got=reference,
            hint="a file is named by its path",
        )
    return files


def _copied(folder: str) -> tuple[LoadedContract, ContractAnswers]:
    """Load the contract whose files stand in this folder; copies are many, so none is kept by itself."""
    answers = ContractAnswers(folder)
    loaded = recall_copy(answers)
    if loaded is None:
        answers = ContractAnswers(folder)
        sources = {path: answers.read(path) for path in (CONTRACT_FILE, *answers.below(EXTENDS))}
        loaded = _assembled(sources, answers, posixpath.join(folder, CONTRACT_FILE))
    return loaded, answers


def _assembled(sources: dict[str, bytes], answers: ContractAnswers, origin: str) -> LoadedContract:
    from runpact.verbs.contracts.assemble import ContractFiles, assemble  # noqa: PLC0415 - parsing and linting are half a command

    return assemble(ContractFiles(sources, answers), origin)
