"""What can go wrong, and the exit code that says so."""

from __future__ import annotations


class VisionError(Exception):
    """The run failed, for a reason that its user can do something about."""

    exit_code = 1


class SettingsError(VisionError):
    """The configuration cannot be used; no run was made."""

    exit_code = 2


class ServiceError(VisionError):
    """A service cannot be started, or something it needs is not installed."""

    exit_code = 3


class DatasetError(VisionError):
    """A data set is not what it must be; tells every fault, each with file and line."""

    def __init__(self, what: str, faults: list[str]) -> None:
        """Join the faults into one message, the first twenty of them whole."""
        self.faults = faults
        more = f"; and {len(faults) - 20} more" if len(faults) > 20 else ""
        super().__init__(f"{what}: {'; '.join(faults[:20])}{more}")
