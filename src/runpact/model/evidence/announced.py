"""What is said of a run's evidence before the run begins.

Knows: policy and baseline, and the variables that hand them to a command.
Does not know: whether they exist.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

BASELINE, POLICY, STRICT = "RUNPACT_BASELINE", "RUNPACT_POLICY", "RUNPACT_STRICT_PAIRING"
"""Environment variables by which the command of a run finds what was announced for it."""


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a run's evidence before it began."""

    policy: str | None = None
    """Tier of the workspace's contract."""
    baseline: str | None = None
    """Absolute path of the baseline's report."""
    is_strict: bool = True
    """Refuse an evaluation that is no pair with the baseline."""
    doubt: str = ""
    """Why a baseline that was named is not used; only in `dev`."""

    def environment(self) -> dict[str, str]:
        """Return the variables that hand this to a command."""
        said = {POLICY: self.policy, BASELINE: self.baseline, STRICT: "1" if self.is_strict else "0"}
        return {name: value for name, value in said.items() if value is not None}


def announced_in(environ: Mapping[str, str]) -> Announced:
    """Return what was announced for the run of the command that this process belongs to."""
    return Announced(
        policy=environ.get(POLICY) or None,
        baseline=environ.get(BASELINE) or None,
        is_strict=environ.get(STRICT) != "0",
    )
