"""The space of a sweep: which values each key of the configuration may take.

Knows: grids, ranges, and how both are said in text and in documents.
Does not know: in which order they are tried.
"""

# No deferred annotations: the decoder would evaluate each as text.

import math
import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from runpact.model.config.coerce import read_text
from runpact.model.config.schema import Declared, split_key
from runpact.model.digest import canonical_json
from runpact.model.errors import UsageError
from runpact.model.facts import Json

_DRAWN = re.compile(r"\s*(uniform|log|int|choice)\s*\((.*)\)\s*", re.DOTALL)
_FORMS = "`uniform(a,b)`, `log(a,b)`, `int(a,b)` or `choice(v1,v2,…)`"
_PAIR = 2
_UNDECLARED = Declared(key=())
_LARGEST = 2**53 - 1


class Grid(msgspec.Struct, frozen=True, tag_field="is", tag="grid"):
    """Every one of these values, in this order."""

    values: tuple[Json, ...]


class Uniform(msgspec.Struct, frozen=True, tag_field="is", tag="uniform"):
    """A number from `low` to below `high`, all alike."""

    low: float
    high: float


class Log(msgspec.Struct, frozen=True, tag_field="is", tag="log"):
    """A number from `low` to below `high`, all orders of magnitude alike; both above zero."""

    low: float
    high: float


class Int(msgspec.Struct, frozen=True, tag_field="is", tag="int"):
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int


class Choice(msgspec.Struct, frozen=True, tag_field="is", tag="choice"):
    """One of these values, all alike."""

    values: tuple[Json, ...]


Dimension = Grid | Uniform | Log | Int | Choice
Space = dict[str, Dimension]


def grid_of(text: str, *, key: str) -> Grid:
    """Return the values of `v1,v2,…`; a comma within quotes or brackets parts nothing.

    Raises:
        UsageError: There is none, or one of them is empty.
    """
    return Grid(_distinct(map(_read, _parted(text, key)), key))


def drawn_of(text: str, *, key: str) -> Dimension:
    """Return the range that a text such as `log(1e-4,1e-1)` stands for.

    Raises:
        UsageError: It is none.
    """
    found = _DRAWN.fullmatch(text)
    if found is None:
        raise UsageError(f"`{key}` is drawn from nothing that is known", expected=_FORMS, got=text)
    return _drawn(found[1], [_read(each) for each in _parted(found[2], key)], key)


def dimension_of(value: object, *, key: str) -> Dimension:
    """Return what a program or a document says of one key.

    A list is a grid, a mapping as in `{log: [1e-4, 1e-1]}` and a text as in `log(1e-4,1e-1)` are ranges,
    anything else is the only value.

    Raises:
        UsageError: It is none of them.
    """
    if isinstance(value, Dimension):
        return value
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _MAKERS:
        name, parts = next(iter(value.items()))
        return _drawn(name, list(parts) if isinstance(parts, list | tuple) else [parts], key)
    if isinstance(value, str) and _DRAWN.fullmatch(value):
        return drawn_of(value, key=key)
    values = value if isinstance(value, list | tuple | range) else [value]
    return Grid(_distinct(values, key))


def space_of(said: Mapping[str, object]) -> Space:
    """Return the space that a program or a document says.

    Raises:
        UsageError: A key or what is said of it is not understood, or nothing is said.
    """
    if not isinstance(said, Mapping) or not said:
        raise UsageError("a sweep needs a space", expected="values for at least one key", got="none")
    return {key_of(key): dimension_of(value, key=key) for key, value in said.items()}


def key_of(text: str) -> str:
    """Return a dotted key of the configuration.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(text, str) or split_key(text) is None:
        raise UsageError(
            "no such key can be swept", expected="a dotted key of the configuration", got=f"{text!r:.60}"
        )
    return text


def text_of(value: Json) -> str:
    """Return the text by which `--set` and a command are given a value."""
    if not isinstance(value, str):
        return msgspec.json.encode(value).decode()
    return value if _read(value) == value else msgspec.json.encode(value).decode()


def size_of(space: Space) -> int | None:
    """Return how many settings a space has; None when some values are drawn from a range."""
    if any(isinstance(each, Uniform | Log) for each in space.values()):
        return None
    return math.prod(_count(each) for each in space.values())


def _count(dimension: Dimension) -> int:
    if isinstance(dimension, Int):
        return dimension.high - dimension.low + 1
    return len(dimension.values) if isinstance(dimension, Grid | Choice) else 0


def _read(text: str) -> Json:
    return read_text(text, _UNDECLARED)


def _parted(text: str, key: str) -> list[str]:
    """Return the parts between commas that stand within no quotes and no brackets."""
    parts, depth, is_quoted = [""], 0, False
    for character in text:
        is_quoted ^= character == '"' and not parts[-1].endswith("\\")
        depth += 0 if is_quoted else (character in "[{") - (character in "]}")
        if character == "," and depth <= 0 and not is_quoted:
            parts.append("")
        else:
            parts[-1] += character
    found = [part.strip() for part in parts]
    if not all(found):
        raise UsageError(f"a value of `{key}` is empty", expected="values with commas between", got=text)
    return found


def _distinct(values: Iterable[object], key: str) -> tuple[Json, ...]:
    """Return values as plain data, each once, as it was written first."""
    found: dict[bytes, Json] = {}
    try:
        for value in map(msgspec.to_builtins, values):
            found.setdefault(canonical_json(value), msgspec.json.decode(msgspec.json.encode(value)))
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        raise UsageError(
            f"a value of `{key}` is not strict JSON data: {error!s:.100}",
            expected="plain data, finite numbers",
        ) from error
    if not found:
        raise UsageError(f"`{key}` has no values", expected="one at least", got="none")
    return tuple(found.values())


def _drawn(name: str, parts: list[object], key: str) -> Dimension:
    return _MAKERS[name](parts, key)


def _ends(parts: list[object], key: str) -> tuple[float, float]:
    numbers = [part for part in parts if isinstance(part, int | float) and not isinstance(part, bool)]
    if len(parts) != _PAIR or len(numbers) != _PAIR or not all(map(math.isfinite, numbers)):
        raise UsageError(
            f"the range of `{key}` has two ends", expected="two finite numbers", got=f"{parts!r:.80}"
        )
    low, high = numbers
    if not low < high:
        raise UsageError(
            f"the range of `{key}` is empty", expected="a first end below the second", got=f"{low}, {high}"
        )
    return low, high


def _uniform(parts: list[object], key: str) -> Dimension:
    low, high = _ends(parts, key)
    if not math.isfinite(float(high) - float(low)):
        raise UsageError(f"the range of `{key}` is too wide", got=f"{low}, {high}")
    return Uniform(float(low), float(high))


def _log(parts: list[object], key: str) -> Dimension:
    low, high = _ends(parts, key)
    if low <= 0:
        raise UsageError(
            f"the range of `{key}` has no logarithm", expected="ends above zero", got=f"{low}, {high}"
        )
    return Log(float(low), float(high))


def _int(parts: list[object], key: str) -> Dimension:
    low, high = _ends(parts, key)
    if not isinstance(low, int) or not isinstance(high, int) or max(abs(low), abs(high)) > _LARGEST:
        raise UsageError(
            f"the range of `{key}` is of whole numbers", expected="as in int(2,8)", got=f"{low}, {high}"
        )
    return Int(low, high)


def _choice(parts: list[object], key: str) -> Dimension:
    return Choice(_distinct(parts, key))


_MAKERS: dict[str, Callable[[list[object], str], Dimension]] = {
    "uniform": _uniform,
    "log": _log,
    "int": _int,
    "choice": _choice,
}
