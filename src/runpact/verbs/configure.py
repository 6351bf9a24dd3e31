"""Resolve the configuration of a run.

Knows: where it may come from and how overrides join it.
Does not know: what a project's schema demands.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

import msgspec

from runpact.disk.source import read_source
from runpact.formats.inspect import parse_document
from runpact.model.digest import canonical_json, digest_bytes
from runpact.model.errors import ConfigError
from runpact.model.facts import FormatFault
from runpact.model.provenance import Config

_LIMIT = 16 * 1024 * 1024


def resolve_config(
    source: Mapping[str, object] | str | None, overrides: tuple[str, ...], *, root: str, cwd: str
) -> Config:
    """Return the resolved configuration with its digest and source.

    Args:
        source: The configuration itself, or the path of a JSON, YAML or TOML file.
        overrides: `dotted.key=value`; a value that is JSON is read as JSON, else it is text.
        root: Absolute data root, to name the source relative to it.
        cwd: Absolute directory that a relative path begins in.

    Raises:
        ConfigError: It cannot be read, is no mapping, or an override is malformed.
    """
    path, data = None, b""
    values: object = dict(source) if isinstance(source, Mapping) else {}
    if isinstance(source, str):
        path = posixpath.normpath(posixpath.join(cwd, source))
        data = read_source(path, limit=_LIMIT)
        values = _parsed(path, data)
    resolved = _plain(values)
    for override in overrides:
        _apply(resolved, override)
    return Config(
        resolved=resolved,
        digest=digest_config(resolved),
        source=_relative(path, root) if path else None,
        source_digest=digest_bytes(data) if path else None,
        overrides=overrides,
    )


def _parsed(path: str, data: bytes) -> object:
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


def digest_config(resolved: dict[str, object]) -> str:
    """Return the digest of a resolved configuration, whatever the order of its keys.

    Raises:
        ConfigError: It is not strict JSON data.
    """
    try:
        return digest_bytes(canonical_json(resolved))
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"the configuration is not strict JSON data: {error!s:.200}", hint="write large numbers as text"
        ) from error


def _apply(resolved: dict[str, object], override: str) -> None:
    key, separator, text = override.partition("=")
    parts = key.strip().split(".")
    if not separator or not all(parts):
        raise ConfigError("an override cannot be read", expected="dotted.key=value", got=override)
    table = resolved
    for part in parts[:-1]:
        below = table.setdefault(part, {})
        if not isinstance(below, dict):
            raise ConfigError(f"`{key}` goes through `{part}`, which is not a table", got=override)
        table = below
    table[parts[-1]] = _value(text)


def _value(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):  # half a surrogate pair stands for a byte of no UTF-8
        return text


def _relative(path: str, root: str) -> str:
    return (
        path.removeprefix(root.rstrip("/") + "/")
        if path.startswith(root.rstrip("/") + "/")
        else posixpath.basename(path)
    )
