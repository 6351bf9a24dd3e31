"""The state of the source repository.

Knows: how to ask git for it within a time and a size, and how to read the answers.
Does not know: what of it is stored, what the answer is for.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from runpact.host import clock
from runpact.host.bounded import Sink, ask
from runpact.host.gitconfig import is_true
from runpact.host.gitfolder import Repository, read_head, read_settings
from runpact.host.gitneutral import NeutralGit, neutral_git
from runpact.host.peek import peek_bytes
from runpact.model.discretion import has_secret_name, shown_url, shown_value
from runpact.model.provenance import LeftOut

MAX_SECONDS = 10.0
"""Longest time that all questions about one repository may take together."""
MAX_PATCH = 10_000_000
"""Largest diff that is kept, bytes; so is the largest single changed file."""
_MAX_NAMES = 32_000_000
_ATTRIBUTES = 1 << 20
_BATCH = 30_000
"""Bytes of paths that one question names."""
_UNTRACKED_SHARE = 0.6
"""Share of the time after which the untracked files are given up, so that the tracked ones can be told."""
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
_SUBMODULE = "160000"
_NO_FILTER = frozenset({"unspecified", "unset", "set"})
_RECORDS = "/.runpact/"
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


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A working tree as git saw it."""

    commit: str | None
    branch: str | None
    dirty: bool | None
    remote: str | None
    patch: Patch | None
    untracked: tuple[str, ...]
    """Paths of untracked files, relative to the root of the repository, all of them."""
    left_out: tuple[LeftOut, ...]
    reasons: tuple[str, ...]


class Status(msgspec.Struct, frozen=True):
    """What `git status --porcelain=v2 --branch -z` says."""

    commit: str | None
    branch: str | None
    changed: tuple[str, ...]
    """Tracked paths that differ from the commit, staged or not; submodules are not among them."""
    submodules: tuple[str, ...]
    untracked: tuple[str, ...]


def take_snapshot(repository: Repository, environ: Mapping[str, str], *, outputs: str = "") -> Snapshot:
    """Return the state of a working tree; whatever git cannot tell stands among the reasons.

    Args:
        repository: The repository.
        environ: Environment of this process.
        outputs: Regular expression for paths, relative to the root of the repository, of what runs write:
            such untracked files are no code.
    """
    settings = read_settings(repository)
    known = _headless(repository, settings)
    program = _program(environ.get("PATH", ""))
    refusal = "git is not installed" if program is None else _refusal(repository, settings)
    if refusal or program is None:
        return msgspec.structs.replace(known, reasons=(refusal,))
    deadline = clock.monotonic() + MAX_SECONDS
    try:
        with neutral_git(program, repository, settings, environ) as git:
            return _Question(git, repository, deadline).answer(known, settings, outputs)
    except OSError as error:
        reason = f"no temporary folder for git: {os.strerror(error.errno or 0)}"
        return msgspec.structs.replace(known, reasons=(reason,))


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
            branch = {"(detached)": "detached"}.get(value, value) if key == "branch.head" else branch
        elif mark in {"1", "u"}:
            fields = rest.split(" ", 7 if mark == "1" else 9)
            (submodules if _SUBMODULE in fields[2:6] else changed).append(fields[-1])
        elif mark == "?":
            untracked.append(rest)
    return Status(commit, branch, tuple(changed), tuple(submodules), tuple(untracked))


class _Question:
    """Git, asked about one repository until a deadline."""

    def __init__(self, git: NeutralGit, repository: Repository, deadline: float) -> None:
        self._git = git
        self._top = repository.top
        self._deadline = deadline

    def answer(self, known: Snapshot, settings: Mapping[str, str], outputs: str) -> Snapshot:
        """Return what is known, with what git adds."""
        status, reasons = self._status()
        if status is None:
            return msgspec.structs.replace(known, reasons=reasons)
        filtered, doubts = self._filtered(status.changed)
        left_out = tuple(self._left_out(status, filtered))
        outside = {each.path for each in left_out}
        changed = [path for path in status.changed if path not in outside]
        base = status.commit or _EMPTY_TREE[settings.get("extensions.objectformat", "sha1").lower()]
        patch, faults = self._patch(base, changed) if changed else (None, ())
        untracked = code_files(status.untracked, outputs)
        is_dirty = bool(untracked or status.submodules or set(status.changed) - filtered.keys())
        return msgspec.structs.replace(
            known,
            commit=status.commit,
            branch=status.branch,
            dirty=True if is_dirty else None if filtered or reasons else False,
            patch=patch,
            untracked=untracked,
            left_out=left_out,
            reasons=reasons + doubts + faults,
        )

    def _ask(self, sink: Sink, *arguments: str, deadline: float = 0, question: bytes = b"") -> str:
        return ask(
            (*self._git.command, *arguments),
            environ=self._git.environ,
            deadline=deadline or self._deadline,
            sink=sink,
            question=question,
            reads_on=sink.limit == MAX_PATCH,
        )

    def _status(self) -> tuple[Status | None, tuple[str, ...]]:
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

    def _filtered(self, paths: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
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
        yield os.path.join(self._git.environ["GIT_DIR"], "info/attributes")
        yield from (os.path.join(self._top, folder, ".gitattributes") for folder in folders)

    def _left_out(self, status: Status, filtered: Mapping[str, str]) -> Iterator[LeftOut]:
        for path in status.changed:
            size = self._size(path)
            if path in filtered:
                reason = f"its filter `{filtered[path]}` is not run, so whether it changed is not known"
                yield LeftOut(path, size, reason)
            elif has_secret_name(path):
                yield LeftOut(path, size, "changed; its name is that of a secret")
            elif size is not None and size > MAX_PATCH:
                yield LeftOut(path, size, f"changed; larger than {MAX_PATCH:,} bytes")
        for path in status.submodules:
            yield LeftOut(path, None, "a submodule at another commit than the repository names")

    def _size(self, path: str) -> int | None:
        try:
            return os.lstat(os.path.join(self._top, path)).st_size
        except OSError:
            return None

    def _patch(self, base: str, paths: list[str]) -> tuple[Patch | None, tuple[str, ...]]:
        """Return the patch of these paths; patches in a row are a patch."""
        sink = Sink(MAX_PATCH)
        for batch in _batches(paths):
            fault = self._ask(sink, *_DIFF, base, "--", *batch)
            if fault:
                return None, (f"git diff: {shown_value(fault)}",)
        return Patch(sink.text if sink.is_whole else b"", sink.size, sink.digest), ()


def code_files(untracked: Iterable[str], outputs: str) -> tuple[str, ...]:
    """Return the untracked files that are no output of runs.

    Args:
        untracked: Paths relative to the root of the repository.
        outputs: Regular expression for those of them that runs write; empty when nothing is known.
    """
    paths = tuple(untracked)
    runs = tuple({path.partition(_RECORDS)[0] + "/" for path in paths if _RECORDS in path})
    is_output = re.compile(outputs, re.DOTALL).fullmatch if outputs else None
    return tuple(path for path in paths if not path.startswith(runs) and not (is_output and is_output(path)))


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


def _headless(repository: Repository, settings: Mapping[str, str]) -> Snapshot:
    """Return what the files of the repository tell without git."""
    head = read_head(repository)
    urls = {key: url for key, url in settings.items() if key.startswith("remote.") and key.endswith(".url")}
    url = urls.get("remote.origin.url") or next(iter(urls.values()), "")
    return Snapshot(
        commit=head.commit,
        branch=head.branch if head.branch or not head.commit else "detached",
        dirty=None,
        remote=shown_url(url),
        patch=None,
        untracked=(),
        left_out=(),
        reasons=(),
    )


def _refusal(repository: Repository, settings: Mapping[str, str]) -> str:
    """Say why the working tree cannot be told; nothing when it can."""
    if repository.is_linked:
        return ""
    if is_true(settings.get("core.bare")):
        return "the repository is bare: it has no working tree"
    place = settings.get("core.worktree")
    if place is not None and not _is_same(os.path.join(repository.folder, place), repository.top):
        return "the repository's configuration says that its files stand elsewhere (`core.worktree`)"
    if settings.get("extensions.objectformat", "sha1").lower() not in _EMPTY_TREE:
        return "the repository names its objects in an unknown way (`extensions.objectFormat`)"
    return ""


def _is_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


@functools.lru_cache(maxsize=4)
def _program(search: str) -> str | None:
    """Return the absolute path of git, never one relative to the current directory."""
    folders = os.pathsep.join(folder for folder in search.split(os.pathsep) if os.path.isabs(folder))
    return shutil.which("git", path=folders) if folders else None
