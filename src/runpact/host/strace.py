"""Watching the calls of a command with strace.

Knows: how strace is told what to write where.
Does not know: what its lines mean.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping

from runpact.model.errors import CannotStartError


def strace_program(environ: Mapping[str, str]) -> str:
    """Return the path of strace.

    Raises:
        CannotStartError: It is not there.
    """
    found = shutil.which("strace", path=environ.get("PATH", os.defpath))
    if found is None:
        raise CannotStartError(
            "a command is traced by the program `strace`, which is not on PATH",
            expected="strace",
            got="nothing",
            hint="install it, or leave out --trace; nothing was created",
        )
    return found


def traced(
    argv: tuple[str, ...], *, calls: Iterable[str], path: str, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the command line that runs a command and writes down its calls.

    Args:
        argv: Program and arguments.
        calls: Names of the calls; those that the machine does not have are passed over.
        path: Absolute path of the file to write.
        environ: Where strace is looked up.
    """
    wanted = "trace=" + ",".join(f"?{call}" for call in calls)
    fixed = ("-f", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-e", "signal=none", "-e", wanted, "-o", path)
    return (strace_program(environ), *fixed, "--", *argv)
