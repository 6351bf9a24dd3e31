"""What a policy demands of the evidence as such: a pair, enough of it, made as announced.

Knows: windows, width, confinement, provenance, the policy that a run was made under.
Does not know: gates, guards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.evidence.comparison import Comparison
from runpact.model.evidence.outcome import Cause
from runpact.model.evidence.policy import NamedPolicy
from runpact.model.evidence.window import EvidenceReport, ReportProvenance


def judge_demands(subject: EvidenceReport, named: NamedPolicy, comparison: Comparison) -> Iterator[Cause]:
    """Yield what the evidence lacks."""
    policy = named.policy
    if comparison.unpaired:
        yield Cause("unpaired", "pairing", f"{comparison.unpaired}: {comparison.told}")
    if subject.auto.policy_digest != named.digest or subject.auto.tier != named.tier:
        yield Cause(
            "policy_not_announced",
            "auto.policy_digest",
            f"the run was made under {_tier(subject)}, it is judged by `{named.tier}`",
        )
    if policy.minimum_windows is not None and comparison.windows < policy.minimum_windows:
        yield Cause(
            "too_few_windows",
            "minimum_windows",
            f"{comparison.windows} paired windows, {policy.minimum_windows} are demanded",
        )
    shown = comparison.shown
    if policy.maximum_width is not None and shown and shown[2] - shown[1] > policy.maximum_width:
        yield Cause(
            "interval_too_wide",
            "maximum_width",
            f"{shown[2] - shown[1]:.6g} wide, at most {policy.maximum_width:.6g} is allowed",
        )
    yield from _confinement(subject.provenance, policy.confinement)
    for demand in policy.provenance:
        if not _has(subject.provenance, demand):
            yield Cause("provenance_missing", demand, f"the report has no `{demand}`")


def _tier(subject: EvidenceReport) -> str:
    if subject.auto.tier is None:
        return "no policy"
    return f"`{subject.auto.tier}` ({(subject.auto.policy_digest or 'no digest')[:19]}…)"


_LEVEL = re.compile(r"W(\d)(\+hook)?")


def _confinement(provenance: ReportProvenance, demanded: str | None) -> Iterator[Cause]:
    if demanded is None:
        return
    wanted, reached = (
        _LEVEL.fullmatch(text)
        for text in (demanded, provenance.confinement.level if provenance.confinement else "")
    )
    is_enough = (
        wanted is not None
        and reached is not None
        and int(reached[1]) >= int(wanted[1])
        and (wanted[2] is None or reached[2] is not None)
    )
    if not is_enough:
        got = reached[0] if reached else "nothing recorded"
        yield Cause("confinement_too_low", "confinement", f"{got}, at least {demanded} is demanded")


def _has(provenance: ReportProvenance, demand: str) -> bool:
    facts = {
        "commit": provenance.commit not in {None, "", "unknown"},
        "clean": provenance.dirty is False,
        "lock": bool(provenance.locks),
        "inputs": bool(provenance.inputs),
        "config": bool(provenance.config_digest),
    }
    return facts.get(demand, False)
