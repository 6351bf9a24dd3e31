"""What a command takes, declared once as a dataclass or a `msgspec.Struct`.

Knows: the parameters of such a type; how a document becomes a value of it, or a list of all its faults.
Does not know: commands, requests.

Options of the command line, the parameters that a request may name and the JSON Schema all come from here, so
they cannot differ.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping

import msgspec

from runpact.model.errors import UsageError
from runpact.model.machine.failure import MOST_FAULTS, Fault, nearest, shown

_SAID = re.compile(
    r"(?P<said>Expected (?P<expected>.+?)(?:, got .+?)?|.+?)(?: - at `\$?(?P<place>[^`]*)`)?", re.DOTALL
)
_LISTS = (list, set, frozenset)
_UNIONS = (typing.Union, types.UnionType)


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a command."""

    name: str
    hint: object
    """Its type, as annotated."""
    required: bool
    default: object = None
    """None as well when it is required, or made anew each time."""
    description: str = ""
    sort: str = "value"
    """`flag`, `list`, `document` (an object) or `value`."""


class Form:
    """The parameters of one command."""

    def __init__(self, declared: type, aliases: Mapping[str, str]) -> None:
        """Store the type and the further names of its parameters; `form_of` tests them."""
        self.declared = declared
        self.aliases = dict(aliases)
        self.parameters = tuple(_parameters(declared) or ())

    def judge(
        self, params: Mapping[str, object], *, is_text: bool = False
    ) -> tuple[object, tuple[Fault, ...]]:
        """Return the value that parameters make, and what is wrong with them; at most 101 faults.

        Args:
            params: By name, or by another name.
            is_text: They come from a command line, where `5` may be a number.
        """
        plain, faults = self._under_own_names(params)
        found = _faults_in(plain, self.declared, "params", is_strict=not is_text)
        faults += itertools.islice(found, MOST_FAULTS + 1)
        if faults:
            return None, tuple(faults)
        try:
            return msgspec.convert(plain, self.declared, strict=not is_text), ()
        except msgspec.ValidationError as error:
            return None, (_told(error, plain, "params"),)

    def _under_own_names(self, params: Mapping[str, object]) -> tuple[dict[str, object], list[Fault]]:
        plain: dict[str, object] = {}
        faults = []
        for name, value in params.items():
            own = self.aliases.get(name, name)
            if own in plain:
                faults.append(
                    Fault(path=f"params.{name}", message=f"`{own}` is given twice, under two names")
                )
            plain[own] = value
        return plain, faults


def form_of(declared: type | None, aliases: Mapping[str, str], *, reserved: frozenset[str]) -> Form:
    """Return what a command takes; None stands for nothing at all.

    Args:
        declared: A dataclass or a `msgspec.Struct`.
        aliases: Further names of parameters, each with the parameter that it means.
        reserved: Names that no parameter may have.

    Raises:
        UsageError: It is no such type, a type in it cannot be told in JSON, or a name is taken.
    """
    chosen = declared if declared is not None else msgspec.defstruct("Nothing", [])
    if not isinstance(chosen, type) or not (
        dataclasses.is_dataclass(chosen) or issubclass(chosen, msgspec.Struct)
    ):
        raise UsageError(
            "parameters are declared by a type",
            expected="a dataclass or a msgspec.Struct",
            got=f"{chosen!r:.60}",
        )
    try:
        msgspec.json.schema(chosen)
        form = Form(chosen, aliases)
    except (TypeError, NameError, RecursionError) as error:
        raise UsageError(
            f"the parameters of `{chosen.__name__}` cannot be told in JSON", got=f"{error}"[:200]
        ) from error
    if not _is_object(chosen):
        raise UsageError(f"`{chosen.__name__}` is written as a list or with a tag", expected="an object")
    _demand_free(form, reserved)
    return form


def _demand_free(form: Form, reserved: frozenset[str]) -> None:
    names = {each.name for each in form.parameters}
    taken = sorted((names | form.aliases.keys()) & reserved) or sorted(names & form.aliases.keys())
    if taken:
        raise UsageError(f"`{taken[0]}` has a meaning of its own", expected="another name", got=taken[0])
    lost = sorted(set(form.aliases.values()) - names)
    if lost:
        raise UsageError(f"no parameter `{lost[0]}` to have another name", got=lost[0])


def _parameters(hint: object) -> tuple[Parameter, ...] | None:
    """Return the parts of a type that is written as an object with known keys; None for any other."""
    return _parts_of(hint) if isinstance(hint, type) and _is_object(hint) else None


def _is_object(hint: object) -> bool:
    """Whether a type is written as an object with known keys."""
    if not isinstance(hint, type) or not (
        dataclasses.is_dataclass(hint) or issubclass(hint, msgspec.Struct) or typing.is_typeddict(hint)
    ):
        return False
    config = getattr(hint, "__struct_config__", None)
    return config is None or (config.tag is None and not config.array_like)


@functools.cache
def _parts_of(kind: type) -> tuple[Parameter, ...]:
    info = typing.cast("msgspec.inspect.StructType", msgspec.inspect.type_info(kind))
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple(
        Parameter(
            name=field.encode_name,
            hint=_kept(hints[field.name]),
            required=field.required,
            default=None if field.default is msgspec.NODEFAULT else field.default,
            description=_description(field.type),
            sort=_sort(hints[field.name]),
        )
        for field in info.fields
    )


def _kept(hint: object) -> object:
    """Return the type of a key that may or must be there."""
    return (
        typing.get_args(hint)[0] if typing.get_origin(hint) in {typing.Required, typing.NotRequired} else hint
    )


def _description(kind: object) -> str:
    schema = kind.extra_json_schema if isinstance(kind, msgspec.inspect.Metadata) else None
    return str((schema or {}).get("description", ""))


def _sort(hint: object) -> str:
    bare, _is_optional = _bare(hint)
    if bare is bool:
        return "flag"
    if typing.get_origin(bare) in {*_LISTS, tuple} or bare in {*_LISTS, tuple}:
        return "list"
    is_document = bare is dict or typing.get_origin(bare) is dict or _is_object(bare)
    return "document" if is_document else "value"


def _bare(hint: object) -> tuple[object, bool]:
    """Return a type without its remarks and without null, and whether null is allowed."""
    hint = _kept(hint)
    while typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) in _UNIONS:
        others = [each for each in typing.get_args(hint) if each is not type(None)]
        if len(others) == 1 and len(others) < len(typing.get_args(hint)):
            return _bare(others[0])[0], True
    return hint, False


def _faults_in(value: object, hint: object, path: str, *, is_strict: bool) -> Iterator[Fault]:
    """Yield all that is wrong with a value; of what msgspec looks at as a whole, the first fault."""
    bare, is_optional = _bare(hint)
    if value is None and is_optional:
        return
    is_whole = True
    for item, kind, place in _inside(value, bare, path):
        found = [item] if isinstance(item, Fault) else _faults_in(item, kind, place, is_strict=is_strict)
        for fault in found:
            is_whole = False
            yield fault
    is_object = isinstance(value, dict) and _is_object(bare)
    if is_whole and not is_object:
        yield from _fault_of_whole(value, hint, path, is_strict=is_strict)


def _inside(value: object, bare: object, path: str) -> Iterator[tuple[object, object, str]]:
    """Yield what stands inside a value, with its type and place; or a fault of a key."""
    arguments = typing.get_args(bare)
    if isinstance(value, dict) and (parameters := _parameters(bare)) is not None:
        yield from _of_object(value, {each.name: each for each in parameters}, path)
    elif isinstance(value, dict) and typing.get_origin(bare) is dict:
        yield from ((item, arguments[1], f"{path}.{key}") for key, item in value.items())
    elif isinstance(value, list) and (typing.get_origin(bare) in _LISTS or arguments[1:] == (Ellipsis,)):
        yield from ((item, arguments[0], f"{path}[{index}]") for index, item in enumerate(value))


def _of_object(
    value: dict[str, object], known: dict[str, Parameter], path: str
) -> Iterator[tuple[object, object, str]]:
    for name, item in value.items():
        if name in known:
            yield item, known[name].hint, f"{path}.{name}"
            continue
        fault = Fault(
            path=f"{path}.{name}"[:200],
            message=f"no parameter `{name[:80]}`",
            expected=" or ".join(f"`{each}`" for each in known) or "none",
            got=shown(item),
            nearest=nearest(name, known),
        )
        yield fault, None, path
    for name, parameter in known.items():
        if parameter.required and name not in value:
            said, wanted = f"`{name}` is missing", _expected(parameter.hint)
            yield Fault(path=f"{path}.{name}", message=said, expected=wanted, got="nothing"), None, path


def _expected(hint: object) -> str:
    """Return what a value of a type is, in the words of its faults; empty where anything is one."""
    try:
        msgspec.convert(object(), typing.cast("type[object]", hint))
    except msgspec.ValidationError as error:
        return _told(error, None, "", hint).expected
    return ""


def _fault_of_whole(value: object, hint: object, path: str, *, is_strict: bool) -> Iterator[Fault]:
    try:
        made = msgspec.convert(value, typing.cast("type[object]", hint), strict=is_strict)
    except UnicodeEncodeError:
        yield Fault(path=path, message="no text", expected="text in UTF-8", got=shown(value))
    except msgspec.ValidationError as error:
        yield _told(error, value, path, hint)
    else:
        if isinstance(made, float) and not math.isfinite(made):
            yield Fault(path=path, message="not a finite number", expected="a number", got=str(value))


def _told(error: msgspec.ValidationError, value: object, path: str, hint: object = None) -> Fault:
    said = _SAID.fullmatch(str(error))
    place, expected = (said["place"] or "", said["expected"] or "") if said else ("", "")
    choices = typing.get_args(_bare(hint)[0]) if typing.get_origin(_bare(hint)[0]) is typing.Literal else ()
    return Fault(
        path=path + place,
        message=said["said"] if said else str(error),
        expected=expected or " or ".join(shown(each) for each in choices),
        got=shown(value),
        nearest=nearest(value, [str(each) for each in choices]) if isinstance(value, str) else None,
    )
