"""Results and errors of a command as people read them.

Knows: lines of text.
Does not know: where they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from runpact.model.machine.failure import Failure


def result_lines(result: object) -> list[str]:
    """Return a result as text: of a mapping a line for each key, of rows a table, no JSON."""
    if result is None:
        return []
    return _lines(msgspec.to_builtins(result, enc_hook=str, str_keys=True))


def _lines(value: object) -> list[str]:
    if isinstance(value, Mapping) and value:
        return _named(value)
    if isinstance(value, list) and _are_rows(value):
        return _table(value)
    if isinstance(value, list) and any(isinstance(each, str | Mapping | list) for each in value):
        return [line for each in value for line in _lines(each)]
    return [_value(value)]


def _named(value: Mapping[str, object]) -> list[str]:
    """Return a line for each key; what has parts stands below its name."""
    width = max(len(name) for name in value)
    lines = []
    for name, each in value.items():
        if each and isinstance(each, Mapping | list):
            lines += [name, *(f"  {line}" for line in _lines(each))]
        else:
            lines.append(f"{name:<{width}}  {_value(each)}")
    return lines


def _are_rows(items: list[object]) -> bool:
    """Whether items are mappings with the same keys, without parts of their own."""
    first = items[0] if items else None
    return isinstance(first, Mapping) and all(
        isinstance(item, Mapping)
        and item.keys() == first.keys()
        and not any(isinstance(each, Mapping | list) for each in item.values())
        for item in items
    )


def _table(items: list[Mapping[str, object]]) -> list[str]:
    names = list(items[0])
    rows = [names, *([_value(item[name]) for name in names] for item in items)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


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
