"""Capture where a run comes from, before it exists.

Knows: which facts are read again for every run, and which are remembered for how long.
Does not know: how a fact is read, how the run is written.

Nothing here fails a run: what cannot be captured is recorded with the reason.
"""

from __future__ import annotations

import functools
import os
import posixpath
import re
from collections.abc import Callable, Mapping

import msgspec

from runpact.disk.draft import CapturedFile
from runpact.disk.layout import DIFF, LEDGER, LOCKS, NOTES, UNTRACKED
from runpact.disk.untracked import read_untracked
from runpact.host import clock
from runpact.host.devices import read_devices
from runpact.host.environment import read_environment, read_host, recorded_variables
from runpact.host.git import NoCode, Snapshot, take_snapshot
from runpact.host.gitfolder import Repository, find_repository, stamp_of
from runpact.host.gitquestion import MAX_PATCH, Patch
from runpact.host.lockfiles import MAX_LOCK, Lock, find_locks
from runpact.model.contract.language import Contract
from runpact.model.contract.outputs import output_pattern, record_pattern
from runpact.model.digest import digest_bytes, digest_of_set
from runpact.model.discretion import is_inside, shown_command, without_credentials
from runpact.model.provenance import Code, Copy, Environment, LeftOut, LockCopy, Provenance, Untracked

REST = 20
"""A capture of the code is trusted for this many times as long as it took, while HEAD and index stay."""
MAX_LEFT_OUT = 100
"""Most files named that were left out; more are counted."""

Mask = Callable[[bytes], bytes]
"""Takes secrets out of a text."""


class Captured(msgspec.Struct, frozen=True):
    """The captured part of a run's provenance, and the files that go with it."""

    provenance: Provenance
    files: dict[str, CapturedFile]
    """By path relative to the run."""


def capture(
    root: str,
    cwd: str,
    contract: Contract,
    command: tuple[str, ...],
    *,
    mask: Mask,
    environ: Mapping[str, str],
    with_host: bool,
) -> Captured:
    """Return command, code, environment and devices of a run that is about to be made.

    Args:
        root: Absolute data root of the workspace.
        cwd: Absolute directory that the command runs in.
        contract: Says where runs are written to.
        command: As it was given.
        mask: Takes declared secrets out of what is stored.
        environ: The environment of this process.
        with_host: Record what names machine and person.
    """
    repository = find_repository(root) or find_repository(cwd)
    files: dict[str, CapturedFile] = {}
    code = Code(captured=clock.now())
    if repository is not None:
        code = _code(repository, root, _no_code(contract, root, repository.top), mask, files)
    folders = tuple(dict.fromkeys((cwd, root)))
    top = repository.top if repository is not None else root
    locks = tuple(_lock(lock, root, mask, files) for lock in find_locks(folders, top))
    environment: Environment = msgspec.structs.replace(
        read_environment(root), variables=recorded_variables(environ), locks=locks
    )
    provenance = Provenance(
        command=shown_command(command, cwd=cwd, root=root, home=environ.get("HOME", "")),
        cwd=_inside(cwd, root),
        code=code,
        environment=environment,
        devices=read_devices(),
        host=read_host(command, cwd=cwd) if with_host else None,
    )
    return Captured(provenance, files)


def _inside(path: str, root: str) -> str:
    return posixpath.relpath(path, root) if is_inside(path, root) else ""


class _Memory:
    """The last capture of one repository in this process."""

    def __init__(self) -> None:
        self._stamp: object = None
        self._until = 0.0
        self._taken: _Taken | None = None

    def recall(self, stamp: object) -> _Taken | None:
        """Return the last capture while it may be trusted."""
        return self._taken if stamp == self._stamp and clock.monotonic() < self._until else None

    def keep(self, taken: _Taken, stamp: object, seconds: float) -> None:
        """Remember a capture that took `seconds`."""
        self._taken, self._stamp = taken, stamp
        self._until = clock.monotonic() + REST * seconds


class _Taken(msgspec.Struct, frozen=True):
    snapshot: Snapshot
    untracked: dict[str, CapturedFile]
    left_out: tuple[LeftOut, ...]
    captured: str


@functools.lru_cache(maxsize=8)
def _memory_of(top: str) -> _Memory:
    """Return the memory of one repository; the same one for the length of the process."""
    del top
    return _Memory()


def _taken(repository: Repository, no_code: NoCode) -> _Taken:
    memory = _memory_of(repository.top)
    stamp = (stamp_of(repository), no_code)
    known = memory.recall(stamp)
    if known is not None:
        return known
    began, captured = clock.monotonic(), clock.now()
    snapshot = take_snapshot(repository, os.environ, no_code=no_code)
    gathered = read_untracked(repository.top, snapshot.untracked)
    taken = _Taken(snapshot, gathered.files, snapshot.left_out + gathered.left_out, captured)
    memory.keep(taken, stamp, clock.monotonic() - began)
    return taken


def _code(
    repository: Repository, root: str, no_code: NoCode, mask: Mask, files: dict[str, CapturedFile]
) -> Code:
    """Return the code's state; what is to be stored of it joins `files`."""
    taken = _taken(repository, no_code)
    snapshot, left_out = taken.snapshot, taken.left_out
    return Code(
        commit=snapshot.commit or "unknown",
        branch=snapshot.branch or "unknown",
        dirty=snapshot.dirty,
        captured=taken.captured,
        repository=posixpath.relpath(repository.top, root),
        remote=snapshot.remote,
        diff=_diff(snapshot.patch, mask, files) if snapshot.patch else None,
        untracked=_untracked(taken.untracked, mask, files) if taken.untracked else None,
        left_out=left_out[:MAX_LEFT_OUT],
        left_out_more=max(0, len(left_out) - MAX_LEFT_OUT),
        reasons=snapshot.reasons,
    )


def _diff(patch: Patch, mask: Mask, files: dict[str, CapturedFile]) -> Copy:
    if patch.size > MAX_PATCH:
        return Copy(size=patch.size, digest=patch.digest, reason=f"larger than {MAX_PATCH:,} bytes")
    data = mask(patch.text)
    files[DIFF] = CapturedFile(data)
    digest, copy_digest = _digests(data, patch.text, patch.digest)
    return Copy(path=DIFF, size=patch.size, digest=digest, copy_digest=copy_digest)


def _digests(data: bytes, original: bytes, known: str) -> tuple[str, str]:
    """Return the digests of the original and of the copy.

    Who has a copy without its secret could find the secret by trying, if the original's digest were told.
    """
    return (known, known) if data == original else ("", digest_bytes(data))


def _untracked(found: dict[str, CapturedFile], mask: Mask, files: dict[str, CapturedFile]) -> Untracked:
    digests, masked = {}, []
    for path, file in found.items():
        data = mask(file.data)
        files[f"{UNTRACKED}/{path}"] = CapturedFile(data, file.is_executable)
        digests[path] = digest_bytes(data)
        if data != file.data:
            masked.append(path)
    return Untracked(
        path=UNTRACKED,
        files=len(found),
        size=sum(len(file.data) for file in found.values()),
        digest=digest_of_set(digests),
        masked=tuple(masked),
    )


def _lock(lock: Lock, root: str, mask: Mask, files: dict[str, CapturedFile]) -> LockCopy:
    source = _inside(lock.place, root) or posixpath.basename(lock.place)
    if lock.size > MAX_LOCK:
        return LockCopy(source=source, size=lock.size, reason=f"larger than {MAX_LOCK:,} bytes")
    path = f"{LOCKS}/{posixpath.basename(lock.place)}"
    plain, digest = _without_credentials(lock.data)
    data = mask(plain)
    files[path] = CapturedFile(data)
    digest, copy_digest = _digests(data, lock.data, digest)
    return LockCopy(source=source, path=path, size=lock.size, digest=digest, copy_digest=copy_digest)


@functools.lru_cache(maxsize=8)
def _without_credentials(data: bytes) -> tuple[bytes, str]:
    """Return a lock file's text without credentials, and the digest of all of it."""
    return without_credentials(data), digest_bytes(data)


def _no_code(contract: Contract, root: str, top: str) -> NoCode:
    """Return what runs and runpact write, by paths relative to the repository."""
    if not is_inside(root, top):
        return NoCode()
    prefix = "" if root == top else re.escape(posixpath.relpath(root, top) + "/")
    outputs, records = output_pattern(contract), record_pattern(contract, [NOTES], [LEDGER])
    return NoCode(f"{prefix}(?:{outputs})" if outputs else "", f"{prefix}(?:{records})")
