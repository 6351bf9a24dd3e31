"""Whether an application can run here: the document of `--check`.

Knows: which fact has which name, what keeps an application from running.
Does not know: how the facts are found out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from runpact.model.errors import UsageError
from runpact.model.machine.application import REFUSED, SUCCEEDED

STATUS = "status"
ERRORS = "errors"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out."""

    document: dict[str, object]
    exit_code: int


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What an application says of the place it is to run in."""

    package: str | None = None
    """That must be there to be imported; it is looked for, not imported."""
    source: str | None = None
    """Folder of the code, relative to the project."""
    oldest_python: tuple[int, int] = (3, 11)
    fields: tuple[str, ...] | None = None
    """Those to be told; None for all that apply."""


def fields_of(declared: Declared) -> tuple[str, ...]:
    """Return the names of the facts that are told.

    Raises:
        UsageError: One of those asked for is none.
    """
    known = [STATUS, "project_root", "main_path", "interpreter", "venv_active", "python_version", "version"]
    known += ["src_root"] * (declared.source is not None)
    known += [import_field(declared.package)] * (declared.package is not None)
    unknown = [name for name in declared.fields or () if name not in known]
    if unknown:
        raise UsageError(
            f"`--check` has no field `{unknown[0]}`",
            expected=" or ".join(f"`{name}`" for name in known),
            got=unknown[0],
        )
    return tuple(known) if declared.fields is None else declared.fields


def import_field(package: str | None) -> str:
    """Return the name of the fact whether a package is there."""
    return f"{(package or '').replace('.', '_')}_import"


def health_of(facts: Mapping[str, object], fields: Sequence[str], errors: Sequence[str]) -> Health:
    """Return the document, its keys sorted, and the exit code: 0, or 2 when something is in the way."""
    told = {**facts, STATUS: "error" if errors else "ok"}
    document = {name: told[name] for name in fields}
    if errors:
        document[ERRORS] = list(errors)
    return Health(
        document={name: document[name] for name in sorted(document)},
        exit_code=REFUSED if errors else SUCCEEDED,
    )
