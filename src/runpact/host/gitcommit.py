"""What the next commit would take along.

Knows: which questions tell what git ignores, tracks and has staged, and how large that is.
Does not know: what of it should be so.

As everywhere, the repository runs nothing: git is shown a neutral folder in the place of its own.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from runpact.host.git import EMPTY_TREE, object_format
from runpact.host.gitanswers import GitAnswers, asked_neutrally
from runpact.host.gitfolder import Repository, read_head
from runpact.host.gitneutral import NeutralGit
from runpact.host.gitquestion import Inquiry
from runpact.model.doctor.repository import Ignored, LargeFile

_NOTHING_IGNORED = 1
_STAGED = re.compile(rb":\d+ (\d+) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*\0([^\0]+)\0")
_INDEXED = re.compile(rb"(\d+) ([0-9a-f]+) \d\t([^\0]+)\0")
_LINK_TO_COMMIT = b"160000"


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What git said; every path is relative to the root of the repository."""

    ignored: dict[str, Ignored] = {}
    """The pattern for each probe that is ignored."""
    tracked: tuple[str, ...] = ()
    large: tuple[LargeFile, ...] = ()
    faults: tuple[str, ...] = ()


def look_at_commit(
    repository: Repository,
    environ: Mapping[str, str],
    *,
    probes: Iterable[str],
    places: Iterable[str],
    limit: int,
) -> Looked:
    """Ask git what it ignores, tracks and would commit.

    Args:
        repository: The repository.
        environ: Environment of this process.
        probes: Paths asked about, relative to its root; they need not exist.
        places: Folders of runs: what git tracks there is told, what it does not track there is not.
        limit: Bytes above which a file is large.
    """

    def questions(git: NeutralGit, settings: Mapping[str, str]) -> Looked:
        asked = _Asked(git, repository, settings)
        return Looked(
            ignored=asked.ignored(tuple(probes)),
            tracked=asked.tracked(tuple(places)),
            large=(*asked.staged(limit), *asked.loose(tuple(places), limit)),
            faults=tuple(asked.faults),
        )

    return asked_neutrally(
        repository, environ, questions=questions, refused=lambda reason: Looked(faults=(reason,))
    )


class Indexed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the index of a repository."""

    files: dict[str, int] = {}
    """Size in bytes by path, relative to the root of the repository."""
    faults: tuple[str, ...] = ()


def look_at_index(repository: Repository, environ: Mapping[str, str]) -> Indexed:
    """Ask git which files the index holds, and how large they are there.

    Args:
        repository: The repository.
        environ: Environment of this process.
    """

    def questions(git: NeutralGit, settings: Mapping[str, str]) -> Indexed:
        asked = _Asked(git, repository, settings)
        return Indexed(files=asked.indexed(), faults=tuple(asked.faults))

    return asked_neutrally(
        repository, environ, questions=questions, refused=lambda reason: Indexed(faults=(reason,))
    )


class _Asked(GitAnswers):
    """Git, asked about what one repository would commit."""

    def __init__(self, git: NeutralGit, repository: Repository, settings: Mapping[str, str]) -> None:
        super().__init__(git)
        self._repository = repository
        self._names = object_format(settings)

    def ignored(self, probes: tuple[str, ...]) -> dict[str, Ignored]:
        """Return the last pattern that fits each probe, unless it says not to ignore it."""
        unread = self._unreadable_patterns(probes)
        if unread:
            self.faults.append(f"`{unread}` is not a regular file: git would wait for it")
            return {}
        question = b"".join(os.fsencode(probe) + b"\0" for probe in probes)
        words = ("check-ignore", "--no-index", "--verbose", "-z", "--stdin")
        answer = self.answer(*words, question=question, answers=(0, _NOTHING_IGNORED)) if probes else b""
        parts = os.fsdecode(answer).split("\0")
        rows = zip(parts[::4], parts[1::4], parts[2::4], parts[3::4], strict=False)
        return {
            path: Ignored(self._named(source), int(line or 0), pattern)
            for source, line, pattern, path in rows
            if not pattern.startswith("!")
        }

    def _unreadable_patterns(self, probes: tuple[str, ...]) -> str:
        """Return the first file of patterns beside or above a probe that is a pipe or a device, or ""."""
        folders = {""}
        for probe in probes:
            while (probe := posixpath.dirname(probe)) not in folders:
                folders.add(probe)
        for folder in sorted(folders):
            name = posixpath.join(folder, ".gitignore")
            try:
                mode = os.stat(posixpath.join(self._repository.top, name)).st_mode
            except (OSError, ValueError):  # git finds no patterns there either
                continue
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                return name
        return ""

    def _named(self, source: str) -> str:
        """Return a file of patterns by its own name where git was shown another."""
        shown = self.git.environ["GIT_DIR"]
        return f".git{source.removeprefix(shown)}" if source.startswith(f"{shown}/") else source

    def tracked(self, places: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tracked files in these folders."""
        if not places:
            return ()
        return _paths(self.answer("ls-files", "-z", "--", *(f":(top,literal){place}" for place in places)))

    def indexed(self) -> dict[str, int]:
        """Return the size of each file of the index."""
        found = [
            (name, os.fsdecode(path))
            for mode, name, path in _INDEXED.findall(self.answer("ls-files", "-s", "-z", "--", ":(top)"))
            if mode != _LINK_TO_COMMIT
        ]
        sizes = dict(self._sizes(list(dict.fromkeys(name for name, _path in found))))
        return {path: sizes.get(name, 0) for name, path in found}

    def staged(self, limit: int) -> Iterator[LargeFile]:
        """Yield the large files that the next commit would bring in or change."""
        base = read_head(self._repository).commit or EMPTY_TREE[self._names]
        words = ("diff-index", "--cached", "--raw", "--no-renames", "--no-abbrev", "-z", "--diff-filter=d")
        found = [
            (name, os.fsdecode(path))
            for mode, name, path in _STAGED.findall(self.answer(*words, base))
            if mode != _LINK_TO_COMMIT
        ]
        sizes = dict(self._sizes([name for name, _path in found]))
        for name, path in found:
            if sizes.get(name, 0) > limit:
                yield LargeFile(path, sizes[name], is_staged=True)

    def _sizes(self, names: list[bytes]) -> Iterator[tuple[bytes, int]]:
        """Yield the size of each object that is there."""
        at_once = 500
        for begin in range(0, len(names), at_once):
            question = b"\n".join(names[begin : begin + at_once]) + b"\n"
            words = ("cat-file", "--batch-check=%(objectname) %(objectsize)")
            for line in self.answer(*words, question=question).splitlines():
                name, _space, size = line.partition(b" ")
                if size.isdigit():
                    yield name, int(size)

    def loose(self, places: tuple[str, ...], limit: int) -> list[LargeFile]:
        """Return the large files that are neither tracked nor ignored, those in these folders left out."""
        left_out = (f":(top,exclude,literal){place}" for place in places)
        words = ("ls-files", "--others", "--exclude-standard", "-z", "--", ":(top)", *left_out)
        found = []
        for path in _paths(self.answer(*words)):
            size = _size(os.path.join(self._repository.top, path))
            if size > limit:
                found.append(LargeFile(path, size, is_staged=False))
        return self._unfiltered(found)

    def _unfiltered(self, found: list[LargeFile]) -> list[LargeFile]:
        """Leave out files that a filter keeps elsewhere, as that of large files does."""
        inquiry = Inquiry(self.git, self._repository, self.deadline)
        filtered, faults = inquiry.filters_of(tuple(file.path for file in found))
        self.faults += faults
        return [file for file in found if file.path not in filtered]


def _paths(answer: bytes) -> tuple[str, ...]:
    return tuple(os.fsdecode(path) for path in answer.split(b"\0") if path)


def _size(path: str) -> int:
    """Return the size of a regular file, 0 for anything else."""
    try:
        status = os.lstat(path)
    except OSError:
        return 0
    return status.st_size if os.path.isfile(path) and not os.path.islink(path) else 0
