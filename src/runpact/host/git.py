"""The state of the source repository.

Knows: how to ask git without letting the repository run anything.
Does not know: what the answer is for.
"""

from __future__ import annotations

import functools
import os
import shutil

from runpact.host import clock
from runpact.model.provenance import Code

_TIMEOUT_SECONDS = 20
_HARMLESS = (
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.gitProxy=",
    "core.askPass=",
    "credential.helper=",
    "diff.external=",
    "core.attributesFile=/dev/null",
    "gc.auto=0",
    "protocol.allow=never",
    "submodule.recurse=false",
    "core.alternateRefsCommand=",
)
"""Settings that could start a program, each switched off on the command line."""


def read_code(directory: str) -> Code:
    """Return commit, branch and dirtiness of the repository around a directory.

    Outside a repository, without git, or when git does not answer, everything is `unknown`. Asked once
    a process; again when HEAD or the index changed.
    """
    folder = _git_folder(directory)
    if folder is None:
        return Code(captured=clock.now())
    return _read(directory, _stamp(folder))


@functools.lru_cache(maxsize=16)
def _read(directory: str, stamp: tuple[tuple[int, int], ...]) -> Code:
    del stamp
    output = _status(directory)
    return Code(captured=clock.now()) if output is None else parse_status(output, captured=clock.now())


def parse_status(output: bytes, *, captured: str) -> Code:
    """Read `git status --porcelain=v2 --branch -z`."""
    commit, branch, dirty = "unknown", "unknown", False
    for entry in output.split(b"\0"):
        if entry.startswith(b"# branch.oid "):
            commit = entry[len(b"# branch.oid ") :].decode("ascii", "replace")
        elif entry.startswith(b"# branch.head "):
            branch = entry[len(b"# branch.head ") :].decode("utf-8", "replace")
        elif entry and not entry.startswith(b"#"):
            dirty = True
    return Code(
        commit="unknown" if commit == "(initial)" else commit,
        branch="detached" if branch == "(detached)" else branch,
        dirty=dirty,
        captured=captured,
    )


def _status(directory: str) -> bytes | None:
    program = _program()
    if program is None:
        return None
    import subprocess  # noqa: PLC0415 - costs milliseconds that only a repository should pay

    settings = [part for setting in _HARMLESS for part in ("-c", setting)]
    command = [
        program,
        "--no-optional-locks",
        *settings,
        "-C",
        directory,
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
    ]
    command += ["--untracked-files=normal", "--ignore-submodules=dirty", "--no-renames"]
    try:
        done = subprocess.run(
            command,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
        "GIT_ATTR_NOSYSTEM": "1",
    }


@functools.cache
def _program() -> str | None:
    """Return the absolute path of git, never one relative to the current directory."""
    found = shutil.which("git")
    return os.path.abspath(found) if found and os.path.isabs(found) else None


def _git_folder(directory: str) -> str | None:
    """Return the `.git` of the repository around a directory, without starting git."""
    while True:
        candidate = os.path.join(directory, ".git")
        if os.path.exists(candidate):
            return _pointed_to(candidate)
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def _pointed_to(path: str) -> str:
    """Follow the file that a worktree has in place of the folder."""
    if os.path.isdir(path):
        return path
    try:
        with open(path, encoding="utf-8") as file:
            target = file.readline().removeprefix("gitdir:").strip()
    except (OSError, UnicodeDecodeError):
        return path
    return os.path.normpath(os.path.join(os.path.dirname(path), target))


def _stamp(folder: str) -> tuple[tuple[int, int], ...]:
    return tuple(_changed(os.path.join(folder, name)) for name in ("HEAD", "index", "logs/HEAD"))


def _changed(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
