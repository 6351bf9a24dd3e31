"""Compare runs.

Knows: which facts of a run are compared, and by whose contract.
Does not know: what makes two facts alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from runpact.disk.layout import PRIVATE
from runpact.disk.reader import Reading, read_bytes
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import digest_file, list_tree
from runpact.formats.inspect import Inspector
from runpact.model.compare.compare import SECTIONS, compare_runs
from runpact.model.compare.row import Comparison
from runpact.model.compare.series import Series, series_of
from runpact.model.compare.side import Side
from runpact.model.contract.kind import Kind, Records
from runpact.model.contract.language import LoadedContract
from runpact.model.digest import digest_bytes
from runpact.model.errors import RunpactError, StorageError, UsageError
from runpact.model.facts import ArrayValues, Facts, FileFact, Form, FormatFault
from runpact.model.manifest import FileRecord
from runpact.model.names import shown_path
from runpact.model.place import Place
from runpact.model.run import RunRecord, State
from runpact.model.variables import outcome_of
from runpact.verbs.check import judging_contract
from runpact.verbs.origin import origin_of
from runpact.verbs.standing import stand

_NO_KIND = Kind()
_FEWEST = 2


def compare(
    directories: Sequence[str],
    *,
    root: str,
    contract: LoadedContract | None,
    is_named: bool = False,
    only: Collection[str] = (),
) -> Comparison:
    """Return what differs between runs; the contract of the first says what may.

    Args:
        directories: Absolute paths of two runs or more; each is held against the first.
        root: Absolute data root.
        contract: The workspace's or the caller's; None when there is neither.
        is_named: The caller named this contract.
        only: The sections to compare; by default all.

    Raises:
        UsageError: There are fewer than two runs, or no section has that name.
    """
    if len(directories) < _FEWEST:
        raise UsageError("one run alone has nothing to differ from", expected="two runs or more")
    unknown = next((name for name in only if name not in SECTIONS), None)
    if unknown is not None:
        raise UsageError("no section has this name", expected=", ".join(SECTIONS), got=unknown)
    sides, readings = zip(*(_side(directory, root) for directory in directories), strict=True)
    record = readings[0].record
    kind = _kind_of(readings[0], sides[0], contract, is_named=is_named)
    records = record.records if record else {"metrics": kind.records.metrics}
    return compare_runs(sides, kind, only=only, metrics=records["metrics"])


def stored_patches(directories: Sequence[str]) -> tuple[str | None, ...]:
    """Return the stored diff of each run's code; None for one that has none."""
    return tuple(_patch(directory) for directory in directories)


def _patch(directory: str) -> str | None:
    reading, _standing = stand(directory)
    origin = origin_of(reading)
    path = origin.code.diff.path if origin and origin.code.diff else None
    data = read_bytes(directory, path) if path else None
    return None if data is None else data.decode("utf-8", "replace")


def series_in(reading: Reading) -> dict[str, Series]:
    """Return the metrics of a run, by name."""
    if reading.record is None:
        return {}
    return series_of(StoredLog(reading.directory, reading.record.records["metrics"]).entries())


def _side(directory: str, root: str) -> tuple[Side, Reading]:
    reading, standing = stand(directory)
    record, manifest = reading.record, reading.manifest
    known = record or manifest
    files = {each.path: each for each in _files(reading)}
    side = Side(
        shown=shown_path(directory, root),
        state=standing.state,
        reason=standing.reason,
        is_recorded=known is not None,
        kind=known.kind if known else "",
        contract=known.contract if known else None,
        outcome=outcome_of(manifest),
        origin=origin_of(reading),
        metrics=series_in(reading),
        metrics_fault=_metrics_fault(reading, standing.state),
        files=files,
        contents=_SealedContents(directory, files),
    )
    return side, reading


def _metrics_fault(reading: Reading, state: State) -> str:
    """Say why the metrics of a run are not known; nothing when they are."""
    if reading.record is None:
        return "its records are damaged" if state is State.CORRUPT else ""
    manifest = reading.manifest
    log = manifest.logs.get("metrics") if manifest is not None and manifest.sealed else None
    if log is None:
        return ""
    try:
        digest, _size = digest_file(reading.directory, log.path)
    except StorageError as error:
        return error.message
    return "" if digest == log.digest else "its log of metrics is not the one that was sealed"


def _kind_of(reading: Reading, side: Side, contract: LoadedContract | None, *, is_named: bool) -> Kind:
    """Return the kind that says what may differ; one that allows nothing where there is none to be had."""
    try:
        chosen, _advice = judging_contract(reading, contract, is_named=is_named)
    except RunpactError:
        return _NO_KIND
    kinds = chosen.contract.kinds
    fitting = [name for name, kind in kinds.items() if Place.of(name, kind).match(side.shown) is not None]
    only = kinds if len(kinds) == 1 else ()
    return next((kinds[name] for name in (side.kind, *fitting, *only) if name in kinds), _NO_KIND)


def _files(reading: Reading) -> Iterator[FileRecord]:
    """Yield the files of a run's layout: as the manifest pins them, or as they stand in an unsealed run."""
    manifest, records = reading.manifest, _own_records(reading.record)
    is_sealed = manifest is not None and manifest.sealed
    found = manifest.files if manifest is not None and is_sealed else _standing_files(reading.directory)
    for each in found:
        if each.path not in records and not each.path.startswith(f"{PRIVATE}/"):
            yield each


def _own_records(record: RunRecord | None) -> frozenset[str]:
    return frozenset(record.records.values() if record else (Records().manifest,))


def _standing_files(directory: str) -> Iterator[FileRecord]:
    for fact in list_tree(directory):
        if fact.kind != "dir" and not fact.path.startswith(f"{PRIVATE}/"):
            yield _pinned(directory, fact)


def _pinned(directory: str, fact: FileFact) -> FileRecord:
    if fact.kind == "symlink":
        return FileRecord(fact.path, 0, digest_bytes((fact.target or "").encode()), type="symlink")
    try:
        digest, size = digest_file(directory, fact.path)
    except StorageError:
        return FileRecord(fact.path, fact.size, "", type="unreadable")
    return FileRecord(fact.path, size, digest)


class _SealedContents:
    """What stands in the files of a run, as long as they are the files that its record names."""

    def __init__(self, directory: str, files: dict[str, FileRecord]) -> None:
        self._directory = directory
        self._files = files
        self._inspector = Inspector(directory)
        self._faults: dict[str, FormatFault | None] = {}

    def facts(self, path: str, form: Form) -> Facts | FormatFault:
        return self._fault(path) or self._inspector.facts(path, form)

    def rows(self, path: str, form: Form) -> list[dict[str, object]] | FormatFault:
        return self._fault(path) or self._inspector.rows(path, form)

    def values(self, path: str, name: str) -> ArrayValues | str:
        return self._inspector.values(path, name)

    def _fault(self, path: str) -> FormatFault | None:
        if path not in self._faults:
            self._faults[path] = self._hold_against(self._files[path])
        return self._faults[path]

    def _hold_against(self, record: FileRecord) -> FormatFault | None:
        if record.type == "symlink":
            return FormatFault("not-a-document", "it is a link")
        try:
            digest, _size = digest_file(self._directory, record.path)
        except StorageError as error:
            return FormatFault("unreadable", error.message)
        is_sealed = digest == record.digest
        return None if is_sealed else FormatFault("digest-mismatch", "it is not the file that was sealed")
