"""What each entry claims: which paths, for which bindings, and what stands there.

Knows: patterns, `foreach`, legacy names.
Does not know: whether a claim holds.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from runpact.model.contract.language import Entry
from runpact.model.errors import RunpactError
from runpact.model.expression import Undecided
from runpact.model.facts import FileFact
from runpact.model.judge.claim import Claim, Group
from runpact.model.judge.frame import Frame, Stuck
from runpact.model.judge.grade import version_key
from runpact.model.judge.loops import frames
from runpact.model.judge.view import View
from runpact.model.names import check_relative
from runpact.model.template import PathTemplate

_MOST_LINKS = 8
_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)((?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}")


class Selections:
    """The claims of every entry, worked out once."""

    def __init__(self, subject: View) -> None:
        """Store the run."""
        self._subject = subject
        self._groups: dict[int, tuple[Group, ...]] = {}
        self._open: set[int] = set()

    def groups(self, entry: Entry) -> tuple[Group, ...]:
        """Return an entry's claims by item; an entry that leans on itself has none."""
        key = id(entry)
        if key not in self._groups:
            if key in self._open:
                return ()
            self._open.add(key)
            self._groups[key] = tuple(self._grouped(entry))
        return self._groups[key]

    def _grouped(self, entry: Entry) -> Iterator[Group]:
        for frame in frames(self._subject, entry.foreach):
            if isinstance(frame, Stuck):
                yield Group(frame=frame.frame, claims=(), undecided=frame.answer)
                continue
            applies = True if entry.when is None else self._subject.decide(entry.when, frame)
            if isinstance(applies, Undecided):
                yield Group(frame=frame, claims=(), undecided=applies)
            if applies is not True:
                continue
            try:
                yield Group(frame=frame, claims=tuple(self._claims(entry, frame)))
            except RunpactError as error:
                reason = Undecided(f"{error.message}: `{error.got}`")
                yield Group(frame=frame, claims=(), undecided=reason)

    def _claims(self, entry: Entry, frame: Frame) -> Iterator[Claim]:
        if entry.pattern is not None:
            yield from self._matched(entry, entry.pattern, frame)
            return
        for path in entry.paths:
            yield self._literal(entry, filled(path, frame).rstrip("/"), frame)

    def _literal(self, entry: Entry, path: str, frame: Frame) -> Claim:
        fact = self._standing(path, entry)
        if fact is None:
            for legacy, until in entry.formerly.items():
                old = self._standing(filled(legacy, frame).rstrip("/"), entry)
                if old is not None and self._is_readable(until):
                    return Claim(path=old.path, fact=old, frame=frame, legacy=path)
        return Claim(path=path, fact=fact, frame=frame)

    def _is_readable(self, until: str) -> bool:
        return version_key(self._subject.loaded.contract.version) < version_key(until)

    def _standing(self, path: str, entry: Entry) -> FileFact | None:
        fact = self._subject.by_path.get(path)
        if fact is not None and fact.kind == "symlink" and entry.wants_directory:
            fact = self._led_to(fact)
        if fact is None:
            return None
        if entry.one_of is not None or entry.any_of is not None:
            return fact if fact.kind in {"file", "dir"} else None
        return fact if fact.kind == ("dir" if entry.wants_directory else "file") else None

    def _led_to(self, link: FileFact) -> FileFact | None:
        """Return what a link inside the run leads to; nothing when it leads out, or in a circle."""
        fact: FileFact | None = link
        for _step in range(_MOST_LINKS):
            if fact is None or fact.kind != "symlink" or fact.escapes:
                break
            above = posixpath.dirname(fact.path)
            fact = self._subject.by_path.get(posixpath.normpath(posixpath.join(above, fact.target or "")))
        return fact

    def _matched(self, entry: Entry, pattern: str, frame: Frame) -> Iterator[Claim]:
        template = PathTemplate.pattern(_bound(pattern, frame))
        wanted = "dir" if entry.wants_directory else "file"
        for fact in self._subject.tree.files:
            captures = template.match(fact.path) if fact.kind == wanted else None
            if captures is not None:
                yield Claim(path=fact.path, fact=fact, frame=frame.with_captures(captures))


def filled(text: str, frame: Frame) -> str:
    """Return a path with its slots filled from the bindings.

    Raises:
        UnsafeNameError: The path would leave the run.
    """
    if "{" not in text:
        return text
    return check_relative(slots_filled(text, frame).rstrip("/"), what="path")


def slots_filled(text: str, frame: Frame) -> str:
    """Return a text with its slots filled from the bindings."""
    return _SLOT.sub(lambda slot: _value(slot, frame), text)


def _bound(pattern: str, frame: Frame) -> str:
    """Fill only the slots that bindings name; the rest are captures."""
    if not frame.places:
        return pattern
    return _SLOT.sub(lambda slot: _value(slot, frame) if slot[1] in frame.places else slot[0], pattern)


def _value(slot: re.Match[str], frame: Frame) -> str:
    value = frame.variables.get(slot[1], slot[0])
    for part in slot[2].split(".")[1:]:
        value = value.get(part, slot[0]) if isinstance(value, dict) else slot[0]
    return str(value)
