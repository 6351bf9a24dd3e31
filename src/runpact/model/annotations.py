"""Tags and notes: what people say about a run, kept beside it.

Knows: how a line is written, which tags and notes a file of lines adds up to.
Does not know: where the file stands.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from runpact.model.errors import UsageError
from runpact.model.journal import frame_line, parse_line
from runpact.model.names import is_text, readable_path

ANNOTATION_FORMAT = "runpact.annotation/1"
_LONGEST_TAG = 64
_LONGEST_NOTE = 10_000
_IN_TAGS = frozenset("._-/:=@+")


class Note(msgspec.Struct, frozen=True):
    """One remark about a run."""

    time: str
    """RFC 3339, UTC."""
    text: str


class Annotations(msgspec.Struct, frozen=True):
    """All that people said about a run."""

    tags: tuple[str, ...] = ()
    """Sorted."""
    notes: tuple[Note, ...] = ()
    """Oldest first."""
    damaged: int = 0
    """Lines that cannot be read: damaged, or of a newer format."""


class Annotation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one line says."""

    time: str
    add: tuple[str, ...] = ()
    """Tags that the run has from now on."""
    remove: tuple[str, ...] = ()
    """Tags that it no longer has."""
    note: str | None = None


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    format: str


def complete_lines(data: bytes) -> bytes:
    """Return a file without the torn line at its end, which nobody was told to be kept."""
    return data[: data.rfind(b"\n") + 1]


def read_annotations(data: bytes) -> Annotations:
    """Return what a file adds up to; a damaged line hides no other."""
    tags: dict[str, None] = {}
    notes: list[Note] = []
    damaged = 0
    for line in complete_lines(data).split(b"\n")[:-1]:
        said = _read(line)
        if said is None:
            damaged += 1
            continue
        tags = {tag: None for tag in (*tags, *said.add) if tag not in said.remove}
        notes += [] if said.note is None else [Note(said.time, said.note)]
    return Annotations(tuple(sorted(tags)), tuple(notes), damaged)


def annotation_line(before: bytes, said: Annotation) -> bytes:
    """Return the line that follows the complete lines `before`."""
    head = _Line(seq=before.count(b"\n") + 1, format=ANNOTATION_FORMAT)
    return frame_line(msgspec.json.encode({**msgspec.structs.asdict(head), **msgspec.to_builtins(said)}))


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags that may be kept, each once.

    Raises:
        UsageError: One is empty, too long, or holds something else than letters, digits and `._-/:=@+`; or it
            has the shape of a secret.
    """
    from runpact.model.secrets import Masker  # noqa: PLC0415 - reading tags is what every command does

    chosen = tuple(dict.fromkeys(tags))
    for tag in chosen:
        if not _is_tag(tag):
            raise UsageError(
                "this is no tag",
                expected=f"1 to {_LONGEST_TAG} letters, digits or any of {' '.join(sorted(_IN_TAGS))}, "
                "beginning with a letter or digit",
                got=repr(tag[:80]),
            )
        if Masker.of(frozenset()).mask_text(tag) != tag:
            raise UsageError("this looks like a secret and is kept nowhere", expected="a tag")
    return chosen


def check_note(text: str) -> str:
    """Return a note that may be kept, without blanks around it.

    Raises:
        UsageError: It is empty, too long, or no text.
    """
    note = text.strip()
    if not note or len(note) > _LONGEST_NOTE:
        got = f"{len(note)} characters" if note else "nothing"
        raise UsageError("this is no note", expected=f"1 to {_LONGEST_NOTE:,} characters", got=got)
    if not is_text(note):
        raise UsageError("this is no note", expected="UTF-8", got=readable_path(note[:80]))
    return note


def _is_tag(tag: str) -> bool:
    is_safe = all(character.isalnum() or character in _IN_TAGS for character in tag)
    return 0 < len(tag) <= _LONGEST_TAG and tag[0].isalnum() and is_safe


def _read(line: bytes) -> Annotation | None:
    fields = parse_line(line)
    if fields is None or fields.get("format") != ANNOTATION_FORMAT:
        return None
    try:
        return msgspec.convert(fields, Annotation)
    except msgspec.ValidationError:
        return None
