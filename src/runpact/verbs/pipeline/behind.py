"""Look at what stands behind an alias, and judge it by its type.

Knows: that a file and a folder may stand there, and which of its files an alias speaks of.
Does not know: who made them, what follows from a fault.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.disk.contractfiles import is_file
from runpact.disk.reader import is_directory
from runpact.host.quiet import quiet_expressions
from runpact.model.contract.entry import Entry
from runpact.model.contract.kind import Kind, Read, Stage
from runpact.model.contract.language import LoadedContract
from runpact.model.finding import Finding, Severity
from runpact.model.pipeline.behind import entries_behind, file_behind, is_claimed


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """What was found behind an alias."""

    place: str
    """Absolute path of the file or folder that the alias stands for."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Each file that the alias speaks of: its path in the folder, and its absolute path; sorted."""
    faults: tuple[Finding, ...] = ()
    """Paths relative to the folder."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files by absolute path, sorted."""
        return tuple(file for _path, file in self.pairs)


def look_behind(
    place: str, alias: str, read: Read, writer: Stage | None, *, loaded: LoadedContract, root: str
) -> Behind:
    """Return the files that an alias stands for, judged by their type.

    Args:
        place: Absolute path of the folder, or of the one file; nothing need stand there.
        alias: The alias.
        read: What its consumer says of it.
        writer: The stage that writes it; None when no stage does.
        loaded: The contract.
        root: Absolute data root.
    """
    folder, name = posixpath.split(place)
    types = loaded.contract.types
    if is_file(folder, name):
        return _judged(place, folder, file_behind(name, alias, read, types), loaded, root)
    if not is_directory(place):
        return Behind(place=place)
    return _judged(place, place, entries_behind(writer, alias, read, types), loaded, root)


def unjudged(place: str) -> Behind:
    """Return what is said of a folder of links whose originals have other names."""
    fault = Finding(
        code="undecided",
        severity=Severity.INCOMPLETE,
        path="",
        message="links that have other names than their originals cannot be judged by their type",
        expected="files of one folder, by their own names",
        hint="import the folder with --copy",
    )
    return Behind(place=place, faults=(fault,))


def _judged(place: str, folder: str, entries: tuple[Entry, ...], loaded: LoadedContract, root: str) -> Behind:
    from runpact.model.judge import judge  # noqa: PLC0415 - what a stage of this contract made was judged already
    from runpact.verbs.finding.gather import tree_of  # noqa: PLC0415 - as above

    quiet_expressions()
    tree = tree_of(folder, loaded, root, is_own=False)
    report = judge(Kind(at="alias", entries=entries), loaded, tree)
    names = sorted(fact.path for fact in tree.files if fact.kind in {"file", "symlink"})
    pairs = [(name, posixpath.join(folder, name)) for name in names if is_claimed(entries, name)]
    return Behind(place=place, pairs=tuple(pairs), faults=report.findings)
