"""Values given as text, read as what the schema declares.

Knows: which text stands for a value of each type.
Does not know: where the text was given.
"""

from __future__ import annotations

import msgspec

from runpact.model.config.schema import Declared

_WORDS = {"true": True, "false": False}
_ORDER = ("null", "boolean", "integer", "number", "array", "object", "string")


def read_text(text: str, declared: Declared) -> object:
    """Return the value that a text stands for; the text itself when it fits none of the declared types.

    Without a declared type, JSON is read as JSON, and anything else is text. `true` and `false` may be spelt
    in any case; a text in double quotes loses them.
    """
    types = declared.types or _types_of(declared.choices)
    if not types:
        return _word(text, _json(text, text))
    for kind in _ORDER:
        if kind in types:
            value = _READERS[kind](text)
            if value is not msgspec.UNSET:
                return value
    return text


def _types_of(choices: tuple[object, ...]) -> tuple[str, ...]:
    return ("string",) if choices and all(isinstance(each, str) for each in choices) else ()


def _json(text: str, otherwise: object = msgspec.UNSET) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):  # half a surrogate pair stands for a byte of no UTF-8
        return otherwise


def _word(text: str, otherwise: object) -> object:
    return _WORDS.get(text.strip().lower(), otherwise)


def _null(text: str) -> object:
    return None if text.strip() == "null" else msgspec.UNSET


def _boolean(text: str) -> object:
    return _word(text, msgspec.UNSET)


def _integer(text: str) -> object:
    value = _json(text)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole else msgspec.UNSET


def _number(text: str) -> object:
    value = _json(text)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else msgspec.UNSET


def _array(text: str) -> object:
    value = _json(text)
    return value if isinstance(value, list) else msgspec.UNSET


def _object(text: str) -> object:
    value = _json(text)
    return value if isinstance(value, dict) else msgspec.UNSET


def _string(text: str) -> object:
    value = _json(text)
    return value if isinstance(value, str) else text


_READERS = {
    "null": _null,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "array": _array,
    "object": _object,
    "string": _string,
}
