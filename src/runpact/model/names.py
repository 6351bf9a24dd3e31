"""Names that are safe as part of a path.

Knows: the allow-list, and why a name is refused.
Does not know: what is on disk.
"""

from __future__ import annotations

import posixpath
import re

from runpact.model.errors import UnsafeNameError

MAX_PARTS = 16
"""Deepest relative path accepted."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+=@-]{0,127}")
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def counted(number: int, one: str, many: str) -> str:
    """Return a number with the word for so many, as in `1 run` and `2 runs`."""
    return f"{number:,} {one if number == 1 else many}"


def check_name(name: str, *, what: str) -> str:
    """Return `name` when it is safe as one part of a path.

    Args:
        name: The candidate.
        what: What it names, for the message (`"run name"`).

    Raises:
        UnsafeNameError: It is empty, too long, reserved, or has other characters.
    """
    if _SAFE.fullmatch(name) and not name.endswith(".") and not _RESERVED.fullmatch(name):
        return name
    raise UnsafeNameError(
        f"{what} `{_shown(name)}` is not safe as a file name",
        expected="1 to 128 of A-Z a-z 0-9 . _ + = @ -, beginning with a letter or digit",
        got=_shown(name) or "nothing",
        hint=f"choose another {what}{_instead(name)}",
    )


def _instead(name: str) -> str:
    """Return a proposal for a name that has something to resemble."""
    return f", for instance `{suggest_name(name)}`" if any(map(str.isalnum, name)) else ""


def check_relative(path: str, *, what: str) -> str:
    """Return `path` when it is a relative POSIX path that stays inside its root.

    Raises:
        UnsafeNameError: It is absolute, has `..`, a backslash, control characters or too many parts.
    """
    parts = path.split("/")
    is_safe = 0 < len(parts) <= MAX_PARTS and all(_is_part(part) for part in parts)
    if is_safe:
        return path
    raise UnsafeNameError(
        f"{what} `{_shown(path)}` is not a safe relative path",
        expected="a relative path with / between parts, without .., backslashes, control characters or parts "
        "of more than 255 bytes",
        got=_shown(path) or "nothing",
        hint="name a file from where the path begins, for instance `artifacts/result.json`",
    )


def is_relative(path: str) -> bool:
    """Whether a path is relative and stays below where it begins, in POSIX spelling."""
    return (
        not (path.startswith("/") or "\\" in path or "\0" in path or ".." in path.split("/")) and path != ""
    )


def is_clean(path: str) -> bool:
    """Whether a path is relative, stays below where it begins, and has one spelling only."""
    return is_relative(path) and not {"", "."} & set(path.split("/"))


def readable_path(path: str) -> str:
    r"""Return a path as a record names it: bytes that are no UTF-8 become `\xNN`."""
    if path.isascii():
        return path
    try:
        data = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a character that no file name has, from a program
        data = path.encode("utf-8", "backslashreplace")
    return data.decode("utf-8", "backslashreplace")


def is_text(text: str) -> bool:
    """Whether every character of a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def suggest_name(name: str) -> str:
    """Return a safe name that resembles `name`."""
    cleaned = re.sub(r"[^A-Za-z0-9._+=@-]+", "-", name).strip("-.")[:64]
    cleaned = cleaned.lstrip("._+=@-").rstrip(".")
    return cleaned if cleaned and not _RESERVED.fullmatch(cleaned) else f"run-{cleaned}".rstrip("-.")


def _is_part(part: str) -> bool:
    longest = 255
    return (
        bool(part)
        and part not in {".", ".."}
        and not part.startswith("-")
        and len(part.encode("utf-8", "surrogatepass")) <= longest
        and part.isprintable()
        and "\\" not in part
    )


def _shown(text: str) -> str:
    limit = 80
    shown = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return shown if len(shown) <= limit else shown[:limit] + "…"


def shown_path(directory: str, root: str) -> str:
    """Return how findings name a run: relative to the data root, absolute outside it."""
    if directory == root:
        return "."
    prefix = root.rstrip("/") + "/"
    return directory.removeprefix(prefix) if directory.startswith(prefix) else directory


def relative_to(path: str, folder: str) -> str:
    """Return `posixpath.relpath` of absolute paths, at once for what stands plainly below the folder."""
    below = folder + "/"
    inner = path.removeprefix(below)
    is_plain = path.startswith(below) and not {"", ".", ".."}.intersection(inner.split("/"))
    return inner if is_plain else posixpath.relpath(path, folder)
