"""What a run reads from outside itself, pinned by digest.

Knows: how an input is named and recorded, how a log of events tells of inputs.
Does not know: how a file is read or hashed.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import contextlib
import posixpath
from collections.abc import Container, Iterable, Mapping

import msgspec

from runpact.model.errors import UsageError
from runpact.model.names import readable_path

RECORDED, CHANGED = "input.recorded", "input.changed"
"""Events of a run's log."""

_LONGEST = 255


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder that a run read."""

    name: str
    path: str | None = None
    """Relative to the workspace, POSIX; null outside it unless the caller asked for the absolute path."""
    digest: str
    """Of a file its bytes; of a folder the set of its paths and digests; empty when it never held still."""
    size: int
    """Bytes; of a folder the sum over its files."""
    files: int | None = None
    """Number of files of a folder; null for a file."""
    run: str | None = None
    """uid of the run that it belongs to."""
    changed: bool = False
    """It changed while it was hashed, or between its record and the seal."""
    uri: str | None = None
    """Of a model or a data set of the registries; null of any other file."""
    version: str | None = None
    """Which one of that name; the last part of the URI."""


def name_input(given: str | None, path: str, *, is_inside: bool, taken: Container[str]) -> str:
    """Return the name of an input: as given, else its path in the workspace, else its file name, numbered.

    Raises:
        UsageError: The given name is taken, empty, too long or not printable.
    """
    if given is None:
        name = readable_path(path if is_inside else posixpath.basename(path))
        return _numbered(name, taken)
    if not given or len(given) > _LONGEST or not given.isprintable():
        raise UsageError(
            "an input cannot have this name", expected="1 to 255 printable characters", got=repr(given[:80])
        )
    if given in taken:
        raise UsageError(
            f"another input is named `{given}`", got=given, hint="give each input a name of its own"
        )
    return given


def _numbered(name: str, taken: Container[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}~{number}"
    return candidate


def inputs_of(events: Iterable[Mapping[str, object]]) -> tuple[Input, ...]:
    """Return the inputs that a log of events tells of, where no manifest does.

    Several processes may have written it: they record one input each for itself, or name two alike.
    """
    found: dict[str, Input] = {}
    for event in events:
        name = str(event.get("name", ""))
        if event.get("event") == RECORDED:
            with contextlib.suppress(
                msgspec.ValidationError
            ):  # the log is free text to whoever writes events
                _add(found, msgspec.convert(dict(event), Input))
        elif event.get("event") == CHANGED and name in found:
            found[name] = msgspec.structs.replace(found[name], changed=True)
    return tuple(found.values())


def _add(found: dict[str, Input], recorded: Input) -> None:
    """Add an input; one seen before with other content has changed, another of its name is numbered."""
    known = found.get(recorded.name)
    if known is None:
        found[recorded.name] = recorded
    elif known.path == recorded.path and known.digest == recorded.digest:
        found[known.name] = msgspec.structs.replace(known, changed=known.changed or recorded.changed)
    elif known.path is not None and known.path == recorded.path:
        found[known.name] = msgspec.structs.replace(known, changed=True)
    else:
        name = _numbered(recorded.name, found)
        found[name] = msgspec.structs.replace(recorded, name=name)
