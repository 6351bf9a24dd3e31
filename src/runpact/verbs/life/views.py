"""Keep the files of the contract's registry views in step with the runs.

Knows: when a finished run rewrites them, when it only marks them, whose turn it is, when a file is stale.
Does not know: what a line says, how the index is kept.

1. Up to 5,000 rows, every success rewrites the files, one writer at a time. Who waited for a turn and finds
   the own run listed already is done.
2. Beyond that a success marks them stale. One writer at a time rewrites them, at most every ten seconds, and
   so rarely that writing takes no more than a thirtieth of the time.
3. A trial of a sweep counts as listed by a large view: at most every ten seconds; its sweep's end lists all.
4. The mark is taken off before the runs are looked at, and a writer whose lock file was deleted begins anew:
   so the last file written is never older than the runs it was written after.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator

import msgspec

from runpact.disk.viewfiles import Turn, ViewFiles, ViewState
from runpact.host import clock
from runpact.index.store import Store
from runpact.model.confinement import W2
from runpact.model.contract.language import Contract, IndexView
from runpact.model.contract.viewfiles import is_of_sessions, lists_kind, view_files
from runpact.model.errors import RunpactError, StorageError
from runpact.model.finding import Verdict, worst
from runpact.model.registry.pages import Page, pages
from runpact.verbs.finding.reindex import FILE, Catalogue, TooManyRunsError, named_file
from runpact.verbs.life.nest import CONFINEMENT
from runpact.verbs.life.opened import Registry

MOST_AT_ONCE = 5_000
"""Up to so many rows, files are rewritten at every success."""
MOST_READ = 5_000
"""So many runs are read for that at most."""
_REST_SECONDS, _SHARE = 10.0, 30.0
_LONGEST_REST_SECONDS = 3600.0
"""However long the last writing is said to have taken."""
_PATIENCE_SECONDS = 20.0
_ATTEMPTS = 5
_DAMAGED = ("SELECT path FROM runs WHERE state = 'corrupt' ORDER BY path", ())
_VERDICTS = {
    "current": Verdict.OK,
    "written": Verdict.OK,
    "missing": Verdict.INCOMPLETE,
    "stale": Verdict.INCOMPLETE,
    "damaged": Verdict.ERROR,
}


class ViewFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a view."""

    path: str
    """Relative to the workspace."""
    state: str
    """`written` or `current`; where it was only looked at `current`, `stale`, `missing` or `damaged`."""
    rows: int | None = None
    """Runs that it must list; None where nobody counted."""
    generated_at: str | None = None
    """When it was written, where it says so."""

    @property
    def verdict(self) -> Verdict:
        """What a check of it comes to."""
        return _VERDICTS[self.state]


class Views(msgspec.Struct, frozen=True):
    """All files of all views."""

    files: tuple[ViewFile, ...]
    damaged: tuple[str, ...] = ()
    """Runs that are corrupt, of which a line says no more than their path tells."""

    @property
    def verdict(self) -> Verdict:
        """What a check of them comes to; of none, it says nothing."""
        return worst(file.verdict for file in self.files) if self.files else Verdict.INCOMPLETE


class _Asked(msgspec.Struct, frozen=True):
    """What the index says of a view."""

    standing: str
    rows: int
    pages: tuple[Page, ...]
    damaged: tuple[str, ...]


class _View(msgspec.Struct, frozen=True):
    """A view, its number in the contract, and its files."""

    number: int
    view: IndexView
    files: ViewFiles


class _Kept(threading.local):
    """The catalogue that a thread used last, open for its next run.

    Closing a database flushes it, which costs more than all the rest of a short run. A connection belongs to
    one thread of one process: a forked child leaves its parent's alone.
    """

    _open: tuple[tuple[object, ...], Catalogue] | None = None

    def catalogue_for(self, root: str, registry: Registry) -> Catalogue:
        """Return the catalogue for a finished run."""
        key = (os.getpid(), root, registry.contract, registry.is_own)
        if self._open is not None and self._open[0] == key:
            return self._open[1]
        if self._open is not None and self._open[0][0] == key[0]:
            self._open[1].close()
        catalogue = catalogue_for(root, registry.contract, is_own=registry.is_own, most=MOST_READ)
        self._open = key, catalogue
        return catalogue


_KEPT = _Kept()


def catalogue_for(root: str, contract: Contract, *, is_own: bool, most: int | None = None) -> Catalogue:
    """Return the runs as a contract's views list them; one that is not the workspace's has its own index."""
    return Catalogue(root, contract, file=FILE if is_own else named_file(contract), most=most)


def refresh_views(root: str, registry: Registry, *, kind: str, uid: str) -> str | None:
    """Refresh the views that list runs of a kind, now that one has finished; return why not.

    Args:
        root: Absolute data root.
        registry: Whose views they are.
        kind: Of the run.
        uid: Of the run.
    """

    def opened() -> Catalogue:
        return _KEPT.catalogue_for(root, registry)

    views = (
        each for each in _views(root, registry.contract) if lists_kind(registry.contract, each.view, kind)
    )
    is_patient = registry.is_patient
    refused = [_refreshed(opened, each, uid, is_patient=is_patient) for each in views]
    return next(filter(None, refused), None)


def write_views(root: str, contract: Contract, *, is_own: bool, of_sessions: bool = False) -> Views:
    """Bring every view up to date, however many rows it has; a file that is so already is left as it is.

    Args:
        root: Absolute data root.
        contract: Whose views they are.
        is_own: It is the workspace's own.
        of_sessions: Only the views that list sessions.

    Raises:
        StorageError: A file cannot be written, or another process has been writing for long.
    """
    with catalogue_for(root, contract, is_own=is_own) as catalogue:
        return _joined(_written(catalogue, each) for each in _chosen(root, contract, of_sessions=of_sessions))


def check_views(root: str, contract: Contract, *, is_own: bool, of_sessions: bool = False) -> Views:
    """Say of every file of every view whether it lists the runs as they are; nothing is written."""
    with catalogue_for(root, contract, is_own=is_own) as catalogue:
        return views_of(catalogue, contract, of_sessions=of_sessions)


def views_of(catalogue: Catalogue, contract: Contract, *, of_sessions: bool = False) -> Views:
    """Say the same by a catalogue that is open; nothing is written."""
    chosen = _chosen(catalogue.root, contract, of_sessions=of_sessions)
    return _joined(_checked(catalogue, each) for each in chosen)


def _chosen(root: str, contract: Contract, *, of_sessions: bool) -> Iterator[_View]:
    views = _views(root, contract)
    return (each for each in views if not of_sessions or is_of_sessions(contract, each.view))


def _joined(views: Iterable[Views]) -> Views:
    found = tuple(views)
    damaged = dict.fromkeys(path for each in found for path in each.damaged)
    return Views(tuple(file for each in found for file in each.files), tuple(damaged))


def _views(root: str, contract: Contract) -> Iterator[_View]:
    for number, view in enumerate(contract.workspace.indexes):
        yield _View(number, view, ViewFiles(root, view.files))


def _refreshed(
    opened: Callable[[], Catalogue], each: _View, uid: str, *, is_patient: bool = False
) -> str | None:
    """Refresh one view after a success, or leave it to somebody else; return what went wrong."""
    try:
        state = each.files.state()
        is_large = state is not None and (is_patient or state.rows > MOST_AT_ONCE)
        if state is not None and is_large and not _is_due(state):
            each.files.mark()
            return None
        with each.files.turn(0.0 if is_large else _PATIENCE_SECONDS) as turn:
            if turn is not None:
                return _rewritten_for(opened(), each, turn, uid)
            each.files.mark()
            return None if is_large else _failure(each, "another process has been writing them for long")
    except RunpactError as error:
        with contextlib.suppress(RunpactError):
            each.files.mark()
        return None if _is_fenced_off(error) else _failure(each, error.message)


def _is_fenced_off(error: RunpactError) -> bool:
    """Whether the fence around this process was in the way: the mark says that somebody else must write."""
    return error.got in {"EACCES", "EROFS"} and os.environ.get(CONFINEMENT, "") >= W2


def _failure(each: _View, reason: str) -> str:
    return f"`{each.view.files}` was not refreshed: {reason}"


def _is_due(state: ViewState) -> bool:
    """Whether a large view has been left alone for long enough; a clock that was set back counts as long."""
    age = clock.utc_now().timestamp() - state.moment
    return not 0 <= age < min(max(_REST_SECONDS, _SHARE * state.seconds), _LONGEST_REST_SECONDS)


def _rewritten_for(catalogue: Catalogue, each: _View, turn: Turn, uid: str) -> str | None:
    if _is_in(catalogue, each, uid):
        return None
    began = clock.monotonic()
    try:
        _rewritten(catalogue, each, turn, is_brief=True)
    except TooManyRunsError as error:
        seconds = clock.monotonic() - began
        each.files.keep(ViewState(max(error.runs, MOST_AT_ONCE + 1), clock.utc_now().timestamp(), seconds))
        each.files.mark()
        return _failure(each, f"{error}; `runpact index views` does that")
    return None


def _is_in(catalogue: Catalogue, each: _View, uid: str) -> bool:
    """Whether somebody else wrote the files after this run was sealed, and nothing has changed since."""
    state = each.files.state()
    if state is None or not state.standing or each.files.is_marked:
        return False
    if not all(map(each.files.has, view_files(each.view.files).values())):
        return False
    return bool(
        catalogue.recall(
            lambda store: store.lines.standing == state.standing and store.lines.lists(each.number, uid)
        )
    )


def _written(catalogue: Catalogue, each: _View) -> Views:
    with each.files.turn(_PATIENCE_SECONDS) as turn:
        if turn is None:
            raise StorageError(
                _failure(each, "another process has been writing them for long"),
                at=each.view.files,
                hint="try again later",
            )
        each.files.sweep(view_files(each.view.files).values())
        return _rewritten(catalogue, each, turn, is_brief=False)


def _rewritten(catalogue: Catalogue, each: _View, turn: Turn, *, is_brief: bool) -> Views:
    """Rewrite the files of a view; once more when the lock file was deleted meanwhile."""
    found = Views(())
    for _attempt in range(_ATTEMPTS):
        began = clock.monotonic()
        each.files.unmark()
        asked = _asked(catalogue, each, is_brief=is_brief)
        found = Views(_put_all(each.files, asked), asked.damaged)
        seconds = clock.monotonic() - began
        each.files.keep(ViewState(asked.rows, clock.utc_now().timestamp(), seconds, asked.standing))
        if turn.is_mine:
            break
    return found


def _asked(catalogue: Catalogue, each: _View, *, is_brief: bool) -> _Asked:
    def question(store: Store) -> _Asked:
        lines = store.lines.of(each.number)
        damaged = () if is_brief else tuple(str(path) for (path,) in store.rows(_DAMAGED))
        return _Asked(store.lines.standing, len(lines), pages(each.view, lines), damaged)

    return catalogue.ask(question, is_thorough=not is_brief, is_brief=is_brief)


def _put_all(files: ViewFiles, asked: _Asked) -> tuple[ViewFile, ...]:
    """Write each file that is not up to date; one that cannot be written keeps none of the others back."""
    moment = clock.now()
    done, faults = [], []
    for page in asked.pages:
        try:
            done.append(_put(files, page, asked.rows, moment))
        except StorageError as error:
            faults.append(error)
    if faults:
        raise faults[0]
    return tuple(done)


def _put(files: ViewFiles, page: Page, rows: int, moment: str) -> ViewFile:
    data = files.read(page.path)
    known = page.moment_in(data) if data is not None else None
    if known is not None:
        return ViewFile(path=page.path, state="current", rows=rows, generated_at=known or None)
    files.write(page.path, page.data(moment))
    said = moment if page.after is not None else None
    return ViewFile(path=page.path, state="written", rows=rows, generated_at=said)


def _checked(catalogue: Catalogue, each: _View) -> Views:
    paths = view_files(each.view.files).values()
    if each.files.is_marked:
        states = ((path, "stale" if each.files.has(path) else "missing") for path in paths)
        return Views(tuple(ViewFile(path=path, state=state) for path, state in states))
    asked = _asked(catalogue, each, is_brief=False)
    return Views(tuple(_looked_at(each.files, page, asked.rows) for page in asked.pages), asked.damaged)


def _looked_at(files: ViewFiles, page: Page, rows: int) -> ViewFile:
    data = files.read(page.path)
    known = page.moment_in(data) if data is not None else None
    is_due = data is not None or rows  # nothing is missing where there was never anything to list
    state = "current" if known is not None or not is_due else _why_not(page, data)
    return ViewFile(path=page.path, state=state, rows=rows, generated_at=known or None)


def _why_not(page: Page, data: bytes | None) -> str:
    if data is None:
        return "missing"
    return "stale" if page.is_older(data) else "damaged"
