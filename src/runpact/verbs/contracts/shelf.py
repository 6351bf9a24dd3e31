"""Contracts that earlier processes of this user loaded, so that a command need not parse and lint them again.

Knows: what has to be the same for a contract on the shelf to be the one that stands in the files.
Does not know: how a contract is made of its files.

Every file is read and its digest compared, so the shelf saves work alone and never answers for the files.
What is on it counts only where no command of a run could have put it (ADR 24).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

import msgspec

from runpact.disk.keptfiles import KeptFiles
from runpact.host.caches import kept_folder
from runpact.host.edition import edition
from runpact.model.contract.documents import EXTENDS, schema_documents
from runpact.model.contract.kept import KeptContract, decode_kept, encode_kept
from runpact.model.contract.language import LoadedContract
from runpact.model.digest import digest_bytes
from runpact.model.errors import RunpactError
from runpact.packs import read_pack
from runpact.verbs.contracts.contract_answers import ContractAnswers

CONTRACT_FILE = "contract.yaml"
_SHELF = "contracts"
_MOST_FILES = 150
"""Larger contracts are not kept: the files of a copy are listed up to a bound."""
_PACK = "runpact:"


def recall_named(
    reference: str, given: Mapping[str, bytes], answers: ContractAnswers
) -> LoadedContract | None:
    """Return the contract of a reference from the shelf; None when it is not there as its files are now.

    Args:
        reference: Absolute path, or name of a pack.
        given: The files that the reference alone tells, by path in a copy.
        answers: Asks for the others.
    """
    kept = _taken(given[CONTRACT_FILE])
    if kept is None or kept.pack != _pack_of(reference) or not answers.repeat(kept.answers):
        return None
    packs = [read_pack(name) or {} for name in kept.packs]
    if [_digest_of(pack) for pack in packs] != list(kept.packs.values()):
        return None
    known = (given, answers.files(), *packs)
    by_digest = {digest_bytes(data): data for files in known for data in files.values()}
    sources = {path: by_digest.get(digest) for path, digest in kept.sources.items()}
    whole = {path: data for path, data in sources.items() if data is not None}
    return _loaded(kept, whole, reference) if len(whole) == len(sources) else None


def recall_copy(answers: ContractAnswers) -> LoadedContract | None:
    """Return the contract whose files are those of this folder, all of them and no others; else None."""
    kept = _taken(answers.read(CONTRACT_FILE))
    if kept is None or sorted(answers.below("")) != sorted(kept.sources):
        return None
    try:
        sources = {path: answers.read(path) for path in kept.sources}
    except RunpactError:
        return None
    is_same = {path: digest_bytes(data) for path, data in sources.items()} == kept.sources
    return _loaded(kept, sources, f"{answers.folder}/{CONTRACT_FILE}") if is_same else None


def shelve(loaded: LoadedContract, answers: ContractAnswers) -> None:
    """Keep a contract that was just loaded by its reference; where none can be kept, the next is parsed."""
    folder = kept_folder(os.environ)
    if folder is None or len(loaded.sources) > _MOST_FILES:
        return
    pack = _pack_of(loaded.origin)
    packs = {name: read_pack(name) or {} for name in {pack, *_packs_in(loaded.sources)} - {""}}
    kept = KeptContract(
        contract=loaded.contract,
        digest=loaded.digest,
        pack=pack,
        sources={path: digest_bytes(data) for path, data in loaded.sources.items()},
        answers=answers.digests(),
        packs={name: _digest_of(files) for name, files in packs.items()},
    )
    data = encode_kept(kept)
    if data is not None:
        KeptFiles(os.path.join(folder, _SHELF)).keep(_name_of(loaded.sources[CONTRACT_FILE]), data)


def _taken(contract: bytes) -> KeptContract | None:
    folder = kept_folder(os.environ)
    data = KeptFiles(os.path.join(folder, _SHELF)).read(_name_of(contract)) if folder is not None else None
    return decode_kept(data) if data is not None else None


def _loaded(kept: KeptContract, sources: dict[str, bytes], origin: str) -> LoadedContract:
    return LoadedContract(
        contract=kept.contract,
        schemas=schema_documents(kept.contract, sources),
        sources=sources,
        digest=kept.digest,
        origin=origin,
    )


def _name_of(contract: bytes) -> str:
    """Return the name under which a contract is kept by this runpact."""
    return f"{hashlib.sha256(edition() + contract).hexdigest()}.msgpack"


def _pack_of(reference: str) -> str:
    return reference if reference.startswith(_PACK) else ""


def _packs_in(sources: Mapping[str, bytes]) -> set[str]:
    """Return the packs that a contract extends, by what stands among its files."""
    below = f"{EXTENDS}/{_PACK.replace(':', '.')}"
    return {_PACK + path.removeprefix(below).split("/")[0] for path in sources if path.startswith(below)}


def _digest_of(files: Mapping[str, bytes]) -> str:
    digests = {path: digest_bytes(data) for path, data in files.items()}
    return digest_bytes(msgspec.json.encode(digests, order="sorted"))
