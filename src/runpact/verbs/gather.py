"""Gather what the judge needs to know about one run.

Knows: which kind a directory is of, which inspectors answer which question.
Does not know: a single rule.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.disk.reader import Reading, is_directory
from runpact.disk.tree import digest_file, list_tree
from runpact.formats.inspect import Inspector
from runpact.model.contract.language import Kind, LoadedContract
from runpact.model.errors import NoContractError
from runpact.model.facts import RunTree
from runpact.model.judge import is_of_kind
from runpact.model.place import Place
from runpact.model.run import Standing
from runpact.model.variables import foreign_variables, outcome_of, run_variables


class Gathered(msgspec.Struct, frozen=True):
    """A run as the judge sees it, and the kind it is of."""

    kind: Kind
    tree: RunTree


def gather(reading: Reading, standing: Standing, loaded: LoadedContract, *, path: str, root: str) -> Gathered:
    """Return the facts of one run.

    Args:
        reading: Its records, as far as it has any.
        standing: Its state.
        loaded: The contract that judges.
        path: Of its directory, relative to the root.
        root: Absolute data root.

    Raises:
        NoContractError: The directory is no place of any kind.
    """
    candidates = _candidates(reading, loaded, path)
    tree = _tree(reading, loaded, root)
    for name, kind, captures in candidates[:-1]:
        found = _as_kind(tree, reading, standing, name, kind, captures)
        if is_of_kind(found.kind, loaded, found.tree):
            return found
    return _as_kind(tree, reading, standing, *candidates[-1])


def _candidates(
    reading: Reading, loaded: LoadedContract, path: str
) -> list[tuple[str, Kind, dict[str, str]]]:
    """Return the kinds a directory may be of; those that are told by their content come first."""
    kinds = loaded.contract.kinds
    if reading.record is not None and reading.record.kind in kinds:
        return [(reading.record.kind, kinds[reading.record.kind], reading.record.captures)]
    fitting = [
        (name, kind, captures)
        for name, kind in kinds.items()
        if (captures := Place.of(name, kind).match(path)) is not None
    ]
    if fitting:
        return sorted(fitting, key=lambda each: each[1].told_by is None)
    if len(kinds) == 1:
        name, kind = next(iter(kinds.items()))
        return [(name, kind, {})]
    raise NoContractError(
        f"`{path}` is no place of any kind of contract `{loaded.contract.contract}`",
        expected=" or ".join(f"`{kind.at}`" for kind in kinds.values()),
        got=path,
        hint="check the path, or name another contract with --contract",
    )


def _tree(reading: Reading, loaded: LoadedContract, root: str) -> RunTree:
    directory = reading.directory
    inspector = Inspector(directory)
    places = [Place.of(name, kind) for name, kind in loaded.contract.kinds.items()]

    def is_run(path: str) -> bool:
        fits = any(place.match(path) is not None for place in places)
        return fits and is_directory(posixpath.join(root, path))

    return RunTree(
        files=list_tree(directory),
        document=inspector.document,
        content=inspector.content,
        rows=inspector.rows,
        header=inspector.header,
        text=inspector.text,
        is_canonical=inspector.is_canonical,
        digest=lambda path: digest_file(directory, path)[0],
        is_run=is_run,
        is_own=reading.record is not None,
    )


def _as_kind(  # noqa: PLR0913, PLR0917 - the parts of one record
    tree: RunTree, reading: Reading, standing: Standing, name: str, kind: Kind, captures: dict[str, str]
) -> Gathered:
    record, state = reading.record, standing.state
    word = kind.state_words.get(state.value, state.value)
    variables = (
        run_variables(record, state, word, outcome_of(reading.manifest))
        if record
        else foreign_variables(captures, name, posixpath.basename(reading.directory), state)
    )
    return Gathered(kind, msgspec.structs.replace(tree, run=variables))
