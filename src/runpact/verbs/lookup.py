"""Find the one run that a person means.

Knows: which runs may be meant, by the index.
Does not know: which of them is.
"""

from __future__ import annotations

import posixpath

from runpact.index.store import READ, Store
from runpact.model.summary import RunSummary
from runpact.verbs.find import named_directory, no_such_run, pick
from runpact.verbs.reindex import Catalogue

_MOST = 1_000
"""Candidates that are looked at; among more, no prefix is unique."""
_NAMED = ("r.id = ?1", "r.path = ?1", "r.uid = ?1")
_BEGUN = tuple(f"(r.{column} >= ?1 AND r.{column} < ?1 || char(1114111))" for column in ("id", "path", "uid"))


def resolve_run(catalogue: Catalogue, reference: str, *, cwd: str) -> str:
    """Return the absolute directory of the run a person means.

    Args:
        catalogue: The workspace's runs.
        reference: A path, an id, `parent/id`, a uid, or a unique prefix of one of them.
        cwd: Absolute directory that a relative path begins in.

    Raises:
        NoSuchRunError: Nothing is named so.
        AmbiguousRunError: Several runs are; the hint lists them.
    """
    root = catalogue.root
    directory = named_directory(root, reference, cwd=cwd)
    if directory is not None:
        return directory
    is_readable = reference != "" and reference.isprintable()
    found = catalogue.ask(lambda store: _candidates(store, reference)) if is_readable else []
    chosen = pick(reference, found)
    if chosen is None:
        raise no_such_run(reference, catalogue.ask(_newest))
    return posixpath.normpath(posixpath.join(root, chosen.path))


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


def _newest(store: Store) -> list[str]:
    rows = store.rows(("SELECT id FROM runs ORDER BY started DESC LIMIT 1000", ()))
    return [str(name) for (name,) in rows]
