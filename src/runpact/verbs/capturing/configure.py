"""Resolve the configuration of a run.

Knows: where it may come from, in which order its layers join, when it is refused.
Does not know: what any key means.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

import msgspec

from runpact.disk.source import is_there, read_source
from runpact.formats.inspect import parse_document
from runpact.host.realpath import real_path
from runpact.model.config.coerce import read_text
from runpact.model.config.faults import dotted, schema_faults, unknown_keys
from runpact.model.config.layers import GIVEN, SET, Layered, Origin, base_of, resolve_paths
from runpact.model.config.schema import ConfigSchema, Key, leaves, split_key
from runpact.model.contract.language import Configuration
from runpact.model.digest import digest_bytes, digest_of_value
from runpact.model.errors import ConfigError, Fault
from runpact.model.facts import FormatFault
from runpact.model.provenance import Config
from runpact.model.reference import pointer_of
from runpact.model.schema import inline_name, validator_for
from runpact.model.secretnames import referred
from runpact.model.secretschema import Path

_LIMIT = 16 * 1024 * 1024


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says about a configuration."""

    source: Mapping[str, object] | str | None = None
    """The configuration itself, or the path of a JSON, YAML or TOML file."""
    overrides: tuple[str, ...] = ()
    """`dotted.key=value`, applied in order."""
    workdir: str | None = None
    """Absolute folder that replaces the one the schema marks."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Where a configuration is resolved."""

    root: str
    """Absolute data root, to name the source relative to it."""
    cwd: str
    """Absolute directory that a relative path of the caller begins in."""
    environ: Mapping[str, str]
    rules: Configuration = Configuration()
    schemas: Mapping[str, bytes] = {}
    """The contract's JSON Schemas by path."""
    folder: str | None = None
    """Absolute folder of the contract, where a default file stands."""


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration, where its values come from, and which of them the environment gave."""

    config: Config
    layered: Layered
    schema: ConfigSchema
    references: Mapping[Path, str] = {}
    """Names of environment variables by the keys whose values were taken from them; what they hold is never
    recorded."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of environment variables that values were taken from."""
        return tuple(self.references.values())


def resolve_config(asked: Asked, around: Surroundings) -> Resolved:
    """Return the resolved configuration: defaults, then the file, then `--set`, then `--workdir`.

    Raises:
        ConfigError: It cannot be read, or is not what the schema declares; every fault is carried.
    """
    schema = _schema(around)
    layered = Layered()
    layered.add(schema.defaults(), "default")
    path, data = _file(asked, around)
    if path is not None:
        name = _relative(path, around.root)
        layered.add(_parsed(path, data), name, _lines(path, data))
    elif isinstance(asked.source, Mapping):
        layered.add(_plain(asked.source), GIVEN)
    for override in asked.overrides:
        _apply(layered, override, schema)
    references = dict(_from_environment(layered, around.environ))
    base = base_of(real_path(path), around.rules.above) if path else around.root
    resolve_paths(layered, schema, base=base, workdir=asked.workdir)
    _demand_fit(layered, schema, around)
    return Resolved(
        config=Config(
            resolved=layered.values,
            digest=digest_config(layered.values),
            source=_relative(path, around.root) if path else None,
            source_digest=digest_bytes(data) if path else None,
            overrides=asked.overrides,
        ),
        layered=layered,
        schema=schema,
        references=references,
    )


def _schema(around: Surroundings) -> ConfigSchema:
    said = around.rules.schema
    return ConfigSchema({}) if said is None else ConfigSchema.of(inline_name(said), around.schemas)


def _file(asked: Asked, around: Surroundings) -> tuple[str | None, bytes]:
    """Return the file that is read and its bytes; none when there is none."""
    if isinstance(asked.source, str):
        path = posixpath.normpath(posixpath.join(around.cwd, asked.source))
    elif asked.source is None and around.rules.file and around.folder:
        path = posixpath.join(around.folder, around.rules.file)
        if not is_there(path):
            return None, b""
    else:
        return None, b""
    return path, read_source(path, limit=_LIMIT)


def _parsed(path: str, data: bytes) -> dict[str, object]:
    value = parse_document(path, data)
    if isinstance(value, FormatFault):
        raise ConfigError(
            f"`{path}` cannot be read: {value.message}", at=path, hint="it must be JSON, YAML or TOML"
        )
    if not isinstance(value, dict):
        raise ConfigError(
            f"`{path}` is not a mapping of keys", at=path, expected="a mapping", got=type(value).__name__
        )
    return value


def _plain(values: object) -> dict[str, object]:
    try:
        return msgspec.convert(msgspec.to_builtins(values, str_keys=True), dict[str, object])
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"the configuration is not plain data: {error}", hint="use numbers, text, lists and mappings"
        ) from error


def digest_config(resolved: Mapping[str, object]) -> str:
    """Return the digest of a resolved configuration, whatever the order of its keys.

    Raises:
        ConfigError: It is not strict JSON data.
    """
    try:
        return digest_of_value(resolved)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"the configuration is not strict JSON data: {error!s:.200}",
            hint="numbers are finite: say null or a text for `nan` and `inf`; write very large ones as text",
        ) from error


def _apply(layered: Layered, override: str, schema: ConfigSchema) -> None:
    text, separator, value = override.partition("=")
    key = split_key(text)
    if not separator or key is None:
        raise ConfigError("an override cannot be read", expected="dotted.key=value", got=override)
    for length in range(1, len(key)):
        held = layered.get(key[:length])
        if held is not None and not isinstance(held, dict):
            raise ConfigError(
                f"`{text}` goes through `{key[length - 1]}`, which is not a table", got=override
            )
    layered.put(key, read_text(value, schema.get(key)), Origin(SET))


def _from_environment(layered: Layered, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Put the value of an environment variable wherever `${env:NAME}` stands alone; yield both names."""
    faults = []
    for key, value in [*leaves(layered.values)]:
        found = referred(value) if isinstance(value, str) else None
        origin = layered.origin(key)
        if found is None or origin is None:
            continue
        if found in environ:
            layered.put(key, environ[found], origin)
            yield key, found
        else:
            faults.append(_unset(key, found, origin))
    if faults:
        raise _refused(tuple(faults))


def _unset(key: Key, name: str, origin: Origin) -> Fault:
    return Fault(
        f"`{dotted(key)}` is taken from the environment variable `{name}`, which is not set",
        file=origin.layer,
        line=origin.line,
        at=pointer_of(key),
        hint=f"export {name}=…",
    )


def _demand_fit(layered: Layered, schema: ConfigSchema, around: Surroundings) -> None:
    said = around.rules.schema
    if said is None:
        return
    unknown = unknown_keys(layered, schema)
    found = validator_for(inline_name(said), around.schemas).faults(layered.values)
    faults = (*unknown, *schema_faults(found, layered, unknown))
    if faults:
        raise _refused(faults)


def _refused(faults: tuple[Fault, ...]) -> ConfigError:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    return ConfigError(
        f"the configuration has {count}",
        faults=tuple(sorted(faults, key=lambda fault: (fault.file, fault.line))),
        hint="`runpact config show --origin` tells where each value comes from",
    )


def _relative(path: str, root: str) -> str:
    return (
        path.removeprefix(root.rstrip("/") + "/")
        if path.startswith(root.rstrip("/") + "/")
        else posixpath.basename(path)
    )


def _lines(path: str, data: bytes) -> dict[Key, int]:
    from runpact.formats.lines import key_lines  # noqa: PLC0415 - every run configures, few read a file

    return key_lines(posixpath.splitext(path)[1].lower(), data)
