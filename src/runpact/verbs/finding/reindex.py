"""Keep the index of a workspace in step with its runs.

Knows: when to refresh it, when to make another one, what to do where none can be kept.
Does not know: what is asked of it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from runpact.disk.cachefolder import CacheFile
from runpact.disk.reader import is_directory
from runpact.host import clock
from runpact.index.damage import BusyIndexError, OtherIndexError, UnusableIndexError
from runpact.index.store import Store
from runpact.index.tables import Row
from runpact.model.contract.language import Contract
from runpact.model.digest import digest_bytes
from runpact.model.errors import StorageError
from runpact.model.template import PathTemplate
from runpact.verbs.finding.find import places_of
from runpact.verbs.finding.observe import (
    Difference,
    DirectoryGone,
    DirectorySeen,
    NotesSeen,
    Observer,
    RunGone,
    RunSeen,
)

if TYPE_CHECKING:
    from runpact.verbs.finding.lines import Lister

FILE = "index.sqlite"
_ALWAYS_ALL = 5_000
"""Up to so many runs, the records of each are looked at for every question."""
_SHARE = 100
"""Beyond that, when the last look is older than so many times what it took."""
_ANEW = 2_000
"""More runs than this that are new at once are loaded anew, when they are more than those that are known."""
_ATTEMPTS = 3
_STEM_DIGITS = 12
_Answer = TypeVar("_Answer")


class TooManyRunsError(Exception):
    """More runs are to be read than the question is worth."""

    def __init__(self, runs: int) -> None:
        """Store how many."""
        super().__init__(f"{runs:,} runs are to be read")
        self.runs = runs


class Catalogue:
    """The runs below a data root, for questions; the index behind it is brought up to date for each."""

    def __init__(
        self,
        root: str,
        contract: Contract,
        *,
        is_kept: bool = True,
        file: str = FILE,
        most: int | None = None,
    ) -> None:
        """Store what runs there are to be; nothing is opened before the first question.

        Args:
            root: Absolute data root.
            contract: Says where runs stand and how views list them.
            is_kept: Keep the index for the next process.
            file: Where in the cache; the workspace's own contract alone uses `FILE`.
            most: Refuse questions for which more runs than this must be read first.
        """
        self.root = root
        self.curated = tuple(PathTemplate.parse(each.at) for each in contract.promotions.values())
        """Where copies stand that promotions made; they are named by their paths alone."""
        places = tuple(places_of(contract))
        self.observer = Observer(root, places, _lister(root, contract))
        self._layout = msgspec.json.encode(
            [
                [(place.kind, place.template.text, place.clashing.text) for place in places],
                *_listing(contract),
            ]
        )
        self._file = CacheFile(root, file) if is_kept and all(place.depth for place in places) else None
        self._most = most
        self._store: Store | None = None

    def recall(self, question: Callable[[Store], _Answer]) -> _Answer | None:
        """Answer a question from the index as it stands; None where there is none to be used."""
        try:
            store = self._current()
            with store.reading():
                return question(store)
        except (UnusableIndexError, BusyIndexError):
            return None

    def ask(
        self, question: Callable[[Store], _Answer], *, is_thorough: bool = False, is_brief: bool = False
    ) -> _Answer:
        """Answer a question from an index that is up to date.

        Args:
            question: Reads the index it is given.
            is_thorough: Look at every run's records first, however many there are.
            is_brief: Look at them only when that is due, however few there are.

        Raises:
            TooManyRunsError: More runs must be read than this catalogue was made for.
        """
        for _attempt in range(_ATTEMPTS if self._file is not None else 0):
            try:
                store = self._current()
                self._refresh(store, is_thorough=is_thorough, is_brief=is_brief)
                with store.reading():
                    return question(store)
            except UnusableIndexError:
                if not self._rebuilt():
                    break
            except BusyIndexError:
                break
        return self._in_memory(question)

    def look_again(self, paths: Iterable[str]) -> None:
        """Read runs again that are not what the index says."""
        again = [difference for path in paths for difference in self.observer.again(path)]
        store = self._store
        if store is not None:
            with store.writing():
                self._apply(store, again)

    def faults(self) -> tuple[str, ...] | None:
        """Return what is wrong with the index as a file; None when there is none that could be.

        An index that was made for another contract, or by another runpact, is none.
        """
        if self._file is None or self._file.current() is None:
            return None
        try:
            return self._current().faults()
        except OtherIndexError:
            return None
        except BusyIndexError:
            return ()
        except UnusableIndexError as error:
            return (str(error),)

    @property
    def obstacle(self) -> str:
        """Why no index can be kept; empty when one can, or none is wanted."""
        return self._file.obstacle if self._file is not None else ""

    def listed(self) -> frozenset[str]:
        """Return the paths of all runs, from their folders alone."""
        return frozenset(self._listed())

    def _listed(self) -> Iterator[str]:
        store = Store.build(None, self._layout.decode())
        try:
            found = self.observer.differences(store, is_thorough=False)
            yield from (each.path for each in found if isinstance(each, RunSeen))
        finally:
            store.close()

    def rebuild(self) -> int:
        """Make the index anew from the runs; return how many there are.

        Raises:
            StorageError: It cannot be kept.
        """
        self.close()
        if self._file is None:
            return self._in_memory(_count)
        try:
            with self._file.alone():
                return self._build(self._file)
        except (BusyIndexError, UnusableIndexError) as error:
            raise StorageError(
                f"the index cannot be kept: {error}",
                at=self._file.folder,
                hint="questions are answered all the same, and slowly",
            ) from error

    def close(self) -> None:
        """Close the index; the next question opens it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        """Return the catalogue itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the index."""
        self.close()

    def _current(self) -> Store:
        path = self._file.current() if self._file is not None else None
        if path is None:
            raise UnusableIndexError("there is none")
        if self._store is None or self._store.path != path:
            self.close()
            self._store = Store.open(path, self._layout.decode())
        return self._store

    def _refresh(self, store: Store, *, is_thorough: bool, is_brief: bool) -> None:
        with store.reading():
            is_large = is_brief or store.highest() > _ALWAYS_ALL
            is_due = is_thorough or not is_large or _is_look_due(store)
            is_noted = is_due and is_large
            if not is_noted and next(self.observer.differences(store, is_thorough=is_due), None) is None:
                return
        with store.writing():
            began = clock.monotonic()
            self._apply(store, list(self.observer.differences(store, is_thorough=is_due)))
            if is_noted:
                store.note("looked", clock.utc_now().timestamp())
                store.note("took", clock.monotonic() - began)

    def _apply(self, store: Store, differences: list[Difference]) -> None:
        new = self._counted(differences)
        if new > _ANEW and new > _count(store):
            raise UnusableIndexError("most runs are new")
        for each in differences:
            if isinstance(each, RunSeen):
                self._take(store, each)
            elif isinstance(each, RunGone):
                store.remove(each.path)
            elif isinstance(each, DirectorySeen):
                store.put_directory(each.path, each.stamp)
            elif isinstance(each, NotesSeen):
                self._take_notes(store, each)
            else:
                self._forget(store, each)

    def _counted(self, differences: list[Difference]) -> int:
        """Return how many runs must be read; refuse when they are too many."""
        new = sum(isinstance(each, RunSeen) for each in differences)
        if self._most is not None and new > self._most:
            raise TooManyRunsError(new)
        return new

    def _take(self, store: Store, seen: RunSeen) -> None:
        row = self.observer.row(seen)
        if self._stands(row):
            store.put(row)
        else:
            store.remove(seen.path)

    def _take_notes(self, store: Store, seen: NotesSeen) -> None:
        store.put_note(seen.uid, seen.stamp)
        places = store.places_of(seen.uid)
        self._apply(store, [each for path in places for each in self.observer.again(path)])

    def _stands(self, row: Row) -> bool:
        """Whether a run is still there: it may have got its name, or been removed, after it was found."""
        return row.run.summary.uid is not None or is_directory(posixpath.join(self.root, row.place))

    @staticmethod
    def _forget(store: Store, gone: DirectoryGone) -> None:
        for path in store.members(gone.path):
            store.remove(path)
        store.remove_directory(gone.path)

    def _rebuilt(self) -> bool:
        """Make another index than the one just used, unless somebody has; False where none can be kept."""
        bad = self._store.path if self._store is not None else None
        self.close()
        file = self._file
        if file is None or not (file.has_folder or self._has_runs()):
            return False
        try:
            with file.alone():
                if file.current() == bad or not self._is_usable():
                    self._build(file)
        except (BusyIndexError, StorageError, UnusableIndexError):
            return False
        return True

    def _is_usable(self) -> bool:
        try:
            self._current()
        except UnusableIndexError:
            return False
        return True

    def _has_runs(self) -> bool:
        """Whether there is anything to keep an index of: a folder without runs is left as it is."""
        return any(True for _path in self._listed())

    def _build(self, file: CacheFile) -> int:
        with file.building() as path:
            store = Store.build(path, self._layout.decode())
            try:
                return self._fill(store)
            finally:
                store.close()

    def _fill(self, store: Store) -> int:
        differences = list(self.observer.differences(store, is_thorough=False))
        self._counted(differences)
        stamps = {each.path: each.stamp for each in differences if isinstance(each, DirectorySeen)}
        seen = sorted((each for each in differences if isinstance(each, RunSeen)), key=lambda each: each.path)
        rows = (self.observer.row(each) for each in seen)
        notes = {each.uid: each.stamp or b"" for each in differences if isinstance(each, NotesSeen)}
        store.fill(stamps, (row for row in rows if self._stands(row)), notes)
        return _count(store)

    def _in_memory(self, question: Callable[[Store], _Answer]) -> _Answer:
        store = Store.build(None, self._layout.decode())
        try:
            self._fill(store)
            return question(store)
        finally:
            store.close()


def named_file(contract: Contract) -> str:
    """Return the cache's file for the index of a contract that is not the workspace's own."""
    return f"named-{digest_bytes(contract.contract.encode())[-_STEM_DIGITS:]}.sqlite"


def _lister(root: str, contract: Contract) -> Lister | None:
    """Return who lists runs for views; None where there are none, which spares the import."""
    if not contract.workspace.indexes:
        return None
    from runpact.verbs.finding.lines import Lister  # noqa: PLC0415 - brings the judge and its inspectors

    return Lister(root, contract)


def _listing(contract: Contract) -> tuple[str, ...]:
    """Return what tells whether lines were made for this contract: all that a column may depend on."""
    views = contract.workspace.indexes
    return (digest_bytes(msgspec.json.encode([views, contract.kinds, contract.types])),) if views else ()


def _count(store: Store) -> int:
    return store.count(("1", ()))


def _is_look_due(store: Store) -> bool:
    """Whether the records of all runs are to be looked at now."""
    looked, took = store.noted("looked"), store.noted("took")
    if not looked:
        return True
    age = clock.utc_now().timestamp() - looked
    return not 0 <= age <= took * _SHARE
