"""Find where the index and the run directories differ.

Knows: which directories to list, which runs to look at, when a look at all of them is due.
Does not know: tables.

Differences are found one by one, so that asking whether there are any ends at the first.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from runpact.disk.annotations import annotation_stamps
from runpact.disk.discover import Listed, is_recorded, listed_in
from runpact.disk.stamps import directory_stamp, settled
from runpact.index.store import Store
from runpact.index.tables import Row
from runpact.model.place import Place
from runpact.verbs.finding.examine import examine, is_as_read

if TYPE_CHECKING:
    from runpact.verbs.finding.lines import Lister

Reach = tuple[Place, int]
"""A kind's place, and how many of its levels lie above."""


class RunSeen(msgspec.Struct, frozen=True):
    """A run is new, or must be read again."""

    path: str
    inode: int


class RunGone(msgspec.Struct, frozen=True):
    """No run stands there any more."""

    path: str


class DirectorySeen(msgspec.Struct, frozen=True):
    """A directory was listed."""

    path: str
    stamp: bytes


class DirectoryGone(msgspec.Struct, frozen=True):
    """A directory that held runs, or led to them, is no longer there."""

    path: str


class NotesSeen(msgspec.Struct, frozen=True):
    """The tags of a run changed, or are to be looked at again."""

    uid: str
    stamp: bytes | None
    """None when there are none any more."""


Difference = RunSeen | RunGone | DirectorySeen | DirectoryGone | NotesSeen


class Listing(msgspec.Struct, frozen=True):
    """The directories in one directory, as far as they matter."""

    runs: dict[str, int]
    """Inode by path."""
    children: dict[str, tuple[Reach, ...]]
    """Directories that lead on, and where to."""


class Known:
    """The directories that the index knows."""

    def __init__(self, stamps: dict[str, bytes]) -> None:
        """Store the stamp of each directory by its path."""
        self.stamps = stamps
        self.met: set[str] = set()
        """Those that are still there."""
        self.hidden: set[str] = set()
        """Those of them that may not be listed."""
        self._inside: dict[str, list[str]] = {}
        for path in stamps:
            if path:
                self._inside.setdefault(posixpath.dirname(path), []).append(path)

    def children_of(self, path: str, reaches: tuple[Reach, ...]) -> dict[str, tuple[Reach, ...]]:
        """Return the directories that an unchanged one leads to, and where they lead to."""
        return {
            child: tuple(
                (place, level + 1)
                for place, level in reaches
                if level + 1 < place.depth and place.levels[level](posixpath.basename(child))
            )
            for child in self._inside.get(path, ())
        }


class Observer:
    """Looks at the directories below a data root."""

    def __init__(self, root: str, places: tuple[Place, ...], lister: Lister | None = None) -> None:
        """Store the absolute data root, where runs stand, and who says how views list them."""
        self.root = root
        self.places = places
        self._lister = lister

    @property
    def reaches(self) -> tuple[Reach, ...]:
        """Where the root leads to."""
        return tuple((place, 0) for place in self.places if place.depth > 0)

    @property
    def is_root_a_run(self) -> bool:
        """Whether a kind's runs stand at the root itself."""
        return any(place.depth == 0 for place in self.places)

    def row(self, run: RunSeen) -> Row:
        """Read a run."""
        return examine(self.root, run.path, self.places, inode=run.inode, lister=self._lister)

    def absolute(self, path: str) -> str:
        """Return the absolute path of a directory."""
        return posixpath.join(self.root, path) if path else self.root

    def differences(self, store: Store, *, is_thorough: bool) -> Iterator[Difference]:
        """Yield what the index does not know, or knows wrongly.

        Args:
            store: The index, in a transaction.
            is_thorough: Look at the records of every run, not only of those that are not sealed.
        """
        if self.is_root_a_run:
            yield from self.again(".")
        known = Known(store.directories())
        yield from self._below("", self.reaches, store, known)
        yield from (DirectoryGone(path) for path in known.stamps if path not in known.met)
        yield from self._noted(store)
        watched = chain(store.open_runs(), store.closed_runs() if is_thorough else ())
        for path, stamps, owner in watched:
            if posixpath.dirname(path) in known.met - known.hidden and not is_as_read(
                self.absolute(path), stamps, owner
            ):
                yield from self.again(path)

    def _noted(self, store: Store) -> Iterator[Difference]:
        known, present = store.notes(), annotation_stamps(self.root)
        yield from (NotesSeen(uid, None) for uid in known if uid not in present)
        for uid, stamp in present.items():
            if not known.get(uid) or known[uid] != _written(stamp):
                yield NotesSeen(uid, _written(settled(stamp)))

    def again(self, path: str) -> Iterator[Difference]:
        """Yield what there is to say of a run that must be looked at once more."""
        stamp = directory_stamp(self.absolute(path))
        if stamp is not None and self.is_run(path):
            yield RunSeen(path, stamp[1])
            return
        yield RunGone(path)
        yield DirectorySeen(posixpath.dirname(path), b"")  # it may lead to runs now: list around it next time

    def is_run(self, path: str) -> bool:
        """Whether a directory is, or looks like, a run."""
        if path == ".":
            return self.is_root_a_run or listed_in(self.root) is None
        if listed_in(self.absolute(path)) is None or is_recorded(self.root, path):
            return True
        parts = path.split("/")
        return any(
            place.depth == len(parts)
            and all(
                fits(part) and not part.startswith(".")
                for fits, part in zip(place.levels, parts, strict=True)
            )
            for place in self.places
        )

    def _below(
        self, path: str, reaches: tuple[Reach, ...], store: Store, known: Known
    ) -> Iterator[Difference]:
        stamp = directory_stamp(self.absolute(path))
        if stamp is not None and known.stamps.get(path) == _written(stamp):
            known.met.add(path)
            children = known.children_of(path, reaches)
        elif path and is_recorded(self.root, path):
            yield RunSeen(path, stamp[1] if stamp else 0)  # what led to runs has become one
            return
        else:
            known.met.add(path)
            kept = _written(settled(stamp))
            yield DirectorySeen(path, b"")  # who only asks whether anything changed need not list it
            members = self._members(path, store)
            runs = {run: inode for run, inode in members.items() if run not in known.stamps}
            listing = self.listing(path, reaches, runs)
            if listing is None:
                known.hidden.add(path)
                yield from (RunGone(run) for run in members)
                yield from self._hidden(path, stamp)
                return
            yield DirectorySeen(path, kept)
            if path in store.members(posixpath.dirname(path)):
                yield RunGone(path)  # it could not be listed before
            children = listing.children
            yield from (RunGone(run) for run in members if run not in listing.runs)
            yield from (
                RunSeen(run, inode) for run, inode in listing.runs.items() if members.get(run) != inode
            )
        for child, beyond in children.items():
            yield from self._below(child, beyond, store, known)

    def _members(self, path: str, store: Store) -> dict[str, int]:
        members = store.members(path)
        if self.is_root_a_run:
            members.pop(".", None)  # it is found without listing
        return members

    @staticmethod
    def _hidden(path: str, stamp: tuple[int, ...] | None) -> Iterator[Difference]:
        """Yield a directory in the place of what it hides, to be listed again next time."""
        yield DirectorySeen(path, b"")
        yield RunSeen(path or ".", stamp[1] if stamp else 0)

    def listing(self, path: str, reaches: tuple[Reach, ...], members: Mapping[str, int]) -> Listing | None:
        """List a directory; None when that is not allowed.

        Args:
            path: Relative to the root.
            reaches: Where it leads to.
            members: Inode of each run in it that is known already; whether it still is one, its stamps tell.
        """
        prefix = f"{path}/" if path else ""
        known = {run.removeprefix(prefix): inode for run, inode in members.items()}
        met: set[str] = set()
        listed = listed_in(self.absolute(path), known, met)
        if listed is None:
            return None
        runs = {prefix + name: known[name] for name in met}
        children: dict[str, tuple[Reach, ...]] = {}
        for entry in listed:
            inner = prefix + entry.name
            fitting = [(place, level) for place, level in reaches if place.levels[level](entry.name)]
            beyond = tuple((place, level + 1) for place, level in fitting if level + 1 < place.depth)
            if entry.is_link and not any(level + 1 < place.depth for place, level in reaches):
                continue
            if is_recorded(self.root, inner) or self._is_last(entry, fitting):
                runs[inner] = entry.inode
            elif beyond and not entry.name.startswith("."):
                children[inner] = beyond
        return Listing(runs, children)

    @staticmethod
    def _is_last(entry: Listed, fitting: list[Reach]) -> bool:
        is_fit = any(level + 1 == place.depth for place, level in fitting)
        return is_fit and not entry.is_link and not entry.name.startswith(".")


def _written(stamp: tuple[int, ...] | None) -> bytes:
    return msgspec.msgpack.encode(stamp) if stamp else b""
