"""What every program reads without naming it: libraries, interpreters, settings of the system.

Knows: where systems and interpreters keep them.
Does not know: what a run declared.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/proc",
    "/sys",
    "/dev",
)
_SIGNS = ("pyvenv.cfg", "conda-meta", f"lib/python3.{sys.version_info.minor}")
"""What tells the folder of an interpreter from any other with a `bin`."""
_ETC = """
ld.so.cache ld.so.conf ld.so.conf.d ld.so.preload passwd group nsswitch.conf hosts host.conf resolv.conf
gai.conf services protocols localtime timezone alternatives ssl pki ca-certificates fonts mime.types
terminfo inputrc magic locale.alias locale.conf OpenCL vulkan python3 matplotlibrc gitconfig
"""
"""What programs look up in `/etc`: no keys, no passwords."""
_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""The folder that this package is imported from."""


def toolchain(program: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return folders and files that a program may read and execute whatever it declared.

    Args:
        program: What is started: a name, found on PATH, or a path.
        environ: The environment it is started with.
    """
    found = (
        *_SYSTEM,
        *(f"/etc/{name}" for name in _ETC.split()),
        *_prefixes((sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)),
        *_of_program(program, environ),
        _PACKAGES,
    )
    return tuple(dict.fromkeys(os.path.realpath(path) for path in found if os.path.exists(path)))


def _of_program(program: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a program's file, and the folders of the interpreter that it is or that its first line names."""
    path = program if os.sep in program else shutil.which(program, path=environ.get("PATH", os.defpath))
    if not path:
        return
    for each in (path, *_interpreters(path, environ)):
        if each:
            yield each
            yield from _prefixes(_prefix_of(each))


def _interpreters(path: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the first line of a script names: a program, and with `env` the one that it finds."""
    try:
        with open(path, "rb") as file:
            line = file.readline(256)
    except OSError:
        return ()
    words = os.fsdecode(line[2:]).split()[:2] if line.startswith(b"#!") else []
    if len(words) > 1 and os.path.basename(words[0]) == "env":
        return words[0], shutil.which(words[1], path=environ.get("PATH", os.defpath)) or ""
    return tuple(words[:1])


def _prefix_of(program: str) -> Iterator[str]:
    """Yield the folders above `bin` on each step from a link to the program itself."""
    for each in (program, os.path.realpath(program)):
        folder = os.path.dirname(os.path.abspath(each))
        prefix = os.path.dirname(folder)
        if os.path.basename(folder) == "bin" and any(
            os.path.exists(os.path.join(prefix, name)) for name in _SIGNS
        ):
            yield prefix


def _prefixes(folders: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    """Yield those that belong to a toolchain; a whole home or the root does not."""
    home = os.path.expanduser("~")
    for folder in folders:
        if folder not in {"/", "", home}:
            yield folder
