"""The shapes of a configuration that a Python program has in its hand.

Knows: namespaces of argparse, typed values, configurations of OmegaConf, and how each becomes plain data.
Does not know: what any key means.
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from runpact.model.errors import ConfigError, Fault
from runpact.model.provenance import Composition, Config
from runpact.verbs.capturing.said import path_or_none

if TYPE_CHECKING:
    from omegaconf import DictConfig

PathLike = str | os.PathLike[str]


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration as it is resolved, and what is to be recorded of how it came to be."""

    values: Mapping[str, object] | str | None
    """Plain data, or the path of a file."""
    composition: Composition | None = None
    source: str | None = None
    overrides: tuple[str, ...] = ()

    def recorded(self, config: Config) -> Config:
        """Return a resolved configuration with what it was composed of."""
        if self.composition is None:
            return config
        return msgspec.structs.replace(
            config,
            composition=self.composition,
            source=self.source,
            overrides=(*self.overrides, *config.overrides),
        )


def given_config(said: object) -> Given:
    """Return a configuration that a program hands in.

    Args:
        said: A mapping, a path, a namespace of argparse, a value of a dataclass, a struct or a pydantic
            model, a configuration of OmegaConf, or nothing.

    Raises:
        ConfigError: It is no plain data, or a value of it is missing.
        UsageError: It is none of these.
    """
    if isinstance(said, Given):
        return said
    if type(said).__module__.partition(".")[0] == "omegaconf":
        return composed_config(said, by="omegaconf")  # type: ignore[arg-type]  # of no other type there
    if isinstance(said, Mapping):
        return Given(values=said)
    if isinstance(said, argparse.Namespace):
        return Given(values=_plain(vars(said)))
    dump = getattr(said, "model_dump", None)
    if dump is not None:
        return Given(values=_plain(dump(mode="json")))
    is_value = dataclasses.is_dataclass(said) or isinstance(said, msgspec.Struct)
    if is_value and not isinstance(said, type):
        return Given(values=_plain(said))
    return Given(values=path_or_none(said, what="a configuration"))


def composed_config(
    config: DictConfig,
    *,
    by: str,
    source: str | None = None,
    overrides: tuple[str, ...] = (),
    choices: Mapping[str, str | None] | None = None,
) -> Given:
    """Return a configuration of OmegaConf, with its interpolations and without.

    Args:
        config: The whole of it.
        by: What composed it; the version of OmegaConf is added when it was OmegaConf itself.
        source: Name of the configuration that was asked for.
        overrides: What was set besides.
        choices: Option chosen of each group.

    Raises:
        ConfigError: A value is missing, or an interpolation cannot be resolved.
    """
    import omegaconf  # noqa: PLC0415 - only who composes pays for it

    said = f"omegaconf {omegaconf.__version__}" if by == "omegaconf" else by
    try:
        missing = sorted(omegaconf.OmegaConf.missing_keys(config))
        if missing:
            faults = tuple(map(_missing, missing))
            raise ConfigError("the configuration is not complete", faults=faults, hint="no run was made")
        resolved = omegaconf.OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    except omegaconf.errors.OmegaConfBaseException as error:
        key = str(error.full_key or "")
        raise ConfigError(
            f"`{key}` cannot be resolved" if key else "the configuration cannot be resolved",
            at=_pointer(key),
            got=str(error.msg or error).partition("\n")[0],
            hint="no run was made",
        ) from error
    composed = omegaconf.OmegaConf.to_container(config, resolve=False, enum_to_str=True)
    return Given(
        values=_plain(resolved),
        composition=Composition(composed=_plain(composed), by=said, choices=dict(choices or {})),
        source=source,
        overrides=overrides,
    )


def _missing(key: str) -> Fault:
    return Fault(f"`{key}` is missing", at=_pointer(key), expected="a value", got="???")


def _pointer(key: str) -> str:
    return "/" + key.replace("[", ".").replace("]", "").replace(".", "/") if key else ""


def _plain(values: object) -> dict[str, object]:
    try:
        plain = msgspec.to_builtins(values, str_keys=True, enc_hook=_told)
        return msgspec.convert(plain, dict[str, object])
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"the configuration is not plain data: {error}", hint="use numbers, text, lists and mappings"
        ) from error


def _told(value: object) -> object:
    """Return a path or a choice as text."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a {type(value).__name__} is none")
