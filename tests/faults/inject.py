"""Faults at the system calls of `runpact.disk.io`, whatever these calls are.

Knows: how to stand between that module and the system: its `os`, its `fcntl`, its calls of the C library.
Does not know: which calls the module makes, or why; calls added later are covered by themselves.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from runpact.disk import draft, io

HARMLESS = frozenset({"fsencode", "fsdecode", "fspath", "strerror", "getpid", "walk"})
"""Functions of `os` that compute, or pass errors over by themselves; all others are points to fail at."""
ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE", "EINTR")
STILL_WORKS = {
    "ENOSPC": frozenset({"close", "unlink", "rmdir", "fsync", "fdatasync", "ftruncate", "flock", "lseek"}),
    "EDQUOT": frozenset({"close", "unlink", "rmdir", "fsync", "fdatasync", "ftruncate", "flock", "lseek"}),
    "EMFILE": frozenset(os.__dict__) - {"open"} | {"flock", "renameat2"},
}
"""What such a device or process can still do once the error has begun to stay."""
BURST = 6
"""Calls in a row that a burst spoils: a short write, then the attempts to mend it."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, at one call."""

    point: int
    """Number of the call, from 0."""
    mode: str
    """`before`, `after` (SIGKILL), `torn`, `short`, `once`, `sticky`, `late`, `burst`, `interrupt`."""
    error: str = ""
    length: int = BURST
    """Calls that a burst spoils."""


def faults_of(calls: list[str]) -> list[Fault]:
    """Return every fault that makes sense at these calls, in order."""
    return [fault for point, name in enumerate(calls) for fault in _faults_at(point, name)]


def _faults_at(point: int, name: str) -> list[Fault]:
    faults = [
        Fault(point, "before"),
        Fault(point, "after"),
        Fault(point, "interrupt"),
        Fault(point, "late", "EIO"),
    ]
    faults += [Fault(point, mode, error) for error in ERRORS for mode in ("once", "sticky")]
    if name == "write":
        faults += [Fault(point, "torn"), Fault(point, "short"), Fault(point, "burst", "EIO")]
    return faults


class Injector:
    """Counts the writer's calls and spoils those that its fault names."""

    def __init__(self, fault: Fault | None = None, *, hit: Callable[[], None] = lambda: None) -> None:
        """Store the fault; `hit` is called once it strikes, before anything happens."""
        self.fault = fault
        self.calls: list[str] = []
        self._hit = hit

    def call(self, name: str, real: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Make one call, or what the fault makes of it."""
        point = len(self.calls)
        self.calls.append(name)
        fault = self.fault
        if fault is None or point < fault.point:
            return real(*arguments, **keywords)
        if point == fault.point:
            self._hit()
            return self._strike(name, fault, real, *arguments, **keywords)
        is_sticky = fault.mode == "sticky" and name not in STILL_WORKS.get(fault.error, {"close"})
        is_burst = fault.mode == "burst" and point < fault.point + fault.length
        if is_sticky or (is_burst and name != "close"):
            raise _error(fault)
        return real(*arguments, **keywords)

    def die(self) -> None:
        """End the process as a crash does."""
        os.kill(os.getpid(), signal.SIGKILL)

    def forget(self, descriptor: int) -> None:
        """Close what the caller will never learn of."""
        os.close(descriptor)

    def _strike(
        self, name: str, fault: Fault, real: Callable[..., Any], *arguments: Any, **keywords: Any
    ) -> Any:
        if fault.mode == "before":
            self.die()
        if fault.mode in {"torn", "short", "burst"} and name != "write":
            return real(*arguments, **keywords)  # with several threads, another call came at this point
        if fault.mode in {"torn", "short", "burst"}:
            descriptor, data = arguments
            written = real(descriptor, data[: len(data) // 2])
            if fault.mode == "torn":
                self.die()
            return written
        if fault.mode in {"once", "sticky"} and name != "close":
            raise _error(fault)
        value = real(*arguments, **keywords)  # a descriptor is gone even when closing it fails
        if fault.mode == "after":
            self.die()
        if fault.mode == "interrupt":
            raise KeyboardInterrupt
        if name == "open":
            self.forget(value)
        raise _error(fault)


def _error(fault: Fault) -> OSError:
    number = getattr(errno, fault.error)
    return OSError(number, os.strerror(number))


class Watched:
    """Stands in for a module: each function of it goes through the injector."""

    def __init__(self, module: ModuleType, injector: Injector) -> None:
        """Store the module."""
        self._module = module
        self._injector = injector

    def __getattr__(self, name: str) -> Any:
        """Return a constant as it is, a function wrapped."""
        real = getattr(self._module, name)
        if name in HARMLESS or not callable(real) or isinstance(real, type):
            return real

        def call(*arguments: Any, **keywords: Any) -> Any:
            return self._injector.call(name, real, *arguments, **keywords)

        return call


def install(injector: Injector) -> Callable[[], None]:
    """Stand between the writer and the system; return what steps aside again."""
    before = io.os, io.fcntl, io._c_call
    c_call = io._c_call

    def step_aside() -> None:
        io.os, io.fcntl, io._c_call = before  # type: ignore[assignment]  # as they were

    io.os = Watched(os, injector)  # type: ignore[assignment]  # that is the point
    io.fcntl = Watched(io.fcntl, injector)  # type: ignore[assignment]  # as above

    def watched_c_call(name: str) -> Callable[..., int] | None:
        real = c_call(name)
        assert real is not None

        def call(*arguments: Any) -> int:
            try:
                return injector.call(name, real, *arguments)
            except OSError as error:
                return error.errno or 0

        return call

    io._c_call = watched_c_call
    return step_aside


def look_away() -> None:
    """Let every name seem free until the run is published: another process took it in between."""
    draft._free = lambda _parent, candidates: iter(candidates)
