"""Masks everything that is recorded of one run, and keeps count.

Knows: how texts, plain data, commands and streams are masked, and from which place each came.
Does not know: where the secrets come from, how a record is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from runpact.model.errors import UsageError
from runpact.model.masking import Masking
from runpact.model.secretforms import is_too_short
from runpact.model.secretnames import (
    argument_secrets,
    hides_number,
    is_reference,
    names_secret,
    reference_to,
    secret_settings,
)
from runpact.model.secrets import MASK, MaskedStream, Masker, encode_text
from runpact.model.secretschema import Path, replaced_at

_MASK = MASK.decode()


class RecordMasker:
    """Masks the records of one run."""

    def __init__(
        self,
        variables: Mapping[str, str] | None = None,
        values: Iterable[str] = (),
        marked: Iterable[Path] = (),
        references: Mapping[Path, str] = MappingProxyType({}),
    ) -> None:
        """Prepare for secrets.

        Args:
            variables: Environment variables that hold one.
            values: Further secrets.
            marked: Where in the configuration its schema says that one stands.
            references: Environment variables by where in the configuration their values stand.
        """
        self._marked = tuple(marked)
        self._referring = dict(references)
        self._references = {value: reference_to(name) for name, value in (variables or {}).items()}
        declared = {value.strip() for value in (*self._references, *values)} - {""}
        self._masker = Masker.of(frozenset(declared))
        self._declared = len(declared)
        self._too_short = sum(map(is_too_short, declared))
        self._places: dict[str, int] = {}
        self._streams: list[tuple[str, MaskedStream]] = []

    @property
    def masking(self) -> Masking:
        """What is recorded of the masking so far."""
        places = dict(self._places)
        for where, stream in self._streams:
            places[where] = places.get(where, 0) + stream.count
        found = {where: count for where, count in sorted(places.items()) if count}
        return Masking(declared=self._declared, too_short=self._too_short, places=found)

    def data(self, where: str, data: bytes) -> bytes:
        """Return bytes without secrets; the same object when there was none."""
        masked, count = self._masker.masked(data)
        self._note(where, count)
        return masked

    def text(self, where: str, text: str) -> str:
        """Return a text without secrets; the same object when there was none."""
        data, undecodable = encode_text(text)
        masked = self.data(where, data)
        return text if masked is data else masked.decode("utf-8", undecodable)

    def stream(self, where: str) -> MaskedStream:
        """Return what masks a stream piece by piece."""
        stream = self._masker.stream()
        self._streams.append((where, stream))
        return stream

    def values(self, where: str, value: object) -> object:
        """Return plain data whose texts hold no secret; the same object when there was none."""
        return self._walked(where, value) if self._is_touched(value) else value

    def settings(self, where: str, value: object) -> object:
        """Return plain data without secrets, where names count as well: all below `password` is one.

        A text that is the value of a secret variable becomes `${env:NAME}`.
        """
        if not self._is_touched(value) and next(secret_settings(value), None) is None:
            return value
        return self._settled(where, value, is_secret=False)

    def config(self, value: object) -> object:
        """Return the configuration as `settings` does, also without what its schema marks.

        Where a value was taken from the environment stands the reference to it, whatever the value is.
        """
        for path, name in self._referring.items():
            value = replaced_at(value, path, self._referring_to(name))
        for path in self._marked:
            value = replaced_at(value, path, self._hidden)
        return self.settings("config", value)

    def _referring_to(self, name: str) -> Callable[[object], object]:
        def refer(_value: object) -> object:
            self._note("config", 1)
            return reference_to(name)

        return refer

    def _hidden(self, value: object) -> object:
        """Return what stands in a record for a value that is a secret, of whatever type."""
        if value is None or (isinstance(value, str) and is_reference(value)):
            return value
        self._note("config", 1)
        return self._references.get(value, _MASK) if isinstance(value, str) else _MASK

    def command(self, where: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
        """Return a command without secrets, those that only its options name included."""
        shown = []
        for argument, start in zip(arguments, argument_secrets(arguments), strict=True):
            if start is None or is_reference(argument[start:]):
                shown.append(self.text(where, argument))
            else:
                shown.append(self.text(where, argument[:start]) + _MASK)
                self._note(where, 1)
        return tuple(shown)

    def overrides(self, overrides: tuple[str, ...]) -> tuple[str, ...]:
        """Return overrides `dotted.key=value` of the configuration without what is a secret there."""
        return self.command("config", tuple(map(self._override, overrides)))

    def _override(self, override: str) -> str:
        key, equals, text = override.partition("=")
        path = tuple(key.strip().split("."))
        if any(path == marked[: len(path)] or marked == path[: len(marked)] for marked in self._marked):
            self._note("config", 1)
            return f"{key}{equals}{_MASK}"
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return override
        masked = self.settings("config", value) if isinstance(value, dict | list) else value
        return override if masked is value else f"{key}{equals}{msgspec.json.encode(masked).decode()}"

    def refuse_in(self, text: str, *, what: str) -> None:
        """Refuse a secret in what becomes the name of a directory.

        Raises:
            UsageError: There is one.
        """
        if self._masker.mask_text(text) != text:
            raise UsageError(
                f"the {what} holds a secret",
                hint="it would be the name of a directory, which cannot be masked; choose another",
            )

    def _note(self, where: str, count: int) -> None:
        if count:
            self._places[where] = self._places.get(where, 0) + count

    def _is_touched(self, value: object) -> bool:
        """Whether any text within a value holds a secret; all at once, since most hold none."""
        data, _undecodable = encode_text("\n".join(texts_in(value)))
        return self._masker.mask(data) is not data

    def _walked(self, where: str, value: object) -> object:
        if isinstance(value, str):
            return self.text(where, value)
        if isinstance(value, Mapping):
            return {key: self._walked(where, below) for key, below in value.items()}
        if isinstance(value, list | tuple):
            return [self._walked(where, below) for below in value]
        return value

    def _settled(self, where: str, value: object, *, is_secret: bool) -> object:
        if isinstance(value, Mapping):
            return {
                self.text(where, str(key)): self._named(where, str(key), value[key], is_secret)
                for key in value
            }
        if isinstance(value, list | tuple):
            return [self._settled(where, below, is_secret=is_secret) for below in value]
        return self._setting(where, value, is_secret=is_secret) if isinstance(value, str) else value

    def _named(self, where: str, name: str, value: object, is_secret: bool) -> object:  # noqa: FBT001 - passed on
        if hides_number(name, value):
            self._note(where, 1)
            return _MASK
        return self._settled(where, value, is_secret=is_secret or names_secret(name))

    def _setting(self, where: str, text: str, *, is_secret: bool) -> str:
        reference = self._references.get(text) if is_secret or not is_too_short(text) else None
        is_hidden = is_secret and next(secret_settings(text, is_secret=True), None) is not None
        if reference is None and not is_hidden:
            return self.text(where, text)
        self._note(where, 1)
        return reference or _MASK


def texts_in(value: object) -> Iterator[str]:
    """Yield every text within plain data, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield str(key)
            yield from texts_in(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from texts_in(below)
