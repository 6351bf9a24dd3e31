"""Functions that the contract language adds to CEL.

Knows: lists, numbers, texts and paths as values.
Does not know: the run; what looks at files is in `runpact.model.judge.names`.
"""

from __future__ import annotations

import itertools
import math
import posixpath
from collections.abc import Callable, Iterable, Mapping

from runpact.model.digest import canonical_json
from runpact.model.names import is_relative
from runpact.model.pattern import compile_pattern

_LONGEST_RANGE = 1_000_000
_LONGEST_TEXT = 1 << 26
"""More than the longest text that is read from a file."""


def _unique(items: Iterable[object]) -> bool:
    seen = [_key(item) for item in items]
    return len(set(seen)) == len(seen)


def _sorted(items: list[object]) -> bool:
    return all(a <= b for a, b in itertools.pairwise(items))  # type: ignore[operator]  # CEL lists hold one type


def _same_set(left: Iterable[object], right: Iterable[object]) -> bool:
    return {_key(item) for item in left} == {_key(item) for item in right}


def _close(left: float, right: float, relative: float = 1e-9, absolute: float = 0.0) -> bool:
    return math.isclose(left, right, rel_tol=relative, abs_tol=absolute)


def _sum(items: Iterable[float]) -> float:
    values = list(items)
    return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)


def _flatten(items: Iterable[Iterable[object]]) -> list[object]:
    return [item for inner in items for item in inner]


def _distinct(items: Iterable[object]) -> list[object]:
    first: dict[object, object] = {}
    for item in items:
        first.setdefault(_key(item), item)
    return list(first.values())


def _text(value: object) -> str:
    """Return any value as text; the engine's own conversion knows no booleans."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else "null" if value is None else str(value)


def _key(item: object) -> object:
    """Return what is equal exactly when two values are: `1` is `1.0` but not `true`."""
    if isinstance(item, bool):
        return ("bool", item)
    return item if isinstance(item, str | int | float | None) else canonical_json(item)


def _without(items: Iterable[object], others: Iterable[object]) -> list[object]:
    left_out = {_key(other) for other in others}
    return [item for item in items if _key(item) not in left_out]


def _mean(items: Iterable[float]) -> float:
    values = list(items)
    return math.fsum(values) / len(values)


def _range(*bounds: int) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > _LONGEST_RANGE:
        message = f"a range of {len(numbers):,} numbers is too long"
        raise ValueError(message)
    return list(numbers)


def _refuse_beyond(size: int, limit: int, what: str) -> None:
    if size > limit:
        message = f"{size:,} {what} are more than {limit:,}"
        raise ValueError(message)


def _join(items: list[object], between: str) -> str:
    texts = [_text(item) for item in items]
    _refuse_beyond(sum(map(len, texts)) + len(between) * len(texts), _LONGEST_TEXT, "characters")
    return between.join(texts)


def _pad(number: int, width: int) -> str:
    _refuse_beyond(width, _LONGEST_TEXT, "digits")
    return f"{number:0{width}d}"


def _replace(text: str, old: str, new: str) -> str:
    _refuse_beyond(len(text) + text.count(old) * len(new), _LONGEST_TEXT, "characters")
    return text.replace(old, new)


def _split(text: str, between: str | None = None, most: int = -1) -> list[str]:
    _refuse_beyond(len(text) // 2 if between is None else text.count(between), _LONGEST_RANGE, "parts")
    return text.split(between, most)


def _zip(*lists: list[object]) -> list[list[object]]:
    return [list(items) for items in zip(*lists, strict=True)]


def _values(mapping: Mapping[str, object]) -> list[object]:
    return list(mapping.values())


def _groups(text: str, pattern: str) -> list[str]:
    found = compile_pattern(pattern).fullmatch(text)
    if found is None:
        message = f"`{text:.80}` does not match `{pattern}`"
        raise ValueError(message)
    return list(found[1:])


def _caught(lines: Iterable[str], pattern: str) -> list[str]:
    compiled = compile_pattern(pattern)
    matcher, group = compiled.matcher(), min(1, compiled.groups)
    return [match[group] for line in lines if (match := matcher.fullmatch(line))]


def _stem(path: str) -> str:
    return posixpath.basename(path).split(".", 1)[0]


def _renamed(items: Iterable[Mapping[str, object]], names: Mapping[str, str]) -> list[dict[str, object]]:
    return [{new: item[old] for new, old in names.items()} for item in items]


def _merged(*mappings: Mapping[str, object]) -> dict[str, object]:
    return {key: value for mapping in mappings for key, value in mapping.items()}


OF_CEL = frozenset(
    {
        *("all", "exists", "exists_one", "filter", "has", "map", "size"),
        *("bytes", "double", "duration", "dyn", "int", "timestamp", "type", "uint"),
        *("contains", "endsWith", "matches", "startsWith"),
        *("getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours"),
        *("getMilliseconds", "getMinutes", "getMonth", "getSeconds"),
    }
)
"""Functions, methods and macros that CEL brings along."""

OF_RUNS = frozenset(
    {
        *("array_at", "canonical_digest", "digest", "doc_at", "hex_at", "is_dir", "is_file", "is_run"),
        *("lines_at", "number_at", "rows_at", "text_at"),
    }
)
"""Functions that look at the files of a run."""

FUNCTIONS: dict[str, Callable[..., object]] = {
    "abs": abs,
    "basename": posixpath.basename,
    "caught": _caught,
    "ceil": math.ceil,
    "close": _close,
    "dirname": posixpath.dirname,
    "distinct": _distinct,
    "flatten": _flatten,
    "floor": math.floor,
    "greatest": max,
    "groups": _groups,
    "is_relative": is_relative,
    "join": _join,
    "keys": list,
    "least": min,
    "lower": str.lower,
    "mean": _mean,
    "merged": _merged,
    "pad": _pad,
    "range": _range,
    "renamed": _renamed,
    "replace": _replace,
    "same_set": _same_set,
    "sorted": _sorted,
    "split": _split,
    "stem": _stem,
    "string": _text,
    "sum": _sum,
    "trim": str.strip,
    "unique": _unique,
    "upper": str.upper,
    "values": _values,
    "without": _without,
    "zip": _zip,
}
"""By name; one that raises leaves its expression undecided."""
