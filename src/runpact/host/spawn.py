"""How a child is started: behind pipes, from a thread that restricted itself, with nothing inherited.

Knows: descriptors, threads, processes.
Does not know: what a fence allows, and why.

A Landlock domain belongs to a thread. So a thread made for it alone restricts itself and starts the child;
this process stays free, and nothing runs between fork and exec.
"""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from runpact.host import landlock
from runpact.model.errors import ConfinementError

_DEVICES = frozenset({"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "dri", "kfd", "dxg"})
_DEVICE_PREFIXES = ("nvidia", "accel", "davinci", "infiniband")
"""Terminals, sources of bytes, graphics processors and their kin; never a disk or memory."""


def start_restricted(
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


def popen(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    kept: tuple[int, ...] = (),
    is_apart: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a child with its two streams behind pipes, and no descriptor of ours but those named.

    Args:
        argv: Program and arguments.
        cwd: Absolute directory to run in.
        env: Its whole environment.
        kept: Descriptors that it inherits.
        is_apart: It gets a session of its own, so that no terminal sends it signals.
    """
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
            pass_fds=kept,
            start_new_session=is_apart,
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


def devices(root: str = "/dev") -> tuple[str, ...]:
    """Return the device nodes that programs may write: none by which a disk or memory can be reached."""
    try:
        names = os.listdir(root)
    except OSError:
        return ()
    chosen = sorted(name for name in names if name in _DEVICES or name.startswith(_DEVICE_PREFIXES))
    return tuple(os.path.join(root, name) for name in chosen)


def send_below(process: int, depth: int, number: int) -> bool:
    """Send a signal to the programs that stand so many steps below a process; return whether there was one.

    What stands between would die of it, or keep it, and tell the program nothing.

    Args:
        process: Id of a process; it is the program itself when `depth` is 0.
        depth: How many steps.
        number: The signal.
    """
    with contextlib.suppress(OSError):
        if depth == 0:
            os.kill(process, number)
            return True
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
            below = [int(word) for word in file.read().split()]
        return sum(send_below(each, depth - 1, number) for each in below) > 0
    return False
