"""Git, set on a repository in a way that lets the repository run nothing.

Knows: how to show git a working tree, its index and its objects under a configuration of our own.
Does not know: what git is asked.

The repository's own folder is never git's folder. A temporary one takes its place: HEAD is copied,
references and lists of ignored files are links, the index is named by a variable, the objects are the
alternate of an empty store, so that nothing is written into them, and the configuration is written anew
from an allow-list (`gitconfig.neutral_config`). So filters, drivers, monitors, hooks, helpers and includes
are not switched off one by one: git never learns of them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping

import msgspec

from runpact.host.gitconfig import neutral_config, parse_config
from runpact.host.gitfolder import Repository
from runpact.host.peek import peek_text

_LINKED = ("refs", "packed-refs", "reftable", "info")
_LINE = 4096
_CONFIG = 1 << 20


class NeutralGit(msgspec.Struct, frozen=True):
    """A git command line to complete, and the environment to run it in."""

    command: tuple[str, ...]
    environ: dict[str, str]


@contextlib.contextmanager
def neutral_git(
    program: str, repository: Repository, settings: Mapping[str, str], environ: Mapping[str, str]
) -> Iterator[NeutralGit]:
    """Give a git that reads `repository` and runs nothing of it.

    Args:
        program: Absolute path of git.
        repository: What it is to read.
        settings: The repository's own settings.
        environ: Environment of this process.

    Raises:
        OSError: The temporary folder cannot be made.
    """
    home = environ.get("HOME", "")
    personal = _personal_settings(home, environ.get("XDG_CONFIG_HOME", ""))
    excludes = personal.get("core.excludesfile") or os.path.join(
        environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "git", "ignore"
    )
    if excludes.startswith("~/"):
        excludes = os.path.join(home, excludes[2:])
    folder = os.path.join(
        environ.get("TMPDIR") or "/tmp",  # noqa: S108 - exclusive creation, readable by its owner alone
        f"runpact-git-{os.getpid()}-{os.urandom(6).hex()}",
    )
    os.mkdir(folder, 0o700)
    try:
        config = neutral_config(
            {**personal, **settings}, excludes=excludes if os.path.isabs(excludes) else None
        )
        _furnish(folder, repository, config)
        yield NeutralGit((program, "--no-pager", "-C", repository.top), _environment(folder, repository))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _personal_settings(home: str, xdg: str) -> dict[str, str]:
    """Return what the person's own configuration says; it may change how files are read, never more."""
    found: dict[str, str] = {}
    for path in ("/etc/gitconfig", os.path.join(xdg or os.path.join(home, ".config"), "git/config")):
        found |= parse_config(peek_text(path, _CONFIG))
    return found | parse_config(peek_text(os.path.join(home, ".gitconfig"), _CONFIG))


def _furnish(folder: str, repository: Repository, config: str) -> None:
    _write(os.path.join(folder, "config"), config)
    _write(os.path.join(folder, "HEAD"), peek_text(os.path.join(repository.folder, "HEAD"), _LINE))
    for name in _LINKED:
        target = os.path.join(repository.common, name)
        if os.path.exists(target):
            os.symlink(target, os.path.join(folder, name))
    if not os.path.exists(os.path.join(folder, "refs")):
        os.mkdir(os.path.join(folder, "refs"))
    os.mkdir(os.path.join(folder, "objects"))
    for name in _shared_indexes(repository.folder):  # not linked: git renews the time of the one it reads
        shutil.copyfile(os.path.join(repository.folder, name), os.path.join(folder, name))


def _write(path: str, text: str) -> None:
    with open(path, "x", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def _shared_indexes(folder: str) -> list[str]:
    try:
        return [
            name
            for name in os.listdir(folder)
            if name.startswith("sharedindex.") and os.path.isfile(os.path.join(folder, name))
        ]
    except OSError:
        return []


def _environment(folder: str, repository: Repository) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": folder,
        "XDG_CONFIG_HOME": folder,
        "LC_ALL": "C",
        "GIT_DIR": folder,
        "GIT_WORK_TREE": repository.top,
        "GIT_INDEX_FILE": os.path.join(repository.folder, "index"),
        "GIT_OBJECT_DIRECTORY": os.path.join(folder, "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(os.path.join(repository.common, "objects")),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
    }


def _quoted(path: str) -> str:
    """Return a path as a list of paths holds it."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
