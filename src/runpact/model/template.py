"""Typed path templates, readable both ways.

Knows: what `{name:form}` means, how a path is made from values and values are read from a path.
Does not know: which paths exist.

Forms: none (a safe name), `%…` (a UTC moment), `7` after `git` or `config_hash` (that many
hex digits; of git also `nogit`),
`04` (at least four digits, no superfluous zeros), `int`, `uuid`, `sha256`, `a|b` (one of), `/…/` (a regular
expression from a safe subset).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from runpact.model.errors import MalformedContractError, UnsafeNameError

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._+=@-]*?[A-Za-z0-9_+=@-])??"
"""As short as the rest of the path allows, so that `{id}_{slug}` parts at the first underscore."""
_CAPTURE = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)(?::((?:/(?:[^/\\]|\\.)*/)|[^{}]*))?\}")
_DATE = {
    "Y": r"[0-9]{4}",
    "m": r"[0-9]{2}",
    "d": r"[0-9]{2}",
    "H": r"[0-9]{2}",
    "M": r"[0-9]{2}",
    "S": r"[0-9]{2}",
    "f": r"[0-9]{6}",
    "j": r"[0-9]{3}",
}
_HEX = {"git": "nogit", "config_hash": ""}
"""Captures whose width counts hex digits, and what stands there when there are none."""
_WIDTH = re.compile(r"0?[1-9][0-9]?")
_MAX_REGEX = 200
_UNSAFE_REGEX = re.compile(r"\\[1-9]|\(\?[P<=!]|[+*}]\)?[+*{]|\)[+*{]")


class Capture:
    """One `{name:form}`: its regular expression, how a value is written, whether a text is a value."""

    def __init__(
        self,
        name: str,
        pattern: str,
        write: Callable[[object], str],
        accepts: Callable[[str], bool] = lambda _text: True,
    ) -> None:
        """Store the parts."""
        self.name = name
        self.pattern = pattern
        self.write = write
        self.accepts = accepts


class PathTemplate:
    """A path with typed captures."""

    def __init__(
        self, text: str, parts: tuple[str | Capture, ...], literal: Callable[[str], str] = re.escape
    ) -> None:
        """Store the text and its parts, `parse` and `pattern` read them; `literal` makes text a regex."""
        self.text = text
        self.parts = parts
        self.captures = tuple(part.name for part in parts if isinstance(part, Capture))
        self._regex = re.compile(_numbered(parts, literal))

    @classmethod
    @functools.lru_cache(maxsize=1024)
    def parse(cls, text: str) -> PathTemplate:
        """Read a template.

        Raises:
            MalformedContractError: A capture or its form is not understood, or the path leaves the root.
        """
        return cls(text, tuple(_parts(text)))

    @classmethod
    @functools.lru_cache(maxsize=1024)
    def pattern(cls, text: str) -> PathTemplate:
        """Read a template whose text is a glob: `*`, `**` and `?` beside captures; only for `match`.

        Raises:
            MalformedContractError: A capture or its form is not understood.
        """
        return cls(text, tuple(_parts(text)), glob_to_regex)

    @functools.cached_property
    def segments(self) -> tuple[re.Pattern[str], ...]:
        """One regular expression for each part of the path, outermost first."""
        return tuple(re.compile("".join(_source(part) for part in segment)) for segment in _split(self.parts))

    @property
    def static_prefix(self) -> str:
        """The directories before the first capture, without a final slash."""
        head = self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""
        return head if len(self.parts) <= 1 else head.rpartition("/")[0]

    def render(self, values: Mapping[str, object]) -> str:
        """Return the path for these values.

        Raises:
            KeyError: A capture has no value.
            UnsafeNameError: A value cannot be read back from the path.
        """
        pieces = [
            (part, "") if isinstance(part, str) else (_rendered(part, values[part.name]), part.name)
            for part in self.parts
        ]
        rendered = "".join(text for text, _name in pieces)
        if self.match(rendered) != {name: text for text, name in pieces if name}:
            raise UnsafeNameError(
                f"`{rendered}` would be read back otherwise than it was written",
                expected=self.text,
                got=rendered,
                hint="choose names without the characters that stand between captures",
            )
        return rendered

    def match(self, path: str) -> dict[str, str] | None:
        """Return the captures of a path, None when it is not of this form."""
        found = self._regex.fullmatch(path)
        if found is None:
            return None
        values: dict[str, str] = {}
        captures = [part for part in self.parts if isinstance(part, Capture)]
        for capture, text in zip(captures, found.groups(), strict=True):
            if not capture.accepts(text) or values.setdefault(capture.name, text) != text:
                return None
        return values


def glob_to_regex(pattern: str) -> str:
    """Return the regular expression of a glob with `*` (within a part), `?` and `**` (any depth)."""
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    table = {"**/": "(?:[^/]+/)*", "**": "(?s:.*)", "*": "[^/]*", "?": "[^/]"}
    return "".join(table.get(piece, re.escape(piece)) for piece in pieces)


@functools.lru_cache(maxsize=1024)
def compile_glob(pattern: str) -> re.Pattern[str]:
    """Return the compiled regular expression of a plain glob."""
    return re.compile(glob_to_regex(pattern))


def _parts(text: str) -> list[str | Capture]:
    parts: list[str | Capture] = []
    position = 0
    for found in _CAPTURE.finditer(text):
        parts += [_literal(text, text[position : found.start()])] if found.start() > position else []
        parts.append(_capture(text, found.group(1), found.group(2)))
        position = found.end()
    if position < len(text):
        parts.append(_literal(text, text[position:]))
    return parts


def _literal(text: str, piece: str) -> str:
    if "{" in piece or "}" in piece:
        raise MalformedContractError(
            f"the template `{text}` has a capture that cannot be read",
            expected="{name} or {name:form}",
            got=piece,
        )
    return piece


def _capture(text: str, name: str, form: str | None) -> Capture:
    if form is None or form == "":
        return Capture(name, _NAME, str)
    if form.startswith("/") and form[1:].endswith("/"):
        return Capture(name, _safe_regex(text, form[1:-1]), str)
    if "/" in form:
        raise MalformedContractError(
            f"the template `{text}` has a capture that spans directories",
            expected="a capture for each part of the path",
            got=form,
        )
    if "%" in form:
        return _moment(text, name, form)
    if _WIDTH.fullmatch(form):
        return _hex(name, int(form)) if name in _HEX else _digits(name, form)
    if "|" in form:
        return Capture(name, "|".join(re.escape(word) for word in form.split("|")), str)
    return _named(text, name, form)


def _named(text: str, name: str, form: str) -> Capture:
    patterns = {
        "int": r"-?(?:0|[1-9][0-9]*)",
        "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "sha256": r"[0-9a-f]{64}",
        "slug": r"[a-z0-9_]+",
    }
    if form not in patterns:
        raise MalformedContractError(
            f"the template `{text}` has the unknown form `{form}`",
            got=form,
            expected="a strftime form, a width such as 04, a|b, /regex/, " + ", ".join(patterns),
        )
    return Capture(name, patterns[form], str)


def _moment(text: str, name: str, form: str) -> Capture:
    pieces = re.split(r"%(.)", form)
    codes = [*pieces[1::2], *("" for piece in pieces[::2] if "%" in piece)]
    unfit = [code for code in codes if code not in _DATE or codes.count(code) > 1]
    if unfit:
        raise MalformedContractError(
            f"the template `{text}` has a date code that is unknown or stands twice: `%{unfit[0]}`",
            expected=" ".join(f"%{c}" for c in _DATE),
            got=form,
        )
    pattern = "".join(_DATE[piece] if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    return Capture(
        name, pattern, lambda value: _write_moment(value, form), lambda written: _is_moment(written, form)
    )


def _write_moment(value: object, form: str) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(form)
    return str(value)


def _is_moment(text: str, form: str) -> bool:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).strftime(form) == text
    except ValueError:
        return False


def _hex(name: str, width: int) -> Capture:
    none = _HEX[name]
    return Capture(
        name,
        rf"[0-9a-f]{{{width}}}" + (f"|{none}" if none else ""),
        lambda value: str(value)[:width] if value != none else none,
    )


def _digits(name: str, form: str) -> Capture:
    width = int(form)
    exact = rf"[0-9]{{{width}}}"
    pattern = rf"{exact}|[1-9][0-9]{{{width},}}" if form.startswith("0") else exact
    return Capture(name, pattern, lambda value: f"{int(str(value)):0{width}d}")


def _safe_regex(text: str, source: str) -> str:
    if len(source) > _MAX_REGEX or _UNSAFE_REGEX.search(source):
        raise MalformedContractError(
            f"the template `{text}` has a regular expression that may never end",
            got=source,
            expected="no backreference, no look-around, no repetition of a group",
        )
    try:
        compiled = re.compile(f"(?:{source})")
    except (re.error, OverflowError) as error:
        raise MalformedContractError(
            f"the template `{text}` has a broken regular expression: {error}", got=source
        ) from error
    if compiled.groups:
        raise MalformedContractError(
            f"the template `{text}` has groups in its regular expression", got=source, expected="no groups"
        )
    return source


def _rendered(capture: Capture, value: object) -> str:
    try:
        text = capture.write(value)
    except ValueError:
        text = str(value)
    if re.fullmatch(capture.pattern, text) is None or not capture.accepts(text):
        raise UnsafeNameError(
            f"`{capture.name}` cannot be `{text[:80]}` here",
            expected=f"a value of {{{capture.name}}}",
            got=text[:80],
        )
    return text


def _source(part: str | Capture) -> str:
    return re.escape(part) if isinstance(part, str) else f"(?:{part.pattern})"


def _numbered(parts: tuple[str | Capture, ...], literal: Callable[[str], str]) -> str:
    return "".join(literal(part) if isinstance(part, str) else f"({part.pattern})" for part in parts)


def _split(parts: tuple[str | Capture, ...]) -> list[list[str | Capture]]:
    segments: list[list[str | Capture]] = [[]]
    for part in parts:
        if isinstance(part, Capture):
            segments[-1].append(part)
            continue
        first, *rest = part.split("/")
        segments[-1].append(first)
        segments += [[piece] for piece in rest]
    return segments
