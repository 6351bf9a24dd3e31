"""Names that say: my value is a secret.

Knows: such names of environment variables, configuration keys, options of commands.
Does not know: the values' shapes, or where they are recorded.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runpact.model.shapes import KEYS, NO_SECRETS
from runpact.model.template import compile_glob

PATTERNS = "RUNPACT_SECRETS"
"""Environment variable with further patterns of names, separated by commas."""

_HARD = r"secret|passw|passphrase|passcode|credential"
_NO_TOKENS = "".join(rf"(?<!{word})(?<!{word}[_.-])" for word in NO_SECRETS.split())
_KEY = "|".join(rf"(?<={word})|(?<={word}[_.-])" for word in KEYS.split())
# Texts: few commands meet a name, and none need pay for making these patterns before.
_NAME = rf"{_HARD}|{_NO_TOKENS}token\Z|(?:{_KEY})key\Z|[_.-](?:pass|pwd|pw|pat|auth|dsn)\Z|\A(?:pass|pw)\Z"
_ABOUT = (
    r"(?:files?|path|dir|directory|folder|url|uri|name|type|kind|count|length|len|size|ttl|lifetime|required|enabled"
    r"|policy|provider|manager|store|helper|backend|version|region|arn|hint|field|env|var|prompt)\Z"
)
"""Ends of names that are about a secret and do not hold one."""
_NO_VALUE = r"(?i:true|false|none|null|yes|no|on|off|enabled|disabled|required|optional|default)?"
_OPTION = r"-{0,2}[+~]{0,2}(?P<name>[A-Za-z_][\w./-]*)="
_REFERENCE = r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}"
_USERS = frozenset({"-u", "--user", "--proxy-user"})
_LONGEST = 200


@functools.lru_cache(maxsize=4096)
def names_secret(name: str) -> bool:
    """Whether a name is that of a secret: `DB_PASSWORD`, `apiKey`; not `pad_token`, `secret_name`."""
    low = name[-_LONGEST:].lower()
    return re.search(_NAME, low) is not None and re.search(_ABOUT, low) is None


def secret_variables(environ: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """Return the environment variables that hold a secret.

    Args:
        environ: The environment.
        patterns: Globs of names that are secret as well, as in `ACME_*`; behind a `!`, of names that are not.
            The last that matches decides.
    """
    asked = [(compile_glob(pattern.removeprefix("!")), not pattern.startswith("!")) for pattern in patterns]
    found = {}
    for name, value in environ.items():
        verdicts = [is_secret for glob, is_secret in asked if glob.fullmatch(name)]
        if (verdicts or [names_secret(name)])[-1] and re.fullmatch(_NO_VALUE, value.strip()) is None:
            found[name] = value
    return found


def hides_number(name: str, value: object) -> bool:
    """Whether a number is a secret: below `password` it is, below `token` or `key` it counts something."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and names_secret(name) and re.search(_HARD, name.lower()) is not None


def secret_settings(value: object, *, is_secret: bool = False) -> Iterator[str]:
    """Yield what stands below a name of a secret in plain data."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            name = str(key)
            if hides_number(name, below):
                yield str(below)
            yield from secret_settings(below, is_secret=is_secret or names_secret(name))
    elif isinstance(value, list | tuple):
        for below in value:
            yield from secret_settings(below, is_secret=is_secret)
    elif (
        is_secret
        and isinstance(value, str)
        and not is_reference(value)
        and re.fullmatch(_NO_VALUE, value) is None
    ):
        yield value


def reference_to(name: str) -> str:
    """Return what stands for the value of an environment variable."""
    return f"${{env:{name}}}"


def referred(text: str) -> str | None:
    """Return the environment variable that a text stands for; None for any other text."""
    found = re.fullmatch(_REFERENCE, text)
    return found[1] if found is not None else None


def is_reference(text: str) -> bool:
    """Whether a text only says where its value is found, as in `${env:NAME}`, or was masked."""
    return (text.startswith("${") and text.endswith("}")) or text == "[redacted]"


def without_references(value: object) -> object:
    """Return plain data in which each reference `${env:NAME}` to a secret reads as a masked value does."""
    top: list[Any] = [value]
    waiting: list[tuple[Any, Any]] = [(top, 0)]
    while waiting:  # however deep somebody nested it
        holder, key = waiting.pop()
        each = holder[key]
        if isinstance(each, Mapping):
            holder[key] = dict(each)
            waiting += [(holder[key], name) for name in each]
        elif isinstance(each, list | tuple):
            holder[key] = list(each)
            waiting += [(holder[key], number) for number in range(len(each))]
        elif isinstance(each, str) and referred(each):
            holder[key] = "[redacted]"
    return top[0]


def argument_secrets(arguments: Iterable[str]) -> tuple[int | None, ...]:
    """Return for each argument of a command where in it a secret begins that its option names; None without.

    `--token X`, `--token=X`, `db.password=X` and `-u user:X` are known.
    """
    places: list[int | None] = []
    before = ""
    for argument in arguments:
        places.append(_secret_in(argument, before))
        before = argument
    return tuple(places)


def _secret_in(argument: str, before: str) -> int | None:
    option = re.match(_OPTION, argument)
    if option is not None:
        return option.end() if names_secret(option["name"]) and len(argument) > option.end() else None
    if before in _USERS and ":" in argument:
        return argument.index(":") + 1
    is_value = argument != "" and not argument.startswith("-")
    is_named = before.startswith("--") and "=" not in before and names_secret(before)
    return 0 if is_value and is_named else None
