"""Questions that git is asked, and its answers.

Knows: which commands tell the state of a working tree, within a time and a size.
Does not know: how git is kept from running anything, what the answers are for.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator

import msgspec

from runpact.host import clock
from runpact.host.bounded import Sink, ask
from runpact.host.gitfolder import Repository
from runpact.host.gitneutral import NeutralGit
from runpact.host.peek import peek_bytes
from runpact.model.discretion import shown_value

MAX_PATCH = 10_000_000
"""Largest diff that is kept, bytes; so is the largest single changed file."""
_MAX_NAMES = 32_000_000
_ATTRIBUTES = 1 << 20
_BATCH = 30_000
"""Bytes of paths that one question names."""
_UNTRACKED_SHARE = 0.6
"""Share of the time after which the untracked files are given up, so that the tracked ones can be told."""
_SUBMODULE = "160000"
_SPECIAL = re.compile(rb"(?:^|\0)(?:[a-zS] [^\0]*|[A-Z] 160000 [^\0]*)")
"""Entries of an index that git is told not to look at, and submodules."""
_BRANCHES = {"(detached)": "detached", "(unknown)": None}
_NO_FILTER = frozenset({"unspecified", "unset", "set"})
_STATUS = ("status", "--porcelain=v2", "--branch", "-z", "--no-renames")
_DIFF = (
    *("--literal-pathspecs", "diff-index", "--patch", "--binary", "--full-index", "--no-renames"),
    *("--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
)


class Patch(msgspec.Struct, frozen=True):
    """What `git apply` needs to make the working tree out of the commit."""

    text: bytes
    """Empty when it is larger than `MAX_PATCH`."""
    size: int
    digest: str


class Status(msgspec.Struct, frozen=True):
    """What `git status --porcelain=v2 --branch -z` says."""

    commit: str | None
    branch: str | None
    changed: tuple[str, ...]
    """Tracked paths that differ from the commit, staged or not; submodules are not among them."""
    submodules: tuple[str, ...]
    untracked: tuple[str, ...]


class Special(msgspec.Struct, frozen=True):
    """Entries of an index whose state `git status` does not tell, or not alone."""

    assumed: tuple[str, ...]
    """Marked `assume-unchanged`."""
    skipped: tuple[str, ...]
    """Marked `skip-worktree`, as those are that a sparse checkout leaves away."""
    submodules: tuple[str, ...]


def parse_special(output: bytes) -> Special:
    """Read the answer of `git ls-files --stage -v -z`."""
    assumed: list[str] = []
    skipped: list[str] = []
    submodules: list[str] = []
    for entry in _SPECIAL.findall(output):
        head, _tab, path = entry.strip(b"\0").decode("utf-8", "surrogateescape").partition("\t")
        if f" {_SUBMODULE} " in head:
            submodules.append(path)
            continue
        if head[0].islower():
            assumed.append(path)
        if head[0] in "Ss":
            skipped.append(path)
    return Special(tuple(assumed), tuple(skipped), tuple(submodules))


def parse_status(output: bytes) -> Status:
    """Read the answer of `git status --porcelain=v2 --branch -z --no-renames`."""
    commit = branch = None
    changed: list[str] = []
    submodules: list[str] = []
    untracked: list[str] = []
    for entry in output.split(b"\0"):
        mark, _space, rest = entry.decode("utf-8", "surrogateescape").partition(" ")
        if mark == "#":
            key, _space, value = rest.partition(" ")
            commit = value if key == "branch.oid" and value != "(initial)" else commit
            branch = _BRANCHES.get(value, value) if key == "branch.head" else branch
        elif mark in {"1", "u"}:
            fields = rest.split(" ", 7 if mark == "1" else 9)
            (submodules if _SUBMODULE in fields[2:6] else changed).append(fields[-1])
        elif mark == "?":
            untracked.append(rest)
    return Status(commit, branch, tuple(changed), tuple(submodules), tuple(untracked))


class Inquiry:
    """Git, asked about one repository until a deadline."""

    def __init__(self, git: NeutralGit, repository: Repository, deadline: float) -> None:
        """Store whom to ask, and until which moment on the monotonic clock."""
        self._git = git
        self._environ = dict(git.environ)
        self._top = repository.top
        self._deadline = deadline

    def _ask(self, sink: Sink, *arguments: str, deadline: float = 0, question: bytes = b"") -> str:
        return ask(
            (*self._git.command, *arguments),
            environ=self._environ,
            deadline=deadline or self._deadline,
            sink=sink,
            question=question,
            reads_on=sink.limit == MAX_PATCH,
        )

    def status(self) -> tuple[Status | None, tuple[str, ...]]:
        """Ask for the state; when listing the untracked files takes too long, without them."""
        now = clock.monotonic()
        early = now + (self._deadline - now) * _UNTRACKED_SHARE
        faults: list[str] = []
        for untracked, deadline in (("all", early), ("no", self._deadline)):
            sink = Sink(_MAX_NAMES)
            options = (f"--untracked-files={untracked}", "--ignore-submodules=dirty")
            fault = self._ask(sink, *_STATUS, *options, deadline=deadline)
            if not fault:
                reasons = (f"the untracked files are not known: {faults[0]}",) if faults else ()
                return parse_status(sink.text), reasons
            faults.append(f"git status: {shown_value(fault)}")
        return None, (faults[0],)

    def open_eyes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Make git look at files that its index tells it not to look at.

        Such a mark stays in the person's index: it is taken off a copy, which is asked from then on.

        Returns:
            The submodules; why something could not be found out.
        """
        sink = Sink(_MAX_NAMES)
        fault = self._ask(sink, "ls-files", "--stage", "-v", "-z")
        if fault:
            return (), (f"git ls-files: {shown_value(fault)}",)
        special = parse_special(sink.text)
        there = tuple(path for path in special.skipped if os.path.lexists(os.path.join(self._top, path)))
        if special.assumed or there:
            self._copy_index()
        faults = self._unmark("--no-assume-unchanged", special.assumed) or self._unmark(
            "--no-skip-worktree", there
        )
        return special.submodules, (f"git update-index: {shown_value(faults)}",) if faults else ()

    def _copy_index(self) -> None:
        """Copy the index with its time: git tells by it which files may have changed in the same moment."""
        copy = os.path.join(self._environ["GIT_DIR"], "index")
        shutil.copy2(self._environ["GIT_INDEX_FILE"], copy)
        self._environ["GIT_INDEX_FILE"] = copy

    def _unmark(self, option: str, paths: tuple[str, ...]) -> str:
        for batch in _batches(paths):
            question = b"".join(os.fsencode(path) + b"\0" for path in batch)
            fault = self._ask(Sink(_MAX_NAMES), "update-index", option, "-z", "--stdin", question=question)
            if fault:
                return fault
        return ""

    def filters_of(self, paths: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the filter of those paths that have one, which would have to run to tell their state."""
        found: dict[str, str] = {}
        if not any(b"filter" in peek_bytes(path, _ATTRIBUTES) for path in self._attribute_files(paths)):
            return found, ()
        for batch in _batches(paths):
            sink, question = Sink(_MAX_NAMES), b"".join(os.fsencode(path) + b"\0" for path in batch)
            fault = self._ask(sink, "check-attr", "-z", "--stdin", "filter", question=question)
            if fault:
                return found, (f"git check-attr: {shown_value(fault)}",)
            parts = os.fsdecode(sink.text).split("\0")
            found |= {
                path: name
                for path, name in zip(parts[::3], parts[2::3], strict=False)
                if name not in _NO_FILTER
            }
        return found, ()

    def _attribute_files(self, paths: Iterable[str]) -> Iterator[str]:
        folders = {""}
        for path in paths:
            while (path := os.path.dirname(path)) not in folders:
                folders.add(path)
        yield os.path.join(self._environ["GIT_DIR"], "info/attributes")
        yield from (os.path.join(self._top, folder, ".gitattributes") for folder in folders)

    def patch(self, base: str, paths: list[str]) -> tuple[Patch | None, tuple[str, ...]]:
        """Return the patch of these paths; patches in a row are a patch."""
        sink = Sink(MAX_PATCH)
        for batch in _batches(paths):
            fault = self._ask(sink, *_DIFF, base, "--", *batch)
            if fault:
                return None, (f"git diff: {shown_value(fault)}",)
        return Patch(sink.text if sink.is_whole else b"", sink.size, sink.digest), ()


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    """Split paths so that each part fits a command line, and a pipe."""
    batch: list[str] = []
    size = 0
    for path in paths:
        if batch and size + len(os.fsencode(path)) > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += len(os.fsencode(path)) + 1
    if batch:
        yield batch
