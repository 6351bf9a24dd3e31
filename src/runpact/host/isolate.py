"""A child in namespaces of its own: the rest of the system is read-only, and restricted by Landlock as well.

Knows: how bubblewrap is told, how a signal reaches the program inside.
Does not know: runs; whether it can be relied on (`reach` has it proven).

Landlock forbids to mount, so it must come second: a bare interpreter inside restricts itself and becomes
the program. It says so through a pipe; without that word nothing was started.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from runpact.host import landlock
from runpact.host.caches import OWN, REPLACED, TEMPORARY
from runpact.model.errors import ConfinementError

Begin = Callable[[list[str], tuple[int, ...]], "subprocess.Popen[bytes]"]
"""Starts a command that keeps some descriptors."""
_KEPT_BY_ROOT = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE SYS_NICE IPC_LOCK"
"""What root may still do: nothing that reaches beyond files and processes."""
_RESTRICTED = b"restricted"


class Isolation(NamedTuple):
    """What a child sees and may do."""

    rules: landlock.Rules
    temporary: str
    """The folder that takes the place of those for temporary files."""
    shown: tuple[str, ...] = ()
    """What must be seen of the folders that were replaced."""
    has_network: bool = True
    program: str = "bwrap"
    """The path of bubblewrap."""


class Isolated(NamedTuple):
    """A child that was started in namespaces."""

    process: subprocess.Popen[bytes]
    first: int
    """The first process inside, as it is numbered outside; the program is its child."""


def bubblewrap(environ: Mapping[str, str]) -> str | None:
    """Return the path of the program that makes namespaces; None where there is none."""
    return shutil.which("bwrap", path=environ.get("PATH", os.defpath))


def start_isolated(argv: tuple[str, ...], isolation: Isolation, begin: Begin, *, cwd: str) -> Isolated:
    """Start a command in namespaces and return it once it is restricted.

    Args:
        argv: Program and arguments.
        isolation: What it sees and may do.
        begin: How the process itself is started.
        cwd: Absolute directory to run in.

    Raises:
        ConfinementError: It could not be isolated; nothing was started.
        OSError: The program cannot be executed.
    """
    os.makedirs(os.path.join(isolation.temporary, OWN), exist_ok=True)
    (report, told), (information, informed) = os.pipe(), os.pipe()
    try:
        command = _command(argv, isolation, (told, informed), cwd=cwd)
        try:
            child = begin(command, (told, informed))
        finally:
            os.close(told)
            os.close(informed)
        word = _all_of(report)
        if not word.startswith(_RESTRICTED):
            raise _failed(child)
        if number := word.removeprefix(_RESTRICTED):
            child.communicate()
            raise OSError(int(number), os.strerror(int(number)))
        return Isolated(child, _first_of(_all_of(information)))
    finally:
        os.close(report)
        os.close(information)


def _command(
    argv: tuple[str, ...],
    isolation: Isolation,
    descriptors: tuple[int, int],
    *,
    cwd: str,
) -> list[str]:
    told, informed = descriptors
    replaced = _replaced()
    rules = isolation.rules
    writable = tuple(path for path in rules.writable if path not in REPLACED and os.path.exists(path))
    shown = tuple(_below((*isolation.shown, cwd, *_interpreter()), replaced))
    own = own_folders(isolation, cwd=cwd)
    own_part = os.path.join(isolation.temporary, OWN)
    message = {**rules._replace(writable=writable + own, is_scoped=True)._asdict(), "report": told}
    return [
        isolation.program,
        *("--die-with-parent", "--unshare-pid", "--unshare-ipc", "--info-fd", str(informed)),
        *(() if isolation.has_network else ("--unshare-net",)),
        *("--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", REPLACED[-1], "--proc", "/proc"),
        *("--bind", isolation.temporary, TEMPORARY),
        *(word for path in replaced[1:] for word in ("--bind", own_part, path)),
        *_binds("--ro-bind-try", shown),
        *_binds("--bind", writable),
        *(_capabilities() if os.geteuid() == 0 else ()),
        *("--chdir", cwd, "--"),
        *(sys.executable, "-I", "-S", landlock.__file__, msgspec.json.encode(message).decode()),
        *argv,
    ]


def own_folders(isolation: Isolation, *, cwd: str) -> tuple[str, ...]:
    """Return the folders for temporary files that a child may write, the first being for `TMPDIR`.

    One that something must be seen in cannot be opened as a whole: a part of it is the child's own.
    """
    replaced = _replaced()
    seen = (*isolation.shown, *isolation.rules.writable, cwd, *_interpreter())
    free = tuple(folder for folder in replaced if not any(_below(seen, (folder,))))
    return (*(free if TEMPORARY in free else (f"{TEMPORARY}/{OWN}", *free)), REPLACED[-1])


def _replaced() -> tuple[str, ...]:
    others = (path for path in REPLACED[1:-1] if os.path.isdir(path) and not os.path.islink(path))
    return (TEMPORARY, *others)


def _below(paths: Iterable[str], folders: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        if path.startswith(tuple(f"{folder}/" for folder in folders)):
            yield path


def _interpreter() -> tuple[str, ...]:
    """Return what it takes to run the step inside."""
    return (sys.prefix, sys.base_prefix, landlock.__file__)


def _binds(flag: str, paths: Iterable[str]) -> Iterator[str]:
    """Yield the words that make paths visible, outer ones first, lest they hide the inner ones."""
    for path in sorted(dict.fromkeys(paths), key=len):
        yield from (flag, path, path)


def _capabilities() -> Iterator[str]:
    yield from ("--cap-drop", "ALL")
    for name in _KEPT_BY_ROOT.split():
        yield from ("--cap-add", f"CAP_{name}")


def _all_of(descriptor: int) -> bytes:
    pieces = []
    while piece := os.read(descriptor, 4096):
        pieces.append(piece)
    return b"".join(pieces)


def _first_of(information: bytes) -> int:
    try:
        return int(msgspec.json.decode(information)["child-pid"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return 0


def _failed(child: subprocess.Popen[bytes]) -> ConfinementError:
    _out, err = child.communicate()
    reason = (err or b"").decode("utf-8", "replace").strip().splitlines()
    return ConfinementError(
        "the command could not be isolated",
        got=reason[-1][:300] if reason else f"exit code {child.returncode}",
        hint="nothing was started; `--confinement W2` does without namespaces",
    )
