"""Passphrases of private keys.

Knows: the terminal, and the environment variable that a person names.
Does not know: keys.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click

from runpact.model.errors import UsageError


def new_passphrase(variable: str | None, *, is_asked: bool) -> bytes | None:
    """Return the passphrase for a new key; None for a key without one.

    Raises:
        UsageError: It is empty, or there is no terminal to ask on.
    """
    if variable is not None:
        return from_variable(variable)
    return _ask("Passphrase of the new key", twice=True) if is_asked else None


def passphrase_of(variable: str | None) -> Callable[[str], bytes | None]:
    """Return what finds the passphrase of a key that has one, given its path."""
    return lambda path: from_variable(variable) if variable is not None else _ask(f"Passphrase of {path}")


def from_variable(name: str) -> bytes:
    """Return the passphrase that an environment variable holds.

    Raises:
        UsageError: It is not set, or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise UsageError(
            f"the environment variable {name} is not set", expected="a passphrase", got="nothing"
        )
    return os.fsencode(value)


def _ask(text: str, *, twice: bool = False) -> bytes:
    if not sys.stdin.isatty():
        raise UsageError(
            "a passphrase is needed and there is no terminal to ask on",
            hint="name an environment variable with --passphrase-env",
        )
    answer = click.prompt(text, hide_input=True, confirmation_prompt=twice, err=True)
    return str(answer).encode()
