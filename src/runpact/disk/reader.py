"""Reads the records of a run directory.

Knows: which documents to open, safely and whatever their state.
Does not know: what state follows, whether a process lives.
"""

from __future__ import annotations

import errno
import fcntl
import os
import posixpath
import stat
from collections.abc import Callable
from typing import TypeVar

import msgspec

from runpact.disk.layout import RECORD, SEAL, STAGED
from runpact.model.contract.language import Records
from runpact.model.errors import RunpactError, StorageError
from runpact.model.manifest import Manifest, Seal, parse_manifest, parse_seal, why_seal_rejects
from runpact.model.names import is_clean
from runpact.model.run import RUN_FORMAT, RunRecord

MAX_RECORD = 64 * 1024 * 1024
"""Largest record read, bytes."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a run directory, each part with its fault when it cannot be used."""

    directory: str
    manifest_path: str = ""
    is_staged: bool = False
    record: RunRecord | None = None
    record_fault: str | None = None
    has_record: bool = False
    manifest: Manifest | None = None
    manifest_fault: str | None = None
    has_manifest: bool = False
    seal: Seal | None = None
    seal_fault: str | None = None
    has_seal: bool = False
    lock_held: bool | None = None
    """None when it was not asked or cannot be told."""


def read_run(directory: str) -> Reading:
    """Read birth record, manifest, seal and lock of a directory; never raises for damage."""
    record_bytes, record_fault = _read(directory, RECORD)
    record, record_fault = _parse_record(record_bytes, record_fault)
    seal_bytes, seal_fault = _read(directory, SEAL)
    seal, seal_fault = _parsed(parse_seal, seal_bytes, seal_fault)
    if seal is not None and not is_clean(seal.manifest.path):
        seal, seal_fault = None, "the seal names no file of the run"
    manifest_path = _manifest_path(record, seal)
    manifest_bytes, manifest_fault = _read(directory, manifest_path)
    is_view = record is not None and record.sealed == "by_stage"  # nothing follows from it
    manifest, manifest_fault = _parsed(parse_manifest, None if is_view else manifest_bytes, manifest_fault)
    if seal is not None and manifest_bytes is not None and seal_fault is None:
        seal_fault = why_seal_rejects(seal, manifest_bytes)
    is_sealed = manifest is not None and manifest.sealed
    if record is not None and manifest is not None and record.uid != manifest.uid:
        record_fault = f"the birth record is another run's: it says {record.uid}, the manifest {manifest.uid}"
    return Reading(
        directory=directory,
        manifest_path=manifest_path,
        is_staged=posixpath.basename(directory).startswith(STAGED),
        record=record,
        record_fault=record_fault,
        has_record=record_bytes is not None or record_fault is not None,
        manifest=manifest,
        manifest_fault=manifest_fault,
        has_manifest=manifest_bytes is not None or manifest_fault is not None,
        seal=seal,
        seal_fault=seal_fault,
        has_seal=seal_bytes is not None or seal_fault is not None,
        lock_held=None if is_sealed else is_locked(posixpath.join(directory, RECORD)),
    )


def read_bytes(directory: str, relative: str) -> bytes | None:
    """Return the bytes of one record; None when it is missing or cannot be read."""
    return _read(directory, relative)[0]


def is_locked(path: str) -> bool | None:
    """Whether somebody holds the lock on a birth record; None when that cannot be told."""
    try:
        descriptor = os.open(path, _READ)
    except (OSError, ValueError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno in {errno.EWOULDBLOCK, errno.EACCES} else None
    finally:
        os.close(descriptor)
    return False


def _manifest_path(record: RunRecord | None, seal: Seal | None) -> str:
    """Believe the seal first: it is checksummed, and written last."""
    if seal is not None:
        return seal.manifest.path
    return record.records["manifest"] if record else Records().manifest


def _read(directory: str, relative: str) -> tuple[bytes | None, str | None]:
    """Return bytes or a fault; neither when the file does not exist."""
    try:
        descriptor = os.open(posixpath.join(directory, relative), _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except OSError as error:
        return None, f"`{relative}` cannot be opened: {os.strerror(error.errno or 0)}"
    except ValueError as error:  # no path at all: it holds NUL, or what no file name can
        return None, f"{relative!r} cannot be opened: {error}"
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None, f"`{relative}` is not a regular file"
        if status.st_size > MAX_RECORD:
            return None, f"`{relative}` has {status.st_size} bytes, more than {MAX_RECORD}"
        return _read_whole(descriptor, status.st_size), None
    except OSError as error:
        return None, f"`{relative}` cannot be read: {os.strerror(error.errno or 0)}"
    finally:
        os.close(descriptor)


def _read_whole(descriptor: int, size: int) -> bytes:
    parts = []
    while chunk := os.read(descriptor, max(size + 1, 65536)):
        parts.append(chunk)
    return b"".join(parts)


def _parse_record(data: bytes | None, fault: str | None) -> tuple[RunRecord | None, str | None]:
    if data is None:
        return None, fault
    try:
        record = msgspec.json.decode(data, type=RunRecord)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return None, f"the birth record cannot be read: {error}"
    if record.format != RUN_FORMAT:
        return None, f"the birth record has the unknown format `{record.format}`"
    if not {"manifest", "events", "metrics"} <= record.records.keys():
        return None, "the birth record does not name its records"
    if not all(map(is_clean, record.records.values())):
        return None, "the birth record names records that are no files of the run"
    return record, None


_Document = TypeVar("_Document", Manifest, Seal)


def _parsed(
    parse: Callable[[bytes], _Document], data: bytes | None, fault: str | None
) -> tuple[_Document | None, str | None]:
    if data is None:
        return None, fault
    try:
        return parse(data), None
    except RunpactError as error:
        return None, error.message


def readable_directory(path: str) -> str:
    """Return the real absolute path of a directory.

    Raises:
        StorageError: It is not a directory or cannot be entered.
    """
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            raise StorageError(f"`{path}` is not a directory", at=path)
    except OSError as error:
        raise StorageError(f"`{path}`: {os.strerror(error.errno or 0)}", at=path) from error
    return os.path.realpath(path)


def is_file(path: str) -> bool:
    """Whether a regular file stands at `path`, and no link to one."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def is_directory(path: str) -> bool:
    """Whether a directory stands at `path`."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
