"""The gate at which a configuration becomes a typed value.

Knows: dataclasses, msgspec structs and pydantic models, and that every fault is told with its dotted key.
Does not know: where the configuration came from.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import typing
from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.config.faults import dotted
from runpact.model.config.schema import Key
from runpact.model.errors import ConfigError, Fault, UsageError
from runpact.model.reference import pointer_of

_EXPECTED = re.compile(r"Expected `(?P<expected>[^`]+)`, got `")
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>[^\]]*)\]")
_Typed = typing.TypeVar("_Typed")


def typed_value(kind: type[_Typed], values: Mapping[str, object]) -> _Typed:
    """Return a configuration as a value of a type, so that nothing raw travels further.

    Args:
        kind: A dataclass, a `msgspec.Struct` or a pydantic model. Keys that the first two do not declare are
            refused; a pydantic model says itself what it takes.
        values: The resolved configuration, plain data.

    Raises:
        UsageError: `kind` is no such type.
        ConfigError: The configuration is not what the type declares; every fault is carried.
    """
    validate = getattr(kind, "model_validate", None)
    if validate is not None:
        return _by_its_own(kind, validate, values)
    if not _declares(kind):
        raise UsageError(
            "a configuration cannot be made a value of this type",
            expected="a dataclass, a msgspec.Struct or a pydantic model",
            got=f"{kind!r:.80}",
        )
    faults = tuple(_faults(kind, values, ()))
    if faults:
        raise _refused(kind, faults)
    try:
        value = _converted(values, kind)
    except (msgspec.ValidationError, ValueError, TypeError) as error:  # of its `__post_init__`
        raise _refused(kind, (_told(error, (), values),)) from error
    return typing.cast("_Typed", value)


def _by_its_own(
    kind: type[_Typed], validate: typing.Callable[[object], _Typed], values: Mapping[str, object]
) -> _Typed:
    """Return what a pydantic model makes of the values; pydantic itself is never imported."""
    try:
        return validate(dict(values))
    except ValueError as error:
        listed = getattr(error, "errors", None)
        if listed is None:
            raise
        raise _refused(kind, tuple(map(_pydantic_fault, listed()))) from error


def _pydantic_fault(said: Mapping[str, typing.Any]) -> Fault:
    key = tuple(map(str, said["loc"]))
    if said["type"] == "missing":
        return _missing(key, said["msg"])
    return _misfit(key, said["msg"], said["input"])


def _missing(key: Key, expected: str) -> Fault:
    return Fault(f"`{dotted(key)}` is missing", at=pointer_of(key), expected=expected, got="nothing")


def _declares(kind: object) -> bool:
    """Whether a type names its keys and the type of each."""
    return isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct))


def _faults(kind: type, values: Mapping[str, object], above: Key) -> Iterator[Fault]:
    """Yield every fault of a table, so that a person need not find them one by one."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(_as_struct(kind))}
    for name in values.keys() - fields.keys():
        yield _unknown((*above, str(name)), tuple(fields))
    for name, field in fields.items():
        key = (*above, name)
        if name in values:
            yield from _field_faults(field.type, values[name], key)
        elif field.required:
            yield _missing(key, _name(field.type))


def _field_faults(kind: object, value: object, key: Key) -> Iterator[Fault]:
    if _declares(kind) and isinstance(value, Mapping):
        yield from _faults(typing.cast("type", kind), value, key)
        return
    try:
        _converted(value, kind)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        yield _told(error, key, value, _choices(kind))


def _as_struct(kind: type) -> type[msgspec.Struct]:
    """Return a struct with the fields of a type: their names, types and which of them must be given."""
    if issubclass(kind, msgspec.Struct):
        return kind
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]  # whoever calls has looked
    return msgspec.defstruct(
        kind.__name__,
        [_field(field, hints[field.name]) for field in fields if field.init],
        kw_only=True,
    )


def _field(field: dataclasses.Field[object], kind: object) -> tuple[str, object, object]:
    is_given = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return field.name, kind, msgspec.field() if is_given else msgspec.field(default=None)


def _converted(value: object, kind: object) -> object:
    return msgspec.convert(value, typing.cast("type[object]", kind), dec_hook=_special)


def _special(kind: typing.Callable[[str], object], value: object) -> object:
    """Return a value of a type that no document has."""
    if hasattr(kind, "__fspath__") and isinstance(value, str):
        return kind(value)
    raise ValueError(f"Expected `{_name(kind)}`, got `{type(value).__name__}`")


def _unknown(key: Key, known: tuple[str, ...]) -> Fault:
    import difflib  # noqa: PLC0415 - only a mistyped key pays for it

    near = difflib.get_close_matches(key[-1], known, n=1)
    return Fault(
        f"`{dotted(key)}` is not a known key",
        at=pointer_of(key),
        expected="one of " + ", ".join(known) if known else "no key here",
        got=key[-1],
        hint=f"did you mean `{dotted((*key[:-1], near[0]))}`?" if near else "",
    )


def _choices(kind: object) -> tuple[object, ...]:
    """Return the values that a type names: of literals and enumerations, wherever they stand in it."""
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return tuple(each.value for each in kind)
    return tuple(each for part in typing.get_args(kind) for each in _choices(part))


def _told(error: Exception, above: Key, value: object, choices: tuple[object, ...] = ()) -> Fault:
    """Return what msgspec says of a value, at the dotted key that it is about."""
    said, _at, path = str(error).partition(" - at `$")
    below = tuple(step["name"] or step["index"] for step in _STEP.finditer(path.removesuffix("`")))
    parts = _EXPECTED.match(said)
    expected = parts["expected"] if parts else said.removeprefix("Expected ").replace("`", "")
    if choices and said.startswith("Invalid enum value"):
        expected = f"one of {', '.join(map(str, choices))}"
    return _misfit((*above, *below), expected, _value_at(value, below))


def _misfit(key: Key, expected: str, got: object) -> Fault:
    return Fault(
        f"`{dotted(key)}` does not fit" if key else "it does not fit",
        at=pointer_of(key),
        expected=expected,
        got=f"{got!r:.80}",
    )


def _value_at(value: object, below: Key) -> object:
    """Return the value a fault is about; the nearest there is when a step cannot be followed."""
    for step in below:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
    return value


def _refused(kind: type, faults: tuple[Fault, ...]) -> ConfigError:
    count = f"{len(faults)} fault{'s' if len(faults) != 1 else ''}"
    return ConfigError(
        f"the configuration is no `{_name(kind)}`: {count}",
        expected=_name(kind),
        faults=tuple(sorted(faults, key=lambda fault: fault.at)),
        hint="correct it, or what was set on the command line; no run was made",
    )


def _name(kind: object) -> str:
    return str(getattr(kind, "__name__", kind))
