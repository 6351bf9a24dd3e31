"""What every step is given and gives back.

Knows: counts, warnings and errors as a stage reports them; the metadata that travel through all stages.
Does not know: physics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holography.loaders import ArtifactError

Folders = Mapping[str, Path]
CARRIED = ("system_id", "family", "d", "z_h")
"""Metadata that every artifact of a system repeats."""


@dataclass(frozen=True)
class Parameters:
    """What a run was told."""

    config: Mapping[str, Any]
    seed: int
    git_sha: str = "nogit"

    def of(self, section: str) -> Mapping[str, Any]:
        """Return one section of the configuration; empty when it is not there."""
        found: Mapping[str, Any] = self.config.get(section, {})
        return found


@dataclass
class Outcome:
    """What a step came to."""

    inputs_total: int = 0
    failed: list[str] = field(default_factory=list)
    """Inputs from which nothing usable came, by name."""
    outputs_rows: int = 0
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What must be there before the step can begin."""

    @property
    def status(self) -> str:
        if self.errors:
            return "ERROR"
        if self.missing or (self.inputs_total and len(self.failed) == self.inputs_total):
            return "INCOMPLETE"
        return "WARNING" if self.failed or self.warnings else "OK"

    @property
    def exit_code(self) -> int:
        return ("OK", "WARNING", "INCOMPLETE", "ERROR").index(self.status)

    @property
    def counts(self) -> dict[str, int]:
        ok = self.inputs_total - len(self.failed)
        return {
            "inputs_total": self.inputs_total,
            "inputs_ok": ok,
            "inputs_failed": len(self.failed),
            "outputs_rows": self.outputs_rows,
        }

    def fail(self, name: str, why: object) -> None:
        """Count an input as failed and say why; the others go on."""
        self.failed.append(name)
        self.warnings.append(f"{name}: {why}")


Step = Callable[[Folders, Parameters, Folders], Outcome]


@dataclass(frozen=True)
class Stage:
    """One stage: its name, its function, the aliases that it reads and writes."""

    id: str
    slug: str
    step: Step
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.id}_{self.slug}"


def head(schema: str, version: str, stage: str, parameters: Parameters) -> dict[str, Any]:
    """Return what every document begins with."""
    return {
        "schema_name": schema,
        "schema_version": version,
        "source_stage": stage,
        "git_sha": parameters.git_sha,
        "seed": parameters.seed,
    }


def carried(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that travel on."""
    return {key: meta[key] for key in CARRIED}


def each(paths: Iterable[Path], outcome: Outcome) -> Iterator[Path]:
    """Give inputs in the order of their names and count them; none at all is missing."""
    found = sorted(paths)
    outcome.inputs_total = len(found)
    if not found:
        outcome.missing.append("there are no inputs")
    yield from found


FAULTS = (ArtifactError, ValueError, ArithmeticError, KeyError)
"""What one bad input may raise without stopping the others; numpy's LinAlgError is a ValueError."""
