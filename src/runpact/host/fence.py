"""The fence around a child process: what the kernel is made to refuse, and what it really refused.

Knows: how a child is started at each level, the gaps of each.
Does not know: runs; which folders are theirs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING

import msgspec

from runpact.host import landlock
from runpact.host.caches import OWN, REPLACED, TEMPORARY
from runpact.host.reach import Reach, demand, reachable
from runpact.host.selftest import private_folder
from runpact.host.spawn import devices, popen, send_below, start_restricted
from runpact.model.confinement import (
    CUT_GAP,
    DECLARED,
    ISOLATED_GAPS,
    KERNEL_GAPS,
    PROCESS_GAP,
    ROOT_GAP,
    UDP_GAP,
    W1,
    W2,
    W3,
    Enforcement,
    Fence,
)
from runpact.model.errors import ConfinementError

if TYPE_CHECKING:
    from runpact.host.isolate import Isolated

_TEMPORARY = ("TMPDIR", "TEMP", "TMP")
TRACE = "trace.log"
"""Name of the file that strace writes, in the private folder of the child."""


class Launch:
    """Starts one child as its fence says, and tells how it was held."""

    def __init__(self, fence: Fence | None, env: Mapping[str, str], private: str | None = None) -> None:
        """Store the parts; `prepared` makes what is needed.

        Args:
            fence: None for a child that is free.
            env: The child's whole environment.
            private: A folder for temporary files that is this child's alone.
        """
        self.fence = fence
        self.env = dict(env)
        self.private = private
        self.enforcement = Enforcement()
        self.isolated: Isolated | None = None

    def start(self, argv: tuple[str, ...], *, cwd: str) -> subprocess.Popen[bytes]:
        """Start the child, its two streams behind pipes.

        Raises:
            ConfinementError: What is demanded at least cannot be enforced; nothing started.
            OSError: The system cannot start it.
        """
        if self.fence is None or self.fence.level <= W1:
            self.enforcement = Enforcement(lacking=_unmet(self.fence)) if self.fence else Enforcement()
            return self._free(argv, cwd=cwd)
        reach = reachable(self.fence.level, self.env)
        demand(self.fence, reach)
        if reach.level < W2:
            self.enforcement = _not_held(self.fence, reach)
            return self._free(argv, cwd=cwd)
        rules = rules_of(self.fence, argv[0], self.env)
        if reach.level >= W3 and self.private is not None:
            return self._isolated(argv, rules, self.private, reach, cwd=cwd)
        return self._restricted(argv, rules, reach, cwd=cwd)

    @property
    def trace(self) -> str:
        """Where the calls of the child are written down; empty without a trace."""
        return os.path.join(self.private, OWN, TRACE) if self._calls and self.private else ""

    @property
    def _calls(self) -> tuple[str, ...]:
        return self.fence.traced if self.fence is not None else ()

    def _watched(self, argv: tuple[str, ...], path: str) -> tuple[str, ...]:
        """Return the command line, of strace where the child is traced."""
        if not self.trace:
            return argv
        from runpact.host.strace import traced  # noqa: PLC0415 - most children need it not

        return traced(argv, calls=self._calls, path=path, environ=self.env)

    def _free(self, argv: tuple[str, ...], *, cwd: str) -> subprocess.Popen[bytes]:
        return popen(self._watched(argv, self.trace), cwd=cwd, env=self.env)

    def send(self, child: subprocess.Popen[bytes], number: int) -> None:
        """Send the child a signal."""
        depth = int(bool(self.trace)) + int(self.isolated is not None)
        first = self.isolated.first if self.isolated else child.pid
        is_sent = depth > 0 and send_below(first, depth, number)
        if not is_sent or number == signal.SIGKILL:
            child.send_signal(number)  # which knows when it has ended already

    def _restricted(
        self, argv: tuple[str, ...], rules: landlock.Rules, reach: Reach, *, cwd: str
    ) -> subprocess.Popen[bytes]:
        fence = self._fence()
        private = () if self.private is None else (self.private,)
        self._name_temporary(*private)
        child, fault = start_restricted(
            rules._replace(writable=rules.writable + private),
            lambda: self._free(argv, cwd=cwd),
            is_strict=fence.least > W1,
        )
        refused = Reach(W1, reach.abi, fault)
        self.enforcement = _not_held(fence, refused) if fault else _held(fence, reach, bool(private))
        return child

    def _isolated(
        self, argv: tuple[str, ...], rules: landlock.Rules, private: str, reach: Reach, *, cwd: str
    ) -> subprocess.Popen[bytes]:
        fence = self._fence()
        from runpact.host.isolate import Isolation, own_folders, start_isolated  # noqa: PLC0415 - most children need it not
        from runpact.host.toolchain import toolchain  # noqa: PLC0415 - most children need it not

        isolation = Isolation(
            rules._replace(has_network=True),
            temporary=private,
            shown=(*fence.shown, *(fence.readable or ()), *toolchain(argv[0], self.env)),
            has_network=fence.has_network,
            program=reach.tool,
        )
        self._name_temporary(own_folders(isolation, cwd=cwd)[0])
        self.isolated = start_isolated(
            self._watched(argv, os.path.join(TEMPORARY, OWN, TRACE)),
            isolation,
            lambda command, kept: popen(command, cwd=cwd, env=self.env, kept=kept, is_apart=True),
            cwd=cwd,
        )
        self.enforcement = _held_apart(fence, reach)
        return self.isolated.process

    def _fence(self) -> Fence:
        assert self.fence is not None  # noqa: S101 - `start` comes here with a fence only
        return self.fence

    def _name_temporary(self, *folders: str) -> None:
        for folder in folders:
            self.env |= {name: folder for name in _TEMPORARY if name == "TMPDIR" or name in self.env}


@contextlib.contextmanager
def prepared(fence: Fence | None, env: Mapping[str, str]) -> Iterator[Launch]:
    """Give what starts a child behind a fence; its private folder is gone afterwards.

    Args:
        fence: None for a child that is free.
        env: The child's whole environment.

    Raises:
        ConfinementError: No private folder can be made where one is needed.
    """
    needs = fence is not None and (fence.level >= W2 or fence.traced) and fence.private_in is not None
    folder = _private(fence) if fence is not None and needs else None
    try:
        yield Launch(fence, env, folder)
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def fence_this_process(fence: Fence, environ: MutableMapping[str, str]) -> Enforcement:
    """Restrict the calling thread, with all that it will start, for good; return how it is held.

    Args:
        fence: What stays allowed.
        environ: The environment of this process, where a private folder for temporary files is named.

    Raises:
        ConfinementError: What is demanded at least cannot be enforced; the process is as free as before.
    """
    reach = reachable(fence.level, environ)
    demand(fence, reach)
    if reach.level < W2:
        return _not_held(fence, reach)
    private = (_private(fence),) if fence.private_in is not None else ()
    rules = rules_of(fence, "", environ)
    threads = len(os.listdir("/proc/self/task")) - 1
    try:
        landlock.restrict(rules._replace(writable=rules.writable + private))
    except OSError as error:
        refused = Reach(W1, reach.abi, f"Landlock refused: {error.strerror}")
        demand(fence, refused)
        return _not_held(fence, refused)
    for folder in private:
        environ.update({name: folder for name in _TEMPORARY if name == "TMPDIR" or name in environ})
        if "tempfile" in sys.modules:
            vars(sys.modules["tempfile"])["tempdir"] = None  # what it found out before no longer holds
    held = _held(fence, reach, bool(private))
    others = f"{threads} thread{'s' * (threads > 1)} that had begun before, not held"
    gaps = (PROCESS_GAP, *((others,) if threads else ()))
    return msgspec.structs.replace(held, gaps=held.gaps + gaps)


def rules_of(fence: Fence, program: str, environ: Mapping[str, str]) -> landlock.Rules:
    """Return what a fence allows, with the devices and tools that every program needs."""
    readable = fence.readable
    if readable is not None:
        from runpact.host.toolchain import toolchain  # noqa: PLC0415 - most children need it not

        readable = (*readable, *toolchain(program, environ))
    return landlock.Rules(
        writable=fence.writable,
        devices=devices(),
        readable=readable,
        has_network=fence.has_network,
    )


def _held(fence: Fence, reach: Reach, has_private: bool) -> Enforcement:  # noqa: FBT001 - only called above
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


def _held_apart(fence: Fence, reach: Reach) -> Enforcement:
    """Return what namespaces and Landlock together refuse."""
    return Enforcement(
        level=W3,
        abi=reach.abi,
        reads="any" if fence.readable is None else DECLARED,
        network="open" if fence.has_network else "none",
        mechanism=("namespaces", "landlock", "private temporary folder"),
        opened=tuple(path for path in fence.writable if path not in REPLACED and os.path.lexists(path)),
        closed=fence.closed,
        gaps=(*ISOLATED_GAPS, *fence.gaps),
    )


def _not_held(fence: Fence, reach: Reach) -> Enforcement:
    return Enforcement(abi=reach.abi, lacking=(f"{fence.level} was asked for: {reach.why}", *_unmet(fence)))


def _unmet(fence: Fence) -> tuple[str, ...]:
    """Return what else was asked for, where the kernel refuses nothing."""
    reads = ("reads were to be limited to what is declared, which takes W2",)
    network = ("the network was to be closed, which takes W2",)
    return (*(reads if fence.readable is not None else ()), *(network if not fence.has_network else ()))


def _private(fence: Fence) -> str:
    parent = fence.private_in or ""
    try:
        folder = private_folder(parent)
        os.mkdir(os.path.join(folder, OWN))
        return folder
    except OSError as error:
        raise ConfinementError(
            f"no folder for temporary files can be made in `{parent}`",
            at=parent,
            got=os.strerror(error.errno or 0),
            hint="set TMPDIR to a folder that can be written",
        ) from error
