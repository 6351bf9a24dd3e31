"""Expressions of the contract language (CEL), with three answers.

Knows: how an expression is compiled, evaluated, and when it could not be decided.
Does not know: where its variables come from.

CEL keeps whole numbers and decimals apart: `1 + 1.5` has no meaning there, `double(1) + 1.5` has.
Comparisons between the two are fine. Something missing, a division by zero or a type that does not
fit make an expression undecided, never false.

Source:
    https://github.com/google/cel-spec
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import math
import re
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Protocol

import msgspec

from runpact.model.cost import MOST_STEPS, Allowance, steps
from runpact.model.functions import FUNCTIONS
from runpact.model.reference import Reference

MOST_CHARACTERS = 4096
"""Longest expression: the engine follows chains by recursion, and a process that runs out of stack dies."""

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_CALLED = re.compile(r"^Function '(\w+)' error: (?:Python function call failed: \w+: )?")
"""How the engine begins what it says of a function that raised."""


class Undecided(msgspec.Struct, frozen=True):
    """An expression that has no answer, and why."""

    reason: str
    paths: tuple[str, ...] = ()
    """Files that were looked for in vain, relative to the run."""


class Program(Protocol):
    """A compiled expression."""

    def execute(self, context: object) -> object:
        """Evaluate in a context."""


class ExpressionError(ValueError):
    """An expression cannot be compiled; the message says where."""


class Scope:
    """Variables and functions that expressions are evaluated in; reuse it, conversion is the costly part."""

    def __init__(
        self, variables: Mapping[str, object], functions: Mapping[str, Callable[..., object]] | None = None
    ) -> None:
        """Convert the variables once."""
        self._variables = dict(variables)
        self._lengths: dict[str, object] = {}
        self._allowance = Allowance()
        counted = {
            name: self._allowance.counted(each) for name, each in {**FUNCTIONS, **(functions or {})}.items()
        }
        self._context = _engine().Context(variables={}, functions=counted)
        for name, value in variables.items():
            self.bind(name, value)

    def bind(self, name: str, value: object) -> None:
        """Set one variable anew; the others stay."""
        self._variables[name] = value
        self._lengths.clear()
        plain = _convertible(value)
        try:
            self._context.add_variable(name, plain)
        except ValueError:  # a name of a file may be no text
            self._context.add_variable(name, _legible(plain))

    def evaluate(self, text: str) -> object:
        """Return the value of an expression, or `Undecided`.

        Raises:
            ExpressionError: It cannot be compiled.
        """
        taken = steps(text, self) if len(text) <= MOST_CHARACTERS else 0
        if taken > MOST_STEPS:
            return Undecided(
                f"its loops take {taken:,} steps, more than {MOST_STEPS:,}; `match` joins long lists"
            )
        self._allowance.renew()
        return self._value(text)

    def written(self, text: str) -> object:
        """Return the value of an expression for a file: keys in their order, or sorted where there is none.

        The engine keeps no order of keys; what an expression only names is taken as it is.
        """
        if _NAME.fullmatch(text):
            value: object = self._variables
            for part in text.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value is not None:
                return value
        return _ordered(self.evaluate(text))

    def size(self, reference: Reference) -> object:
        """Return the list, the text or the map that a chain of names leads to; None for anything else."""
        value = self._variables.get(reference.root)
        for part in reference.parts:
            if isinstance(value, dict):
                value = value.get(part)
            else:
                is_item = isinstance(value, list) and part.isdigit() and int(part) < len(value)
                value = value[int(part)] if is_item and isinstance(value, list) else None
        return value

    def length(self, over: str) -> object:
        """Return how many items an expression comes to; anything but a number when that cannot be told."""
        if over not in self._lengths:
            self._lengths[over] = self.evaluate(f"size({over})")
        return self._lengths[over]

    def _value(self, text: str) -> object:
        try:
            return compile_expression(text).execute(self._context)
        except ExpressionError:
            raise
        except (KeyError, IndexError) as error:
            return Undecided(f"there is no {error}")
        except Exception as error:  # noqa: BLE001 - the engine raises what it likes; all of it means: no answer
            return Undecided(_CALLED.sub(r"`\1`: ", str(error)).split(". ", 1)[0])

    def decide(self, text: str) -> bool | Undecided:
        """Return whether an expression holds; a value that is no boolean decides nothing."""
        value = self.evaluate(text)
        if isinstance(value, bool | Undecided):
            return value
        return Undecided(f"it is {type(value).__name__}, not true or false")


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=str)}
    return [_ordered(each) for each in value] if isinstance(value, list) else value


@functools.lru_cache(maxsize=4096)
def compile_expression(text: str) -> Program:
    """Return the compiled expression.

    Raises:
        ExpressionError: It is no CEL.
    """
    if len(text) > MOST_CHARACTERS:
        message = f"it has {len(text):,} characters, more than {MOST_CHARACTERS:,}"
        raise ExpressionError(message)
    try:
        program: Program = _engine().compile(text)
    except Exception as error:
        raise ExpressionError(_complaint(str(error))) from error
    return program


def _complaint(text: str) -> str:
    place = re.search(r"<input>:(\d+):(\d+): ([^\n|]*)", text)
    return f"column {place.group(2)}: {place.group(3).strip()}" if place else text.split("\n", 1)[0]


@functools.cache
def _engine() -> ModuleType:
    return load_core("cel")


def load_core(package: str) -> ModuleType:
    """Load the extension module of a package, `name.name`, without running the package itself.

    The evaluator's package imports a command line, which costs a quarter second. A package that has no such
    module is imported as a whole.
    """
    name = f"{package}.{package}"
    if name in sys.modules:
        return sys.modules[name]
    whole = importlib.util.find_spec(package)
    folders = list((whole and whole.submodule_search_locations) or ())
    core = importlib.machinery.PathFinder.find_spec(name, folders)
    if core is None or core.loader is None:
        return importlib.import_module(package)
    module = importlib.util.module_from_spec(core)
    sys.modules[name] = module  # an extension can be started only once; the package finds it here
    core.loader.exec_module(module)
    return module


_LARGEST = 2**63
_LARGEST_DECIMAL = int(sys.float_info.max)


def _convertible(value: object) -> object:
    """Replace whole numbers that CEL cannot hold by decimals, those beyond every decimal by infinity."""
    if isinstance(value, int) and not isinstance(value, bool) and not -_LARGEST <= value < _LARGEST:
        return float(value) if abs(value) <= _LARGEST_DECIMAL else math.inf if value > 0 else -math.inf
    if isinstance(value, dict):
        return {key: _convertible(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_convertible(item) for item in value]
    return value


def _legible(value: object) -> object:
    """Return a value with a mark in place of each byte of a name that is no text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_legible(key): _legible(item) for key, item in value.items()}
    return [_legible(item) for item in value] if isinstance(value, list) else value
