"""Find the one run that a person means.

Knows: which runs may be meant, by the index; that a name means the newest finished run of it.
Does not know: which of several runs a prefix names.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from runpact.disk.experiment import stage_directories
from runpact.disk.reader import read_run
from runpact.index.store import READ, Store
from runpact.model.errors import AmbiguousRunError
from runpact.model.run import State
from runpact.model.summary import RunSummary
from runpact.verbs.finding.find import named_directory, no_such_run, pick
from runpact.verbs.finding.reindex import Catalogue

_MOST = 1_000
"""Candidates that are looked at; among more, no prefix is unique."""
_NAMED = ("r.id = ?1", "r.path = ?1", "r.uid = ?1")
_BEGUN = tuple(f"(r.{column} >= ?1 AND r.{column} < ?1 || char(1114111))" for column in ("id", "path", "uid"))


def resolve_run(catalogue: Catalogue, reference: str, *, cwd: str) -> str:
    """Return the absolute directory of the run a person means.

    A run is meant by a path, an id, `parent/id`, a uid, a unique prefix of one of them, or its name: the
    newest finished run of it, or the only one. Curated copies are meant by their path alone, so that a run
    keeps its name when it is promoted.

    Args:
        catalogue: The workspace's runs.
        reference: What the person said.
        cwd: Absolute directory that a relative path begins in.

    Raises:
        NoSuchRunError: Nothing is named so.
        AmbiguousRunError: Several runs are, and none by its name; the hint lists them.
    """
    root = catalogue.root
    directory = named_directory(root, reference, cwd=cwd)
    if directory is not None:
        return directory
    is_readable = reference != "" and reference.isprintable()
    found, called = catalogue.ask(lambda store: _meant(store, reference)) if is_readable else ([], [])
    own = [run for run in found if all(copies.match(run.path) is None for copies in catalogue.curated)]
    chosen = _chosen(reference, own, called)
    if chosen is None:
        attempt = _attempt(catalogue, reference) if is_readable else None
        if attempt is not None:
            return attempt
        raise no_such_run(reference, catalogue.ask(_newest), called)
    return posixpath.normpath(posixpath.join(root, chosen.path))


def _attempt(catalogue: Catalogue, reference: str) -> str | None:
    """Return the one attempt at a stage, listed nowhere, that is named `experiment/stage` or by its uid."""
    experiment, _slash, stage = reference.rpartition("/")
    if not experiment:
        paths = catalogue.ask(_newest_paths)
        found = [each for path in paths for each in _attempts(catalogue.root, path)]
        found = [each for each in found if _uid(each).startswith(reference)]
    else:
        candidates = catalogue.ask(lambda store: _candidates(store, experiment))
        stages = [
            each
            for run in candidates
            for each in _attempts(catalogue.root, run.path)
            if stage in {(name := posixpath.basename(each)), *name.split("_", 1)}
        ]
        chosen = pick(experiment, candidates) if stages else None  # what has no such stage is not meant
        home = posixpath.normpath(posixpath.join(catalogue.root, chosen.path)) if chosen is not None else ""
        found = [each for each in stages if posixpath.dirname(each) == home]
    return found[0] if len(found) == 1 else None


def _attempts(root: str, path: str) -> Iterator[str]:
    """Yield the absolute directories of the last attempts in an experiment."""
    directory = posixpath.normpath(posixpath.join(root, path))
    for name in stage_directories(directory):
        yield posixpath.join(directory, name)


def _uid(directory: str) -> str:
    record = read_run(directory).record
    return record.uid if record is not None else ""


def _newest_paths(store: Store) -> list[str]:
    paths = store.rows(("SELECT path FROM runs ORDER BY started DESC LIMIT 1000", ()))
    return [str(path) for (path,) in paths]


def _chosen(reference: str, found: list[RunSummary], called: list[RunSummary]) -> RunSummary | None:
    """Return the one run that is named so, else of those called so the newest finished, or the only one."""
    newest = next((run for run in called if run.state is State.FINISHED or len(called) == 1), None)
    try:
        return pick(reference, found) or newest
    except AmbiguousRunError:
        if newest is None:
            raise
        return newest


def _meant(store: Store, reference: str) -> tuple[list[RunSummary], list[RunSummary]]:
    return _candidates(store, reference), _called(store, reference)


def _candidates(store: Store, reference: str) -> list[RunSummary]:
    """Return the runs that the reference may name: exactly, else by how a name of theirs begins."""
    conditions = [_NAMED, _BEGUN]
    if "/" in reference:
        conditions = [(*conditions[0], *conditions[1], "instr('/' || r.path, '/' || ?1) > 0")]
    for condition in conditions:
        query = f"SELECT {READ} FROM runs r WHERE {' OR '.join(condition)} ORDER BY path LIMIT {_MOST}"  # noqa: S608 - joined of the constants above
        found = [each.run.summary for each in store.select((query, (reference,)))]
        if found:
            return found
    return []


def _called(store: Store, reference: str) -> list[RunSummary]:
    """Return the runs of a name, newest first; those that finished before the others."""
    order = f"r.state = 'finished' DESC, r.started DESC LIMIT {_MOST}"
    query = f"SELECT {READ} FROM runs r WHERE r.name = ?1 ORDER BY {order}"  # noqa: S608 - joined of constants
    return [each.run.summary for each in store.select((query, (reference,)))]


def _newest(store: Store) -> list[str]:
    rows = store.rows(("SELECT id FROM runs ORDER BY started DESC LIMIT 1000", ()))
    return [str(name) for (name,) in rows]
