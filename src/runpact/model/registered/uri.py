"""URIs of models and data sets: the same on every machine, whatever folder the workspace stands in.

Knows: the form of `local://…` and `data://…`, which spelling is the one, the folder that each stands for.
Does not know: what is on disk.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Literal

import msgspec

from runpact.model.errors import UnsafeNameError, UsageError
from runpact.model.names import check_name

Registry = Literal["models", "data"]
LOCAL, DATA = "local", "data"
PRETRAINED, TRAINED = "pretrained", "trained"
MODEL_FORMS = (
    f"{LOCAL}://<domain>/<skill>/<model>/{TRAINED}/<dataset>/<version>",
    f"{LOCAL}://<domain>/<skill>/<model>/{PRETRAINED}/<source>",
)
DATA_FORM = f"{DATA}://<domain>/<skill>/<name>/<version>"
_FOLDERS: dict[str, Registry] = {LOCAL: "models", DATA: "data"}
_SCHEMES: dict[str, str] = {folder: scheme for scheme, folder in _FOLDERS.items()}
_LATER = frozenset({"hf", "s3", "gs", "http", "https", "file"})
"""Schemes that somebody may expect: nothing is fetched from elsewhere."""
_SOURCE_PARTS, _TRAINED_PARTS, _DATA_PARTS = 5, 6, 4
_STATE = 3
"""Which part of a model's URI says where it came from."""
_MARK = "://"


def is_registry_place(captures: Container[str], folder: str) -> bool:
    """Whether a place of a contract is one of models or data sets, by its folder and what it says of them."""
    return folder.partition("/")[0] in _SCHEMES and "domain" in captures and "skill" in captures


class Uri(msgspec.Struct, frozen=True):
    """What names a model or a data set."""

    registry: Registry
    parts: tuple[str, ...]
    """Safe names; as many as the form has, or fewer where it names all that begins so."""

    def __str__(self) -> str:
        """Return its one spelling."""
        return f"{_SCHEMES[self.registry]}{_MARK}{'/'.join(self.parts)}"

    @property
    def folder(self) -> str:
        """The folder that it stands for, relative to the data root."""
        return "/".join((self.registry, *self.parts))

    @property
    def is_whole(self) -> bool:
        """Whether it names one version, and not all that begins so."""
        return len(self.parts) == _length(self.registry, self.parts)

    @property
    def version(self) -> str:
        """Its last part: which of several of one name."""
        return self.parts[-1]

    def holds(self, other: Uri) -> bool:
        """Whether another one is this one, or begins as it does."""
        return self.registry == other.registry and other.parts[: len(self.parts)] == self.parts


def is_uri(text: str) -> bool:
    """Whether a text is meant as a URI of a registry, and not as a path."""
    return text.partition(_MARK)[0].lower() in _FOLDERS and _MARK in text


def parse_uri(text: str, registry: Registry | None = None) -> Uri:
    """Read a URI in any spelling that means one.

    Args:
        text: As a person wrote it. The scheme may have capitals, a slash may follow the last part.
        registry: The one that is asked; None for either.

    Raises:
        UsageError: It has no scheme, or another one.
        UnsafeNameError: A part of it is empty, leaves the registry, or is no safe name.
    """
    scheme, mark, rest = text.partition(_MARK)
    expected = " or ".join(_expected(registry))
    if not mark:
        raise UsageError(
            f"`{_shown(text)}` is no URI",
            expected=expected,
            got=_shown(text),
            hint="models and data sets are named by URI, never by a path; `runpact models list` shows them",
        )
    found = _FOLDERS.get(scheme.lower())
    if found is None or registry not in {None, found}:
        raise UsageError(_why_not(scheme, found), expected=expected, got=_shown(text))
    parts = rest.removesuffix("/").split("/")
    for part in parts:
        _demand_safe(part, text)
    _demand_form(found, parts, text)
    return Uri(found, tuple(parts))


def uri_at(folder: str) -> Uri:
    """Return the URI of a folder of a registry, relative to the data root.

    Raises:
        UsageError: It is none.
        UnsafeNameError: One of its names is not safe.
    """
    registry, _slash, rest = folder.partition("/")
    return parse_uri(f"{_SCHEMES.get(registry, registry)}{_MARK}{rest}")


def parse_target(text: str, *, form: str) -> tuple[str, ...]:
    """Read where something is to stand: names with `/` between them, as many as the form has.

    Args:
        text: As given; a URI is understood as well.
        form: Such as `domain/skill/model/trained/dataset`; words of it that are fixed must be those.

    Raises:
        UsageError: There are more or fewer, or a fixed word is another.
        UnsafeNameError: One is no safe name.
    """
    rest = parse_uri(text).folder.partition("/")[2] if _MARK in text else text
    parts, names = rest.split("/"), form.split("/")
    fixed = {TRAINED, PRETRAINED} & set(names)
    if len(parts) != len(names) or any(
        part != name for part, name in zip(parts, names, strict=True) if name in fixed
    ):
        raise UsageError(
            f"`{_shown(text)}` does not say where it is to stand", expected=form, got=_shown(text)
        )
    for part in parts:
        _demand_safe(part, text)
    return tuple(parts)


def _length(registry: Registry, parts: Sequence[str]) -> int:
    if registry == "data":
        return _DATA_PARTS
    return _SOURCE_PARTS if parts[_STATE : _STATE + 1] == (PRETRAINED,) else _TRAINED_PARTS


def _expected(registry: Registry | None) -> tuple[str, ...]:
    return {"models": MODEL_FORMS, "data": (DATA_FORM,), None: (*MODEL_FORMS, DATA_FORM)}[registry]


def _why_not(scheme: str, found: Registry | None) -> str:
    if found is not None:
        return f"`{scheme}://` names no such thing: this is about {'data' if found == 'models' else 'models'}"
    if scheme.lower() in _LATER:
        return f"`{scheme}://` cannot be resolved yet: nothing is fetched from elsewhere"
    return f"`{_shown(scheme)}://` is no scheme of a registry"


def _demand_safe(part: str, text: str) -> None:
    if "%" in part:
        raise UnsafeNameError(
            f"`{_shown(text)}` has a percent escape, which no URI of a registry has",
            expected="names of A-Z a-z 0-9 . _ + = @ -",
            got=_shown(part),
        )
    check_name(part, what="part of a URI")


def _demand_form(registry: Registry, parts: Sequence[str], text: str) -> None:
    """Make sure that there are not too many parts, and that a model's says where it came from."""
    state = parts[_STATE : _STATE + 1]
    is_odd = registry == "models" and state and state[0] not in {PRETRAINED, TRAINED}
    if is_odd or len(parts) > _length(registry, tuple(parts)):
        raise UsageError(
            f"`{_shown(text)}` has not the form of a URI of this registry",
            expected=" or ".join(_expected(registry)),
            got=_shown(text),
        )


def _shown(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")[:120]
