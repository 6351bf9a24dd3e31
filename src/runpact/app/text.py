"""Results and errors of a command as people read them.

Knows: lines of text.
Does not know: where they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.machine.failure import Failure


def result_lines(result: object) -> list[str]:
    """Return a result as text: of a mapping a line for each key."""
    if result is None:
        return []
    plain = msgspec.to_builtins(result, enc_hook=str)
    if not isinstance(plain, Mapping):
        return [_value(plain)]
    width = max((len(str(name)) for name in plain), default=0)
    return [f"{name!s:<{width}}  {_value(value)}" for name, value in plain.items()]


def error_lines(failure: Failure | None) -> list[str]:
    """Return an error as text, with all its faults and what to do next."""
    if failure is None:
        return []
    lines = [f"error[{failure.code}]: {_plain(failure.message)}"]
    lines += _evidence(failure.expected, failure.got, failure.at)
    for fault in failure.faults:
        near = f"; did you mean `{fault.nearest}`?" if fault.nearest else ""
        lines.append(f"  {_plain(fault.path)}: {_plain(fault.message)}{near}")
        lines += [f"    {line}" for line in _evidence(fault.expected, fault.got, "")]
    return lines + ([f"hint: {_plain(failure.hint)}"] if failure.hint else [])


def _evidence(expected: str, got: str, at: str) -> list[str]:
    pairs = (("expected", expected), ("got", got), ("at", at))
    return [f"  {name:<9} {_plain(value)}" for name, value in pairs if value]


def _value(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return _plain(text)


def _plain(text: str) -> str:
    """Return a text that drives no terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
