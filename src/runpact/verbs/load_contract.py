"""Load a contract: its file, its schemas, what it extends.

Knows: which files belong to a contract and how a copy of them is laid out.
Does not know: the language.
"""

from __future__ import annotations

import functools
import posixpath
from typing import NamedTuple

import msgspec

from runpact.formats.yamltree import read_tree
from runpact.model.contract.entries import all_entries
from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.lint import advise, lint
from runpact.model.contract.merge import completed, merge
from runpact.model.contract.node import Node
from runpact.model.contract.reader import read_contract
from runpact.model.digest import digest_bytes, digest_of_set
from runpact.model.errors import CannotStartError, Fault, MalformedContractError
from runpact.model.schema import inline_name
from runpact.packs import pack_names, read_pack
from runpact.verbs.contract_answers import ContractAnswers

CONTRACT_FILE = "contract.yaml"
_EXTENDS = "extends"
_MAX_PARENTS = 8


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


def advice_on(loaded: LoadedContract) -> tuple[Fault, ...]:
    """Return what in a contract is well formed and yet may surprise."""
    tree = read_tree(loaded.sources[CONTRACT_FILE], loaded.origin)
    return () if isinstance(tree, tuple) else advise(loaded.contract, tree, loaded.origin)


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
            answers = ContractAnswers(folder)
            sources = _named_sources(reference, answers) if reference else _copied_sources(answers)
            kept = self._kept = _assemble(_Files(sources, answers), origin), answers
        return kept[0] if kept[0].origin == origin else msgspec.structs.replace(kept[0], origin=origin)


@functools.lru_cache(maxsize=16)
def _memory_of(_contract: str | bytes) -> _Memory:
    """Return the memory for a reference, or for all copies of these bytes."""
    return _Memory()


class _Files(NamedTuple):
    """The files of a contract by their path in a copy, and who is asked for more."""

    sources: dict[str, bytes]
    answers: ContractAnswers


def _named_sources(reference: str, answers: ContractAnswers) -> dict[str, bytes]:
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


def _copied_sources(answers: ContractAnswers) -> dict[str, bytes]:
    return {path: answers.read(path) for path in (CONTRACT_FILE, *answers.below(_EXTENDS))}


def _assemble(files: _Files, origin: str) -> LoadedContract:
    """Make a contract of its files; what is missing among them is asked for."""
    merged, tree, form = _merged(files, CONTRACT_FILE, origin, 0)
    contract = completed(merged)
    schemas = _schemas(contract, files)
    faults = (*form, *lint(contract, tree, origin, schemas, form))
    if faults:
        raise _malformed(origin, tuple(sorted(faults, key=lambda fault: (fault.line, fault.column))))
    return LoadedContract(
        contract=contract,
        schemas=schemas,
        sources=files.sources,
        digest=digest_of_set({path: digest_bytes(data) for path, data in files.sources.items()}),
        origin=origin,
    )


def _merged(files: _Files, path: str, origin: str, depth: int) -> tuple[Contract, Node, tuple[Fault, ...]]:
    """Read the contract at `path` of the sources, and join it with what it extends."""
    tree = read_tree(files.sources[path], origin)
    if isinstance(tree, tuple):
        raise _malformed(origin, tree)
    contract, faults = read_contract(tree, origin)
    if contract is None:
        raise _malformed(origin, faults)
    if contract.extends is None:
        return contract, tree, faults
    if depth >= _MAX_PARENTS:
        raise _malformed(
            origin, (Fault("contracts extend each other without end", origin, got=contract.extends),)
        )
    parent_path = _fetch_parent(files, contract.extends, origin)
    inherited = f"{origin} → {contract.extends}"
    parent, _tree, parent_faults = _merged(files, parent_path, inherited, depth + 1)
    if parent_faults:
        raise _malformed(inherited, parent_faults)
    return merge(contract, parent), tree, faults


def _fetch_parent(files: _Files, name: str, origin: str) -> str:
    """Make sure that the parent's files are among the sources; return its path there."""
    sources, answers = files
    below = f"{_EXTENDS}/{name.replace(':', '.')}"
    path = f"{below}/{CONTRACT_FILE}"
    if path in sources:
        return path
    pack = read_pack(name)
    if pack is not None:
        sources.update({f"{below}/{relative}": data for relative, data in pack.items()})
    elif answers.folder is None or name.startswith("runpact:"):
        fault = Fault(
            f"no pack `{name}` to extend", origin, at="/extends", expected=" or ".join(pack_names()), got=name
        )
        raise _malformed(origin, (fault,))
    else:
        sources[path] = answers.read(name)
    return path


def _schemas(contract: Contract, files: _Files) -> dict[str, bytes]:
    """Return the schema documents by the name entries know them by; lint tells which are missing.

    Documents beside a named one are read too, for `$ref` between them. Schemas that stand in the
    contract itself are named by their digest.
    """
    sources, answers = files
    said = [entry.schema for entry in all_entries(contract) if entry.schema]
    said += [sort.schema for sort in contract.types.values() if sort.schema]
    said += [kind.config.schema for kind in contract.kinds.values() if kind.config and kind.config.schema]
    wanted = {schema for schema in said if isinstance(schema, str)}
    directories = {posixpath.dirname(name) for name in wanted} - {""}
    beside = [path for directory in sorted(directories) for path in answers.below(directory)]
    for name in sorted(wanted | {path for path in beside if path.endswith(".json")}):
        if _among(sources, name) is None and answers.has(name):
            sources[name] = answers.read(name)
    inherited = {path.split("/", 2)[2]: path for path in sources if path.startswith(f"{_EXTENDS}/")}
    own = {path: path for path in sources if not path.startswith(f"{_EXTENDS}/")}
    documents = {name: sources[path] for name, path in (inherited | own).items() if name.endswith(".json")}
    inline = {inline_name(schema): msgspec.json.encode(schema) for schema in said if isinstance(schema, dict)}
    return documents | inline


def _among(sources: dict[str, bytes], name: str) -> str | None:
    return next(
        (
            path
            for path in sources
            if path == name or (path.startswith(f"{_EXTENDS}/") and path.endswith(f"/{name}"))
        ),
        None,
    )


def _malformed(origin: str, faults: tuple[Fault, ...]) -> MalformedContractError:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    return MalformedContractError(
        f"the contract is malformed: {count}",
        at=origin,
        faults=faults,
        hint="`runpact contract lint` checks it again",
    )
