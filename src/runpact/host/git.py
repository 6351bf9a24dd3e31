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
from runpact.host.gitconfig import is_true
from runpact.host.gitfolder import Repository, find_repository, read_head, read_settings
from runpact.host.gitneutral import neutral_git
from runpact.host.gitquestion import MAX_PATCH, Inquiry, Patch, Status
from runpact.model.discretion import has_secret_name, shown_url
from runpact.model.provenance import LeftOut

MAX_SECONDS = 10.0
"""Longest time that all questions about one repository may take together."""
EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The tree without files, by the way of naming objects."""
_RECORDS = "/.runpact/"


class NoCode(msgspec.Struct, frozen=True):
    """What in a working tree is no code: regular expressions for paths relative to its root, or empty."""

    outputs: str = ""
    """What runs write: such files are no code while git does not track them."""
    records: str = ""
    """What runpact itself rewrites: it is no code even where it was committed."""


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


def take_snapshot(
    repository: Repository,
    environ: Mapping[str, str],
    *,
    no_code: NoCode = NoCode(),  # noqa: B008 - immutable
    deadline: float | None = None,
) -> Snapshot:
    """Return the state of a working tree; whatever git cannot tell stands among the reasons.

    Args:
        repository: The repository.
        environ: Environment of this process.
        no_code: Which files are left out.
        deadline: Moment on the monotonic clock; by default `MAX_SECONDS` from now.
    """
    settings = read_settings(repository)
    known = _headless(repository, settings)
    program = git_program(environ.get("PATH", ""))
    refusal = "git is not installed" if program is None else why_not_asked(repository, settings)
    if refusal or program is None:
        return msgspec.structs.replace(known, reasons=(refusal,))
    deadline = deadline or clock.monotonic() + MAX_SECONDS
    try:
        with neutral_git(program, repository, settings, environ) as git:
            inquiry = Inquiry(git, repository, deadline)
            snapshot, submodules = _answered(inquiry, known, repository.top, object_format(settings), no_code)
        return _with_submodules(snapshot, submodules, repository.top, environ, deadline)
    except OSError as error:
        reason = f"no temporary folder for git: {error.strerror or type(error).__name__}"
        return msgspec.structs.replace(known, reasons=(reason,))


def _answered(
    inquiry: Inquiry, known: Snapshot, top: str, names: str, no_code: NoCode
) -> tuple[Snapshot, tuple[str, ...]]:
    """Return what is known, with what git adds; and the submodules that are to be looked into."""
    submodules, unseen = inquiry.open_eyes()
    status, reasons = inquiry.status()
    if status is None:
        return msgspec.structs.replace(known, reasons=reasons), ()
    status = _without_records(status, no_code.records)
    reasons = unseen + reasons
    filtered, doubts = inquiry.filters_of(status.changed)
    left_out = tuple(_left_out(top, status, filtered))
    outside = {each.path for each in left_out}
    changed = [path for path in status.changed if path not in outside]
    patch, faults = inquiry.patch(status.commit or EMPTY_TREE[names], changed) if changed else (None, ())
    untracked = code_files(status.untracked, no_code.outputs)
    is_dirty = bool(untracked or status.submodules or set(status.changed) - filtered.keys())
    answered = msgspec.structs.replace(
        known,
        commit=status.commit,
        branch=status.branch,
        dirty=True if is_dirty else None if filtered or reasons else False,
        patch=patch,
        untracked=untracked,
        left_out=left_out,
        reasons=reasons + doubts + faults,
    )
    return answered, tuple(path for path in submodules if path not in status.submodules)


def _with_submodules(
    snapshot: Snapshot, submodules: tuple[str, ...], top: str, environ: Mapping[str, str], deadline: float
) -> Snapshot:
    """Add what changed inside the submodules that are checked out, each asked as a repository of its own."""
    found: list[LeftOut] = []
    states: set[bool | None] = {snapshot.dirty}
    for path in submodules:
        place = os.path.join(top, path)
        if not os.path.lexists(os.path.join(place, ".git")):
            continue
        inner = find_repository(place)
        state = take_snapshot(inner, environ, deadline=deadline).dirty if inner else None
        if state is not False:
            reason = (
                "a submodule with changes of its own" if state else "a submodule whose state is not known"
            )
            found.append(LeftOut(path, None, reason))
        states.add(state)
    dirty = True if True in states else None if None in states else False
    return msgspec.structs.replace(snapshot, dirty=dirty, left_out=snapshot.left_out + tuple(found))


def _left_out(top: str, status: Status, filtered: Mapping[str, str]) -> Iterator[LeftOut]:
    for path in status.changed:
        size = _size(os.path.join(top, path))
        if path in filtered:
            reason = f"its filter `{filtered[path]}` is not run, so whether it changed is not known"
            yield LeftOut(path, size, reason)
        elif has_secret_name(path):
            yield LeftOut(path, size, "changed; its name is that of a secret")
        elif size is not None and size > MAX_PATCH:
            yield LeftOut(path, size, f"changed; larger than {MAX_PATCH:,} bytes")
    for path in status.submodules:
        yield LeftOut(path, None, "a submodule at another commit than the repository names")


def _size(path: str) -> int | None:
    try:
        return os.lstat(path).st_size
    except OSError:
        return None


def _without_records(status: Status, records: str) -> Status:
    is_record = re.compile(records, re.DOTALL).fullmatch if records else None
    if is_record is None:
        return status
    changed, untracked = (
        tuple(path for path in paths if not is_record(path)) for paths in (status.changed, status.untracked)
    )
    return msgspec.structs.replace(status, changed=changed, untracked=untracked)


def code_files(untracked: Iterable[str], outputs: str) -> tuple[str, ...]:
    """Return the untracked files that are no output of runs.

    Args:
        untracked: Paths relative to the root of the repository.
        outputs: Regular expression for those of them that runs write; empty when nothing is known.
    """
    paths = tuple(untracked)
    runs = {path.partition(_RECORDS)[0] for path in paths if _RECORDS in path}
    is_output = re.compile(outputs, re.DOTALL).fullmatch if outputs else None
    return tuple(
        path for path in paths if not (is_output and is_output(path)) and runs.isdisjoint(_folders_of(path))
    )


def _folders_of(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


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


def why_not_asked(repository: Repository, settings: Mapping[str, str]) -> str:
    """Say why the working tree cannot be told; nothing when it can."""
    if repository.is_linked:
        return ""
    if is_true(settings.get("core.bare")):
        return "the repository is bare: it has no working tree"
    place = settings.get("core.worktree")
    if place is not None and not _is_same(os.path.join(repository.folder, place), repository.top):
        return "the repository's configuration says that its files stand elsewhere (`core.worktree`)"
    if object_format(settings) not in EMPTY_TREE:
        return "the repository names its objects in an unknown way (`extensions.objectFormat`)"
    return ""


def object_format(settings: Mapping[str, str]) -> str:
    """Return how a repository names its objects."""
    return settings.get("extensions.objectformat", "sha1").lower()


def _is_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


@functools.lru_cache(maxsize=4)
def git_program(search: str) -> str | None:
    """Return the absolute path of git, never one relative to the current directory."""
    folders = os.pathsep.join(folder for folder in search.split(os.pathsep) if os.path.isabs(folder))
    return shutil.which("git", path=folders) if folders else None
