"""Find the policy that judges.

Knows: how a policy is named, and that it never comes from what is judged.
Does not know: what a policy decides.
"""

from __future__ import annotations

import posixpath

from runpact.model.contract.language import Contract
from runpact.model.evidence.policy import NamedPolicy, demand_judging
from runpact.model.evidence.refusal import EvidenceError
from runpact.verbs.contracts.load_contract import load_contract

HINT = "name one with --policy TIER, or --policy CONTRACT#TIER"


def find_policy(
    reference: str | None, *, tier: str | None, contract: Contract | None, cwd: str
) -> NamedPolicy:
    """Return the policy that a person means, or that of a tier.

    Args:
        reference: `TIER` of the workspace's contract, `CONTRACT#TIER`, or `CONTRACT` with `tier`; a contract
            is a file or a pack.
        tier: What to look up when no tier is named; None takes the only policy there is.
        contract: The workspace's.
        cwd: Absolute directory that a relative path begins in.

    Raises:
        EvidenceError: There is none, or it cannot judge.
        CannotStartError: The contract it stands in cannot be read.
    """
    named, searched = tier, contract
    if reference is not None:
        place, mark, after = reference.partition("#")
        if mark or _is_contract(place):
            searched = load_contract(place if _is_pack(place) else posixpath.join(cwd, place)).contract
            named = after or tier
        else:
            named = reference
    policies = searched.policies if searched is not None else {}
    if named is None:
        judging = [name for name, policy in policies.items() if policy.gates or policy.guards]
        if len(judging) != 1:
            raise EvidenceError(
                "no_policy",
                "several policies to choose from" if judging else "the contract has no policy",
                expected=" or ".join(judging),
                hint=HINT,
            )
        named = judging[0]
    if named not in policies:
        raise EvidenceError(
            "no_policy", f"no policy `{named}`", expected=" or ".join(policies), got=named, hint=HINT
        )
    return demand_judging(NamedPolicy(named, policies[named]))


def tier_named(reference: str | None) -> str | None:
    """Return the tier that a policy's name says; None when it says none."""
    place, _mark, after = (reference or "").partition("#")
    return after or (None if _is_contract(place) else place) or None


def _is_contract(place: str) -> bool:
    return "/" in place or place.endswith((".yaml", ".yml", ".json", ".toml")) or _is_pack(place)


def _is_pack(place: str) -> bool:
    return place.startswith("runpact:")
