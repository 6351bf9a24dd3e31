"""Load a contract: its file, its schemas, what it extends.

Knows: which files belong to a contract and how a copy of them is laid out.
Does not know: the language.
"""

from __future__ import annotations

import posixpath

from runpact.disk.contractfiles import read_beneath
from runpact.formats.yamltree import read_tree
from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.lint import lint
from runpact.model.contract.merge import merge
from runpact.model.contract.node import Node
from runpact.model.contract.reader import read_contract
from runpact.model.digest import digest_bytes, digest_of_set
from runpact.model.errors import CannotStartError, Fault, MalformedContractError
from runpact.packs import pack_names, read_pack

CONTRACT_FILE = "contract.yaml"
_EXTENDS = "extends"
_MAX_PARENTS = 8


def load_contract(reference: str) -> LoadedContract:
    """Read a contract with everything that belongs to it.

    Args:
        reference: Absolute path of the contract's file, or the name of a pack.

    Raises:
        CannotStartError: There is no such file or pack.
        MalformedContractError: It has faults; all of them are carried.
    """
    if reference.startswith("/"):
        folder, name = posixpath.split(reference)
        sources = _gather(folder, name)
        return _assemble(sources, origin=reference)
    files = read_pack(reference)
    if files is None:
        raise CannotStartError(
            f"no pack `{reference}`", expected=" or ".join(pack_names()), got=reference, hint="a file is named by its path"
        )
    return _assemble(dict(files), origin=reference)


def load_copy(folder: str) -> LoadedContract:
    """Read the copy that a run carries; equal to what the run was made under."""
    return _assemble(_gather(folder, CONTRACT_FILE), origin=posixpath.join(folder, CONTRACT_FILE))


def _gather(folder: str, name: str) -> dict[str, bytes]:
    """Return the contract's files by their path in a copy, without what it extends."""
    sources = {CONTRACT_FILE: read_beneath(folder, name)}
    for key in _parents_in_copy(folder):
        sources[key] = read_beneath(folder, key)
    return sources | {"\0folder": folder.encode()}


def _parents_in_copy(folder: str) -> list[str]:
    from runpact.disk.contractfiles import files_below  # noqa: PLC0415 - only copies have the folder

    return files_below(folder, _EXTENDS)


def _assemble(sources: dict[str, bytes], *, origin: str) -> LoadedContract:
    folder = sources.pop("\0folder", b"").decode()
    contract, tree = _merged(sources, CONTRACT_FILE, "", folder, origin, 0)
    schemas = _schemas(contract, sources, folder)
    faults = lint(contract, tree, origin, schemas)
    if faults:
        raise _malformed(origin, faults)
    return LoadedContract(
        contract=contract,
        schemas=schemas,
        sources=sources,
        digest=digest_of_set({path: digest_bytes(data) for path, data in sources.items()}),
        origin=origin,
    )


def _merged(
    sources: dict[str, bytes], path: str, prefix: str, folder: str, origin: str, depth: int
) -> tuple[Contract, Node]:
    """Read the contract at `path` of the sources, and join it with what it extends."""
    tree = read_tree(sources[path], origin)
    if isinstance(tree, tuple):
        raise _malformed(origin, tree)
    contract, faults = read_contract(tree, origin)
    if contract is None:
        raise _malformed(origin, faults)
    if contract.extends is None:
        return contract, tree
    if depth >= _MAX_PARENTS:
        raise _malformed(origin, (Fault("contracts extend each other without end", origin, got=contract.extends),))
    parent_path, parent_prefix = _fetch_parent(sources, contract.extends, prefix, folder, origin)
    parent, _tree = _merged(sources, parent_path, parent_prefix, folder, f"{origin} → {contract.extends}", depth + 1)
    return merge(contract, parent), tree


def _fetch_parent(sources: dict[str, bytes], name: str, prefix: str, folder: str, origin: str) -> tuple[str, str]:
    """Make sure that the parent's files are among the sources; return its path and prefix there."""
    del prefix
    below = f"{_EXTENDS}/{name.replace(':', '.')}"
    files = read_pack(name)
    if f"{below}/{CONTRACT_FILE}" in sources:
        return f"{below}/{CONTRACT_FILE}", below
    if files is not None:
        sources.update({f"{below}/{path}": data for path, data in files.items()})
        return f"{below}/{CONTRACT_FILE}", below
    if name.startswith("runpact:") or not folder:
        fault = Fault(f"no pack `{name}` to extend", origin, at="/extends", expected=" or ".join(pack_names()), got=name)
        raise _malformed(origin, (fault,))
    sources[f"{below}/{CONTRACT_FILE}"] = read_beneath(folder, name)
    return f"{below}/{CONTRACT_FILE}", below


def _schemas(contract: Contract, sources: dict[str, bytes], folder: str) -> dict[str, bytes]:
    """Return the schema documents by the path entries name them with, reading the missing ones."""
    wanted = [entry.schema for kind in contract.kinds.values() for entry in kind.entries if entry.schema]
    schemas: dict[str, bytes] = {}
    for name in dict.fromkeys(wanted):
        found = next((path for path in sources if path == name or path.endswith(f"/{name}")), None)
        if found is None and folder:
            found = name
            sources[name] = read_beneath(folder, name)
        if found is not None:
            schemas[name] = sources[found]
    return schemas | _neighbours(schemas, sources, folder)


def _neighbours(schemas: dict[str, bytes], sources: dict[str, bytes], folder: str) -> dict[str, bytes]:
    """Return the schema documents that stand beside the named ones, for `$ref` between them."""
    from runpact.disk.contractfiles import files_below  # noqa: PLC0415 - only contracts with schemas need it

    found = {}
    for directory in {posixpath.dirname(name) for name in schemas if posixpath.dirname(name)}:
        for path in files_below(folder, directory) if folder else []:
            if path.endswith(".json") and path not in schemas:
                sources.setdefault(path, read_beneath(folder, path))
                found[path] = sources[path]
        for path, data in sources.items():
            if path.startswith(f"{directory}/") and path.endswith(".json"):
                found.setdefault(path, data)
    return found


def _malformed(origin: str, faults: tuple[Fault, ...]) -> MalformedContractError:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    return MalformedContractError(
        f"the contract is malformed: {count}", at=origin, faults=faults, hint="`runpact contract lint` checks it again"
    )
