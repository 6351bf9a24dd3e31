"""Every system call that writes: in one module, so that a fault can be injected at each.

Knows: exclusive creation, whole writes, atomic replacement, durable publication.
Does not know: runs, documents, why something is written.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator

from runpact.model.errors import StorageError

_CREATE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_PAUSE_SECONDS = 0.01

_ADVICE = {
    errno.ENOSPC: "free some space on that file system; nothing acknowledged so far is lost",
    errno.EDQUOT: "your quota on that file system is used up; free some of it",
    errno.EROFS: "the file system is read-only; choose another place with --workdir or --out",
    **dict.fromkeys((errno.EACCES, errno.EPERM), "check the permissions of the directory"),
    errno.EIO: "the device reports an error; check the disk before the next run",
    errno.EMFILE: "too many files are open; raise `ulimit -n`",
    errno.ENOTDIR: "a part of the path is a file; move it out of the way",
    errno.ENXIO: "what stands there is no regular file; move it out of the way",
    errno.ENAMETOOLONG: "choose a shorter name",
}


@contextlib.contextmanager
def storing(what: str, path: str) -> Iterator[None]:
    """Turn an `OSError` into a `StorageError` that names the thing and the place."""
    try:
        yield
    except OSError as error:
        raise storage_error(what, path, error) from error


def storage_error(what: str, path: str, error: OSError) -> StorageError:
    """Return the error to raise for a refused system call."""
    return StorageError(
        f"cannot write {what}: {os.strerror(error.errno or 0)}",
        at=path,
        got=errno.errorcode.get(error.errno or 0, "OSError"),
        hint=_ADVICE.get(error.errno or 0, ""),
    )


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`, however many calls that takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def create_file(path: str, data: bytes | Iterable[bytes], *, sync: bool, mode: int = 0o666) -> None:
    """Create a file that must not exist; remove it again when it cannot be written whole."""
    descriptor = os.open(path, _CREATE, mode)
    try:
        try:
            for piece in (data,) if isinstance(data, bytes) else data:
                write_all(descriptor, piece)
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        remove_quietly(path)
        raise


def replace_file(
    path: str, data: bytes, *, sync: bool, mode: int = 0o666, after_rename: Callable[[], None] = lambda: None
) -> None:
    """Put `data` at `path` atomically; the rename is the commit point.

    Args:
        path: Existing or new file.
        data: Its content to be.
        sync: Make content and name durable.
        mode: Who may read and write it, less the umask.
        after_rename: Called once the new content is in place, before the directory is flushed.
    """
    temporary = temporary_of(path)
    remove_quietly(temporary)
    try:
        create_file(temporary, data, sync=sync, mode=mode)
        os.rename(temporary, path)
    except BaseException:
        remove_quietly(temporary)
        raise
    after_rename()
    if sync:
        sync_directory(os.path.dirname(path))


def temporary_of(path: str) -> str:
    """Return the name under which this process prepares a new content of `path`."""
    return f"{path}.tmp-{os.getpid()}"


def open_append(path: str) -> int:
    """Create a log that must not exist and return its descriptor."""
    return os.open(path, _APPEND, 0o666)


def open_shared(path: str, *, is_read: bool = False) -> int:
    """Open a regular file that others write as well, made when missing; never wait for a pipe's reader."""
    how = os.O_NONBLOCK | (os.O_RDWR if is_read else os.O_WRONLY)
    descriptor = os.open(path, _APPEND & ~(os.O_EXCL | os.O_WRONLY) | how, 0o666)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    close_quietly(descriptor)
    raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), path)


def lock(descriptor: int) -> None:
    """Wait until no other process holds the lock on this file, then hold it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def lock_within(descriptor: int, seconds: float) -> bool:
    """Hold the lock on this file unless another process keeps it longer than so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_SECONDS)
        else:
            return True


def replace_locked(path: str, data: bytes) -> int:
    """Put a file in the place of `path`, locked before it is seen; return its descriptor."""
    temporary = temporary_of(path)
    remove_quietly(temporary)
    descriptor = open_locked(temporary)
    try:
        write_all(descriptor, data)
        os.rename(temporary, path)
    except BaseException:
        close_quietly(descriptor)
        remove_quietly(temporary)
        raise
    return descriptor


def unlock(descriptor: int) -> None:
    """Let other processes have the lock."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def append_line(descriptor: int, line: bytes) -> None:
    """Append one line with one write; a short write is a refusal and leaves a piece of the line behind."""
    if os.write(descriptor, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def cut(descriptor: int, size: int) -> None:
    """Cut a file back to `size` bytes."""
    os.ftruncate(descriptor, size)


def rewrite(descriptor: int, data: bytes, *, sync: bool) -> None:
    """Replace the content behind a descriptor of a file nobody else can see yet."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    write_all(descriptor, data)
    if sync:
        os.fsync(descriptor)


def open_locked(path: str) -> int:
    """Create a file that must not exist, hold its lock, return its descriptor."""
    descriptor = os.open(path, (_CREATE & ~os.O_WRONLY) | os.O_RDWR, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        close_quietly(descriptor)
        raise
    return descriptor


def reserve(path: str, size: int) -> None:
    """Set `size` bytes of the disk aside, to be freed when it is full.

    They are written, not allocated: the file system sets space aside for what waits to be written, and
    giving that back costs nothing, where freeing allocated blocks can wait milliseconds for the device.
    """
    create_file(path, _incompressible(size), sync=False, mode=0o600)


@functools.cache
def _incompressible(size: int) -> bytes:
    """Return bytes that take their full size on file systems that compress, too."""
    return hashlib.shake_128(b"ballast").digest(size)


def close(descriptor: int) -> None:
    """Give a descriptor back; some file systems tell only now that data was not stored."""
    os.close(descriptor)


def close_quietly(descriptor: int) -> None:
    """Give back a descriptor that nothing hangs on any more; it is gone even when this is refused."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


def sync(descriptor: int) -> None:
    """Make a file's content durable."""
    os.fsync(descriptor)


def sync_data(descriptor: int) -> None:
    """Make a file's content durable, but not its times."""
    os.fdatasync(descriptor)


@contextlib.contextmanager
def locked_directory(path: str) -> Iterator[None]:
    """Hold the lock of a directory for the length of the block; wait for it."""
    descriptor = os.open(path, _DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        close_quietly(descriptor)


def set_modified(path: str, nanoseconds: int) -> None:
    """Set a file's times of access and modification."""
    os.utime(path, ns=(nanoseconds, nanoseconds), follow_symlinks=False)


def make_directory(path: str, *, mode: int = 0o777) -> None:
    """Create one directory that must not exist."""
    os.mkdir(path, mode)


def make_parents(path: str, *, sync: bool) -> None:
    """Create the missing directories above and at `path`, each durable before the next."""
    missing = []
    while path and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for directory in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory)
        if sync:
            sync_directory(os.path.dirname(directory))


def sync_path(path: str) -> None:
    """Make the content of a file durable that somebody else wrote."""
    descriptor = os.open(path, _READ)
    try:
        os.fsync(descriptor)
    finally:
        close_quietly(descriptor)


def sync_directory(path: str) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, _DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        close_quietly(descriptor)


def remove_missing_ok(path: str) -> None:
    """Remove a file if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def replace_link(path: str, target: str) -> None:
    """Make `path` a symbolic link to `target` atomically."""
    temporary = temporary_of(path)
    remove_quietly(temporary)
    os.symlink(target, temporary)
    try:
        os.rename(temporary, path)
    except BaseException:
        remove_quietly(temporary)
        raise


def remove_quietly(path: str) -> None:
    """Remove a file if it is there and may be removed."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def remove_tree_quietly(directory: str) -> None:
    """Remove a directory and what is in it, as far as that is possible; of a link, the link alone."""
    for root, directories, files in os.walk(directory, topdown=False):
        for name in files:
            remove_quietly(os.path.join(root, name))
        for path in (os.path.join(root, name) for name in directories):
            (remove_quietly if os.path.islink(path) else remove_empty_quietly)(path)
    remove_empty_quietly(directory)


def remove_empty_quietly(path: str) -> None:
    """Remove a directory if it is there, empty, and may be removed."""
    with contextlib.suppress(OSError):
        os.rmdir(path)


_NO_REPLACE = 1
_AT_FDCWD = -100


@functools.cache
def _c_call(name: str) -> Callable[..., int] | None:
    """Return a call of the C library that answers 0 or an error number; None where it is missing."""
    import ctypes  # noqa: PLC0415 - costs milliseconds that only a new run should pay

    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        return None
    return lambda *arguments: 0 if function(*arguments) == 0 else ctypes.get_errno()


def sync_file_system(path: str) -> bool:
    """Make everything durable on the file system of a directory; False where that cannot be asked for."""
    call = _c_call("syncfs")
    if call is None:
        return False
    descriptor = os.open(path, _DIRECTORY)
    try:
        number = call(descriptor)
    finally:
        close_quietly(descriptor)
    if number != 0:
        raise OSError(number, os.strerror(number), path)
    return True


def publish(staging: str, final: str) -> None:
    """Rename a directory to a name that must not exist.

    Raises:
        FileExistsError: The name is taken.
        OSError: Any other refusal.
    """
    if not _renamed_to_free_name(staging, final):
        _publish_without_renameat2(staging, final)


def publish_file(temporary: str, path: str, *, replaces: bool = False) -> None:
    """Give a finished temporary file its name; a file that has it is replaced only where that is said.

    Raises:
        FileExistsError: The name is taken.
        OSError: Any other refusal.
    """
    if replaces:
        os.rename(temporary, path)
    elif not _renamed_to_free_name(temporary, path):
        os.link(temporary, path, follow_symlinks=False)
        os.unlink(temporary)


def _renamed_to_free_name(source: str, target: str) -> bool:
    """Rename unless the name is taken; False where C library, kernel or file system cannot do so."""
    call = _c_call("renameat2")
    if call is None:
        return False
    number = call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _NO_REPLACE)
    if number not in {0, errno.ENOSYS, errno.EINVAL}:
        raise OSError(number, os.strerror(number), target)
    return number == 0


def _publish_without_renameat2(staging: str, final: str) -> None:
    """Claim the name with `mkdir`, then replace the empty directory."""
    os.mkdir(final)
    try:
        os.rename(staging, final)
    except BaseException:
        remove_empty_quietly(final)
        raise
