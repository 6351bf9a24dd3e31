"""Runs checks that are written in Python.

Knows: where they are registered, that they may raise, print or return nonsense.
Does not know: which rule asks, what an answer means.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from runpact.model.contract.language import RegisteredValidator
from runpact.model.facts import ValidatorFault

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "runpact.validators"
"""Entry points of installed packages by which they register validators."""

_Function = Callable[..., Iterable[ValidatorFault]]


class UnaskableError(Exception):
    """A validator cannot be asked, or gave no answer; the text says why."""


class Validators:
    """The validators that a contract may name."""

    def __init__(self, own: Mapping[str, RegisteredValidator], folder: str | None) -> None:
        """Remember where they are.

        Args:
            own: Those that the contract registers.
            folder: Absolute folder of a contract whose code may be imported; None when it may not.
        """
        self._own = own
        self._folder = folder

    def ask(
        self, directory: str, name: str, version: str, arguments: Mapping[str, object]
    ) -> tuple[ValidatorFault, ...] | str:
        """Return what a validator finds in a directory, or why it could not be asked."""
        try:
            return _answer(self._found(name, version), name, directory, arguments)
        except UnaskableError as error:
            return str(error)

    def _found(self, name: str, version: str) -> _Function:
        own = self._own.get(name)
        function, registered = self._imported(name, own) if own is not None else _installed(name)
        if registered != version:
            raise UnaskableError(f"validator `{name}` is registered as version {registered}, not {version}")
        return function

    def _imported(self, name: str, own: RegisteredValidator) -> tuple[_Function, str]:
        if self._folder is None:
            raise UnaskableError(
                f"validator `{name}` is code of a contract outside the workspace, which is not run"
                " unless --trust-contract is given"
            )
        from pathlib import Path  # noqa: PLC0415 - every check knows of validators, few contracts have one

        root = Path(self._folder).resolve()
        path = (root / own.module).resolve()
        if not path.is_relative_to(root):
            raise UnaskableError(f"the module of validator `{name}` lies outside the contract's folder")
        function = getattr(_module(path), own.function, None)
        if not callable(function):
            raise UnaskableError(f"{own.module} has no function `{own.function}`")
        return function, own.version


@functools.cache
def _module(path: Path) -> object:
    name = f"_runpact_validators_{path.stem}_{abs(hash(path))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UnaskableError(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UnaskableError(f"importing {path} failed: {type(error).__name__}: {error}") from error
    return module


def _installed(name: str) -> tuple[_Function, str]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - reads every installed package's metadata

    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        raise UnaskableError(f"no validator `{name}` is registered by the contract or an installed package")
    if len({point.value for point in found}) > 1:
        values = ", ".join(sorted({point.value for point in found}))
        raise UnaskableError(f"validator `{name}` is registered more than once: {values}")
    try:
        function = found[0].load()
    except (Exception, SystemExit) as error:
        raise UnaskableError(f"importing {found[0].value} failed: {type(error).__name__}: {error}") from error
    return function, str(getattr(function, "version", "without a version"))


def _answer(
    function: _Function, name: str, directory: str, arguments: Mapping[str, object]
) -> tuple[ValidatorFault, ...]:
    from pathlib import Path  # noqa: PLC0415 - as above

    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout is the command's, above all with --json
            faults = tuple(function(Path(directory), **arguments))
    except (Exception, SystemExit) as error:
        raise UnaskableError(f"validator `{name}` raised {type(error).__name__}: {error}") from error
    for fault in faults:
        if not isinstance(fault, ValidatorFault):
            raise UnaskableError(f"validator `{name}` gave {fault!r:.80}, not a runpact.ValidatorFault")
    return faults
