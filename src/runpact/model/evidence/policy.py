"""Policies as certificates see them: what judges, in one form, with its digest.

Knows: which parts of a contract's policy decide about a certificate; when that is nothing.
Does not know: where the policy was found, what a gate or guard comes to.
"""

from __future__ import annotations

import functools

import msgspec

from runpact.model.contract.language import Policy
from runpact.model.digest import digest_of_value
from runpact.model.evidence.refusal import EvidenceError

_JUDGING = (
    "profile",
    "gates",
    "guards",
    "minimum_windows",
    "maximum_width",
    "confidence",
    "confinement",
    "provenance",
    "signature",
)
"""Keys of a policy that decide about a certificate; the others are for people, or for retention."""
STRICT = frozenset({"ci", "release"})
"""Profiles in which evidence that is not paired is refused."""


class NamedPolicy(msgspec.Struct, frozen=True):
    """A policy with the name of its tier."""

    tier: str
    policy: Policy

    @property
    def document(self) -> dict[str, object]:
        """What judges, every key said: the form that the digest is taken of."""
        return _document(self)

    @property
    def digest(self) -> str:
        """SHA-256 over the RFC 8785 form of the document."""
        return _digest(self)

    @property
    def thresholds_digest(self) -> str:
        """As `digest`, over gates, guards and the numbers alone."""
        thresholds = {key: self.document[key] for key in _JUDGING[1:6]}
        return digest_of_value(thresholds)

    @property
    def is_strict(self) -> bool:
        """Whether unpaired evidence is refused."""
        return self.policy.profile in STRICT


def _document(named: NamedPolicy) -> dict[str, object]:
    whole = msgspec.to_builtins(named.policy)
    return {key: whole[key] for key in _JUDGING}


@functools.lru_cache(maxsize=8)
def _digest_of_text(text: bytes) -> str:
    return digest_of_value(msgspec.json.decode(text))


def _digest(named: NamedPolicy) -> str:
    return _digest_of_text(msgspec.json.encode(named.document))


def judges(policy: Policy) -> bool:
    """Whether a policy judges certificates: it demands something that certificates can show."""
    try:
        demand_judging(NamedPolicy("", policy))
    except EvidenceError:
        return False
    return True


def demand_judging(named: NamedPolicy) -> NamedPolicy:
    """Return the policy, if it can judge a certificate.

    Raises:
        EvidenceError: It demands nothing, or something that no certificate can show.
    """
    policy = named.policy
    if not policy.gates and not any(guard.required for guard in policy.guards):
        raise EvidenceError(
            "empty_policy", at=named.tier, expected="a gate, or a guard that is required", got="none"
        )
    if policy.rules:
        raise EvidenceError(
            "unsupported_policy", "a certificate cannot judge a policy's `rules`", at=named.tier, got="rules"
        )
    for guard in policy.guards:
        if not isinstance(guard.required, bool):
            raise EvidenceError(
                "unsupported_policy",
                "whether a guard is required cannot depend on an expression",
                at=named.tier,
                got=guard.name,
            )
    for gate in policy.gates:
        if gate.min is None and gate.max is None:
            raise EvidenceError("empty_policy", "a gate has no bound", at=named.tier, got=gate.metric)
    return named
