"""Refuse what a caller says of a run when it is nothing that can be meant, before anything is made.

Knows: which sorts of values a run is described by.
Does not know: whether a name, a kind or a capture exists.
"""

from __future__ import annotations

import contextlib
import operator
import os
from collections.abc import Iterable, Mapping

from runpact.model.errors import UsageError


def whole_seeds(seeds: object) -> dict[str, int | None]:
    """Return seeds by library as plain whole numbers, those of numpy included.

    Raises:
        UsageError: It is no mapping, or a seed is no whole number.
    """
    if not isinstance(seeds, Mapping):
        raise UsageError("seeds are a mapping", expected="a whole number by library", got=f"{seeds!r:.60}")
    return {_text(name, what="a library's name"): _whole(name, seed) for name, seed in seeds.items()}


def texts_by_name(values: object, *, what: str) -> dict[str, str]:
    """Return a mapping of text to text.

    Args:
        values: What the caller gave.
        what: What it is called, for the message.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(values, Mapping):
        raise UsageError(f"{what} are a mapping", expected="a text by name", got=f"{values!r:.60}")
    return {
        _text(name, what=f"a name in {what}"): _text(value, what=f"`{name}` in {what}")
        for name, value in values.items()
    }


def text_or_none(value: object, *, what: str) -> str | None:
    """Return a text, or None.

    Raises:
        UsageError: It is neither.
    """
    return None if value is None else _text(value, what=what)


def path_or_none(value: object, *, what: str) -> str | None:
    """Return a path as text, or None.

    Raises:
        UsageError: It is neither.
    """
    if value is None or isinstance(value, str | os.PathLike):
        return None if value is None else os.fspath(value)
    raise UsageError(f"{what} cannot be read", expected="a mapping or a path", got=f"{value!r:.60}")


def all_texts(values: Iterable[object] | str, *, what: str) -> tuple[str, ...]:
    """Return texts, of which a single one may stand alone.

    Raises:
        UsageError: One of them is no text.
    """
    return (values,) if isinstance(values, str) else tuple(_text(value, what=what) for value in values)


def _text(value: object, *, what: str) -> str:
    with contextlib.suppress(UnicodeEncodeError):
        if isinstance(value, str) and value.encode():
            return value
    raise UsageError(f"{what} is no text", expected="a text", got=f"{type(value).__name__} {value!r:.60}")


def _whole(name: object, seed: object) -> int | None:
    if seed is None:
        return None
    try:
        return operator.index(seed)  # type: ignore[arg-type]  # refused below when it is no whole number
    except TypeError as error:
        got = f"{type(seed).__name__} {seed!r:.60}"
        raise UsageError(
            f"the seed of `{name}` is no whole number", expected="a whole number, or None", got=got
        ) from error
