"""Find the secrets that the records of a run must not hold.

Knows: where they come from: environment, configuration, command, and those of the run around.
Does not know: how a text is masked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from runpact.model.provenance import Code, Config, Environment, Host, Provenance
from runpact.model.recordmasker import RecordMasker, texts_in
from runpact.model.secretnames import (
    PATTERNS,
    argument_secrets,
    is_reference,
    secret_settings,
    secret_variables,
)
from runpact.model.secrets import Masker
from runpact.verbs.configure import digest_config

CONFIG = "RUNPACT_CONFIG"
"""Environment variable by which a child finds its configuration, secrets included."""
_Part = TypeVar("_Part", Code, Environment, Host)
_WHERE = "config"


def patterns_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the patterns of secret names that a person, or the run around, gave by the environment."""
    return tuple(pattern.strip() for pattern in environ.get(PATTERNS, "").split(",") if pattern.strip())


def find_secrets(
    environ: Mapping[str, str],
    patterns: Iterable[str],
    *,
    config: Mapping[str, object],
    command: tuple[str, ...],
) -> RecordMasker:
    """Return what masks the records of a run about to be made.

    Args:
        environ: The environment of this process, and so of the run's command.
        patterns: Globs of further names of secret variables; behind a `!`, of names that hold none.
        config: The resolved configuration.
        command: Program and arguments.
    """
    variables = {
        name: value for name, value in secret_variables(environ, patterns).items() if not _is_path(value)
    }
    others = (
        *secret_settings(config),
        *secret_settings(outer_config(environ)),
        *_in_command(command),
        *Masker.of(frozenset()).found("\n".join((*environ.values(), *texts_in(config), *command))),
    )
    return RecordMasker(variables, (value for value in others if not _is_path(value)))


def masked_provenance(provenance: Provenance, masker: RecordMasker) -> Provenance:
    """Return a provenance as it may be recorded; its command was masked before it was shortened."""
    masked = msgspec.structs.replace(
        provenance,
        cwd=masker.text("command", provenance.cwd),
        code=_without(provenance.code, "code", masker),
        environment=_without(provenance.environment, "environment", masker),
        host=None if provenance.host is None else _without(provenance.host, "host", masker),
        config=_masked_config(provenance.config, masker),
    )
    return msgspec.structs.replace(masked, masking=masker.masking)


def _without(part: _Part, where: str, masker: RecordMasker) -> _Part:
    plain = msgspec.to_builtins(part)
    masked = masker.values(where, plain)
    return part if masked is plain else msgspec.convert(masked, type(part))


def _masked_config(config: Config, masker: RecordMasker) -> Config:
    """Return a configuration as it may be recorded.

    Its digest is that of the recorded form: one over the secrets would let them be found by trying.
    """
    resolved = masker.settings(_WHERE, config.resolved)
    overrides = masker.command(_WHERE, config.overrides)
    if resolved is config.resolved and overrides == config.overrides:
        return config
    shown = msgspec.convert(resolved, dict[str, object])
    return msgspec.structs.replace(
        config,
        resolved=shown,
        digest=digest_config(shown),
        source=None if config.source is None else masker.text(_WHERE, config.source),
        source_digest=None,
        overrides=overrides,
    )


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
