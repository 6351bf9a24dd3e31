"""Findings, verdicts and reports.

Knows: how severities become a verdict and a verdict an exit code (DESIGN: severity, verdict, exit code).
Does not know: how a fault was found, or how it is shown.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec


class Severity(enum.Enum):
    """How much a finding weighs; advice never changes a verdict."""

    ADVICE = "advice"
    WARNING = "warning"
    INCOMPLETE = "incomplete"
    ERROR = "error"


class Verdict(enum.Enum):
    """What a check comes to."""

    OK = "OK"
    WARNING = "WARNING"
    INCOMPLETE = "INCOMPLETE"
    ERROR = "ERROR"

    @property
    def exit_code(self) -> int:
        """OK 0, WARNING 1, INCOMPLETE 2, ERROR 3."""
        return _ORDER.index(self)


_ORDER = (Verdict.OK, Verdict.WARNING, Verdict.INCOMPLETE, Verdict.ERROR)
_WEIGHT = {
    Severity.ADVICE: Verdict.OK,
    Severity.WARNING: Verdict.WARNING,
    Severity.INCOMPLETE: Verdict.INCOMPLETE,
    Severity.ERROR: Verdict.ERROR,
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fault, with its place and what to do about it."""

    code: str
    """Stable kebab-case name of the sort of fault; listed in `docs/findings.md`."""
    severity: Severity
    message: str
    path: str = ""
    """POSIX path, then `#` and a JSON pointer when the fault lies inside the file."""
    rule: str | None = None
    """The contract's own name of the clause."""
    expected: str | None = None
    got: str | None = None
    hint: str | None = None
    because: str | None = None
    """Path of the reported fault that this one follows from; such a finding is not counted."""


class Report(msgspec.Struct, frozen=True):
    """All findings about one subject."""

    findings: tuple[Finding, ...] = ()
    tiers: tuple[str, ...] = ()
    """Named levels that the run reaches, the highest first."""

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings that count."""
        return worst(_WEIGHT[finding.severity] for finding in self.findings if finding.because is None)

    @property
    def is_ok(self) -> bool:
        """Whether nothing above advice was found."""
        return self.verdict is Verdict.OK


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; OK when there is none to compare."""
    return max(verdicts, key=_ORDER.index, default=Verdict.OK)
