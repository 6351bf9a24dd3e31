"""Check and verify an experiment through its attempts.

Knows: which attempts there are, and that a damaged one hides no other.
Does not know: a single rule.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

import msgspec

from runpact.disk.experiment import older_attempts, stage_directories
from runpact.disk.layout import ATTEMPTS, CONTRACT, RECORD
from runpact.disk.reader import Reading, read_bytes
from runpact.disk.tree import digest_file
from runpact.host.realpath import real_path
from runpact.model.contract.kind import Read
from runpact.model.contract.language import LoadedContract
from runpact.model.contract.stages import reads_of
from runpact.model.errors import RunpactError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.judge.parts import moved
from runpact.model.pipeline.held import damage, judge_held
from runpact.model.pipeline.judging import judge_experiment, judge_view
from runpact.model.run import RunRecord, Standing
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.pipeline.experiment import Experiment, read_asked
from runpact.verbs.pipeline.frozen import altered_config

Verify = Callable[[str], tuple[Standing, Report]]


def stage_findings(reading: Reading, loaded: LoadedContract, *, root: str) -> Iterator[Finding]:
    """Yield what the attempts of an experiment come to; paths relative to it.

    Args:
        reading: The experiment's records.
        loaded: The contract that judges.
        root: Absolute data root.
    """
    record = reading.record
    if record is None or record.kind not in loaded.contract.kinds:
        return
    experiment = Experiment(reading.directory, root=root, loaded=loaded, record=record)
    rows = experiment.rows()
    yield from _config(experiment)
    asked = read_asked(reading.directory).stages
    imported = experiment.imported()
    yield from _of_import(experiment)
    yield from judge_experiment(
        rows,
        asked=asked,
        stale=experiment.stale(rows),
        is_imported=imported is not None and imported.is_complete,
    )


def _of_import(experiment: Experiment) -> Iterator[Finding]:
    """Yield what types say against what was taken over and not made anew; of links the gate says it."""
    record = experiment.imported()
    if record is None or not record.is_complete or record.external:
        return
    from runpact.verbs.pipeline.behind import look_behind  # noqa: PLC0415 - few experiments import anything

    graph, reads = experiment.graph, _reads(experiment)
    for alias, folder in record.aliases.items():
        place = posixpath.join(experiment.directory, folder)
        read = reads.get(alias, Read())
        writer = graph.writer.get(alias)
        if writer is not None and experiment.row(writer) is not None:
            continue
        behind = look_behind(
            place,
            alias,
            read,
            writer,
            loaded=experiment.loaded,
            root=experiment.root,
            home=experiment.directory,
        )
        yield from (moved(fault, folder) for fault in behind.faults)


def _reads(experiment: Experiment) -> dict[str, Read]:
    return {
        alias: read for stage in reversed(experiment.graph.stages) for alias, read in reads_of(stage).items()
    }


def verify_experiment(reading: Reading, record: RunRecord, verify: Verify) -> tuple[Finding, ...]:
    """Return everything that an experiment's bytes say against its records.

    Args:
        reading: Its records.
        record: Its birth record.
        verify: Verifies one attempt.
    """
    directory = reading.directory
    findings: list[Finding] = []
    for name in stage_directories(directory):
        _standing, report = verify(posixpath.join(directory, name))
        findings += [moved(finding, name) for finding in report.findings]
        for number in older_attempts(directory, name):
            place = f"{ATTEMPTS}/{name}/{number}"
            _standing, report = verify(posixpath.join(directory, place))
            told = (finding for finding in report.findings if finding.code != "not-sealed")
            findings += [moved(_superseded(finding), place) for finding in told]
    findings += _own(directory, record, reading.manifest_path)
    return tuple(findings)


def _superseded(finding: Finding) -> Finding:
    """Return what is wrong with an older attempt: told, but nothing that is read follows from it."""
    return msgspec.structs.replace(
        finding,
        severity=Severity.WARNING,
        message=f"{finding.message}; the attempt is superseded and kept aside: no stage reads it",
        hint="nothing need be done: a later attempt stands in its place, and is judged by its own records",
    )


def _own(directory: str, record: RunRecord, manifest_path: str) -> Iterator[Finding]:
    """Yield what is wrong with the records of the experiment itself."""
    try:
        loaded = load_copy(posixpath.join(directory, CONTRACT))
    except RunpactError as error:
        yield damage("damaged-record", f"{CONTRACT}/contract.yaml", error.message)
        return
    if loaded.digest != record.contract.digest:
        yield damage(
            "digest-mismatch",
            CONTRACT,
            "the contract's copy is not the one of the birth record",
            record.contract.digest,
            loaded.digest,
        )
    if record.kind not in loaded.contract.kinds:
        return
    experiment = Experiment(directory, root=directory, loaded=loaded, record=record)
    yield from _config(experiment)
    yield from _taken_over(experiment)
    rows = experiment.rows()
    results = [row.result for row in rows.values() if row.result is not None]
    born, log = experiment.own_records()
    yield from judge_held(
        [result.experiment for result in results if result.experiment is not None],
        record=(RECORD, born or b""),
        log=(record.records["events"], log),
    )
    data = read_bytes(directory, manifest_path)
    try:
        document = msgspec.json.decode(data) if data is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = None
    yield from judge_view(document, rows, path=manifest_path, config_digest=experiment.config_digest)


def _config(experiment: Experiment) -> Iterator[Finding]:
    path = altered_config(experiment)
    if path is not None:
        message = "the frozen configuration is not the one of the birth record"
        hint = "the next `runpact pipeline run` restores it"
        yield msgspec.structs.replace(damage("digest-mismatch", path, message), hint=hint)


def _taken_over(experiment: Experiment) -> Iterator[Finding]:
    """Yield the imported files that are not what was imported, links judged by what they lead to."""
    record = experiment.imported()
    for file in record.files if record is not None and record.is_complete else ():
        folder, name = posixpath.split(real_path(posixpath.join(experiment.directory, file.path)))
        try:
            got = digest_file(folder, name)[0]
        except RunpactError as error:
            got = error.message
        if got != file.digest:
            yield Finding(
                code="digest-mismatch",
                severity=Severity.ERROR,
                message=f"it is not the file that was imported from {record.source if record else ''}",
                path=file.path,
                expected=file.digest,
                got=got,
                hint="put the original back, or import the folder under another name with --as",
            )
