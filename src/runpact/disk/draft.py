"""A run that is being created: staged beside its place, then made visible at once.

Knows: steps 1 and 2 of the protocol (`disk/writer.py` numbers them).
Does not know: what happens in the run afterwards.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from runpact.disk import io
from runpact.disk.layout import BALLAST, CONTRACT, PRIVATE, RECORD, STAGED, RunPaths, ancestors
from runpact.model.errors import StorageError

BALLAST_SIZE = 64 * 1024
FEW_FILES = 16
"""Above this many files and directories, one flush of the whole file system costs less than one for each."""
_MAX_CANDIDATES = 100_000


class CapturedFile(msgspec.Struct, frozen=True):
    """A file that a run is born with."""

    data: bytes
    is_executable: bool = False


class Draft:
    """What a new run consists of before it has a name."""

    def __init__(  # noqa: PLR0913 - the parts of a run; keyword-only
        self,
        *,
        token: str,
        record_for: Callable[[str], bytes],
        manifest_for: Callable[[str], bytes],
        records: Mapping[str, str],
        contract: Mapping[str, bytes],
        captured: Mapping[str, CapturedFile] | None = None,
        told_for: Callable[[str], Mapping[str, bytes]] = lambda _identity: {},
        is_durable: bool,
        mode: int = 0o777,
    ) -> None:
        """Store the parts.

        Args:
            token: Unique part of the staging directory's name.
            record_for: Birth record for a candidate id.
            manifest_for: Unsealed manifest for a candidate id.
            records: Where the layout puts manifest, events and metrics.
            contract: Files of the contract copy, by path relative to that copy.
            captured: Files of the provenance, by path relative to the run.
            told_for: Files of the layout that tell of a candidate id and stand there from the first moment.
            is_durable: Flush to the device at each step that the protocol names.
            mode: Permission bits of the run directory before the umask.
        """
        self.token = token
        self.record_for = record_for
        self.manifest_for = manifest_for
        self.told_for = told_for
        self.records = dict(records)
        self.files = {f"{CONTRACT}/{path}": CapturedFile(data) for path, data in contract.items()}
        self.files.update(captured or {})
        self.is_durable = is_durable
        self.mode = mode


def write_draft(draft: Draft, parent: str, candidates: Iterable[str]) -> tuple[str, int]:
    """Stage and publish a run (steps 1 and 2); return its directory and the descriptor that holds its lock.

    The directory's own name is not flushed yet.

    Raises:
        StorageError: The file system refused; nothing half-made is left visible.
    """
    with io.storing("run directory", parent):
        io.make_parents(parent, sync=draft.is_durable)
    staging = posixpath.join(parent, f"{STAGED}{draft.token}")
    free = _free(parent, candidates)
    try:
        with io.storing("run directory", staging):
            lock, identity = _stage(draft, staging, next(free))
        try:
            return _publish(draft, staging, parent, lock, _chain(identity, free)), lock
        except BaseException:
            io.close_quietly(lock)
            raise
    except BaseException:
        io.remove_tree_quietly(staging)
        raise


def _stage(draft: Draft, staging: str, identity: str) -> tuple[int, str]:
    """Build the staging directory (step 1); return the held lock and the id written into it."""
    paths = RunPaths(staging, draft.records)
    io.make_directory(staging, mode=draft.mode)
    io.make_directory(paths.at(PRIVATE))
    lock = io.open_locked(paths.at(RECORD))
    try:
        io.rewrite(lock, draft.record_for(identity), sync=draft.is_durable)
        _write_files(draft, paths)
        for relative in draft.records.values():
            io.make_parents(posixpath.dirname(paths.at(relative)), sync=False)
        io.create_file(paths.manifest, draft.manifest_for(identity), sync=draft.is_durable)
        told = draft.told_for(identity)
        _write_told(draft, paths, told)
        io.reserve(paths.at(BALLAST), BALLAST_SIZE)
        if draft.is_durable:
            for directory in _directories(draft, told):
                io.sync_directory(paths.at(directory))
    except BaseException:
        io.close_quietly(lock)
        raise
    return lock, identity


def _write_files(draft: Draft, paths: RunPaths) -> None:
    is_few = len(draft.files) <= FEW_FILES
    for relative, file in draft.files.items():
        path = paths.at(relative)
        io.make_parents(posixpath.dirname(path), sync=False)
        mode = 0o777 if file.is_executable else 0o666
        io.create_file(path, file.data, sync=draft.is_durable and is_few, mode=mode)
    if draft.is_durable and not is_few and not io.sync_file_system(paths.directory):
        for relative in draft.files:
            io.sync_path(paths.at(relative))


def _write_told(draft: Draft, paths: RunPaths, told: Mapping[str, bytes]) -> None:
    for relative, data in told.items():
        io.make_parents(posixpath.dirname(paths.at(relative)), sync=False)
        io.replace_file(paths.at(relative), data, sync=draft.is_durable)


def _directories(draft: Draft, told: Iterable[str]) -> list[str]:
    """Return the directories that a draft consists of, each after those below it."""
    files = [RECORD, *draft.records.values(), *draft.files, *told]
    return sorted({directory for path in files for directory in ancestors(path)}, reverse=True)


def _publish(draft: Draft, staging: str, parent: str, lock: int, candidates: Iterator[str]) -> str:
    """Rename the staging directory to the first free candidate (step 2)."""
    paths = RunPaths(staging, draft.records)
    written = next(candidates)
    candidate = written
    while True:
        final = posixpath.join(parent, candidate)
        with io.storing("run directory", final):
            if candidate != written:
                io.rewrite(lock, draft.record_for(candidate), sync=draft.is_durable)
                io.replace_file(paths.manifest, draft.manifest_for(candidate), sync=draft.is_durable)
                _write_told(draft, paths, draft.told_for(candidate))
                written = candidate
            with contextlib.suppress(FileExistsError):
                io.publish(staging, final)
                return final
        candidate = next(candidates)


def _free(parent: str, candidates: Iterable[str]) -> Iterator[str]:
    for number, candidate in enumerate(candidates):
        if number >= _MAX_CANDIDATES:
            break
        if not os.path.lexists(posixpath.join(parent, candidate)):
            yield candidate
    raise StorageError(
        f"no free run id below `{parent}`",
        hint="give the kind a `clash` suffix, or wait for the next second",
    )


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
