"""What gates and guards come to: three answers, each with what was seen.

Knows: how outcomes become a decision.
Does not know: how a gate or guard is judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from runpact.model.evidence.reasons import REASONS
from runpact.model.finding import Severity

Decision = Literal["pass", "fail", "insufficient_evidence"]


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason why a decision is not `pass`."""

    code: str
    """One of the reasons in the table below."""
    subject: str
    """Gate, guard or part of the policy that it is about."""
    message: str
    """For people."""


def decide(causes: Iterable[Cause]) -> Decision:
    """Return `fail` when something failed, `insufficient_evidence` when something is open, else `pass`."""
    weights = {REASONS[cause.code].severity for cause in causes}
    if Severity.ERROR in weights:
        return "fail"
    return "insufficient_evidence" if weights else "pass"
