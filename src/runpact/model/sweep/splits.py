"""Walk-forward splits: windows to learn on, each followed by a window to be judged on.

Knows: where windows begin and end, that none reaches into what it must not know.
Does not know: what stands in them.

A window is half open: `start` is in it, `end` is not. A test window stands strictly behind its train window,
with an embargo between them that neither uses: what is measured over several steps would else reach from one
into the other. Test windows never overlap, so each entry is judged at most once.
"""

# No deferred annotations: the decoder would evaluate each as text.

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from runpact.model.errors import UsageError

Entry = int | float | str
Size = int | str
"""So many entries, or a length of time as in `90d`."""
_UNITS = {
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
}


class Window(msgspec.Struct, frozen=True):
    """Some entries of the index in a row."""

    start: int
    """Position of the first."""
    end: int
    """Position behind the last."""

    def __len__(self) -> int:
        """Return how many entries it has."""
        return self.end - self.start


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """One window to learn on and the one to be judged on."""

    number: int
    """From 1, in the order of time."""
    train: Window
    test: Window


class Walk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the index is walked."""

    train: Size
    """Of a train window; of an anchored walk, of the first one."""
    test: Size
    step: Size | None = None
    """From one test window to the next; by default its size, and never less."""
    is_anchored: bool = msgspec.field(name="anchored", default=False)
    """Train windows all begin where the index begins."""
    embargo: Size = 0
    """Between a train window and its test window, used by neither."""


def splits_of(index: Sequence[Entry], walk: Walk) -> tuple[Split, ...]:
    """Return the splits of an index that is strictly ascending; the rest at its end is unused.

    Args:
        index: Moments (ISO 8601) or numbers.
        walk: Sizes in entries, or in time as `90d`, `12w`, `6h`, `30min` where the index has moments.

    Raises:
        UsageError: The index does not ascend, a size is none, or there is room for no split.
    """
    positions = _Positions(index)
    test_start = positions.after(positions.after(0, walk.train, "train", least=1), walk.embargo, "embargo")
    found: list[Split] = []
    while (test_end := positions.after(test_start, walk.test, "test", least=1)) <= positions.count:
        end = positions.before(test_start, walk.embargo, "embargo")
        start = 0 if walk.is_anchored else positions.before(end, walk.train, "train")
        if start < end:
            split = Split(number=len(found) + 1, train=Window(start, end), test=Window(test_start, test_end))
            found.append(split)
        test_start = max(positions.after(test_start, walk.step or walk.test, "step", least=1), test_end)
    if not found:
        raise UsageError(
            "the index has room for no split",
            expected=f"train {walk.train} and test {walk.test}, in entries or time",
            got=f"{positions.count} entries",
        )
    return tuple(found)


class _Positions:
    """Where in an index a size leads to."""

    def __init__(self, index: Sequence[Entry]) -> None:
        self.count = len(index)
        moments = [_moment(entry) for entry in index]
        for place, (before, behind) in enumerate(pairwise(moments)):
            if not _ascends(before, behind):
                raise UsageError(
                    "the index does not ascend",
                    at=f"entry {place + 2}",
                    expected=f"an entry of one sort, after {index[place]}",
                    got=str(index[place + 1]),
                )
        self._times = [moment for moment in moments if isinstance(moment, datetime)]

    def after(self, position: int, size: Size, what: str, *, least: int = 0) -> int:
        """Return the position that lies a size behind another; beyond the end for one that is too long."""
        if isinstance(size, int):
            return position + _at_least(size, least, what)
        length = self._length(size, what)
        if position >= self.count:
            return self.count + 1
        limit = self._times[position] + length
        found = bisect_left(self._times, limit)
        is_beyond = found == self.count and limit > self._end()
        return self.count + 1 if is_beyond else max(found, position + least)

    def before(self, position: int, size: Size, what: str) -> int:
        """Return the position that lies a size before another; never before the first."""
        if isinstance(size, int):
            return max(position - _at_least(size, 0, what), 0)
        moment = self._times[position] if position < self.count else self._end()
        return bisect_left(self._times, moment - self._length(size, what))

    def _end(self) -> datetime:
        """The moment at which the entry behind the last would stand."""
        last = self._times[-1]
        return last + (last - self._times[-2] if self.count > 1 else timedelta())

    def _length(self, size: str, what: str) -> timedelta:
        if len(self._times) < max(self.count, 1):
            raise UsageError(
                "a length of time needs an index of moments", expected="ISO 8601", got=f"`{what}` of {size}"
            )
        return _length(size, what)


def _moment(entry: Entry) -> datetime | float:
    if isinstance(entry, str):
        try:
            return datetime.fromisoformat(entry)
        except ValueError:
            raise UsageError(
                "an entry of the index is no moment", expected="ISO 8601", got=entry[:60]
            ) from None
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        raise UsageError(
            "an entry of the index is no moment", expected="a moment or a number", got=f"{entry!r:.60}"
        )
    return entry


def _ascends(before: datetime | float, behind: datetime | float) -> bool:
    try:
        return before < behind  # type: ignore[operator]  # two sorts, or two sorts of moments, raise
    except TypeError:
        return False


def _at_least(size: int, least: int, what: str) -> int:
    if isinstance(size, bool) or size < least:
        raise UsageError(f"no such size of `{what}`", expected=f"{least} or more", got=str(size))
    return size


def _length(size: str, what: str) -> timedelta:
    number = size.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = _UNITS.get(size.removeprefix(number))
    if unit is None or not number.isdecimal() or int(number) > 100_000:  # noqa: PLR2004 - centuries
        raise UsageError(
            f"no such size of `{what}`", expected="entries, or time as in 90d, 12w, 6h, 30min", got=size
        )
    return int(number) * unit
