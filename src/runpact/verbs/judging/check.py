"""Check runs against their contract.

Knows: which contract judges, which facts it needs, how the parts of a verdict join.
Does not know: a single rule, a single file format.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

import msgspec

from runpact.disk.layout import CONTRACT, PRIVATE
from runpact.disk.reader import Reading
from runpact.model.contract.copies import kinds_of_copies
from runpact.model.contract.language import LoadedContract
from runpact.model.errors import NoContractError, RunpactError, StorageError
from runpact.model.finding import Finding, Report, Severity, Verdict
from runpact.model.judge import judge
from runpact.model.judge.origin import judge_origin
from runpact.model.names import readable_path, shown_path
from runpact.model.run import ContractRef, Standing, State
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.finding.gather import gather
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.standing import is_experiment, stand

OWN_COPY = "judged-by-own-copy"
_GRAVE = frozenset({Severity.ERROR, Severity.INCOMPLETE})


class CheckedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run's report, and who judged it."""

    id: str
    path: str
    """As findings name it: relative to the data root, or absolute outside it."""
    state: State
    judged_by: str
    """`id version` of the contract."""
    report: Report
    is_copy: bool = False
    """It is no run: a curated copy, a model or a data set, which a kind says how to judge."""

    @property
    def verdict(self) -> Verdict:
        """The report's verdict."""
        return self.report.verdict

    @property
    def fault(self) -> str:
        """The first reason why it does not keep its contract; empty where it does."""
        worst = next((each for each in self.report.findings if each.severity in _GRAVE), None)
        return f"{worst.path}: {worst.message}" if worst is not None else ""


def check_run(
    directory: str,
    *,
    root: str,
    contract: LoadedContract | None,
    is_named: bool = False,
    is_strict: bool = False,
) -> CheckedRun:
    """Judge one run directory, made by runpact or foreign.

    Args:
        directory: Absolute path.
        root: Absolute data root; findings name paths relative to it.
        contract: The workspace's or the caller's; None when there is neither.
        is_named: The caller named this contract, so it judges whatever made the run.
        is_strict: A rule that had nothing to judge is INCOMPLETE.

    Raises:
        NoContractError: There is no contract to judge by.
    """
    reading, standing = stand(directory)
    shown = shown_path(directory, root)
    try:
        chosen, own_copy = judging_contract(reading, contract, is_named=is_named)
    except RunpactError:
        if standing.state is not State.CORRUPT:
            raise
        return _unjudged(reading, standing, shown)
    try:
        gathered = gather(reading, standing, chosen, path=shown, root=root)
    except StorageError as error:
        return _unjudged(reading, standing, shown, _unreadable(error))
    report = judge(gathered.kind, chosen, gathered.tree)
    judged = [_hardened(finding) for finding in report.findings] if is_strict else report.findings
    if is_experiment(reading):
        standings = _through_stages(standing, reading, chosen, root, judged)
    else:
        standings = _standing_findings(standing, reading)
        judged = _without_unwritten(judged, standings, reading)
    findings = [*standings, *judged, *_origin_findings(reading)]
    findings += [*own_copy, *_moved(reading)]
    return CheckedRun(
        id=posixpath.basename(directory),
        path=shown,
        state=standing.state,
        judged_by=f"{chosen.contract.contract} {chosen.contract.version}",
        report=Report(tuple(_placed(finding, shown) for finding in findings), report.tiers),
        is_copy=reading.record is None and gathered.kind in kinds_of_copies(chosen.contract).values(),
    )


def _through_stages(
    standing: Standing, reading: Reading, chosen: LoadedContract, root: str, known: Iterable[Finding]
) -> list[Finding]:
    """Return what the stages of an experiment come to, without what its contract has told already."""
    from runpact.verbs.pipeline.judged import stage_findings  # noqa: PLC0415 - most runs are no experiments

    known = tuple(known)
    seen = {(finding.code, finding.path, finding.rule) for finding in known}
    seen |= {(finding.code, finding.path, finding.message) for finding in known}
    found = [
        finding
        for finding in stage_findings(reading, chosen, root=root)
        if seen.isdisjoint({(finding.code, finding.path, each) for each in (finding.rule, finding.message)})
    ]
    is_told = standing.state is State.FINISHED or any(each.severity is not Severity.ADVICE for each in found)
    return found if is_told else [*found, _unfinished(standing)]


def _unfinished(standing: Standing) -> Finding:
    return _record_finding(
        "not-sealed", Severity.INCOMPLETE, standing, "a finished experiment", "wait for its end"
    )


def _unreadable(error: StorageError) -> Finding:
    return Finding(
        code="unreadable",
        severity=Severity.ERROR,
        path="",
        message=error.message,
        expected="a directory that can be listed",
        got=error.got,
        hint="check its permissions, or whether it was removed meanwhile",
    )


def _unjudged(reading: Reading, standing: Standing, shown: str, *more: Finding) -> CheckedRun:
    """Return the report on a run too damaged to say what it was made under, or what stands in it."""
    findings = [*_standing_findings(standing, reading), *more]
    return CheckedRun(
        id=posixpath.basename(reading.directory),
        path=shown,
        state=standing.state,
        judged_by="nothing: the run is damaged" if standing.state is State.CORRUPT else "nothing",
        report=Report(tuple(_placed(finding, shown) for finding in findings)),
    )


def judging_contract(
    reading: Reading, contract: LoadedContract | None, *, is_named: bool
) -> tuple[LoadedContract, tuple[Finding, ...]]:
    """Return who judges: the named one, else the workspace's of equal id and major, else the copy.

    Args:
        reading: The run's records.
        contract: The workspace's or the caller's.
        is_named: The caller named it.

    Raises:
        NoContractError: There is none.
    """
    record = reading.record
    if contract is not None and (is_named or record is None or _agree(record.contract, contract)):
        return contract, ()
    if record is None:
        raise NoContractError(
            f"no contract judges `{reading.directory}`",
            at=reading.directory,
            hint="name one with --contract, or run this inside a workspace with a contract.yaml",
        )
    copy = load_copy(posixpath.join(reading.directory, CONTRACT))
    advice = Finding(
        code=OWN_COPY,
        severity=Severity.ADVICE,
        path=f"{CONTRACT}/contract.yaml",
        message="judged by the run's own copy of its contract",
        expected=f"{contract.contract.contract} {contract.contract.version}"
        if contract
        else "a workspace contract",
        got=f"{record.contract.id} {record.contract.version}",
        hint="name another contract with --contract to judge by it",
    )
    return copy, (advice,)


def _agree(made: ContractRef, contract: LoadedContract) -> bool:
    """Whether a run was made under this contract, in this or another version of the same major."""
    major = made.version.split(".", 1)[0]
    return made.id == contract.contract.contract and major == str(contract.contract.major)


def _hardened(finding: Finding) -> Finding:
    """Return a finding as `--strict` weighs it."""
    if finding.code != "vacuous":
        return finding
    return msgspec.structs.replace(finding, severity=Severity.INCOMPLETE)


_HINTS = {
    State.INTERRUPTED: "seal it as interrupted with `runpact doctor --fix`, and start another run",
    State.ABANDONED: "put it aside with `runpact doctor --fix`, and start another run",
}
"""What ends a state in which a run is not sealed, where waiting does not."""


def _standing_findings(standing: Standing, reading: Reading) -> list[Finding]:
    if standing.state is State.CORRUPT:
        return [
            _record_finding(
                "corrupt", Severity.ERROR, standing, "undamaged records", "run `runpact verify` on it"
            )
        ]
    is_sealed = reading.manifest is not None and reading.manifest.sealed
    if reading.has_record and not is_sealed:
        hint = _HINTS.get(standing.state, "wait, or start another run")
        return [_record_finding("not-sealed", Severity.INCOMPLETE, standing, "a sealed run", hint)]
    return []


def _without_unwritten(
    judged: Iterable[Finding], standings: list[Finding], reading: Reading
) -> list[Finding]:
    """Hang what a manifest lacks on that its run was not sealed: the seal is what completes it."""
    because = next((each.path for each in standings if each.code == "not-sealed"), None)
    return [
        msgspec.structs.replace(each, because=because)
        if because is not None and each.path.split("#", 1)[0] == reading.manifest_path
        else each
        for each in judged
    ]


def _origin_findings(reading: Reading) -> list[Finding]:
    """Return what the run's own provenance says against it."""
    origin = origin_of(reading)
    return list(judge_origin(origin, path=reading.manifest_path)) if origin is not None else []


def _record_finding(code: str, severity: Severity, standing: Standing, expected: str, hint: str) -> Finding:
    reason = f": {standing.reason}" if standing.reason else ""
    return Finding(
        code=code,
        severity=severity,
        path=PRIVATE,
        message=f"the run is {standing.state.value}{reason}",
        expected=expected,
        got=standing.state.value,
        hint=hint,
    )


def _moved(reading: Reading) -> list[Finding]:
    name = posixpath.basename(reading.directory)
    if reading.record is None or reading.record.id == name or reading.is_staged:
        return []
    return [
        Finding(
            code="renamed",
            severity=Severity.ADVICE,
            path="",
            message="the directory has another name than the run",
            expected=reading.record.id,
            got=name,
            hint="a copy is fine; it is still found by its uid",
        )
    ]


def _placed(finding: Finding, path: str) -> Finding:
    """Name a finding's file relative to the data root."""
    prefix = "" if path == "." else f"{path}/"

    def place(inner: str) -> str:
        if inner.startswith("../"):
            return posixpath.normpath(prefix + inner)
        return (prefix + inner).rstrip("/") if inner and not inner.startswith("#") else f"{path}{inner}"

    because = place(finding.because) if finding.because is not None else None
    return msgspec.structs.replace(finding, path=readable_path(place(finding.path)), because=because)
