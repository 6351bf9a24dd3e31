"""Proof that the kernel's fence holds here: a child that attacks it, once a boot.

Knows: what the child tries, where the verdict is kept.
Does not know: how a child is fenced.

Only a pass is kept: a verdict that somebody spoiled costs a test, never a fence.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
from collections.abc import Callable, Mapping

import msgspec

from runpact.host.caches import home_folder, temporary_folders
from runpact.model.confinement import W3
from runpact.model.errors import ConfinementError

_ATTACK = """\
import os, sys
held, inside = sys.argv[1], sys.argv[2]
at = lambda name: os.path.join(held, name)
of = lambda name: os.path.join(inside, name)
tries = [lambda: open(at("new"), "w"), lambda: open(at("kept"), "a").write("x"),
         lambda: open(at("kept"), "w"), lambda: os.truncate(at("kept"), 1), lambda: os.unlink(at("removed")),
         lambda: os.mkdir(at("folder")), lambda: os.symlink("x", at("link")), lambda: open(of("free"), "w"),
         lambda: os.rename(at("moved"), of("moved")), lambda: os.link(at("kept"), of("linked")),
         lambda: os.rename(of("free"), at("free")), lambda: os.utime(at("kept"), (2, 2))]
for each in tries:
    try: each()
    except OSError: pass
"""
_KEPT = ("kept", "moved", "removed")
_CONTENT = b"whole"
TEMPORARY = "temporary"
"""Name of a third folder, beside the two."""
Start = Callable[[tuple[str, ...], str, str], int]
"""Runs a command fenced into a folder, as in `start(argv, inside, tool)`; returns its exit code."""


def is_proven(level: str, version: int, *, tool: str = "", start: Start, environ: Mapping[str, str]) -> bool:
    """Whether an attack on a fence of this level was refused, now or before on this boot.

    Args:
        level: The level to prove.
        version: Version of the kernel's interface; with ABI 2 files can be cut.
        tool: The program that makes namespaces, where the level needs them.
        start: How a fenced child is run.
        environ: Where folders for temporary files and caches are looked up.
    """
    folders = temporary_folders(environ)
    keep = environ.get("XDG_CACHE_HOME") or os.path.join(home_folder(environ), ".cache")
    return _is_proven(level, version, tool, start, folders, os.path.join(keep, "runpact"))


@functools.cache
def _is_proven(
    level: str, version: int, tool: str, start: Start, folders: tuple[str, ...], keep: str
) -> bool:
    path, key = os.path.join(keep, f"fence-{level}.json"), {**_key(version), "tool": tool}
    if _kept(path) == key:
        return True
    holds = any(_is_refused(level, tool, start, folder) for folder in folders)
    if holds:
        _keep(path, key)
    return holds


def _key(version: int) -> dict[str, object]:
    """Return what a verdict holds for: boot, kernel, interpreter, and how free this process is."""
    name = os.uname()
    return {
        "boot_id": _told("/proc/sys/kernel/random/boot_id"),
        "kernel": f"{name.release} {name.version}",
        "abi": version,
        "by": sys.executable,
        "is_fenced": "NoNewPrivs:\t1" in _told("/proc/self/status"),
    }


def _told(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def _kept(path: str) -> object:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read())
    except (OSError, msgspec.DecodeError):
        return None


def _keep(path: str, key: dict[str, object]) -> None:
    """Keep a verdict; where that is impossible, the next process tests again."""
    temporary = f"{path}.{os.getpid()}"
    with contextlib.suppress(OSError):
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.dirname(path), 0o700)  # in a folder for caches that is there already
        with open(temporary, "wb") as file:
            file.write(msgspec.json.encode(key))
        os.replace(temporary, path)


def _is_refused(level: str, tool: str, start: Start, parent: str) -> bool:
    """Let a child attack a folder, and look afterwards at what is there."""
    try:
        folder = private_folder(parent)
    except OSError:
        return False
    held, inside = os.path.join(folder, "held"), os.path.join(folder, "inside")
    try:
        os.mkdir(held)
        os.mkdir(inside)
        os.mkdir(os.path.join(folder, TEMPORARY))
        for name in _KEPT:
            with open(os.path.join(held, name), "wb") as file:
                file.write(_CONTENT)
            os.utime(os.path.join(held, name), (1, 1))
        code = start((sys.executable, "-I", "-S", "-c", _ATTACK, held, inside), inside, tool)
        return code == 0 and _is_untouched(held, level) and os.listdir(inside) == ["free"]
    except (OSError, ConfinementError):
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_untouched(held: str, level: str) -> bool:
    for name in _KEPT:
        with open(os.path.join(held, name), "rb") as file:
            if file.read() != _CONTENT:
                return False
            if level >= W3 and os.fstat(file.fileno()).st_mtime != 1:
                return False
    return sorted(os.listdir(held)) == list(_KEPT)


def private_folder(parent: str) -> str:
    """Make a folder that only this user may look into, and return its path.

    Raises:
        OSError: None can be made there.
    """
    folder = os.path.join(parent, f"runpact-{os.urandom(6).hex()}")
    os.mkdir(folder, 0o700)
    return folder
