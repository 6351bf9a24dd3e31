"""What each entry claims: which paths, for which bindings, and what stands there.

Knows: patterns, `foreach`, legacy names.
Does not know: whether a claim holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runpact.model.contract.language import Entry
from runpact.model.errors import RunpactError
from runpact.model.expression import Undecided
from runpact.model.facts import FileFact
from runpact.model.judge.claim import Claim, Group
from runpact.model.judge.frame import EMPTY, Frame, Stuck
from runpact.model.judge.grade import version_key
from runpact.model.judge.loops import frames
from runpact.model.judge.view import View
from runpact.model.links import led_to
from runpact.model.names import check_relative
from runpact.model.reference import references, slots_of
from runpact.model.template import PathTemplate

_NUMERIC = re.compile(r"\{[a-z_]\w*:(?:int|[0-9]+)\}")
_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)((?:\.[A-Za-z_][A-Za-z0-9_]*)*)\}")


_UNFIT = re.compile(r"[*?{}\[\]\0]|^$")


class _UnsaidError(Exception):
    """A slot of a path for which there is no text."""

    def __init__(self, answer: Undecided) -> None:
        super().__init__(answer.reason)
        self.answer = answer


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
        if entry.foreach and entry.when is not None and not _speaks_of_items(entry.when, entry):
            answer = self._subject.decide(entry.when)
            if isinstance(answer, Undecided):
                yield Group(frame=EMPTY, claims=(), undecided=answer)
            if answer is not True:
                return
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
            except _UnsaidError as error:
                yield Group(frame=frame, claims=(), undecided=error.answer)
            except RunpactError as error:
                reason = Undecided(f"{error.message}: `{error.got}`")
                yield Group(frame=frame, claims=(), undecided=reason)

    def _claims(self, entry: Entry, frame: Frame) -> Iterator[Claim]:
        if entry.pattern is not None:
            yield from self._matched(entry, self._spoken(entry.pattern, frame), frame)
            return
        for path in entry.paths:
            yield self._literal(entry, filled(self._spoken(path, frame), frame).rstrip("/"), frame)

    def _spoken(self, path: str, frame: Frame) -> str:
        """Return a path with what documents and the run say in its slots, as in `{doc.config.model}.pt`.

        Raises:
            _UnsaidError: One of them says nothing that can stand in a path.
        """
        told = path
        for text in slots_of(path):
            told = told.replace(f"{{{text}}}", self._said(text, frame))
        return told if told == path else check_relative(told.rstrip("/"), what="path")

    def _said(self, text: str, frame: Frame) -> str:
        value = self._subject.evaluate(text, frame)
        if isinstance(value, Undecided):
            raise _UnsaidError(value)
        if isinstance(value, bool) or not isinstance(value, str | int) or _UNFIT.search(str(value)):
            raise _UnsaidError(Undecided(f"`{text}` is {value!r:.80}, which is no part of a path"))
        return str(value)

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
        if fact is not None and fact.kind == "symlink":
            fact = led_to(fact, self._subject.by_path)
        if fact is None:
            return None
        if entry.one_of is not None or entry.any_of is not None:
            return fact if fact.kind in {"file", "dir"} else None
        return fact if fact.kind == ("dir" if entry.wants_directory else "file") else None

    def _matched(self, entry: Entry, pattern: str, frame: Frame) -> list[Claim]:
        template = PathTemplate.pattern(pattern_bound(pattern, frame))
        wanted = "dir" if entry.wants_directory else "file"
        found: list[Claim] = []
        for fact in self._subject.tree.files:
            captures = template.match(fact.path) if fact.kind in {wanted, "symlink"} else None
            if captures is not None:
                stands = led_to(fact, self._subject.by_path)
                if stands is not None and stands.kind == wanted:
                    found.append(Claim(path=fact.path, fact=stands, frame=frame.with_captures(captures)))
        return sorted(found, key=_natural) if _NUMERIC.search(pattern) else found


def _speaks_of_items(text: str, entry: Entry) -> bool:
    return any(each.root in {*entry.foreach, "index", "previous"} for each in references(text))


def _natural(claim: Claim) -> list[tuple[int, str]]:
    """Return what sorts `f2` before `f10`."""
    parts = re.split(r"([0-9]+)", claim.path)
    return [(int(part), part) if number % 2 else (0, part) for number, part in enumerate(parts)]


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


def pattern_filled(pattern: str, frame: Frame) -> str:
    """Return a regular expression in which bound names stand for their text."""
    if "{" not in pattern:
        return pattern
    return _SLOT.sub(
        lambda slot: re.escape(_value(slot, frame)) if slot[1] in frame.variables else slot[0], pattern
    )


def pattern_bound(pattern: str, frame: Frame) -> str:
    """Fill only the slots that bindings name; the rest are captures."""
    if not frame.places:
        return pattern
    return _SLOT.sub(lambda slot: _value(slot, frame) if slot[1] in frame.places else slot[0], pattern)


def _value(slot: re.Match[str], frame: Frame) -> str:
    value = frame.variables.get(slot[1], slot[0])
    for part in slot[2].split(".")[1:]:
        value = value.get(part, slot[0]) if isinstance(value, dict) else slot[0]
    return str(value)
