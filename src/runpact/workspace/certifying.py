"""The front door to evidence: make certificates, verify them.

Knows: which runs, policies and folders of a workspace a person means.
Does not know: how a certificate follows from its evidence.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from runpact.model.errors import EvidenceError

if TYPE_CHECKING:
    from runpact.model.evidence.policy import NamedPolicy
    from runpact.model.evidence.side import Side
    from runpact.model.evidence.statistics import Resampler
    from runpact.model.evidence.step import Verification  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.evidence.authenticate import Authenticator
    from runpact.verbs.evidence.certify import Certified  # noqa: TC004 - exported for annotations alone
    from runpact.verbs.evidence.verify_certificate import Judging
    from runpact.verbs.life.request import Request
    from runpact.workspace import Workspace

__all__ = [
    "Certified",
    "Verification",
    "announcing",
    "certificates",
    "certify",
    "compare_certificates",
    "judging_by",
    "verify_certificates",
]

_MANY = 4
"""From so many certificates on numpy is worth what importing it costs."""


def certify(
    place: Workspace,
    subject: str,
    baseline: str,
    *,
    policy: str | None = None,
    folder: str | None = None,
    label: str | None = None,
) -> Certified:
    """Write the certificate of a run and its baseline, each named as a run or by its report's path.

    Args:
        place: The workspace.
        subject: What was changed.
        baseline: What it is compared with.
        policy: Tier, `CONTRACT#TIER`, or None for the tier that the subject announced, without one the only
            policy of the contract.
        folder: Folder of the evidence; by default the workspace's scratch folder.
        label: Name of the subject's folder in it.

    Raises:
        EvidenceError: Evidence or policy is missing or invalid.
        WriteOnceError: Another certificate stands there.
    """
    from runpact.verbs.archive.reports import find_report
    from runpact.verbs.evidence.certify import SCRATCH, certify

    subject_path, baseline_path = (
        find_report(each, cwd=place.cwd, resolve=place.resolve) for each in (subject, baseline)
    )
    return certify(
        subject_path,
        baseline_path,
        _policy(place, policy, _announced_tier(place, policy, subject_path)),
        folder=posixpath.normpath(
            posixpath.join(place.cwd, folder) if folder else posixpath.join(place.data_root, SCRATCH)
        ),
        label=label,
        resampler=_resampler(1),
    )


def certificates(place: Workspace, reference: str) -> tuple[str, ...]:
    """Return the certificates that a path means; none for what is a run, or nothing."""
    from runpact.disk.evidence import certificates_at

    return certificates_at(posixpath.normpath(posixpath.join(place.cwd, reference)))


def verify_certificates(
    place: Workspace,
    paths: tuple[str, ...],
    *,
    policy: str | None = None,
    needs_signature: bool = False,
    trust_file: str | None = None,
    archived: Collection[str] = (),
    store: str | None = None,
) -> list[Verification]:
    """Verify certificates by their absolute paths, each by the policy named or that of its tier.

    Args:
        place: The workspace whose contract has the policies.
        paths: Of the certificates.
        policy: Tier, `CONTRACT#TIER`, or `CONTRACT` for the certificate's tier in it.
        needs_signature: Refuse what is not signed, whatever the policy says.
        trust_file: Whose signatures are believed; without one nobody's are.
        archived: Absolute folders of curated copies that say of themselves that they are no pass.
        store: Folder that may hold what reports refer to.

    Raises:
        MalformedTrustError: The trust file cannot be read.
    """
    import msgspec

    from runpact.verbs.evidence.verify_certificate import verify_certificate

    judging = judging_by(
        place, policy=policy, needs_signature=needs_signature, trust_file=trust_file, count=len(paths)
    )
    if store is not None:
        judging = msgspec.structs.replace(judging, store=posixpath.join(place.cwd, store))
    inside = place.data_root.rstrip("/") + "/"
    return [
        msgspec.structs.replace(
            verify_certificate(path, judging, shown=path.removeprefix(inside)),
            is_archived=posixpath.dirname(path) in archived,
        )
        for path in paths
    ]


def compare_certificates(place: Workspace, references: Sequence[str]) -> tuple[tuple[str, ...], Side] | None:
    """Return certificates side by side, by what they say; None when a reference means none, or several.

    Args:
        place: The workspace.
        references: Paths of certificates or of their folders, two or more.

    Returns:
        How people call each, and its fields.

    Raises:
        EvidenceError: One is malformed or was altered.
    """
    from runpact.model.evidence.side import side_by_side
    from runpact.verbs.evidence.verify_certificate import certificate_document

    found = [certificates(place, reference) for reference in references]
    if any(len(paths) != 1 for paths in found):
        return None
    paths = [path for (path,) in found]
    shown = tuple(place.shown(posixpath.dirname(path)) for path in paths)
    return shown, side_by_side([certificate_document(path) for path in paths])


def judging_by(
    place: Workspace,
    *,
    policy: str | None = None,
    needs_signature: bool = False,
    trust_file: str | None = None,
    count: int = 1,
) -> Judging:
    """Return by what certificates are judged here.

    Args:
        place: The workspace whose contract has the policies.
        policy: Tier, `CONTRACT#TIER`, or `CONTRACT` for the certificate's tier in it.
        needs_signature: Refuse what is not signed, whatever the policy says.
        trust_file: Whose signatures are believed; without one nobody's are.
        count: Of certificates.

    Raises:
        MalformedTrustError: The trust file cannot be read.
    """
    from runpact.verbs.evidence.authenticate import nobody_trusted
    from runpact.verbs.evidence.verify_certificate import Judging

    known: dict[str, NamedPolicy] = {}

    def find(tier: str) -> NamedPolicy:
        if tier not in known:
            known[tier] = _policy(place, policy, tier)
        return known[tier]

    authenticator: Authenticator = nobody_trusted
    if trust_file is not None:
        from runpact.verbs.evidence.vouch import read_trust, trusted_by

        authenticator = trusted_by(read_trust(posixpath.join(place.cwd, trust_file), shown=trust_file))
    return Judging(
        policy=find,
        resampler=_resampler(count),
        authenticator=authenticator,
        needs_signature=needs_signature,
    )


def _policy(place: Workspace, reference: str | None, tier: str | None) -> NamedPolicy:
    from runpact.verbs.evidence.policies import find_policy

    is_own = reference is None or not ("/" in reference or "#" in reference or ":" in reference)
    contract = place.contract if is_own else None
    return find_policy(reference, tier=tier, contract=contract.contract if contract else None, cwd=place.cwd)


def judging_policies(place: Workspace) -> str:
    """Return the policies of a contract that judge certificates, every key said, as JSON.

    Raises:
        EvidenceError: There are none.
    """
    from runpact.model.digest import canonical_json
    from runpact.model.evidence.policy import NamedPolicy, judges

    contract = place.lint().contract
    named = (NamedPolicy(tier, policy) for tier, policy in contract.policies.items() if judges(policy))
    found = {each.tier: each.document for each in named}
    if not found:
        raise EvidenceError("no_policy", "the contract has no policy that judges certificates")
    return canonical_json({"policies": found}).decode() + "\n"


def _announced_tier(place: Workspace, policy: str | None, report: str) -> str | None:
    """Return the tier that a run announced, when nobody names one and the workspace has it."""
    if policy is not None or place.contract is None:
        return None
    from runpact.verbs.evidence.normal import normal_report

    tier = normal_report(report)[1].report.auto.tier
    return tier if tier in place.contract.contract.policies else None


def _resampler(count: int) -> Resampler:
    """Return the quicker of two ways to the same bits."""
    if count >= _MANY and find_spec("numpy") is not None:
        from runpact.formats.resample import resample_with_numpy

        return resample_with_numpy
    from runpact.model.evidence.statistics import resample_plainly

    return resample_plainly


def announcing(
    place: Workspace,
    request: Request,
    *,
    policy: str | None,
    baseline: str | None,
    profile: str | None,
) -> Request:
    """Return a request of a run that is told of its evidence before it begins.

    Args:
        place: The workspace.
        request: What else was said.
        policy: Tier that it is to be judged by.
        baseline: Run or report that it is to be paired with.
        profile: `dev`, `ci` or `release`; by default the policy's, without one `ci`.

    Raises:
        EvidenceError: There is no such policy; or, but in `dev`, the baseline is missing or invalid.
    """
    if policy is None and baseline is None:
        return request
    import msgspec

    from runpact.model.evidence.announced import Announced
    from runpact.model.evidence.policy import STRICT
    from runpact.verbs.archive.reports import find_report
    from runpact.verbs.evidence.pair import demand_baseline

    named = _policy(place, policy, None) if policy is not None else None
    announced = Announced(policy=policy)
    if baseline is not None:
        is_strict = (profile or (named.policy.profile if named else "ci")) in STRICT
        try:
            path = find_report(baseline, cwd=place.cwd, resolve=place.resolve)
            demand_baseline(path, request.config.resolved)
            announced = Announced(policy=policy, baseline=path, is_strict=is_strict)
        except EvidenceError as error:
            if is_strict:
                raise
            announced = Announced(policy=policy, doubt=error.message)
    return msgspec.structs.replace(request, announced=announced)
