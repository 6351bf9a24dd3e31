"""Keep the files of the contract's registry views in step with the runs.

Knows: when a finished run rewrites them, when it only marks them, whose turn it is, when a file is stale.
Does not know: what a line says, how the index is kept.

1. Up to 5,000 rows, every success rewrites the files, one writer at a time. Who waited for a turn and finds
   the own run listed already is done.
2. Beyond that a success marks them stale. One writer at a time rewrites them, at most every ten seconds, and
   so rarely that writing takes no more than a thirtieth of the time.
3. The mark is taken off before the runs are looked at, and a writer whose lock file was deleted begins anew:
   so the last file written is never older than the runs it was written after.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.disk.viewfiles import Turn, ViewFiles, ViewState
from runpact.host import clock
from runpact.model.contract.language import Contract, IndexView
from runpact.model.contract.viewfiles import view_files
from runpact.model.errors import RunpactError, StorageError
from runpact.model.finding import Verdict
from runpact.model.registry.pages import Page, pages
from runpact.verbs.opened import OpenRun
from runpact.verbs.reindex import FILE, Catalogue, TooManyRunsError, named_file

MOST_AT_ONCE = 5_000
"""Up to so many rows, files are rewritten at every success; so many runs are read for that at most."""
_REST_SECONDS, _SHARE = 10.0, 30.0
_PATIENCE_SECONDS = 20.0
_ATTEMPTS = 5
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


class _View(msgspec.Struct, frozen=True):
    """A view, its number in the contract, and its files."""

    number: int
    view: IndexView
    files: ViewFiles


def catalogue_for(root: str, contract: Contract, *, is_own: bool, most: int | None = None) -> Catalogue:
    """Return the runs as a contract's views list them; one that is not the workspace's has its own index."""
    return Catalogue(root, contract, file=FILE if is_own else named_file(contract), most=most)


def refresh_views(run: OpenRun) -> str | None:
    """Refresh the views that list runs of this kind, now that this one has finished; return why not."""
    registry = run.registry
    if registry is None:
        return None
    views = [
        each
        for each in _views(run.root, registry.contract)
        if not each.view.kinds or run.record.kind in each.view.kinds
    ]
    if not views:
        return None
    catalogue = catalogue_for(run.root, registry.contract, is_own=registry.is_own, most=MOST_AT_ONCE)
    with catalogue:
        return next(filter(None, [_refreshed(catalogue, each, run.uid) for each in views]), None)


def write_views(root: str, contract: Contract, *, is_own: bool) -> tuple[ViewFile, ...]:
    """Bring every view up to date, however many rows it has; a file that is so already is left as it is.

    Raises:
        StorageError: A file cannot be written, or another process has been writing for long.
    """
    with catalogue_for(root, contract, is_own=is_own) as catalogue:
        return tuple(file for each in _views(root, contract) for file in _written(catalogue, each))


def check_views(root: str, contract: Contract, *, is_own: bool) -> tuple[ViewFile, ...]:
    """Say of every file of every view whether it lists the runs as they are; nothing is written."""
    with catalogue_for(root, contract, is_own=is_own) as catalogue:
        return tuple(file for each in _views(root, contract) for file in _checked(catalogue, each))


def _views(root: str, contract: Contract) -> Iterator[_View]:
    for number, view in enumerate(contract.workspace.indexes):
        yield _View(number, view, ViewFiles(root, view.files))


def _refreshed(catalogue: Catalogue, each: _View, uid: str) -> str | None:
    """Refresh one view after a success, or leave it to somebody else; return what went wrong."""
    try:
        state = each.files.state()
        is_large = state is not None and state.rows > MOST_AT_ONCE
        if state is not None and is_large and not _is_due(state):
            each.files.mark()
            return None
        with each.files.turn(0.0 if is_large else _PATIENCE_SECONDS) as turn:
            if turn is not None:
                return _rewritten_for(catalogue, each, turn, uid)
            each.files.mark()
            return None if is_large else _failure(each, "another process has been writing them for long")
    except RunpactError as error:
        return _failure(each, error.message)


def _failure(each: _View, reason: str) -> str:
    return f"`{each.view.files}` was not refreshed: {reason}"


def _is_due(state: ViewState) -> bool:
    """Whether a large view has been left alone for long enough; a clock that was set back counts as long."""
    age = clock.utc_now().timestamp() - state.moment
    return not 0 <= age < max(_REST_SECONDS, _SHARE * state.seconds)


def _rewritten_for(catalogue: Catalogue, each: _View, turn: Turn, uid: str) -> str | None:
    if _is_in(catalogue, each, uid):
        return None
    began = clock.monotonic()
    try:
        for _file in _rewritten(catalogue, each, turn, is_brief=True):
            pass
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
        catalogue.recall(lambda store: store.standing == state.standing and store.lists(each.number, uid))
    )


def _written(catalogue: Catalogue, each: _View) -> list[ViewFile]:
    with each.files.turn(_PATIENCE_SECONDS) as turn:
        if turn is None:
            raise StorageError(
                _failure(each, "another process has been writing them for long"),
                at=each.view.files,
                hint="try again later",
            )
        each.files.sweep(view_files(each.view.files).values())
        return _rewritten(catalogue, each, turn, is_brief=False)


def _rewritten(catalogue: Catalogue, each: _View, turn: Turn, *, is_brief: bool) -> list[ViewFile]:
    """Rewrite the files of a view; once more when the lock file was deleted meanwhile."""
    found: list[ViewFile] = []
    for _attempt in range(_ATTEMPTS):
        began = clock.monotonic()
        each.files.unmark()
        standing, rows, made = _asked(catalogue, each, is_brief=is_brief)
        moment = clock.now()
        found = [_put(each.files, page, rows, moment) for page in made]
        each.files.keep(ViewState(rows, clock.utc_now().timestamp(), clock.monotonic() - began, standing))
        if turn.is_mine:
            break
    return found


def _asked(catalogue: Catalogue, each: _View, *, is_brief: bool) -> tuple[str, int, tuple[Page, ...]]:
    standing, lines = catalogue.ask(
        lambda store: (store.standing, store.lines(each.number)), is_thorough=not is_brief, is_brief=is_brief
    )
    return standing, len(lines), pages(each.view, lines)


def _put(files: ViewFiles, page: Page, rows: int, moment: str) -> ViewFile:
    data = files.read(page.path)
    known = page.moment_in(data) if data is not None else None
    if known is not None:
        return ViewFile(path=page.path, state="current", rows=rows, generated_at=known or None)
    files.write(page.path, page.data(moment))
    said = moment if page.after is not None else None
    return ViewFile(path=page.path, state="written", rows=rows, generated_at=said)


def _checked(catalogue: Catalogue, each: _View) -> Iterator[ViewFile]:
    if each.files.is_marked:
        for path in view_files(each.view.files).values():
            yield ViewFile(path=path, state="stale" if each.files.has(path) else "missing")
        return
    _standing, rows, made = _asked(catalogue, each, is_brief=False)
    for page in made:
        data = each.files.read(page.path)
        known = page.moment_in(data) if data is not None else None
        state = "current" if known is not None else _why_not(page, data)
        yield ViewFile(path=page.path, state=state, rows=rows, generated_at=known or None)


def _why_not(page: Page, data: bytes | None) -> str:
    if data is None:
        return "missing"
    return "stale" if page.is_older(data) else "damaged"
