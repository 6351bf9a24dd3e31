"""Find what a run was made from, and what was made from it.

Knows: which records of all runs tell it, where curated copies stand.
Does not know: how the graph follows.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from runpact.disk.discover import find_runs
from runpact.disk.layout import PRIVATE
from runpact.disk.ledger import read_ledger_bytes
from runpact.disk.tree import digest_file, list_tree
from runpact.model.contract.language import Contract
from runpact.model.errors import RunpactError, StorageError
from runpact.model.ledger.entry import read_ledger
from runpact.model.lineage import CuratedCopy, KnownMaker, Lineage, lineage_of
from runpact.model.names import shown_path
from runpact.model.place import Place
from runpact.model.registered.uri import Registry
from runpact.model.template import PathTemplate
from runpact.verbs.finding.find import list_runs
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.resolve import registered_in
from runpact.verbs.finding.standing import stand

_REGISTRIES: tuple[Registry, ...] = ("models", "data")


def trace(
    root: str,
    directory: str,
    contract: Contract | None,
    *,
    is_up: bool = True,
    is_down: bool = True,
    depth: int | None = None,
) -> Lineage:
    """Return the graph around a run.

    Args:
        root: Absolute data root; runs and curated copies below it are known.
        directory: Absolute path of the run.
        contract: Says where runs and curated copies stand.
        is_up: Walk to what the run was made from.
        is_down: Walk to what was made from it.
        depth: At most so many steps each way; None for no limit.
    """
    start = _maker(directory, root)
    paths = [posixpath.normpath(posixpath.join(root, run.path)) for run in list_runs(root, contract)]
    runs = [start, *(_maker(path, root) for path in paths if path != directory)]
    made = {digest for run in runs for digest in run.files}
    copies = [copy for copy in _copies(root, contract) if is_down and not made.isdisjoint(copy.files)]
    copies += _registered(root)
    return lineage_of(
        start.key, runs, copies, removed=_removed(root), is_up=is_up, is_down=is_down, depth=depth
    )


def _removed(root: str) -> dict[str, str]:
    """Return why what stood in the registries is gone, by its folder."""
    last = {entry.at: entry for entry in read_ledger(read_ledger_bytes(root)).entries if entry.at}
    return {at: entry.reason for at, entry in last.items() if entry.action == "remove"}


def _maker(directory: str, root: str) -> KnownMaker:
    reading, standing = stand(directory)
    record, manifest, origin = reading.record, reading.manifest, origin_of(reading)
    known = record or manifest
    shown = shown_path(directory, root)
    return KnownMaker(
        key=known.uid if known else shown,
        path=shown,
        state=standing.state.value,
        started=known.started if known else "",
        parent=record.parent if record else None,
        parent_path=record.parent_path if record else None,
        reproduces=record.reproduces if record else None,
        inputs=origin.inputs if origin else (),
        files={
            file.digest: file.path
            for file in (manifest.all_files if manifest else ())
            if file.size and not file.type and not file.path.startswith(f"{PRIVATE}/")
        },
    )


def _copies(root: str, contract: Contract | None) -> Iterator[CuratedCopy]:
    """Yield the folders that stand where the contract promotes to, with the digests of their files."""
    for promotion in contract.promotions.values() if contract else ():
        place = Place("", PathTemplate.parse(promotion.at), "")
        for path in find_runs(root, place.levels):
            yield CuratedCopy(path=path, files=dict(_digests(posixpath.join(root, path))))


def _registered(root: str) -> Iterator[CuratedCopy]:
    """Yield what the registries hold, as its own records tell."""
    for registry in _REGISTRIES:
        for uri, found in registered_in(root, registry):
            if not isinstance(found, RunpactError):
                origin = found.manifest.origin
                file = posixpath.relpath(found.path, found.folder)
                yield CuratedCopy(
                    path=uri.folder, files={found.digest: file}, run=origin.run if origin else None
                )


def _digests(folder: str) -> Iterator[tuple[str, str]]:
    for fact in list_tree(folder):
        if fact.kind == "file" and fact.size:
            try:
                yield digest_file(folder, fact.path)[0], fact.path
            except StorageError:
                continue
