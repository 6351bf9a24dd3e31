"""What the next commit would take along, and what it would leave out.

Knows: what of a workspace belongs into a repository.
Does not know: git.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from runpact.model.doctor.diagnosis import Diagnosis, WriteIgnored, diagnose

LARGE_BYTES = 10_000_000
"""A larger file is no text that anybody compares, and a repository never forgets it."""
_MOST_NAMED = 3


class Ignored(msgspec.Struct, frozen=True):
    """A pattern that ignores a path."""

    source: str
    """The file that it stands in; relative to the workspace, or as git names it."""
    line: int
    pattern: str


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A path that stands for all of its folder, and what git does with it."""

    folder: str
    """Shown to people."""
    path: str
    ignored: Ignored | None = None


class LargeFile(msgspec.Struct, frozen=True):
    """A file that the next commit would take along, or may."""

    path: str
    size: int
    is_staged: bool


class Commitment(msgspec.Struct, frozen=True, kw_only=True):
    """What git says of a workspace; every path is relative to it."""

    runs: tuple[Probe, ...] = ()
    """One for each place of runs."""
    promotions: tuple[Probe, ...] = ()
    large: tuple[LargeFile, ...] = ()
    tracked: dict[str, tuple[str, ...]] = {}
    """Tracked files in places of runs, by the place."""
    patterns: tuple[str, ...] = ()
    """What the generated block is to ignore."""
    faults: tuple[str, ...] = ()
    """Why something could not be told."""


def judge_repository(found: Commitment) -> Iterator[Diagnosis]:
    """Yield what should be ignored and is not, what is and should not be, and what is too large."""
    yield from _runs(found)
    for probe in found.promotions:
        if probe.ignored is not None:
            yield diagnose(
                "promotion-ignored",
                "promoted copies are evidence to be committed, and git ignores them",
                path=probe.folder,
                got=_told(probe.ignored),
                hint="take the pattern out, or let another one behind it begin with `!`",
            )
    for place, paths in found.tracked.items():
        yield diagnose(
            "tracked-run",
            "files of runs are tracked by git: each new run changes the repository",
            path=place,
            got=f"{len(paths)} files: {', '.join(paths[:_MOST_NAMED])}" + " …" * (len(paths) > _MOST_NAMED),
            hint="`git rm -r --cached` leaves the files where they are; commit promoted copies instead",
        )
    yield from _large(found.large)
    for fault in found.faults:
        yield diagnose("undecided", "what git would commit could not all be told", got=fault)


def _runs(found: Commitment) -> Iterator[Diagnosis]:
    """Yield places of runs that git does not ignore."""
    for probe in found.runs:
        if probe.ignored is None:
            pattern = next((each for each in found.patterns if f"/{probe.path}".startswith(each)), None)
            yield diagnose(
                "runs-not-ignored",
                "git does not ignore runs: a commit could take thousands of files along",
                path=probe.folder,
                expected=pattern or "a pattern in `.gitignore`",
                got="no pattern that fits",
                hint=None if pattern else "no folder holds nothing but runs; write a pattern of your own",
                remedy=WriteIgnored(found.patterns) if pattern else None,
            )


def _large(files: Iterable[LargeFile]) -> Iterator[Diagnosis]:
    for file in files:
        yield diagnose(
            "large-file",
            "a large file is staged" if file.is_staged else "a large file is neither ignored nor tracked",
            path=file.path,
            expected=f"at most {LARGE_BYTES:,} bytes",
            got=f"{file.size:,} bytes",
            hint="take it out with `git restore --staged`, then keep it in a run, or ignore it"
            if file.is_staged
            else "keep it in a run, or ignore it before `git add`",
        )


def _told(ignored: Ignored) -> str:
    return f"`{ignored.pattern}` in {ignored.source}, line {ignored.line}"
