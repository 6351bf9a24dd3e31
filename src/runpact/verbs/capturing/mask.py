"""Find the secrets that the records of a run must not hold.

Knows: where they come from: environment, configuration, command, and those of the run around.
Does not know: how a text is masked.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

import msgspec

from runpact.model.contract.language import Kind
from runpact.model.provenance import AskedBy, Code, Composition, Config, Environment, Host, Provenance
from runpact.model.recordmasker import RecordMasker, texts_in
from runpact.model.schema import inline_name
from runpact.model.secretnames import (
    PATTERNS,
    argument_secrets,
    is_reference,
    secret_settings,
    secret_variables,
)
from runpact.model.secrets import Masker
from runpact.model.secretschema import Path, marked_paths, replaced_at
from runpact.verbs.capturing.configure import digest_config

CONFIG = "RUNPACT_CONFIG"
"""Environment variable by which a child finds its configuration, secrets included."""
_Part = TypeVar("_Part", AskedBy, Code, Environment, Host)
_CONFIG_FIELD = "run.config"


def patterns_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the patterns of secret names that a person, or the run around, gave by the environment."""
    return tuple(pattern.strip() for pattern in environ.get(PATTERNS, "").split(",") if pattern.strip())


def find_secrets(
    environ: Mapping[str, str],
    patterns: Iterable[str],
    *,
    config: Mapping[str, object],
    command: tuple[str, ...],
    marked: Iterable[Path] = (),
    references: Mapping[Path, str] = MappingProxyType({}),
) -> RecordMasker:
    """Return what masks the records of a run about to be made.

    Args:
        environ: The environment of this process, and so of the run's command.
        patterns: Globs of further names of secret variables; behind a `!`, of names that hold none.
        config: The resolved configuration.
        command: Program and arguments.
        marked: Where in the configuration its schema says that a secret stands.
        references: Environment variables by where in the configuration their values stand.
    """
    variables, found = _in_environment(tuple(environ.items()), tuple(patterns))
    others = [
        *secret_settings(config),
        *secret_settings(outer_config(environ)),
        *_in_command(command),
        *Masker.of(frozenset()).found("\n".join((*texts_in(config), *command))),
    ]
    for path in marked:
        replaced_at(config, path, lambda value: others.extend(secret_settings(value, is_secret=True)))
    declared = [*found, *(each for each in others if not _is_path(each))]
    return RecordMasker(variables, declared, marked, references)


@functools.lru_cache(maxsize=4)
def _in_environment(
    variables: tuple[tuple[str, str], ...], patterns: tuple[str, ...]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the secret variables, and the secrets within others; looked for again once one changed."""
    secret = {
        name: value
        for name, value in secret_variables(dict(variables), patterns).items()
        if not _is_path(value)
    }
    found = Masker.of(frozenset()).found("\n".join(value for _name, value in variables))
    return secret, tuple(value for value in found if not _is_path(value))


def marked_settings(
    kind: Kind, config: Mapping[str, object], schemas: Mapping[str, bytes]
) -> frozenset[Path]:
    """Return where in the configuration stands what its schema, that of `fields: run.config`, marks."""
    entries = (each for each in kind.entries if each.fields == _CONFIG_FIELD and each.schema is not None)
    names = [inline_name(each.schema) for each in entries if each.schema is not None]
    return frozenset(path for name in names for path in marked_paths(config, name, schemas))


def masked_provenance(provenance: Provenance, masker: RecordMasker) -> Provenance:
    """Return a provenance as it may be recorded; its command was masked before it was shortened."""
    masked = msgspec.structs.replace(
        provenance,
        cwd=masker.text("command", provenance.cwd),
        code=_without(provenance.code, "code", masker),
        environment=_masked_environment(provenance.environment, masker),
        host=None if provenance.host is None else _without(provenance.host, "host", masker),
        config=masked_config(provenance.config, masker),
        request=None if provenance.request is None else _without(provenance.request, "command", masker),
    )
    return msgspec.structs.replace(masked, masking=masker.masking)


def _masked_environment(environment: Environment, masker: RecordMasker) -> Environment:
    """Return an environment without secrets; the many names and versions of packages have none."""
    masked = _without(msgspec.structs.replace(environment, packages={}), "environment", masker)
    return msgspec.structs.replace(masked, packages=environment.packages)


def _without(part: _Part, where: str, masker: RecordMasker) -> _Part:
    plain = msgspec.to_builtins(part)
    masked = masker.values(where, plain)
    return part if masked is plain else msgspec.convert(masked, type(part))


def masked_config(config: Config, masker: RecordMasker) -> Config:
    """Return a configuration as it may be recorded.

    Its digest is that of the recorded form: one over the secrets would let them be found by trying.
    """
    resolved = masker.config(config.resolved)
    overrides = masker.overrides(config.overrides)
    config = msgspec.structs.replace(config, composition=_masked_composition(config.composition, masker))
    if resolved is config.resolved and overrides == config.overrides:
        return config
    shown = msgspec.convert(resolved, dict[str, object])
    return msgspec.structs.replace(
        config,
        resolved=shown,
        digest=digest_config(shown),
        source=None if config.source is None else masker.text("config", config.source),
        source_digest=None,
        overrides=overrides,
    )


def _masked_composition(
    said: Composition | msgspec.UnsetType, masker: RecordMasker
) -> Composition | msgspec.UnsetType:
    if said is msgspec.UNSET:
        return said
    told = {"composed": masker.config(said.composed), "choices": masker.values("config", said.choices)}
    return msgspec.convert({**told, "by": said.by}, Composition)


def _in_command(command: tuple[str, ...]) -> Iterator[str]:
    for argument, start in zip(command, argument_secrets(command), strict=True):
        if start is not None and not is_reference(argument[start:]):
            yield argument[start:]


def outer_config(environ: Mapping[str, str]) -> object:
    """Return the configuration of the run around, secrets included; None when there is none."""
    try:
        return msgspec.json.decode(environ.get(CONFIG, "null"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_path(value: str) -> bool:
    """Whether a value only names a file that is there, as in `DB_PASSWORD=/run/secrets/db`."""
    return ("/" in value or "." in value) and "\0" not in value and os.path.lexists(os.path.expanduser(value))
