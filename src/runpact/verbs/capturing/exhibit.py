"""Show a configuration: every value without secrets, with its origin; and an example of all keys.

Knows: what is hidden, in which form an example is written.
Does not know: how a configuration is resolved.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import msgspec

from runpact.model.config.example import toml_example, yaml_example
from runpact.model.config.faults import dotted
from runpact.model.config.schema import ConfigSchema, leaves
from runpact.model.contract.language import Kind
from runpact.model.errors import ConfigError
from runpact.model.schema import inline_name
from runpact.verbs.capturing.configure import Resolved, digest_config
from runpact.verbs.capturing.mask import find_secrets

_WRITERS = {".toml": toml_example, ".yaml": yaml_example, ".yml": yaml_example}


class ShownValue(msgspec.Struct, frozen=True):
    """One value of a configuration."""

    key: str
    """Dotted; parts that are no plain words stand in quotes."""
    value: object
    origin: str
    """`default`, `FILE:LINE`, `--set`, `--workdir` or `given`."""
    description: str = ""


class ShownConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration for people."""

    values: tuple[ShownValue, ...]
    resolved: dict[str, object]
    """Without secrets."""
    digest: str
    source: str | None


def exhibit(resolved: Resolved, environ: Mapping[str, str]) -> ShownConfig:
    """Return a configuration without its secrets, each value with its origin."""
    values = resolved.config.resolved
    marked = [key for key, said in resolved.schema.declared.items() if said.is_secret]
    present = [key for key in marked if resolved.layered.get(key) is not None]
    masker = find_secrets(
        environ, resolved.variables, config=values, command=(), marked=present, references=resolved.references
    )
    hidden = msgspec.convert(masker.config(values), dict[str, object])
    rows = []
    for key, value in leaves(hidden):
        origin = resolved.layered.origin(key)
        said = resolved.schema.get(key).description
        rows.append(ShownValue(dotted(key), value, origin.shown if origin else "", said))
    return ShownConfig(
        values=tuple(rows),
        resolved=hidden,
        digest=digest_config(hidden),
        source=resolved.config.source,
    )


def annotated_example(kind: Kind, schemas: Mapping[str, bytes]) -> str:
    """Return an annotated configuration file of all keys at their defaults.

    Raises:
        ConfigError: The kind declares no schema, or a form that knows no comments.
    """
    said = kind.config
    if said is None or said.schema is None:
        raise ConfigError(
            "the contract declares no schema for configurations",
            expected="`config: {schema: …}` in the kind",
            got="nothing",
        )
    suffix = posixpath.splitext(said.file or "config.toml")[1].lower()
    if suffix not in _WRITERS:
        raise ConfigError(
            f"a `{suffix}` file has no comments", expected=".toml or .yaml", got=said.file or ""
        )
    return _WRITERS[suffix](ConfigSchema.of(inline_name(said.schema), schemas))
