"""Settings: read by runpact under `schemas/config.json`, then held against what no schema can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import runpact
from runpact.workspace import Workspace
from runpact.workspace.configuring import configured
from share.errors import ServiceError, SettingsError

ROOT = Path(__file__).resolve().parents[1]
"""Where code and contract are; everything that is made stands in the work directory."""
Section = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What the command line says."""

    config: str
    workdir: str | None
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """A resolved configuration."""

    values: Section
    asked: Asked

    @property
    def root(self) -> Path:
        """The work directory, absolute."""
        return Path(self["workspace"]["root"])

    @property
    def names(self) -> list[str]:
        """The classes, in the order of their numbers."""
        return list(self["class_map"]["names"])

    def __getitem__(self, section: str) -> Section:
        """Return one section."""
        return self.values[section]


def read_settings(asked: Asked) -> Settings:
    """Resolve the configuration, before anything is created.

    Raises:
        SettingsError: It cannot be used; tells every fault.
    """
    try:
        place = Workspace.open(workspace=str(ROOT), workdir=asked.workdir)
        found = configured(place, asked.config, asked.overrides)
    except runpact.RunpactError as error:
        raise SettingsError(told(error)) from error
    settings = Settings(found.layered.values, asked)
    faults = [*_class_map(settings["class_map"])]
    if faults:
        raise SettingsError("; ".join(faults))
    return settings


def demand_device(settings: Settings) -> None:
    """Refuse a device that the network cannot use.

    Raises:
        ServiceError: It is not the processor.
    """
    device = settings["train"]["device"]
    if device != "cpu":
        raise ServiceError(
            f"train.device = {device!r} needs an accelerator backend, which is not installed; use 'cpu'"
        )


def told(error: runpact.RunpactError) -> str:
    """Return an error of runpact's with its faults and hint, a line each."""
    lines = [_sentence(error.message, error.expected, error.got)]
    for fault in error.faults:
        place = ":".join(str(part) for part in (fault.file, fault.line) if part)
        told = f"{place}: {fault.message}" if place else fault.message
        lines.append("  " + _sentence(told, fault.expected, fault.got, fault.hint))
    return "\n".join([*lines, *([f"hint: {error.hint}"] if error.hint else [])])


def _sentence(message: str, expected: str | None, got: str | None, hint: str = "") -> str:
    if got and expected and got in message and expected.rsplit(" ", 1)[-1] in message:
        return ", ".join(part for part in (message, hint) if part)  # it says both already
    parts = [message, f"expected {expected}" if expected else "", f"got {got}" if got else "", hint]
    return ", ".join(part for part in parts if part)


def _class_map(section: Section) -> list[str]:
    """Return what is wrong with the numbers of the classes."""
    wanted = {name: number for number, name in enumerate(section["names"])}
    given = section.get("id_map")
    if given is None or dict(given) == wanted:
        return []
    wrong = sorted(name for name in {*wanted, *given} if wanted.get(name) != given.get(name))
    return [f"class_map.id_map: {_wrong_name(name, wanted, given)}" for name in wrong]


def _wrong_name(name: str, wanted: Mapping[str, int], given: Section) -> str:
    if name not in wanted:
        return f"`{name}` is not in class_map.names"
    return f"`{name}` must be {wanted[name]}, its place in names, got {given.get(name, 'nothing')}"
