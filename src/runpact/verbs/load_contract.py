"""Load a contract: its file, its schemas, what it extends.

Knows: which files belong to a contract and how a copy of them is laid out.
Does not know: the language.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.disk.contractfiles import files_below, is_file, read_beneath
from runpact.formats.yamltree import read_tree
from runpact.model.contract.entries import all_entries
from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.lint import lint
from runpact.model.contract.merge import completed, merge
from runpact.model.contract.node import Node
from runpact.model.contract.reader import read_contract
from runpact.model.digest import digest_bytes, digest_of_set
from runpact.model.errors import CannotStartError, Fault, MalformedContractError
from runpact.model.schema import inline_name
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
        return _assemble({CONTRACT_FILE: read_beneath(folder, name)}, folder, origin=reference)
    files = read_pack(reference)
    if files is None:
        raise CannotStartError(
            f"no pack `{reference}`",
            expected=" or ".join(pack_names()),
            got=reference,
            hint="a file is named by its path",
        )
    return _assemble(files, None, origin=reference)


def load_copy(folder: str) -> LoadedContract:
    """Read the copy that a run carries; equal to what the run was made under."""
    paths = (CONTRACT_FILE, *files_below(folder, _EXTENDS))
    sources = {path: read_beneath(folder, path) for path in paths}
    return _assemble(sources, folder, origin=posixpath.join(folder, CONTRACT_FILE))


def _assemble(sources: dict[str, bytes], folder: str | None, *, origin: str) -> LoadedContract:
    """Make a contract of its files; what is missing among them is read below `folder`, if there is one."""
    merged, tree, form = _merged(sources, CONTRACT_FILE, folder, origin, 0)
    contract = completed(merged)
    schemas = _schemas(contract, sources, folder)
    faults = (*form, *lint(contract, tree, origin, schemas, form))
    if faults:
        raise _malformed(origin, tuple(sorted(faults, key=lambda fault: (fault.line, fault.column))))
    return LoadedContract(
        contract=contract,
        schemas=schemas,
        sources=sources,
        digest=digest_of_set({path: digest_bytes(data) for path, data in sources.items()}),
        origin=origin,
    )


def _merged(
    sources: dict[str, bytes], path: str, folder: str | None, origin: str, depth: int
) -> tuple[Contract, Node, tuple[Fault, ...]]:
    """Read the contract at `path` of the sources, and join it with what it extends."""
    tree = read_tree(sources[path], origin)
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
    parent_path = _fetch_parent(sources, contract.extends, folder, origin)
    inherited = f"{origin} → {contract.extends}"
    parent, _tree, parent_faults = _merged(sources, parent_path, folder, inherited, depth + 1)
    if parent_faults:
        raise _malformed(inherited, parent_faults)
    return merge(contract, parent), tree, faults


def _fetch_parent(sources: dict[str, bytes], name: str, folder: str | None, origin: str) -> str:
    """Make sure that the parent's files are among the sources; return its path there."""
    below = f"{_EXTENDS}/{name.replace(':', '.')}"
    path = f"{below}/{CONTRACT_FILE}"
    if path in sources:
        return path
    files = read_pack(name)
    if files is not None:
        sources.update({f"{below}/{relative}": data for relative, data in files.items()})
    elif folder is None or name.startswith("runpact:"):
        fault = Fault(
            f"no pack `{name}` to extend", origin, at="/extends", expected=" or ".join(pack_names()), got=name
        )
        raise _malformed(origin, (fault,))
    else:
        sources[path] = read_beneath(folder, name)
    return path


def _schemas(contract: Contract, sources: dict[str, bytes], folder: str | None) -> dict[str, bytes]:
    """Return the schema documents by the name entries know them by; lint tells which are missing.

    Documents beside a named one are read too, for `$ref` between them. Schemas that stand in the
    contract itself are named by their digest.
    """
    said = [entry.schema for entry in all_entries(contract) if entry.schema]
    wanted = {schema for schema in said if isinstance(schema, str)}
    directories = {posixpath.dirname(name) for name in wanted} - {""}
    beside = [
        path
        for directory in sorted(directories)
        for path in (files_below(folder, directory) if folder else ())
    ]
    for name in sorted(wanted | {path for path in beside if path.endswith(".json")}):
        if folder is not None and _among(sources, name) is None and is_file(folder, name):
            sources[name] = read_beneath(folder, name)
    inherited = {path.split("/", 2)[2]: path for path in sources if path.startswith(f"{_EXTENDS}/")}
    own = {path: path for path in sources if not path.startswith(f"{_EXTENDS}/")}
    files = {name: sources[path] for name, path in (inherited | own).items() if name.endswith(".json")}
    inline = {inline_name(schema): msgspec.json.encode(schema) for schema in said if isinstance(schema, dict)}
    return files | inline


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
