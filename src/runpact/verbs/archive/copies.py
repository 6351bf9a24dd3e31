"""Gather what a curated copy of a run is made of.

Knows: what belongs to evidence, which certificate is about a run, what a plain copy takes from a run.
Does not know: where the copy goes, whether the run may be promoted.
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from runpact.disk.archive import Content, files_of_copy
from runpact.disk.evidence import certificates_at, read_beside, read_certificate
from runpact.disk.placed import give_place
from runpact.disk.tree import read_file
from runpact.model.archive.copy import ANNOTATIONS, BASELINE, RECORD, CopiedRun, CopyRecord, Role
from runpact.model.contract.kind import Kind
from runpact.model.contract.language import LoadedContract
from runpact.model.contract.surroundings import Promotion
from runpact.model.errors import (
    Fault,
    NotPromotableError,
    PromotionIncompleteError,
    RunpactError,
    WriteOnceError,
)
from runpact.model.evidence.build import Stored
from runpact.model.evidence.certificate import Certificate, label_of
from runpact.model.evidence.examine import references_of
from runpact.model.evidence.names import FILE, REPORT
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.finding import Report, Verdict
from runpact.model.judge import judge
from runpact.model.judge.subject import Subject
from runpact.model.ledger.entry import ArchivedFile, Baseline
from runpact.model.run import RunRecord
from runpact.standalone import NAME
from runpact.verbs.archive.reports import find_report
from runpact.verbs.evidence.authenticate import ATTESTATION
from runpact.verbs.evidence.certify import SCRATCH
from runpact.verbs.evidence.normal import normal_report
from runpact.verbs.evidence.verify_certificate import certificate_document, stored
from runpact.verbs.finding.gather import Gathered, tree_of

OPEN_NAMES = frozenset({RECORD, ANNOTATIONS, ATTESTATION, NAME})
"""Files of a copy that no promotion has to name, and that nothing follows from."""
_LARGEST = 256_000_000
_MOST = 10
"""Findings that a refusal tells."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is to be promoted."""

    directory: str
    """Absolute."""
    path: str
    """As people know it."""
    record: RunRecord
    gathered: Gathered
    """As the workspace's contract sees it."""
    loaded: LoadedContract
    """The workspace's contract; never the run's own copy."""

    def subject(self) -> Subject:
        """Return the run as expressions of the contract see it."""
        return Subject(self.gathered.kind, self.loaded, self.gathered.tree)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy is made of, before it has a name."""

    role: Role
    label: str
    """Of the folder, unless another is said."""
    run: CopiedRun
    pinned: Mapping[str, bytes]
    """Files that nothing may change afterwards, by their path in the folder."""
    others: Mapping[str, bytes] = {}
    """Files that may be added to or replaced."""
    decision: str | None = None
    """The certificate's; None without one."""
    tier: str | None = None
    baseline: Baseline | None = None
    beside: Draft | None = None
    """The baseline's copy, which stands beside that of a subject."""

    def record(self, promotion: str, label: str, *, is_failed: bool = False) -> CopyRecord:
        """Return the record of the copy."""
        return CopyRecord(
            promotion=promotion,
            label=label,
            role=self.role,
            run=self.run,
            decision=self.decision,
            tier=self.tier,
            failed=is_failed,
            baseline=self.baseline,
            files={path: ArchivedFile.of(data) for path, data in sorted(self.pinned.items())},
        )


def is_evidence(promotion: Promotion) -> bool:
    """Whether a promotion is about certificates: one of its entries is called as they are."""
    return any(
        FILE in ((each.file,) if isinstance(each.file, str) else each.file or ())
        for each in promotion.entries
    )


def draft_of_baseline(source: Source) -> Draft:
    """Return the copy of a baseline: its report in normal form, with all its windows.

    Raises:
        EvidenceError: The run has no report, or it is no evidence.
    """
    return _baseline(*_report_of(source))


def draft_of_subject(source: Source, root: str, certificate: str | None, tier: str | None = None) -> Draft:
    """Return the copy of a subject: its certificate and the reports that it rests on.

    Args:
        source: The run.
        root: Absolute data root, with the scratch folder of certificates.
        certificate: Absolute path of the certificate or its folder; None to look for it.
        tier: Which of several it is; None when there is to be one.

    Raises:
        EvidenceError: The run has no report, or it is no evidence.
        PromotionIncompleteError: There is no certificate of this run, or several.
    """
    _data, report = _report_of(source)
    path, found = _certificate_of(source, report, certificate or posixpath.join(root, SCRATCH), tier)
    references = references_of(found)
    data, baseline_data = (_beside(path, each.path) for each in references)
    attestation = read_beside(path, ATTESTATION)
    baseline = stored(baseline_data, references[1].path)
    return Draft(
        role="subject",
        label=label_of(report.report.meta, found.policy_provenance.tier),
        run=_run_of(report),
        pinned={FILE: read_certificate(path), REPORT: data},
        others={} if attestation is None else {ATTESTATION: attestation},
        decision=found.decision,
        tier=found.policy_provenance.tier,
        baseline=Baseline(baseline.report.meta.run_id, baseline.sha256),
        beside=_baseline(baseline_data, baseline),
    )


def draft_of_files(source: Source, promotion: Promotion) -> Draft:
    """Return a plain copy: the files of the run that the promotion's entries name.

    Raises:
        PromotionIncompleteError: They name none that is there.
    """
    subject = source.subject()
    paths = sorted({claim.path for entry in promotion.entries for claim in subject.claims(entry)})
    if not paths:
        raise PromotionIncompleteError(
            "the run has no file that the promotion names", at=source.path, expected="a file of its `entries`"
        )
    record = source.record
    run = CopiedRun(id=record.id, uid=record.uid, name=record.name or None, started=record.started)
    parts = [record.name, record.id] if record.name and record.name not in record.id else [record.id]
    return Draft(
        role="copy",
        label="_".join(parts),
        run=run,
        pinned={path: read_file(source.directory, path, _LARGEST) for path in paths},
    )


def publish_copy(ready: str, folder: str, pinned: Mapping[str, Content]) -> bool:
    """Give a copy that is ready its name; say whether it is new.

    Args:
        ready: Absolute, where it was made ready.
        folder: Absolute, where it is to stand.
        pinned: Its files; one that stands there already must have the same.

    Raises:
        WriteOnceError: Another copy has that name.
    """
    if give_place(ready, folder, what="curated copy"):
        return True
    found = files_of_copy(folder)
    differing = [name for name, content in pinned.items() if found.get(name) != archived(content)]
    if differing:
        raise WriteOnceError(
            f"the folder `{posixpath.basename(folder)}` stands there already, and is another one",
            at=posixpath.join(folder, differing[0]),
            hint="a curated copy is never overwritten; another label (`promote --as`) or place (`--to` of"
            " `models promote` and `data add`) keeps both",
        )
    return False


def archived(content: Content) -> ArchivedFile:
    """Return digest and size of what is copied."""
    return ArchivedFile.of(content) if isinstance(content, bytes) else content.file


def demand_entries(
    folder: str,
    label: str,
    source: Source,
    promotion: Promotion,
    *,
    captures: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Make sure that a copy holds what its promotion demands, where it lies now.

    Args:
        folder: Absolute, where it was made ready.
        label: Of the copy.
        source: The run.
        promotion: What is demanded.
        captures: What its place says besides, for rules that name it as `run.<capture>`.

    Raises:
        NotPromotableError: Something is wrong with it.
        PromotionIncompleteError: Something is missing.
    """
    tree = tree_of(folder, source.loaded, folder, is_own=False)
    files = tuple(fact for fact in tree.files if fact.path not in OPEN_NAMES)
    run = {**source.gathered.tree.run, **captures, "label": label}
    kind = Kind(at=promotion.at, entries=promotion.entries, others=promotion.others, rules=promotion.rules)
    report = judge(kind, source.loaded, msgspec.structs.replace(tree, files=files, run=run))
    demand_sound(report, "the copy is not what the promotion demands", at=source.path)


def demand_sound(report: Report, message: str, *, at: str, hint: str = "") -> None:
    """Make sure that nothing above a warning was found.

    Raises:
        NotPromotableError: Something is wrong.
        PromotionIncompleteError: Something is missing.
    """
    if report.verdict in {Verdict.INCOMPLETE, Verdict.ERROR}:
        refusal = PromotionIncompleteError if report.verdict is Verdict.INCOMPLETE else NotPromotableError
        faults = tuple(Fault(f"[{each.code}] {each.message}", each.path) for each in report.findings[:_MOST])
        raise refusal(message, at=at, faults=faults, hint=hint)


def _report_of(source: Source) -> tuple[bytes, Stored]:
    """Return the report of a run in its normal form, and what it says."""
    return normal_report(find_report(source.directory, cwd=source.directory, resolve=lambda path: path))


def _baseline(data: bytes, report: Stored) -> Draft:
    return Draft(role="baseline", label=BASELINE, run=_run_of(report), pinned={REPORT: data})


def _run_of(report: Stored) -> CopiedRun:
    meta = report.report.meta
    told = report.document.get("meta")
    uid = told.get("uid") if isinstance(told, Mapping) else None
    return CopiedRun(
        id=meta.run_id, uid=uid if isinstance(uid, str) else None, name=meta.nickname, started=meta.started
    )


def _certificate_of(source: Source, report: Stored, folder: str, tier: str | None) -> tuple[str, Certificate]:
    """Return the certificate of a run among those of a folder; a tier chooses among several."""
    found = []
    for path in certificates_at(folder):
        with contextlib.suppress(RunpactError):
            certificate = msgspec.convert(certificate_document(path), Certificate)
            if references_of(certificate)[0].sha256 == report.sha256:
                found.append((path, certificate))
    chosen = [each for each in found if tier in {None, each[1].policy_provenance.tier}]
    if len(found) == 1 or len(chosen) == 1:
        return (chosen or found)[0]
    nickname = report.report.meta.nickname or source.record.id
    raise PromotionIncompleteError(
        f"{len(found) or 'no'} certificates of this run",
        at=source.path,
        expected="one",
        got=", ".join(posixpath.basename(posixpath.dirname(path)) for path, _found in found),
        hint="name one with --certificate, or its tier with --policy"
        if found
        else f"make it with `runpact report {nickname} --format cert --baseline BASELINE`; "
        "a baseline itself is promoted with `--as baseline`",
    )


def _beside(certificate: str, relative: str) -> bytes:
    data = read_beside(certificate, relative)
    if data is None:
        raise EvidenceError("evidence_missing", at=certificate, expected=relative, got="nothing")
    return data
