"""Verify that the record of a run is true, from the bytes.

Knows: what a sealed run promises about each of its files.
Does not know: what its contract demands.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from runpact.disk.layout import RECORD, SEAL, is_unpinned
from runpact.disk.reader import Reading
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import digest_file, list_tree
from runpact.model.errors import StorageError
from runpact.model.finding import Finding, Report, Severity
from runpact.model.manifest import LogRecord, Manifest
from runpact.model.pipeline.plan import command_line
from runpact.model.run import Standing, State
from runpact.verbs.finding.standing import is_experiment, stand
from runpact.verbs.life.ownplaces import verify_places
from runpact.verbs.life.pinned import HINT, compare_pinned, damage
from runpact.verbs.pipeline.judged import verify_experiment


def verify_run(directory: str) -> tuple[Standing, Report]:
    """Re-derive everything a run's records say; report every byte that disagrees.

    Returns:
        The state, and the report: OK for an intact sealed run, INCOMPLETE for one that was never
        sealed, ERROR for damage.
    """
    reading, standing = stand(directory)
    if reading.record is not None and is_experiment(reading):
        findings = list(verify_experiment(reading, reading.record, verify_run)) or _unfinished(standing)
        return standing, Report(tuple(sorted(findings, key=lambda finding: finding.path)))
    is_ours = reading.has_record or reading.has_manifest or reading.has_seal
    findings = list(_records(reading)) if is_ours else []
    if reading.manifest is not None and reading.manifest.sealed:
        findings += _logs(reading, reading.manifest)
        findings += _files(reading, reading.manifest, {finding.path for finding in findings})
        findings += verify_places(directory, reading.manifest)
        findings = _with_rerun(reading, findings)
    elif not findings:
        findings.append(_unsealed(standing))
    return standing, Report(tuple(sorted(findings, key=lambda finding: finding.path)))


def _with_rerun(reading: Reading, findings: list[Finding]) -> list[Finding]:
    """Return findings whose hint names the command that makes a stage again, if this is an attempt at one."""
    folder, name = posixpath.split(reading.directory)
    stage = reading.record.stage if reading.record is not None else None
    if stage is None or not name.startswith(f"{stage}_"):  # an older attempt stands under its number
        return findings
    experiment = posixpath.basename(folder)
    again = command_line(experiment, first=stage, last=stage, more="--force")
    hint = f"restore the file from a copy, or make it again: {again}"
    return [msgspec.structs.replace(each, hint=hint) if each.hint == HINT else each for each in findings]


def _unfinished(standing: Standing) -> list[Finding]:
    """Return that an undamaged experiment has nothing sealed to verify, or still runs."""
    return [] if standing.state in {State.FINISHED, State.FAILED} else [_unsealed(standing)]


def _records(reading: Reading) -> Iterator[Finding]:
    """Judge birth record, manifest and seal against each other."""
    is_sealed = reading.manifest is not None and reading.manifest.sealed
    if not reading.has_record:
        yield damage("missing-file", RECORD, "the birth record is missing")
    elif reading.record_fault:
        yield damage("damaged-record", RECORD, reading.record_fault)
    if not reading.has_manifest:
        yield damage("missing-file", reading.manifest_path, "the manifest is missing")
    elif reading.manifest_fault:
        yield damage("damaged-record", reading.manifest_path, reading.manifest_fault)
    if reading.seal_fault and reading.seal is None:
        yield damage("damaged-record", SEAL, reading.seal_fault)
    elif reading.seal_fault and is_sealed:
        yield damage("damaged-record", reading.manifest_path, reading.seal_fault)
    elif is_sealed and not reading.has_seal:
        yield damage("missing-file", SEAL, "the seal is missing")


def _logs(reading: Reading, manifest: Manifest) -> Iterator[Finding]:
    """Compare each log with what manifest and seal say of it."""
    for name, log in manifest.logs.items():
        sealed = reading.seal.logs.get(name) if reading.seal else log
        if sealed != log:
            yield damage(
                "damaged-record", reading.manifest_path, f"manifest and seal disagree about the log `{name}`"
            )
        yield from _log(reading.directory, log)


def _log(directory: str, log: LogRecord) -> Iterator[Finding]:
    stored = StoredLog(directory, log.path)
    try:
        got, _size = digest_file(directory, log.path)
    except StorageError as error:
        there, missing = ("unreadable", error.message), ("missing-file", "the log is missing")
        code, said = there if stored.exists else missing
        yield damage(code, log.path, said)
        return
    if got != log.digest:
        lines = f"{sum(1 for _entry in stored.entries())} of {log.count} entries are readable"
        yield damage("digest-mismatch", log.path, f"the log is not the one sealed; {lines}", log.digest, got)


def _files(reading: Reading, manifest: Manifest, reported: set[str]) -> Iterator[Finding]:
    """Compare every file of the run with the manifest, both ways."""
    records = {"manifest": reading.manifest_path}
    logs = {log.path for log in manifest.logs.values()}
    yield from compare_pinned(
        reading.directory,
        manifest.files,
        list_tree(reading.directory),
        is_left_out=lambda path: path in reported or path in logs or is_unpinned(path, records),
    )


def _unsealed(standing: Standing) -> Finding:
    if standing.state is State.UNKNOWN:
        message, hint = (
            f"nothing to verify: {standing.reason}",
            "check it against a contract with `runpact check`",
        )
    else:
        message, hint = (
            f"the run is {standing.state.value}: it was never sealed",
            "only a sealed run can be verified",
        )
    return Finding(
        code="not-sealed",
        severity=Severity.INCOMPLETE,
        message=message,
        path=posixpath.curdir,
        expected="a sealed run",
        got=standing.state.value,
        hint=hint,
    )
