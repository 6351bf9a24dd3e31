"""The lines that views list one run with.

Knows: which runs a view lists, whose files may be believed.
Does not know: how lines are kept, what the files of a view look like.

A run is listed once it has ended. Columns that look into files believe them as far as something vouches
for them: of a sealed run, those that are what its manifest says; of an experiment, what its sealed attempts
say of theirs; of a foreign directory, and beside an experiment's attempts, those that stand there, whose
stamps tell when to look again; of a run that was never sealed, or is damaged, none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from runpact.disk.experiment import stage_directories
from runpact.disk.layout import is_unpinned
from runpact.disk.reader import Reading, read_run
from runpact.disk.stamps import Stamp, stamps_of
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import digest_file
from runpact.model.contract.language import Contract, IndexView, LoadedContract
from runpact.model.contract.viewfiles import lists_kind
from runpact.model.errors import RunpactError, StorageError
from runpact.model.expression import Undecided
from runpact.model.facts import FormatFault, Json, RunTree
from runpact.model.judge import is_of_kind
from runpact.model.judge.subject import Subject
from runpact.model.links import linked_files
from runpact.model.metrics import summarise_metrics
from runpact.model.names import readable_path
from runpact.model.reference import references
from runpact.model.registry.cells import plain_value
from runpact.model.registry.pages import Line, line_of
from runpact.model.run import Standing, State
from runpact.model.variables import foreign_variables
from runpact.verbs.finding.gather import Gathered, gather
from runpact.verbs.finding.standing import is_experiment

_ENDED = frozenset({State.FINISHED, State.FAILED, State.INTERRUPTED, State.CORRUPT})
_LOOKING = ("document", "content", "rows", "table", "header", "arrays", "text", "chunk")
"""What a run's tree is asked about the content of a file."""
_Answer = TypeVar("_Answer")
_ASIDE = FormatFault("unreadable", "nothing vouches for this file")


class Listed(msgspec.Struct, frozen=True):
    """How views list a run."""

    lines: dict[int, Line] = {}
    """By the number of the view in the contract."""
    stamps: dict[str, Stamp] = {}
    """Of the files of a foreign directory that this follows from, taken before they were read."""


class Lister:
    """Lists runs as the views of one contract want them."""

    def __init__(self, root: str, contract: Contract) -> None:
        """Store the absolute data root and the contract."""
        self._root = root
        self._views = contract.workspace.indexes
        self._loaded = LoadedContract(contract=contract, sources={}, digest="")
        texts = [text for view in self._views for text in (*view.columns.values(), view.where)]
        self._wants_metrics = any(
            reference.root == "run" and reference.parts[:1] == ("metrics",)
            for text in texts
            for reference in references(text)
        )

    def list_run(self, reading: Reading, standing: Standing, path: str, kind: str | None) -> Listed:
        """Return how each view lists a run; a view that leaves it out has no line.

        Args:
            reading: Its records.
            standing: Its state.
            path: Relative to the root.
            kind: What it is of, as far as its records or its path tell.
        """
        if reading.is_staged or (reading.has_record and standing.state not in _ENDED):
            return Listed()
        voucher = _Voucher(reading, standing)
        gathered = self._gathered(reading, standing, path, kind)
        if gathered is None:
            return Listed()
        known = gathered.tree.run
        run = {**known, "path": readable_path(path), "id": readable_path(str(known["id"]))}
        if self._wants_metrics:
            run["metrics"] = _metrics(reading, standing)
        tree = voucher.over(msgspec.structs.replace(gathered.tree, run=run))
        self._look_at_kinds(voucher, tree)
        subject = Subject(gathered.kind, self._loaded, tree)
        lines = {
            number: line_of(view, _values(subject, view))
            for number, view in enumerate(self._views)
            if lists_kind(self._loaded.contract, view, str(run["kind"]))
            and subject.decide(view.where) is True
        }
        return Listed(lines, voucher.stamps)

    def _look_at_kinds(self, voucher: _Voucher, tree: RunTree) -> None:
        """Take the stamps of what tells the kind of a foreign directory, too."""
        for kind in self._loaded.contract.kinds.values() if voucher.is_foreign else ():
            is_of_kind(kind, self._loaded, tree)

    def _gathered(self, reading: Reading, standing: Standing, path: str, kind: str | None) -> Gathered | None:
        """Return a run as the judge sees it, with nothing but a name where it hides; None without a kind."""
        try:
            return gather(reading, standing, self._loaded, path=path, root=self._root)
        except RunpactError:
            return self._bare(reading, standing, kind) if kind in self._loaded.contract.kinds else None

    def _bare(self, reading: Reading, standing: Standing, kind: str) -> Gathered:
        name = posixpath.basename(reading.directory)
        tree = RunTree(
            files=(),
            run=foreign_variables({}, kind, name, standing.state),
            document=lambda _path, _form: _ASIDE,
            content=lambda _path, _form: _ASIDE,
        )
        return Gathered(self._loaded.contract.kinds[kind], tree)


def _values(subject: Subject, view: IndexView) -> dict[str, Json]:
    values = subject.evaluate_all(view.columns.values())
    return dict(zip(view.columns, map(_plain, values), strict=True))


def _plain(value: object) -> Json:
    return None if isinstance(value, Undecided) else plain_value(value)


def _metrics(reading: Reading, standing: Standing) -> dict[str, object]:
    """Return the last value of each metric of a sealed run whose log is the one that was sealed."""
    manifest, record = reading.manifest, reading.record
    log = manifest.logs.get("metrics") if manifest is not None and manifest.sealed else None
    if log is None or record is None or standing.state is State.CORRUPT:
        return {}
    try:
        if digest_file(reading.directory, log.path)[0] != log.digest:
            return {}
    except StorageError:
        return {}
    points = StoredLog(reading.directory, log.path).entries()
    return {metric.name: metric.last for metric in summarise_metrics(points)}


def _sealed_in(reading: Reading) -> dict[str, str]:
    """Return the digests that a sealed manifest names, by path."""
    manifest = reading.manifest
    is_sealed = manifest is not None and manifest.sealed and reading.seal_fault is None
    return {file.path: file.digest for file in manifest.files} if manifest is not None and is_sealed else {}


class _Voucher:
    """Says which files of a run may be believed."""

    def __init__(self, reading: Reading, standing: Standing) -> None:
        self._directory = reading.directory
        self._records = dict(reading.record.records) if reading.record is not None else {}
        is_corrupt = standing.state is State.CORRUPT
        self.is_foreign = not reading.has_record and not is_corrupt
        self._stages = stage_directories(reading.directory) if is_experiment(reading) else ()
        self._is_open = self.is_foreign or (is_experiment(reading) and not is_corrupt)
        """What no seal names counts as it stands."""
        self._sealed = {} if is_corrupt else _sealed_in(reading)
        for name in self._stages:
            attempt = read_run(posixpath.join(reading.directory, name))
            self._sealed |= {f"{name}/{path}": digest for path, digest in _sealed_in(attempt).items()}
        self._links: Mapping[str, str] = {}
        self._answers: dict[str, bool] = {}
        self.stamps: dict[str, Stamp] = {}

    def over(self, tree: RunTree) -> RunTree:
        """Return the tree with every look into a file that cannot be believed refused."""
        self._links = linked_files(tree.files)
        return msgspec.structs.replace(
            tree, **{name: self._asked(getattr(tree, name)) for name in _LOOKING}, values=self._values(tree)
        )

    def _asked(self, look: Callable[..., _Answer]) -> Callable[..., _Answer | FormatFault]:
        return lambda path, *rest: look(path, *rest) if self._vouches(path) else _ASIDE

    def _values(self, tree: RunTree) -> Callable[[str, str], object]:
        return lambda path, name: tree.values(path, name) if self._vouches(path) else _ASIDE.message

    def _vouches(self, path: str) -> bool:
        if path not in self._answers:
            self._answers[path] = self._believes(self._links.get(path, path))
        return self._answers[path]

    def _believes(self, path: str) -> bool:
        if self._is_open and not path.startswith(tuple(f"{name}/" for name in self._stages)):
            self.stamps |= stamps_of(self._directory, (path,))
            return True
        if not self._sealed:
            return False
        return is_unpinned(path, self._records) or self._sealed.get(path) == self._digest(path)

    def _digest(self, path: str) -> str | None:
        try:
            return digest_file(self._directory, path)[0]
        except StorageError:
            return None
