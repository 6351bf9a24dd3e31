"""The run that a golden record is made from, or that is held against one.

Knows: which of its files count: of an experiment what its stages wrote, of any other run its layout.
Does not know: what is held of a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from runpact.disk.reader import Reading
from runpact.disk.tree import digest_file
from runpact.model.compare.allowance import Allowance
from runpact.model.compare.side import Contents, Side
from runpact.model.contract.language import Kind, LoadedContract
from runpact.model.contract.stages import directory_of
from runpact.model.digest import digest_bytes
from runpact.model.errors import CannotStartError, StorageError
from runpact.model.facts import Json
from runpact.model.golden.contents import WithMetrics
from runpact.model.golden.forms import StageForms
from runpact.model.judge.forms import Forms
from runpact.model.manifest import FileRecord
from runpact.model.names import shown_path
from runpact.model.run import RunRecord, Standing
from runpact.model.template import compile_glob
from runpact.verbs.finding.standing import stand
from runpact.verbs.judging.compare import series_in
from runpact.verbs.judging.sealedcontents import SealedContents, layout_files
from runpact.verbs.pipeline.experiment import Experiment
from runpact.verbs.pipeline.fresh import changed_stages
from runpact.verbs.pipeline.frozen import altered_config


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A run, as far as a golden record speaks of it."""

    record: RunRecord
    standing: Standing
    kind: Kind
    forms: Forms
    allowance: Allowance
    side: Side
    """Its files with the digests that they have now."""
    config_digest: str
    config_file: str | None
    """Where the configuration stands in the layout."""
    unusable: dict[str, str] = {}
    """Why the outputs of a stage do not count, by the stage's directory."""
    altered: tuple[str, ...] = ()
    """Files that are not those that were sealed."""


def subject(directory: str, *, root: str, loaded: LoadedContract, chosen: Iterable[str] = ()) -> Subject:
    """Read a run.

    Args:
        directory: Absolute.
        root: Absolute data root.
        loaded: The contract that says what may differ.
        chosen: Globs of the files that count; by default all.

    Raises:
        CannotStartError: It is no run that runpact made under this contract.
    """
    reading, standing = stand(directory)
    record = reading.record
    kinds = loaded.contract.kinds
    if record is None or record.contract.id != loaded.contract.contract or record.kind not in kinds:
        raise CannotStartError(
            f"`{shown_path(directory, root)}` is no run that was made under this contract",
            at=directory,
            expected=f"a run under {loaded.contract.contract}",
            got="no record of runpact" if record is None else f"{record.contract.id}, kind `{record.kind}`",
            hint="name its contract with --contract",
        )
    wanted = [compile_glob(glob) for glob in chosen]
    experiment = (
        Experiment(directory, root=root, loaded=loaded, record=record)
        if record.sealed == "by_stage"
        else None
    )
    sealed, metrics = _of_experiment(experiment) if experiment else _of_run(reading)
    sealed = {
        path: each
        for path, each in sealed.items()
        if not wanted or any(glob.fullmatch(path) for glob in wanted)
    }
    metrics = {
        path: each
        for path, each in metrics.items()
        if not wanted or any(glob.fullmatch(path) for glob in wanted)
    }
    kind = kinds[record.kind]
    contents: Contents = SealedContents(directory, sealed)
    measured = dict(_measured(directory, sealed))
    config = altered_config(experiment) if experiment else None
    return Subject(
        record=record,
        standing=standing,
        kind=kind,
        forms=StageForms(kind, loaded.contract.types) if experiment else Forms(kind.entries),
        allowance=Allowance(kind.determinism),
        side=Side(
            shown=shown_path(directory, root),
            state=standing.state,
            files=measured | {path: _stream(path, metrics[path]) for path in metrics},
            contents=WithMetrics(contents, metrics),
        ),
        config_digest=experiment.config_digest if experiment else record.provenance.config.digest,
        config_file=experiment.config_file if experiment else None,
        unusable=_unusable(experiment) if experiment else {},
        altered=(
            *(path for path, each in measured.items() if each.digest != sealed[path].digest),
            *((config,) if config is not None else ()),
        ),
    )


_Found = tuple[dict[str, FileRecord], dict[str, dict[str, Json]]]
"""Files as they were sealed and last values of metrics, both by path."""


def _of_run(reading: Reading) -> _Found:
    files = {each.path: each for each in layout_files(reading)}
    values = _last_values(reading)
    record = reading.record
    return files, {record.records["metrics"]: values} if record is not None and values else {}


def _of_experiment(experiment: Experiment) -> _Found:
    """Return what the last usable attempts wrote; paths relative to the experiment."""
    usable = [row.result for row in experiment.rows().values() if row.result and row.result.is_usable]
    outputs = (each for result in usable for each in result.outputs)
    return {each.path: FileRecord(each.path, each.size, each.digest, type=each.type) for each in outputs}, {}


def _last_values(reading: Reading) -> dict[str, Json]:
    return {name: series[-1].value for name, series in series_in(reading).items() if series}


def _unusable(experiment: Experiment) -> dict[str, str]:
    """Return why stages have no outputs that count, or outputs that are out of date."""
    rows = experiment.rows()
    stale = experiment.stale(rows, changed_stages(experiment))
    found = {name: f"the stage is out of date: {why}" for name, why in stale.items()}
    for name in map(directory_of, experiment.graph.stages):
        row = rows.get(name)
        if row is None:
            found[name] = "the stage has not run"
        elif row.result is None or not row.result.is_usable:
            found[name] = f"the last attempt is {row.result.status.value if row.result else row.state.value}"
    return found


def _measured(directory: str, sealed: dict[str, FileRecord]) -> Iterator[tuple[str, FileRecord]]:
    """Yield files with the digest that they have now; a file that is gone is left out."""
    for path, record in sealed.items():
        if record.type == "symlink":
            yield path, record
            continue
        try:
            digest, size = digest_file(directory, path)
        except StorageError:
            continue
        yield path, FileRecord(path, size, digest, type=record.type)


def _stream(path: str, values: dict[str, Json]) -> FileRecord:
    return FileRecord(path, 0, digest_bytes(msgspec.json.encode(values, order="sorted")))
