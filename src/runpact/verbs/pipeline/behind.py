"""Look at what stands behind an alias, and judge it by its type.

Knows: that a file and a folder may stand there, and which of its files an alias speaks of.
Does not know: who made them, what follows from a fault.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from runpact.disk.contractfiles import is_file
from runpact.disk.reader import is_directory
from runpact.disk.tree import list_tree, size_beneath
from runpact.host.quiet import quiet_expressions
from runpact.host.realpath import real_path
from runpact.model.contract.entry import Entry
from runpact.model.contract.kind import Kind, Read, Stage
from runpact.model.contract.language import LoadedContract
from runpact.model.facts import FileFact
from runpact.model.finding import Finding, Severity
from runpact.model.pipeline.behind import entries_behind, file_behind, is_claimed
from runpact.model.pipeline.legacy import FOLDER
from runpact.verbs.pipeline.experiment import Experiment


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """What was found behind an alias."""

    place: str
    """Absolute path of the file or folder that the alias stands for."""
    folder: str = ""
    """Absolute path of the folder that paths are relative to."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Each file that the alias speaks of: its path in the folder, and its absolute path; sorted."""
    led: Mapping[str, str] = MappingProxyType({})
    """Absolute path of the file that a link stands for, by the absolute path of the link."""
    faults: tuple[Finding, ...] = ()
    """Paths relative to the folder."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files by absolute path, sorted."""
        return tuple(file for _path, file in self.pairs)


def look_behind(
    place: str,
    alias: str,
    read: Read,
    writer: Stage | None,
    *,
    loaded: LoadedContract,
    root: str,
    home: str,
) -> Behind:
    """Return the files that an alias stands for, judged by their type.

    One file is looked at alone, whatever stands beside it. Elsewhere than in the experiment, and in what it
    took over, a link to a file is that file; one that leads out of the workspace is a fault besides, when no
    import made it.

    Args:
        place: Absolute path of the folder, or of the one file; nothing need stand there.
        alias: The alias.
        read: What its consumer says of it.
        writer: The stage that writes it; None when no stage does.
        loaded: The contract.
        root: Absolute data root.
        home: Absolute directory of the experiment.
    """
    folder, name = posixpath.split(place)
    types = loaded.contract.types
    if is_file(folder, name):
        look = _Look(folder, alias, loaded, root)
        return look.judged(
            place, [FileFact(name, "symlink", escapes=True)], file_behind(name, alias, read, types)
        )
    if not is_directory(place):
        return Behind(place=place)
    entries = entries_behind(writer, alias, read, types)
    is_taken_over = f"{place}/".startswith(posixpath.join(home, FOLDER) + "/")
    is_foreign = is_taken_over or not f"{place}/".startswith(home.rstrip("/") + "/")
    look = _Look(place, alias, loaded, root, is_foreign=is_foreign, may_lead_out=is_taken_over)
    return look.judged(place, list_tree(place), entries)


def look_at_output(experiment: Experiment, stage: Stage, alias: str) -> Behind:
    """Return the files that stand where a stage writes an alias, judged by their type."""
    return look_behind(
        posixpath.join(experiment.directory, experiment.target(stage, alias)),
        alias,
        Read(),
        stage,
        loaded=experiment.loaded,
        root=experiment.root,
        home=experiment.directory,
    )


class _Look:
    """One look at a folder."""

    def __init__(
        self,
        folder: str,
        alias: str,
        loaded: LoadedContract,
        root: str,
        *,
        is_foreign: bool = True,
        may_lead_out: bool = False,
    ) -> None:
        self.folder, self.alias, self.loaded, self.root = folder, alias, loaded, root
        self.is_foreign, self.may_lead_out = is_foreign, may_lead_out
        self.led: dict[str, tuple[str, str]] = {}
        """Folder and name of the file that a link stands for, by the path of the link."""
        self.faults: list[Finding] = []

    def judged(self, place: str, facts: Iterable[FileFact], entries: tuple[Entry, ...]) -> Behind:
        """Return what an alias speaks of among these files."""
        from runpact.model.judge import judge  # noqa: PLC0415 - what a stage of this contract made was judged already
        from runpact.verbs.finding.gather import tree_with  # noqa: PLC0415 - as above

        quiet_expressions()
        files = tuple(self._followed(fact) if fact.escapes and self.is_foreign else fact for fact in facts)
        tree = tree_with(self.folder, files, self.led, self.loaded, self.root, is_own=False)
        report = judge(Kind(at="alias", entries=entries), self.loaded, tree)
        names = sorted(fact.path for fact in files if fact.kind in {"file", "symlink"})
        claimed = [name for name in names if is_claimed(entries, name)]
        told = [each for each in self.faults if each.path in claimed]
        return Behind(
            place=place,
            folder=self.folder,
            pairs=tuple((name, posixpath.join(self.folder, name)) for name in claimed),
            led={posixpath.join(self.folder, name): posixpath.join(*at) for name, at in self.led.items()},
            faults=(*report.findings, *told),
        )

    def _followed(self, fact: FileFact) -> FileFact:
        """Return the file that a link leads to, under the link's name; the link itself when it is none."""
        real = real_path(posixpath.join(self.folder, fact.path))
        folder, name = posixpath.split(real)
        size = size_beneath(folder, name)
        if size is None:
            return fact
        if real != posixpath.join(self.folder, fact.path):
            self.led[fact.path] = folder, name
            if not self.may_lead_out and not real.startswith(real_path(self.root).rstrip("/") + "/"):
                self.faults.append(self._led_out(fact.path, real))
        return FileFact(fact.path, "file", size)

    def _led_out(self, path: str, real: str) -> Finding:
        return Finding(
            code="escaping-link",
            severity=Severity.ERROR,
            path=path,
            message="the link leads out of the workspace",
            expected="a file of the workspace, or a link to one",
            got=real,
            hint=f"name what it leads to, or its folder, with --input {self.alias}=PATH",
        )
