"""The steps of verifying a certificate, and what they come to.

Knows: the order of the steps, how their reasons become a verdict.
Does not know: files, how a step is taken.
"""

from __future__ import annotations

import msgspec

from runpact.model.evidence.reasons import REASONS
from runpact.model.finding import Finding, Report, Severity, Verdict


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    """As in `pairing`."""
    reason: str = ""
    """Why it does not hold; empty when it does."""
    message: str = ""
    """What was found, for people."""
    expected: str = ""
    observed: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was found against the certificate."""
        return not self.reason


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying a certificate came to."""

    path: str
    """Of the certificate, as people named it."""
    steps: tuple[Step, ...]
    """In order; those after one that stops are not there."""
    decision: str = ""
    """The decision that follows from the evidence; empty when it was not reached."""
    tier: str = ""
    """The policy it was judged by; empty when that was not reached."""
    run_id: str = ""
    is_archived: bool = False
    """It stands in a curated copy that says of itself that it is no pass, among other copies."""
    rebuilt: dict[str, object] | None = None
    """The certificate's fields as they follow from evidence and policy; None when that was not reached."""

    @property
    def reason(self) -> str:
        """The weightiest reason, the first of equal ones; empty for an intact pass."""
        failed = [step.reason for step in self.steps if step.reason]
        return max(failed, key=lambda reason: _WEIGHTS[REASONS[reason].severity], default="")

    @property
    def report(self) -> Report:
        """The same as findings."""
        return Report(
            tuple(
                Finding(
                    code=step.reason.replace("_", "-"),
                    severity=self._severity(step),
                    message=step.message or REASONS[step.reason].meaning,
                    path=self.path,
                    rule=step.name,
                    expected=step.expected or None,
                    got=step.observed or None,
                )
                for step in self.steps
                if step.reason
            )
        )

    def _severity(self, step: Step) -> Severity:
        """Return how much a step counts; that an archived failure is one, everybody was told by its name."""
        is_told = self.is_archived and step.name == "judgement" and bool(self.decision)
        return Severity.WARNING if is_told else REASONS[step.reason].severity

    @property
    def verdict(self) -> Verdict:
        """OK for an intact pass alone."""
        return self.report.verdict


_WEIGHTS = {Severity.ADVICE: 0, Severity.WARNING: 1, Severity.INCOMPLETE: 2, Severity.ERROR: 3}
