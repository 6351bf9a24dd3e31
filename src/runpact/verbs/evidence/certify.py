"""Make a certificate of a run and its baseline.

Knows: what is written where, and that nothing of it is ever written again.
Does not know: what a certificate says, who signs it.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.disk.evidence import keep_evidence
from runpact.host import clock
from runpact.model.digest import canonical_json
from runpact.model.errors import RunpactError, WriteOnceError
from runpact.model.evidence.build import Made, build_certificate
from runpact.model.evidence.certificate import Certificate, label_of, render, sealed, without_volatile
from runpact.model.evidence.names import FILE, REPORT
from runpact.model.evidence.policy import NamedPolicy
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.schedule import refuse_unpaired
from runpact.model.evidence.statistics import Resampler
from runpact.model.names import check_name
from runpact.verbs.evidence.normal import normal_report
from runpact.verbs.evidence.verify_certificate import certificate_document
from runpact.version import VERSION

SCRATCH = "reports_scratch"
"""Folder of a workspace for certificates that nobody promoted yet."""
_BASELINE = "baseline"


class Certified(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that stands on disk."""

    path: str
    """Absolute."""
    certificate: Certificate
    is_new: bool
    """False when an equal one, volatile fields apart, stood there already."""


def certify(
    subject_path: str,
    baseline_path: str,
    named: NamedPolicy,
    *,
    folder: str,
    label: str | None,
    resampler: Resampler,
) -> Certified:
    """Write a certificate with the reports that it rests on.

    Args:
        subject_path: Absolute path of the subject's report.
        baseline_path: Absolute path of the baseline's.
        named: The policy that judges.
        folder: Absolute folder of the evidence.
        label: Name of the subject's folder in it; by default nickname, tier and time.
        resampler: Which implementation of resampling.

    Raises:
        EvidenceError: A report is no evidence; in ci and release also when they are no pair.
        WriteOnceError: Another certificate or report stands there.
    """
    subject_data, subject = normal_report(subject_path)
    baseline_data, baseline = normal_report(baseline_path)
    if subject_data == baseline_data:
        raise EvidenceError("self_comparison", got=subject.sha256)
    if named.is_strict:
        refuse_unpaired(subject.report, baseline.report)
    name = check_name(label or label_of(subject.report.meta, named.tier), what="label")
    if name == _BASELINE:
        raise EvidenceError("fields_differ", "`baseline` is the folder of the baseline's report", got=name)
    now = clock.now()
    made = Made(by="runpact", version=VERSION, at=now, resolved_at=now)
    document = sealed(build_certificate(subject, baseline, named, made=made, resampler=resampler))
    path = posixpath.join(folder, name, FILE)
    reports = {f"{_BASELINE}/{REPORT}": baseline_data, f"{name}/{REPORT}": subject_data}
    _keep_reports(folder, name, reports)
    is_new = _keep(folder, name, document)
    written = document if is_new else certificate_document(path)
    return Certified(path=path, certificate=msgspec.convert(written, Certificate), is_new=is_new)


def _keep_reports(folder: str, name: str, reports: dict[str, bytes]) -> None:
    """Create the reports; a subject's folder that is another run's is refused by the name of that run."""
    try:
        keep_evidence(folder, reports)
    except WriteOnceError as error:
        place = posixpath.join(folder, name, REPORT)
        if error.at != place:
            raise
        owner = _run_of(place)
        raise WriteOnceError(
            f"the folder `{name}` belongs to {owner}",
            at=place,
            expected="a folder of the subject's own",
            got=owner,
            hint="give this certificate another folder with --label NAME",
        ) from error


def _run_of(report: str) -> str:
    """Return which run a report that stands there is of."""
    try:
        return f"run {normal_report(report)[1].report.meta.run_id}"
    except RunpactError:
        return "something that is no report"


def _keep(folder: str, name: str, document: dict[str, object]) -> bool:
    """Create the certificate; one that says the same, volatile fields apart, is left as it is."""
    try:
        keep_evidence(folder, {f"{name}/{FILE}": render(document)})
    except WriteOnceError:
        if not _says_the_same(posixpath.join(folder, name, FILE), document):
            raise
        return False
    return True


def _says_the_same(path: str, document: dict[str, object]) -> bool:
    """Whether a certificate differs in nothing but who wrote it and when."""
    try:
        present = certificate_document(path)
    except RunpactError:
        return False
    return canonical_json(without_volatile(present)) == canonical_json(without_volatile(document))
