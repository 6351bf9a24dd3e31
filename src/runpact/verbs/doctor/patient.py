"""The workspace that is examined.

Knows: where it is, what its index says of its runs.
Does not know: what is looked for.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from runpact.host import clock
from runpact.index.store import Store
from runpact.model.contract.language import Contract
from runpact.model.template import PathTemplate
from runpact.verbs.doctor.soundness import Soundness, examine_soundness
from runpact.verbs.finding.reindex import Catalogue

_RECENT = 3
"""Runs of each kind that stand for all of them."""


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """What the index says of all runs at one moment."""

    places: tuple[str, ...]
    """Every run, relative to the root, as the system names it; so in all of these."""
    amiss: tuple[str, ...]
    """Those that are not sealed, or not whole."""
    uids: frozenset[str]
    shared: tuple[tuple[str, ...], ...]
    """Directories that say that they are one run, without curated copies."""
    recent: dict[str, tuple[str, ...]]
    """The newest runs of each kind."""


class Patient:
    """A workspace, and what was asked of its index so far."""

    def __init__(
        self, root: str, contract: Contract, *, is_kept: bool, is_mended: bool, environ: Mapping[str, str]
    ) -> None:
        """Store the places; nothing is looked at yet.

        Args:
            root: Absolute data root.
            contract: Says where runs stand.
            is_kept: The index is this contract's, and kept.
            is_mended: A damaged index may be made anew.
            environ: Environment of this process.
        """
        self.root = root
        self.contract = contract
        self.environ = environ
        self.is_kept = is_kept
        self._is_mended = is_mended
        self._soundness: Soundness | None = None
        self._census: Census | None = None

    @property
    def soundness(self) -> Soundness:
        """What is wrong with the index; looked at once."""
        if self._soundness is None:
            self._soundness = examine_soundness(self.root, self.contract, is_kept=self.is_kept)
        return self._soundness

    @property
    def census(self) -> Census:
        """What the index says of all runs; asked once, after the records of each were looked at."""
        if self._census is None:
            with self.catalogue() as catalogue:
                curated = catalogue.curated
                self._census = catalogue.ask(lambda store: self._taken(store, curated), is_thorough=True)
        return self._census

    def catalogue(self) -> Catalogue:
        """Return what answers questions about the runs, without a damaged index unless it may be mended."""
        is_kept = self.is_kept and (self._is_mended or self.soundness.is_sound)
        return Catalogue(self.root, self.contract, is_kept=is_kept)

    def absolute(self, path: str) -> str:
        """Return the absolute path of something in the workspace."""
        return posixpath.normpath(posixpath.join(self.root, path))

    def age_of(self, changed: float) -> float:
        """Return the seconds since a moment, itself in seconds since 1970."""
        return max(0.0, clock.utc_now().timestamp() - changed)

    def _taken(self, store: Store, curated: Iterable[PathTemplate]) -> Census:
        recent = {}
        for kind in self.contract.kinds:
            found = store.newest(kind)
            recent[kind] = tuple(each.place for each, _number in zip(found, range(_RECENT), strict=False))
        return Census(
            places=tuple(store.places()),
            amiss=tuple(store.amiss()),
            uids=frozenset(store.uids()),
            shared=tuple(_shared(store, curated)),
            recent=recent,
        )


def _shared(store: Store, curated: Iterable[PathTemplate]) -> Iterator[tuple[str, ...]]:
    """Return the directories that have one uid; a curated copy has that of its run."""
    places: dict[str, list[str]] = {}
    for uid, place in store.shared():
        if all(copies.match(place) is None for copies in curated):
            places.setdefault(uid, []).append(place)
    return (tuple(each) for each in places.values() if len(each) > 1)
