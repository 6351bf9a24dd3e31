"""What contract and configuration say of each stage, as digests.

Knows: which part of the configuration a stage reads.
Does not know: what else a stage's outputs follow from.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.contract.language import Stage
from runpact.model.digest import digest_of_value


class Declared(msgspec.Struct, frozen=True):
    """Digests of what is said of one stage."""

    config: str
    """Of the part of the configuration that it reads."""
    seed: str
    outputs: str


class Declarations:
    """What is said of the stages of an experiment; each digest is made once, for none of it changes."""

    def __init__(self, config: Mapping[str, object]) -> None:
        """Store the resolved configuration."""
        self._config = config
        self._sections: dict[tuple[str, ...] | None, str] = {}
        self._commands: dict[tuple[str, ...], str] = {}
        self._stages: dict[str, Declared] = {}

    def of(self, stage: Stage) -> Declared:
        """Return the digests of what is said of a stage."""
        known = self._stages.get(stage.id)
        if known is None:
            known = self._stages[stage.id] = Declared(
                config=self._section(stage.config),
                seed=digest_of_value(stage.seed),
                outputs=digest_of_value(msgspec.to_builtins(stage.writes)),
            )
        return known

    def command(self, command: tuple[str, ...]) -> str:
        """Return the digest of a command."""
        known = self._commands.get(command)
        if known is None:
            known = self._commands[command] = digest_of_value(list(command))
        return known

    def _section(self, keys: tuple[str, ...] | None) -> str:
        known = self._sections.get(keys)
        if known is None:
            part = dict(self._config) if keys is None else {key: _at(self._config, key) for key in keys}
            known = self._sections[keys] = digest_of_value(part)
        return known


def _at(config: Mapping[str, object], key: str) -> object:
    value: object = config
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value
