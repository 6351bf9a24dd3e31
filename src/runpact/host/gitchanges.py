"""What changed in a repository since it parted from another line of work.

Knows: which questions tell the changed paths and what the commits are labelled with.
Does not know: what may change together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from runpact.host.gitanswers import GitAnswers, asked_neutrally
from runpact.host.gitfolder import Repository

_NONE = 1
"""Git's answer when there is no merge base."""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What git said of a change set."""

    base: str = ""
    """The commit at which it parted."""
    paths: tuple[str, ...] = ()
    """Added, changed or removed; relative to the root of the repository, sorted."""
    labels: tuple[str, ...] = ()
    """Values of the trailer in the messages of its commits."""
    faults: tuple[str, ...] = ()
    """Why this is not all, or nothing at all."""


def changes_since(repository: Repository, environ: Mapping[str, str], *, base: str, trailer: str) -> Changes:
    """Return what the commits since the merge base with another commit changed.

    Args:
        repository: The repository.
        environ: Environment of this process.
        base: The other commit, as git names it: `origin/main`, `HEAD~3`.
        trailer: Key of the trailer that labels a commit.
    """
    return asked_neutrally(
        repository,
        environ,
        questions=lambda git, _settings: _asked(GitAnswers(git), base, trailer),
        refused=lambda reason: Changes(faults=(reason,)),
    )


def _asked(git: GitAnswers, base: str, trailer: str) -> Changes:
    named = _line(git.answer("rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}"))
    parted = _line(git.answer("merge-base", named, "HEAD", answers=(0, _NONE))) if named else ""
    if not parted:
        return Changes(faults=tuple(git.faults) or ("git tells no commit that both have in common",))
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv")
    paths = git.answer(*words, parted, "HEAD")
    label = f"--format=%(trailers:key={trailer},valueonly=true,unfold=true)"
    labels = git.answer("log", "--no-show-signature", label, f"{parted}..HEAD")
    return Changes(
        base=parted,
        paths=tuple(sorted(os.fsdecode(path) for path in paths.split(b"\0") if path)),
        labels=tuple(line for line in labels.decode("utf-8", "replace").splitlines() if line.strip()),
        faults=tuple(git.faults),
    )


def _line(answer: bytes) -> str:
    return answer.decode("utf-8", "replace").strip()
