"""The fence around a child process: what the kernel is made to refuse, and what it really refused.

Knows: which levels can be reached here, how a child is started behind each, their gaps.
Does not know: runs; which folders are theirs.

A Landlock domain belongs to a thread. So a thread made for it alone restricts itself and starts the child;
this process stays free, and nothing runs between fork and exec.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from runpact.host import landlock
from runpact.host.selftest import is_proven, private_folder
from runpact.host.toolchain import toolchain
from runpact.model.confinement import (
    CUT_GAP,
    DECLARED,
    KERNEL_GAPS,
    ROOT_GAP,
    UDP_GAP,
    W1,
    W2,
    Enforcement,
    Fence,
)
from runpact.model.errors import ConfinementError

_DEVICES = frozenset({"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "dri", "kfd", "dxg"})
_DEVICE_PREFIXES = ("nvidia", "accel", "davinci", "infiniband")
"""Terminals, sources of bytes, graphics processors and their kin; never a disk or memory."""
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


class Reach(NamedTuple):
    """The highest level that can be enforced here, up to the one asked for."""

    level: str
    abi: int = 0
    why: str = ""
    """Why it is not the one asked for."""

    def meets(self, fence: Fence) -> bool:
        """Whether it is as much as a fence needs at least."""
        if fence.least <= W1:
            return True
        is_whole = self.abi >= landlock.WHOLE and (fence.has_network or self.abi >= landlock.TCP_SINCE)
        return self.level >= fence.least and is_whole


class Launch:
    """Starts one child as its fence says, and tells how it was held."""

    def __init__(self, fence: Fence | None, env: Mapping[str, str]) -> None:
        """Store the fence, None for none, and the child's environment; `prepared` makes what it needs."""
        self.fence = fence
        self.env = dict(env)
        self.private: tuple[str, ...] = ()
        """Folders for temporary files that are this child's alone."""
        self.enforcement = Enforcement()

    def start(self, argv: tuple[str, ...], *, cwd: str) -> subprocess.Popen[bytes]:
        """Start the child, its two streams behind pipes.

        Raises:
            ConfinementError: What was asked for cannot be enforced and the fence is strict; nothing started.
            OSError: The system cannot start it.
        """
        begin = functools.partial(_popen, argv, cwd=cwd, env=self.env)
        if self.fence is None or self.fence.level <= W1:
            return begin()
        reach = reachable(self.fence.level, self.env)
        demand(self.fence, reach)
        if reach.level < W2:
            self.enforcement = _not_held(self.fence, reach)
            return begin()
        rules = rules_of(self.fence, argv[0], self.env)
        rules = rules._replace(writable=rules.writable + self.private)
        child, fault = _restricted(rules, begin, is_strict=self.fence.least > W1)
        self.enforcement = (
            _not_held(self.fence, Reach(W1, reach.abi, fault))
            if fault
            else _held(self.fence, reach, has_private=bool(self.private))
        )
        return child


@contextlib.contextmanager
def prepared(fence: Fence | None, env: Mapping[str, str]) -> Iterator[Launch]:
    """Give what starts a child behind a fence; its private folder is gone afterwards.

    Args:
        fence: None for a child that is free.
        env: The child's whole environment.

    Raises:
        ConfinementError: No private folder can be made where one is needed.
    """
    launch = Launch(fence, env)
    folder = _private(fence) if fence is not None and fence.level >= W2 and fence.private_in else None
    if folder is None:
        yield launch
        return
    launch.private = (folder,)
    launch.env |= {name: folder for name in _TEMPORARY if name == "TMPDIR" or name in env}
    try:
        yield launch
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reachable(level: str, environ: Mapping[str, str]) -> Reach:
    """Return the level that can be enforced here, up to `level`; proven, not assumed.

    Args:
        level: One of `model.confinement.LEVELS`.
        environ: Where folders for temporary files and caches are looked up.
    """
    if level <= W1:
        return Reach(level)
    version = landlock.abi()
    if version < landlock.OLDEST:
        return Reach(W1, version, _why_none(version))
    if not is_proven(W2, version, start=_attack, environ=environ):
        return Reach(W1, version, "the kernel's Landlock let an attack pass, so it is not counted on")
    return Reach(W2, version, "" if level == W2 else "namespaces are not there yet")


def _why_none(version: int) -> str:
    if version == 0:
        return "this kernel has no Landlock (Linux 5.19 or newer), or it is hidden from this container"
    return f"this kernel's Landlock is too old (ABI {version}): nothing could be moved between folders"


def rules_of(fence: Fence, program: str, environ: Mapping[str, str]) -> landlock.Rules:
    """Return what a fence allows, with the devices and tools that every program needs."""
    readable = fence.readable
    return landlock.Rules(
        writable=fence.writable,
        devices=devices(),
        readable=None if readable is None else (*readable, *toolchain(program, environ)),
        has_network=fence.has_network,
    )


def devices(root: str = "/dev") -> tuple[str, ...]:
    """Return the device nodes that programs may write: none by which a disk or memory can be reached."""
    try:
        names = os.listdir(root)
    except OSError:
        return ()
    chosen = sorted(name for name in names if name in _DEVICES or name.startswith(_DEVICE_PREFIXES))
    return tuple(os.path.join(root, name) for name in chosen)


def _held(fence: Fence, reach: Reach, *, has_private: bool) -> Enforcement:
    """Return what Landlock of this version really refuses."""
    has_tcp = reach.abi >= landlock.TCP_SINCE
    is_whole = reach.abi >= landlock.WHOLE
    network = "tcp refused" if not fence.has_network and has_tcp else "open"
    lacking = [f"{fence.level} was asked for: {reach.why}"] if reach.level < fence.level else []
    if not fence.has_network and not has_tcp:
        lacking.append("the network was to be closed: this kernel's Landlock is older than ABI 4")
    gaps = [*KERNEL_GAPS, *fence.gaps]
    gaps += [CUT_GAP] * (not is_whole) + [UDP_GAP] * (network != "open") + [ROOT_GAP] * (os.geteuid() == 0)
    return Enforcement(
        level=W2,
        is_whole=is_whole,
        abi=reach.abi,
        reads="any" if fence.readable is None else DECLARED,
        network=network,
        mechanism=("landlock", *(("private temporary folder",) if has_private else ())),
        opened=tuple(path for path in fence.writable if os.path.lexists(path)),
        closed=fence.closed,
        gaps=tuple(gaps),
        lacking=tuple(lacking),
    )


def _not_held(fence: Fence, reach: Reach) -> Enforcement:
    return Enforcement(abi=reach.abi, lacking=(f"{fence.level} was asked for: {reach.why}",))


def demand(fence: Fence, reach: Reach) -> None:
    """Refuse to go on where a fence needs more than can be enforced here.

    Raises:
        ConfinementError: It does.
    """
    if not reach.meets(fence):
        raise ConfinementError(
            f"confinement {fence.least} cannot be enforced here",
            expected=fence.least if fence.has_network else f"{fence.least} without network",
            got=f"{reach.level}, Landlock ABI {reach.abi}",
            hint=f"{reach.why or 'this kernel is too old for that'}; nothing was started",
        )


def _restricted(
    rules: landlock.Rules, begin: Callable[[], subprocess.Popen[bytes]], *, is_strict: bool
) -> tuple[subprocess.Popen[bytes], str]:
    """Start a child from a thread that restricted itself; return it, and why it is not held if it is not."""
    outcome: list[subprocess.Popen[bytes] | BaseException] = []
    refused: list[OSError] = []

    def work() -> None:
        try:
            landlock.restrict(rules)
        except OSError as error:
            refused.append(error)
            if is_strict:
                return
        try:
            outcome.append(begin())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            outcome.append(error)

    thread = threading.Thread(target=work, name="runpact-fence")
    thread.start()
    thread.join()
    fault = f"Landlock refused: {refused[0].strerror}" if refused else ""
    if not outcome:
        raise ConfinementError("the fence could not be put up", got=fault, hint="nothing was started")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0], fault


def _popen(argv: tuple[str, ...], *, cwd: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    stdin = _reading_stdin()
    try:
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=True,
            bufsize=0,
        )
    finally:
        if stdin is not None:
            os.close(stdin)


def _reading_stdin() -> int | None:
    """Return our standard input opened anew for reading, if it is a file that could be written through."""
    import fcntl  # noqa: PLC0415 - only a command needs it

    try:
        is_file = stat.S_ISREG(os.fstat(0).st_mode)
        if not is_file or fcntl.fcntl(0, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            return None
        descriptor = os.open("/proc/self/fd/0", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    os.lseek(descriptor, os.lseek(0, 0, os.SEEK_CUR), os.SEEK_SET)
    return descriptor


def _private(fence: Fence) -> str:
    parent = fence.private_in or ""
    try:
        return private_folder(parent)
    except OSError as error:
        raise ConfinementError(
            f"no folder for temporary files can be made in `{parent}`",
            at=parent,
            got=os.strerror(error.errno or 0),
            hint="set TMPDIR to a folder that can be written",
        ) from error


def _attack(argv: tuple[str, ...], inside: str, level: str) -> int:
    """Run a command fenced into one folder; what it prints is dropped."""
    del level
    rules = landlock.Rules(writable=(inside,), devices=devices())

    def begin() -> subprocess.Popen[bytes]:
        silent = subprocess.DEVNULL
        return subprocess.Popen(argv, cwd=inside, stdin=silent, stdout=silent, stderr=silent)

    child, fault = _restricted(rules, begin, is_strict=True)
    return child.wait() if not fault else 1
