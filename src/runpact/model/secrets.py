"""Keep secrets out of what is recorded.

Knows: the values that were declared, the shapes of secrets.
Does not know: where values come from, or which record a text goes into.

A text is masked by its *places*: every occurrence of a declared value or of a known shape, overlapping
and touching ones joined; each becomes `[redacted]`, which says nothing about what stood there. A stream
is masked piece by piece with the same result, whatever the pieces: only what may turn out to be the
beginning of a secret is kept back, so never more than the longest secret.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from runpact.model import shapes
from runpact.model.secretforms import forms

MASK = b"[redacted]"
"""What stands in the place of a secret."""
_WORTH_KEEPING = 4096
_RUN = b"x" * shapes.SHORTEST_RUN


def encode_text(text: str) -> tuple[bytes, str]:
    """Return any text as bytes, and how to decode what is no UTF-8 among them."""
    try:
        return text.encode("utf-8", "surrogateescape"), "surrogateescape"
    except UnicodeEncodeError:  # half a pair, as JSON may name it
        return text.encode("utf-8", "surrogatepass"), "surrogatepass"


class _Place(NamedTuple):
    """Where a secret stands, and what may prolong it behind the end of the text."""

    start: int
    stop: int
    rest: re.Pattern[bytes] | None = None


class _Text(NamedTuple):
    """A text, and it in lower case."""

    plain: bytes
    folded: bytes


class Masker:
    """Masks texts and streams."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Prepare for these declared values; those that are too short are left out."""
        self._literals = tuple(sorted({form for value in values for form in forms(value)}))
        self._longest = max(map(len, self._literals), default=0)
        self._firsts = _any_of({form[:1] for form in self._literals})
        self._in_runs = tuple(filter(_is_run, self._literals))
        self._anywhere = tuple(form for form in self._literals if not _is_run(form))

    @classmethod
    @functools.lru_cache(maxsize=4)
    def of(cls, values: frozenset[str]) -> Masker:
        """Return the masker of these values; that of the last run, if they are the same."""
        return cls(values)

    def mask(self, data: bytes) -> bytes:
        """Return `data` with every secret in it masked; the same object when there is none."""
        return self.masked(data)[0]

    def masked(self, data: bytes) -> tuple[bytes, int]:
        """Return `data` as `mask` does, and how many places were masked."""
        masked, count = (_masked_again if len(data) >= _WORTH_KEEPING else _masked)(self, data)
        return (masked, count) if count else (data, 0)

    def mask_text(self, text: str) -> str:
        """Return `text` with every secret in it masked."""
        data, undecodable = encode_text(text)
        masked = self.mask(data)
        return text if masked is data else masked.decode("utf-8", undecodable)

    def found(self, text: str) -> Iterator[str]:
        """Yield the secrets in a text, those within others included."""
        data, undecodable = encode_text(text)
        for place in self.places(_Text(data, data.lower()), 0, len(data)):
            yield data[place.start : place.stop].decode("utf-8", undecodable)

    def stream(self) -> MaskedStream:
        """Return what masks one stream piece by piece."""
        return MaskedStream(self)

    def places(self, text: _Text, start: int, stop: int) -> Iterator[_Place]:
        """Yield the secrets whose anchors lie in a part of a text."""
        runs = list(_runs(text.plain, start, stop))
        yield from self._values(text.plain, runs, start, stop)
        for anchor, shape, subject in _anchored(text, runs, start, stop):
            match = shape.trigger.match(subject, anchor)
            if match is not None and match.lastgroup is not None:
                rest = shape.rests[match.lastgroup]
                yield _Place(match.start(match.lastgroup), _end(rest, text.plain, match.end()), rest)

    def _values(self, text: bytes, runs: list[tuple[int, int]], start: int, stop: int) -> Iterator[_Place]:
        for literal in self._anywhere:
            for at in _found(literal, text, start, stop):
                yield _Place(at, at + len(literal))
        for begin, end in runs:
            for literal in self._in_runs:
                for at in _found(literal, text, begin, min(end, stop)):
                    yield _Place(at, at + len(literal))

    def undecided(self, text: _Text, start: int) -> int:
        """Return where, from `start` on, a secret may have begun that goes on behind the text's end."""
        end = len(text.plain)
        first = self._begun_value(text.plain, start)
        if text.plain[-1:] in {b"\n", b"\r"}:  # no shape waits for more behind the end of a line
            return first
        tail = max(start, end - shapes.LONGEST)
        for pattern, subject in ((shapes.begun(), text.plain), (shapes.begun_words(), text.folded)):
            match = pattern.search(subject, tail)
            first = min(first, match.start()) if match is not None else first
        return first

    def _begun_value(self, text: bytes, start: int) -> int:
        for match in self._firsts.finditer(text, max(start, len(text) - self._longest + 1)):
            beginning = text[match.start() :]
            if any(literal.startswith(beginning) for literal in self._literals):
                return match.start()
        return len(text)


class MaskedStream:
    """Masks one stream, piece by piece."""

    def __init__(self, masker: Masker) -> None:
        """Begin at the stream's start; positions below count from it."""
        self._masker = masker
        self._text = b""
        self._base = 0
        """Position of the text kept: what is undecided, and a little before it for patterns to look at."""
        self._next = 0
        """Up to here everything is decided and given out."""
        self._places: list[_Place] = []
        """Found, and reaching behind `_next`."""
        self._masked = -1
        """Where the last mask that was given out ends."""
        self.count = 0
        """Places masked so far."""

    @property
    def kept(self) -> int:
        """How many bytes are kept back."""
        return self._base + len(self._text) - self._next

    def feed(self, piece: bytes) -> bytes:
        """Return what the stream's next piece makes certain."""
        return self._advance(piece, is_last=False)

    def end(self, piece: bytes = b"") -> bytes:
        """Return everything that is left, the stream's last piece included."""
        return self._advance(piece, is_last=True)

    def _advance(self, piece: bytes, *, is_last: bool) -> bytes:
        plain = self._text + piece if self._text else piece
        text = _Text(plain, plain.lower())
        start, known = self._next - self._base, len(self._text)
        stop = len(plain) if is_last else self._masker.undecided(text, start)
        places = [_prolonged(place, plain, known, self._base) for place in self._places]
        places += self._masker.places(text, start, stop)
        if not places and start == 0 and stop == len(plain):
            given = plain
        else:
            given = self._given(plain, sorted(places, key=lambda place: place.start), start, stop)
        self._keep(plain, places, stop)
        return given

    def _given(self, text: bytes, places: list[_Place], start: int, stop: int) -> bytes:
        """Return the part of `text` from `start` to `stop`, masked."""
        pieces, at = [], max(start, self._masked - self._base)
        for place in places:
            if place.start >= stop:
                break
            if self._base + place.start > self._masked:
                pieces += [text[at : place.start], MASK]
                self.count += 1
            at = max(at, place.stop)
            self._masked = max(self._masked, self._base + place.stop)
        pieces.append(text[at:stop])
        return b"".join(pieces)

    def _keep(self, text: bytes, places: list[_Place], stop: int) -> None:
        """Keep what the next piece needs: a little text, and the places that may go on."""
        begin = max(0, stop - shapes.LOOK_BEHIND)
        self._places = [
            _Place(place.start + self._base, place.stop + self._base, place.rest)
            for place in places
            if place.stop > stop or (place.rest is not None and place.stop == len(text))
        ]
        self._text, self._next = text[begin:], self._base + stop
        self._base += begin


def _masked(masker: Masker, data: bytes) -> tuple[bytes, int]:
    stream = masker.stream()
    return stream.end(data), stream.count


_masked_again = functools.lru_cache(maxsize=256)(_masked)
"""For the diff and the lock file, which stay the same from run to run."""


def _prolonged(place: _Place, text: bytes, known: int, base: int) -> _Place:
    """Return a place in positions of `text`, of which the first `known` bytes are not new."""
    start, stop = place.start - base, place.stop - base
    if place.rest is not None and stop == known:
        stop = _end(place.rest, text, known)
    return _Place(start, stop, place.rest)


def _anchored(
    text: _Text, runs: list[tuple[int, int]], start: int, stop: int
) -> Iterator[tuple[int, shapes.Shape, bytes]]:
    """Yield each place where a known shape may begin, the shape and the text to look at."""
    plain, folded = text
    for at in _found(shapes.ADDRESS, plain, start, stop):
        yield at, shapes.passwords_in_addresses(), plain
    for at in _found(shapes.PRIVATE_KEY, plain, start, stop):
        yield at, shapes.private_keys(), plain
    for begin, end in runs:
        for at in _found_all(shapes.tokens().trigger, plain, begin, end):
            if at < stop:
                yield at, shapes.tokens(), plain
        for at in _found(shapes.WEB_TOKEN, plain, begin, min(end, stop)):
            yield at, shapes.web_tokens(), plain
    for at, shape in _named(folded, start, stop):
        yield at, shape, folded


def _named(folded: bytes, start: int, stop: int) -> Iterator[tuple[int, shapes.Shape]]:
    for word in shapes.WORDS:
        for at in _found(word, folded, start, stop):
            for shape in shapes.named_values(word):
                if shape.before is None or shape.before.search(folded, max(0, at - shapes.LOOK_BEHIND), at):
                    yield at, shape


def _runs(text: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of letters that tokens consist of, if long enough for one."""
    marked = text.translate(shapes.RUNS)
    begin = marked.find(_RUN, start)
    while 0 <= begin < stop:
        end = marked.find(b" ", begin)
        end = len(text) if end < 0 else end
        yield begin, end
        begin = marked.find(_RUN, end)


def _is_run(literal: bytes) -> bool:
    return len(literal) >= shapes.SHORTEST_RUN and literal.translate(shapes.RUNS).strip(b"x") == b""


def _found(literal: bytes, text: bytes, start: int, stop: int) -> Iterator[int]:
    """Yield where a literal begins in a part of a text."""
    end = stop + len(literal) - 1
    at = text.find(literal, start, end)
    while at >= 0:
        yield at
        at = text.find(literal, at + 1, end)


def _found_all(pattern: re.Pattern[bytes], text: bytes, start: int, stop: int) -> Iterator[int]:
    """Yield where a pattern matches, one match inside another included."""
    match = pattern.search(text, start, stop)
    while match is not None:
        yield match.start()
        match = pattern.search(text, match.start() + 1, stop)


def _end(rest: re.Pattern[bytes], text: bytes, at: int) -> int:
    match = rest.match(text, at)
    return match.end() if match is not None else at


def _any_of(literals: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return the pattern of any of these; of none, one that never matches."""
    return re.compile(rb"|".join(re.escape(literal) for literal in sorted(literals)) or rb"(?!)")
