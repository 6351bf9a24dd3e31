"""Landlock: the kernel refuses what a thread and all it starts may not do (Linux 5.13 and newer).

Knows: the three system calls, and which rights each version of the interface (ABI) can refuse.
Does not know: runs; which folders are open.

It stands on the standard library alone, so that a bare interpreter can run it inside a namespace:
`python -I -S landlock.py RULES PROGRAM ARGUMENTS…` restricts itself by rules in JSON and becomes the program.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
import struct
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the system calls, the same on every architecture that Python's wheels are built for."""
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_LOG_AFTER_EXEC = 2
"""From ABI 7 on, what is refused to a started program is told to the audit log as well."""

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, MAKE_DIR, MAKE_REG = (1 << bit for bit in range(4, 9))
MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(9, 13))
REFER, TRUNCATE, IOCTL_DEVICE = (1 << bit for bit in range(13, 16))
_SINCE = {REFER: 2, TRUNCATE: 3, IOCTL_DEVICE: 5}
_READS = READ_FILE | READ_DIR | EXECUTE
_NAMES = REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM | REFER
_DEVICE_NODES = MAKE_CHAR | MAKE_BLOCK
"""Nobody may make them: one of a disk would open all that is on it."""
_WRITES = _NAMES | _DEVICE_NODES | WRITE_FILE | TRUNCATE | IOCTL_DEVICE
_OF_FILES = WRITE_FILE | TRUNCATE | IOCTL_DEVICE | READ_FILE | EXECUTE
_TCP = 3
"""To bind and to connect."""
TCP_SINCE = 4
_SCOPES, _SCOPES_SINCE = 3, 6
"""Abstract sockets and signals of whoever stands outside."""
_LOG_SINCE = 7
_CANNOT_EXECUTE = 126
OLDEST = 2
"""With ABI 1 nothing could be moved between folders, not even inside the run."""
WHOLE = 3
"""From here on files outside cannot be cut either."""


class Rules(NamedTuple):
    """What stays allowed."""

    writable: tuple[str, ...] = ()
    """Folders with all in them, and files; free of links."""
    devices: tuple[str, ...] = ()
    """Device nodes, and folders of them: they may be written, nothing may be made there."""
    readable: tuple[str, ...] | None = None
    """What may be read and executed besides; None: everything."""
    has_network: bool = True
    is_scoped: bool = False
    """No signals to, and no abstract sockets of, processes outside."""


@functools.cache
def abi() -> int:
    """Return the version of the kernel's interface; 0 where there is none, or where it is hidden."""
    try:
        return _call(_CREATE, None, 0, _ASK_VERSION)
    except OSError:
        return 0


def restrict(rules: Rules) -> None:
    """Restrict the calling thread, and all that it will start, for good.

    Other threads stay as they are.

    Raises:
        OSError: The kernel does not know Landlock, or refused; the thread is as free as before.
    """
    version = abi()
    if version < OLDEST:
        raise OSError(errno.ENOSYS, "this kernel has no usable Landlock")
    ruleset = _created(rules, version)
    try:
        for path, rights in _granted(rules):
            _add(ruleset, path, rights & handled_files(rules, version))
        _forgo_privileges()
        _call(_RESTRICT, ruleset, _LOG_AFTER_EXEC if version >= _LOG_SINCE else 0)
    finally:
        os.close(ruleset)


def handled_files(rules: Rules, version: int) -> int:
    """Return the rights on files that are refused unless a rule grants them."""
    wanted = _WRITES | (_READS if rules.readable is not None else 0)
    missing = sum(right for right, since in _SINCE.items() if version < since)
    return wanted & ~missing


def _created(rules: Rules, version: int) -> int:
    """Return a new set of rules that grants nothing yet."""
    handled = handled_files(rules, version)
    tcp = _TCP if version >= TCP_SINCE and not rules.has_network else 0
    scopes = _SCOPES if version >= _SCOPES_SINCE and rules.is_scoped else 0
    fields = (handled, tcp, scopes)[: 1 + (version >= TCP_SINCE) + (version >= _SCOPES_SINCE)]
    request = struct.pack(f"={len(fields)}Q", *fields)
    return _call(_CREATE, request, len(request), 0)


def _granted(rules: Rules) -> Iterable[tuple[str, int]]:
    """Yield each open path with the rights on it."""
    for path in rules.writable:
        yield path, (_WRITES & ~_DEVICE_NODES) | _READS
    for path in rules.devices:
        yield path, WRITE_FILE | TRUNCATE | IOCTL_DEVICE | READ_FILE | READ_DIR
    for path in rules.readable or ():
        yield path, _READS


def _add(ruleset: int, path: str, rights: int) -> None:
    """Grant rights on a path and all below it; one that is not there stays closed."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        granted = rights if is_folder else rights & _OF_FILES
        if granted:
            _call(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", granted, descriptor), 0)
    finally:
        os.close(descriptor)


def _forgo_privileges() -> None:
    """Let no program gain rights when it is started, which the kernel demands first."""
    _answer("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _call(number: int, *arguments: int | bytes | None) -> int:
    return _answer("syscall", number, *arguments)


def _answer(name: str, *arguments: int | bytes | None) -> int:
    """Return what a call of the C library answers; raises `OSError`."""
    import ctypes  # noqa: PLC0415 - costs milliseconds that only a fenced run should pay

    answer = _c_function(name)(
        *(ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    )
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


@functools.cache
def _c_function(name: str) -> Callable[..., int]:
    import ctypes  # noqa: PLC0415 - as above

    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        raise OSError(errno.ENOSYS, f"the C library has no `{name}`")
    function.restype = ctypes.c_long
    return function  # type: ignore[no-any-return]  # as its `restype` says


def _become(arguments: list[str]) -> None:
    """Restrict this process as the rules say, tell the descriptor named in them, become the program.

    Nothing is started unless the restriction holds.
    """
    import json  # noqa: PLC0415 - only an interpreter inside a namespace needs it

    told = json.loads(arguments[0])
    report = told.pop("report")
    restrict(Rules(**told))
    os.set_inheritable(report, False)  # noqa: FBT003 - it takes no keyword
    os.write(report, b"restricted")
    try:
        os.execvp(arguments[1], arguments[1:])  # noqa: S606 - its purpose; no shell is involved
    except OSError as error:
        os.write(report, str(error.errno).encode())
        raise SystemExit(_CANNOT_EXECUTE) from None


if __name__ == "__main__":
    _become(sys.argv[1:])
