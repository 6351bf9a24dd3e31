"""Where a repository keeps its things, found without starting git.

Knows: `.git` folders, linked working trees, HEAD and its branch.
Does not know: the state of the working tree.
"""

from __future__ import annotations

import os
import re

import msgspec

from runpact.host.gitconfig import parse_config
from runpact.host.peek import peek_text

_LINE = 4096
_CONFIG = 1 << 20
_PACKED = 1 << 26
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"refs/[^\s\x00-\x1f\x7f~^:?*\[\\]+")


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """Absolute places of a repository; `folder` is its own, `common` the one that working trees share."""

    top: str
    """Root of the working tree."""
    folder: str
    common: str

    @property
    def is_linked(self) -> bool:
        """Whether it is a further working tree of another repository."""
        return self.folder != self.common


class Head(msgspec.Struct, frozen=True):
    """What is checked out."""

    commit: str | None
    """None before the first commit, or when it cannot be told."""
    branch: str | None
    """Short name; None for a detached HEAD."""


def find_repository(directory: str) -> Repository | None:
    """Return the repository around a directory; None outside one."""
    while True:
        candidate = os.path.join(directory, ".git")
        if os.path.lexists(candidate):
            folder = _pointed_to(candidate)
            return Repository(top=directory, folder=folder, common=_common(folder))
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def read_head(repository: Repository) -> Head:
    """Return commit and branch as the files tell; a store of references that is no files tells nothing."""
    text = peek_text(os.path.join(repository.folder, "HEAD"), _LINE).strip()
    if _COMMIT.fullmatch(text):
        return Head(text, None)
    name = _reference_in(text)
    return Head(_resolved(repository, name), name.removeprefix("refs/heads/")) if name else Head(None, None)


def read_settings(repository: Repository) -> dict[str, str]:
    """Return the settings of the repository itself; includes are not followed."""
    found = parse_config(peek_text(os.path.join(repository.common, "config"), _CONFIG))
    if "extensions.worktreeconfig" in found:
        found |= parse_config(peek_text(os.path.join(repository.folder, "config.worktree"), _CONFIG))
    return found


def stamp_of(repository: Repository) -> tuple[tuple[int, ...], ...]:
    """Return what changes when HEAD or the index do."""
    head = os.path.join(repository.folder, "HEAD")
    places = [head, *(os.path.join(repository.folder, name) for name in ("index", "logs/HEAD"))]
    name = _reference_in(peek_text(head, _LINE).strip())
    if name:
        places += [os.path.join(repository.common, place) for place in (name, "packed-refs")]
    return tuple(map(_changed, places))


def _reference_in(text: str) -> str:
    """Return the reference that HEAD names; nothing when it names none, or one that leads elsewhere."""
    name = text.removeprefix("ref:").strip()
    is_named = text.startswith("ref:") and _REF.fullmatch(name) and "/." not in name and ".." not in name
    return name if is_named else ""


def _pointed_to(path: str) -> str:
    """Follow the file that a linked working tree or a submodule has in place of the folder."""
    if os.path.isdir(path):
        return path
    target = _line_of(path).removeprefix("gitdir:").strip()
    return os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path


def _common(folder: str) -> str:
    shared = _line_of(os.path.join(folder, "commondir"))
    return os.path.normpath(os.path.join(folder, shared)) if shared else folder


def _line_of(path: str) -> str:
    """Return the first line of a file that names a path; such a name has no null character."""
    return peek_text(path, _LINE).partition("\n")[0].partition("\0")[0].strip()


def _resolved(repository: Repository, name: str) -> str | None:
    for folder in (repository.folder, repository.common):
        text = peek_text(os.path.join(folder, name), _LINE).strip()
        if _COMMIT.fullmatch(text):
            return text
    for line in peek_text(os.path.join(repository.common, "packed-refs"), _PACKED).splitlines():
        commit, _space, ref = line.partition(" ")
        if ref == name and _COMMIT.fullmatch(commit):
            return commit
    return None


def _changed(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return (status.st_mtime_ns, status.st_size, status.st_ino)
