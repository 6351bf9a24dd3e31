"""What can be wrong with what the user asks for; each sort has its exit code."""

from __future__ import annotations

import runpact

EXIT_CODES = {"config": 2, "data": 3, "strategy": 4}


class SettingsError(runpact.CommandError):
    """The settings cannot be used."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__("config", message, hint=hint)


class DataError(runpact.CommandError):
    """The prices cannot be used."""

    def __init__(self, message: str, *, at: str = "", hint: str = "") -> None:
        super().__init__("data", message, at=at, hint=hint)


class StrategyError(runpact.CommandError):
    """The strategy may not, or cannot, do what it was asked for."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__("strategy", message, hint=hint)
