"""Compare runs.

Knows: which facts of a run are compared, and by whose contract.
Does not know: what makes two facts alike.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from runpact.disk.reader import Reading, read_bytes
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import digest_file
from runpact.model.compare.compare import SECTIONS, compare_runs
from runpact.model.compare.row import Comparison
from runpact.model.compare.series import Series, series_of
from runpact.model.compare.side import Side
from runpact.model.contract.kind import Kind
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import RunpactError, StorageError, UsageError
from runpact.model.names import shown_path
from runpact.model.place import Place
from runpact.model.run import State
from runpact.model.variables import outcome_of
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.standing import stand
from runpact.verbs.judging.canonical import under_canonical_names
from runpact.verbs.judging.check import judging_contract
from runpact.verbs.judging.sealedcontents import contents_of, layout_files, place_files

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
    sides = tuple(under_canonical_names(side, kind) for side in sides)
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
    files = {each.path: each for each in (*layout_files(reading), *place_files(reading))}
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
        contents=contents_of(reading, files),
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
