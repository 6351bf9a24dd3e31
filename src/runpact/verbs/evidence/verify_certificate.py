"""Verify a certificate: build it again from its evidence and compare.

Knows: the steps and their order (docs/certificate.md); what may stand beside a certificate.
Does not know: what a field follows from, how signatures are checked.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Callable, Iterator, Mapping

import msgspec

from runpact.disk.evidence import digest_in_store, files_beside, read_beside, read_certificate
from runpact.formats.jsondoc import parse
from runpact.model.digest import digest_bytes
from runpact.model.errors import RunpactError
from runpact.model.evidence import examine
from runpact.model.evidence.build import Made, Stored, build_certificate
from runpact.model.evidence.certificate import Certificate, EvidenceReference
from runpact.model.evidence.names import FILE, REPORT
from runpact.model.evidence.policy import NamedPolicy
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.report import read_report
from runpact.model.evidence.schedule import refuse_unpaired
from runpact.model.evidence.statistics import Resampler
from runpact.model.evidence.step import Step, Verification
from runpact.model.evidence.stored import stored_in
from runpact.model.facts import FormatFault
from runpact.standalone import NAME
from runpact.verbs.evidence.authenticate import ATTESTATION, Authenticator, nobody_trusted

ANNOTATIONS = "metadata.json"
"""What automation may add beside a certificate; it is not read."""
_BELONGS = frozenset({FILE, REPORT, ANNOTATIONS, ATTESTATION, "evidence_manifest.json", NAME})
_OPEN = frozenset({"not_authenticated", "signature_not_checked"})
"""Answers of an authenticator that the policy may accept."""

PolicyFinder = Callable[[str], NamedPolicy]
"""Returns the verifier's policy, given the tier that the certificate names."""


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """By what certificates are judged."""

    policy: PolicyFinder
    resampler: Resampler
    authenticator: Authenticator = nobody_trusted
    needs_signature: bool = False
    """Refuse what is not signed, whatever the policy says."""
    store: str | None = None
    """Absolute folder that may hold what reports refer to; None when nobody named one."""


def verify_certificate(path: str, judging: Judging, *, shown: str) -> Verification:
    """Re-derive everything that a certificate says; nothing in it is believed.

    Args:
        path: Absolute path of the certificate.
        judging: The verifier's policy, trust and means.
        shown: How people call the certificate.
    """
    case = _Case(path, judging)
    steps: list[Step] = []
    try:
        steps.extend(case.steps())
    except EvidenceError as error:
        steps = [*case.taken, _refused(case.at, error)]
    except RunpactError as error:
        reason = "no_certificate" if case.at == "parse" else "report_unreadable"
        steps = [*case.taken, Step(name=case.at, reason=reason, message=error.message, observed=error.got)]
    return Verification(
        path=shown,
        steps=tuple(steps),
        decision=case.decision,
        tier=case.tier,
        run_id=case.run_id,
        rebuilt=case.rebuilt,
    )


def _refused(name: str, error: EvidenceError) -> Step:
    return Step(
        name=name, reason=error.reason, message=error.told, expected=error.expected, observed=error.got
    )


class _Case:
    """One certificate under examination: what is known of it so far."""

    def __init__(self, path: str, judging: Judging) -> None:
        self.path, self.judging = path, judging
        self.at = "parse"
        self.taken: list[Step] = []
        self.decision = self.tier = self.run_id = ""
        self.rebuilt: dict[str, object] | None = None

    def steps(self) -> Iterator[Step]:
        """Yield each step that was taken; one that stops raises."""
        for step in self._steps():
            self.taken.append(step)
            yield step

    def _steps(self) -> Iterator[Step]:
        data = read_certificate(self.path)
        document = _json(data, "malformed_certificate")
        certificate = examine.read_certificate(data, document)
        self.run_id = certificate.run_id
        yield Step(name="parse", observed=f"schema {certificate.schema_version}, digest {certificate.digest}")
        self.at = "evidence"
        references = examine.references_of(certificate)
        contents = [_referenced(self.path, reference) for reference in references]
        _refuse_extra(self.path)
        if contents[0] == contents[1]:
            raise EvidenceError("self_comparison", got=references[0].sha256)
        yield Step(name="evidence", observed=" and ".join(each.path for each in references))
        self.at = "signature"
        vouched = self.judging.authenticator(self.path, data)
        if vouched.reason not in {"", *_OPEN}:
            raise EvidenceError(
                vouched.reason, vouched.message, expected=vouched.expected, got=vouched.observed
            )
        self.at = "reports"
        subject, baseline = (
            stored(content, each.path) for content, each in zip(contents, references, strict=True)
        )
        yield Step(name="reports", observed=f"{len(subject.report.final)} windows in `final`")
        if self.judging.store is not None:
            self.at = "store"
            yield _looked_up(self.judging.store, (subject, baseline))
        self.at = "pairing"
        refuse_unpaired(subject.report, baseline.report)
        yield Step(name="pairing", observed="schedule, encoder, data, split and seeds are equal")
        self.at = "policy"
        named = self.judging.policy(certificate.policy_provenance.tier)
        self.tier = named.tier
        _refuse_other_policy(certificate, named)
        yield Step(name="policy", observed=f"{named.tier} {named.digest}")
        self.at = "statistics"
        yield from self._compared(certificate, document, (subject, baseline), named)
        yield self._signature(vouched, named)

    def _compared(
        self, certificate: Certificate, document: object, stored: tuple[Stored, Stored], named: NamedPolicy
    ) -> Iterator[Step]:
        """Yield what building the certificate again shows, then the decision."""
        expected = build_certificate(
            *stored, named, made=made_of(certificate), resampler=self.judging.resampler
        )
        self.rebuilt = expected
        differing = examine.differing(_table(document), expected)
        if "pairing" in differing:
            yield differing["pairing"]
        for name in examine.COMPARED:
            yield differing.get(name) or Step(name=name, observed="as it follows")
        if differing:
            return
        self.decision = certificate.decision
        for cause in certificate.reasons:
            yield Step(name="judgement", reason=cause.code, message=f"{cause.subject}: {cause.message}")
        if not certificate.reasons:
            yield Step(name="judgement", observed="pass")

    def _signature(self, vouched: Step, named: NamedPolicy) -> Step:
        """Return who vouches for the certificate, as far as the policy cares."""
        if vouched.reason in _OPEN and (self.judging.needs_signature or named.policy.signature == "required"):
            return msgspec.structs.replace(vouched, reason="signature_missing")
        if vouched.reason == "not_authenticated" and named.policy.signature == "waived":
            return Step(name="signature", observed="none; the policy waives it")
        return vouched


def _looked_up(store: str, reports: tuple[Stored, Stored]) -> Step:
    """Hold what a store has of what reports refer to against its digests; lacking some is no fault."""
    roles = ("subject", "baseline")
    wanted = [
        (role, reference)
        for role, each in zip(roles, reports, strict=True)
        for reference in stored_in(each.document, at=role)
    ]
    lacking = []
    for role, each in wanted:
        got = digest_in_store(store, each.path)
        if got is None:
            lacking.append(f"`{each.name}` of the {role}")
        elif got != (each.sha256, each.size):
            raise EvidenceError(
                "digest_differs",
                f"`{each.path}` in the store is not what the {role}'s report refers to as `{each.name}`",
                expected=f"{each.sha256}, {each.size} bytes",
                got=f"{got[0]}, {got[1]} bytes",
            )
    told = f"{len(wanted) - len(lacking)} of {len(wanted)} files referred to"
    return Step(name="store", observed=f"{told}; not available: {', '.join(lacking)}" if lacking else told)


def made_of(certificate: Certificate) -> Made:
    """Return the volatile part of a certificate."""
    return Made(
        by=certificate.producer.name,
        version=certificate.producer.version,
        at=certificate.created_at,
        resolved_at=certificate.policy_provenance.resolved_at,
    )


@functools.lru_cache(maxsize=8)
def stored(data: bytes, path: str) -> Stored:
    """Return a report with its bytes; many certificates share a baseline, which is read once.

    Raises:
        EvidenceError: It is no evidence.
    """
    document = report_document(data)
    return Stored(read_report(document, at=path), document, digest_bytes(data), len(data))


def certificate_document(path: str) -> Mapping[str, object]:
    """Return the JSON data of a certificate that is whole by itself.

    Raises:
        EvidenceError: It is not.
        CannotStartError: It cannot be read.
    """
    data = read_certificate(path)
    document = _json(data, "malformed_certificate")
    examine.read_certificate(data, document)
    return _table(document)


def report_document(data: bytes) -> Mapping[str, object]:
    """Return the JSON data of a report.

    Raises:
        EvidenceError: It is no strict JSON object.
    """
    return _table(_json(data, "malformed_report"))


def _json(data: bytes, reason: str) -> object:
    fact = parse(data)
    if isinstance(fact, FormatFault):
        raise EvidenceError(reason, fact.message, at=fact.pointer, got=fact.code)
    return fact.value


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise EvidenceError("malformed_report", expected="an object", got=type(value).__name__)
    return value


def _referenced(certificate: str, reference: EvidenceReference) -> bytes:
    data = read_beside(certificate, reference.path)
    if data is None:
        raise EvidenceError("evidence_missing", expected=reference.path, got="nothing")
    got = digest_bytes(data)
    if got != reference.sha256 or len(data) != reference.size:
        raise EvidenceError(
            "digest_differs",
            f"`{reference.path}` is not the one that was certified",
            expected=f"{reference.sha256}, {reference.size} bytes",
            got=f"{got}, {len(data)} bytes",
        )
    return data


def _refuse_extra(certificate: str) -> None:
    extra = sorted(set(files_beside(certificate)) - _BELONGS - {posixpath.basename(certificate)})
    if extra:
        raise EvidenceError("extra_file", expected=", ".join(sorted(_BELONGS)), got=extra[0])


def _refuse_other_policy(certificate: Certificate, named: NamedPolicy) -> None:
    stated = certificate.policy_provenance
    if (stated.tier, stated.policy_digest) != (named.tier, named.digest):
        raise EvidenceError(
            "policy_differs",
            expected=f"{named.tier} {named.digest}",
            got=f"{stated.tier} {stated.policy_digest}",
        )
    if msgspec.to_builtins(certificate.resolved_policy) != named.document:
        raise EvidenceError("policy_differs", "the policy embedded in it is another one")
