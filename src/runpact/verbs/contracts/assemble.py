"""Make a contract of its files: parse them, join them with what they extend, and lint the whole.

Knows: which files belong to a contract and how a copy of them is laid out.
Does not know: the language; that contracts are kept.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from runpact.disk.setup import read_text
from runpact.formats.yamltree import read_tree
from runpact.model.contract.documents import EXTENDS, named_schemas, schema_documents
from runpact.model.contract.ignoring import ignored_patterns, lacking
from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.lint import advise, lint
from runpact.model.contract.merge import completed, merge
from runpact.model.contract.node import Node
from runpact.model.contract.reader import read_contract
from runpact.model.digest import digest_bytes, digest_of_set
from runpact.model.errors import CannotStartError, Fault, MalformedContractError
from runpact.packs import pack_names, read_pack
from runpact.verbs.contracts.contract_answers import ContractAnswers

CONTRACT_FILE = "contract.yaml"
_MAX_PARENTS = 8


class ContractFiles(NamedTuple):
    """The files of a contract by their path in a copy, and who is asked for more."""

    sources: dict[str, bytes]
    answers: ContractAnswers


def advice_on(loaded: LoadedContract, *, root: str) -> tuple[Fault, ...]:
    """Return what in a contract is well formed and yet may surprise in the workspace at `root`."""
    tree = read_tree(loaded.sources[CONTRACT_FILE], loaded.origin)
    told = () if isinstance(tree, tuple) else advise(loaded.contract, tree, loaded.origin)
    return (*told, *_ignoring_advice(loaded.contract, root))


def _ignoring_advice(contract: Contract, root: str) -> tuple[Fault, ...]:
    """Return what the generated block of `.gitignore` lacks since the contract got further places."""
    try:
        text = read_text(posixpath.join(root, ".gitignore"))
    except CannotStartError:  # what git reads, others need not
        text = ""
    data = posixpath.normpath(contract.workspace.data)
    missing = lacking(text, ignored_patterns(contract, prefix="" if data == "." else f"{data}/"))
    if not missing:
        return ()
    told = ", ".join(missing)
    hint = "`runpact contract ignore --output .gitignore` renews the block"
    message = "the generated block does not name every place of runs: git would take them along"
    return (Fault(message, ".gitignore", expected=told, got="no such pattern", hint=hint),)


def assemble(files: ContractFiles, origin: str) -> LoadedContract:
    """Make a contract of its files; what is missing among them is asked for.

    Raises:
        MalformedContractError: It has faults; all of them are carried.
    """
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


def _merged(
    files: ContractFiles, path: str, origin: str, depth: int
) -> tuple[Contract, Node, tuple[Fault, ...]]:
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


def _fetch_parent(files: ContractFiles, name: str, origin: str) -> str:
    """Make sure that the parent's files are among the sources; return its path there."""
    sources, answers = files
    below = f"{EXTENDS}/{name.replace(':', '.')}"
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


def _schemas(contract: Contract, files: ContractFiles) -> dict[str, bytes]:
    """Return the schema documents by the name entries know them by; lint tells which are missing.

    Documents beside a named one are read too, for `$ref` between them; those of this contract come before
    inherited ones of the same name. Schemas that stand in the
    contract itself are named by their digest.
    """
    sources, answers = files
    wanted = named_schemas(contract)
    directories = {posixpath.dirname(name) for name in wanted} - {""}
    beside = [path for directory in sorted(directories) for path in answers.below(directory)]
    for name in sorted(wanted | {path for path in beside if path.endswith(".json")}):
        if name not in sources and answers.has(name):
            sources[name] = answers.read(name)
    return schema_documents(contract, sources)


def _malformed(origin: str, faults: tuple[Fault, ...]) -> MalformedContractError:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    return MalformedContractError(
        f"the contract is malformed: {count}",
        at=origin,
        faults=faults,
        hint="`runpact contract lint` checks it again",
    )
