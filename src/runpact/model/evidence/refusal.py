"""How evidence is refused.

Knows: what each reason means.
Does not know: who asks.
"""

from __future__ import annotations

from runpact.model import errors
from runpact.model.evidence.reasons import REASONS


class EvidenceError(errors.EvidenceError):
    """Evidence is missing or invalid; `reason` is one of `REASONS`."""

    def __init__(
        self,
        reason: str,
        message: str = "",
        *,
        at: str = "",
        expected: str = "",
        got: str = "",
        hint: str = "",
    ) -> None:
        """Store the reason; without a message, what it means is the message."""
        told = message or REASONS[reason].meaning.rstrip(".")
        super().__init__(reason, told, at=at, expected=expected, got=got, hint=hint)
