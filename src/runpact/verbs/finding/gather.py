"""Gather what the judge needs to know about one run.

Knows: which kind a directory is of, which inspectors answer which question.
Does not know: a single rule.
"""

from __future__ import annotations

import functools
import itertools
import posixpath
from collections.abc import Mapping

import msgspec

from runpact.disk.layout import IMPORTED
from runpact.disk.reader import Reading, is_directory, read_bytes
from runpact.disk.tree import digest_file, list_tree, size_beneath
from runpact.formats.inspect import Inspector
from runpact.host.quiet import quiet_expressions
from runpact.host.validators import Validators
from runpact.model.contract.language import Kind, LoadedContract
from runpact.model.errors import NoContractError, RunpactError
from runpact.model.facts import FileFact, RunTree
from runpact.model.judge import is_of_kind
from runpact.model.links import linked_files
from runpact.model.place import Place
from runpact.model.run import Standing
from runpact.model.variables import foreign_variables, outcome_of, run_variables
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.places import place_folders

_Candidate = tuple[str, Kind, dict[str, str]]
"""Name of a kind, the kind, and the captures of a path that it reads."""


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
    quiet_expressions()
    is_own = reading.record is not None
    tree = tree_of(reading.directory, loaded, root, is_own=is_own)
    *others, last = [
        _as_kind(tree, reading, standing, candidate) for candidate in _candidates(reading, loaded, path)
    ]
    chosen = next((each for each in others if is_of_kind(each.kind, loaded, each.tree)), last)
    return Gathered(chosen.kind, _with_places(chosen, loaded, root, reading.directory))


def _with_places(gathered: Gathered, loaded: LoadedContract, root: str, directory: str) -> RunTree:
    """Return the run with the directories it owns elsewhere; one whose path cannot be told is left out."""
    places: dict[str, tuple[str, RunTree]] = {}
    for name, owned in place_folders(gathered.kind, root, gathered.tree.run).items():
        tree = tree_of(owned, loaded, root, is_own=False) if is_directory(owned) else _nothing(gathered.tree)
        told = msgspec.structs.replace(tree, run=gathered.tree.run)  # its entries may depend on the run
        places[name] = (posixpath.relpath(owned, directory), told)
    return msgspec.structs.replace(gathered.tree, places=places)


def _nothing(tree: RunTree) -> RunTree:
    return msgspec.structs.replace(tree, files=(), is_own=False)


def _candidates(reading: Reading, loaded: LoadedContract, path: str) -> list[_Candidate]:
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
        expected=" or ".join(f"`{kind.at}`" for kind in itertools.islice(kinds.values(), 20)),
        got=path,
        hint="check the path, or name another contract with --contract",
    )


def tree_of(directory: str, loaded: LoadedContract, root: str, *, is_own: bool) -> RunTree:
    """Return what stands in a directory, and who answers questions about it."""
    files, external = _with_imported(directory, list_tree(directory), root)
    return tree_with(directory, files, external, loaded, root, is_own=is_own)


def tree_with(
    directory: str,
    files: tuple[FileFact, ...],
    external: Mapping[str, tuple[str, str]],
    loaded: LoadedContract,
    root: str,
    *,
    is_own: bool,
) -> RunTree:
    """Return these files of a directory, and who answers questions about them.

    Args:
        directory: Absolute.
        files: What of it is spoken of.
        external: Paths that stand for a file elsewhere: its folder, absolute, and its path in that.
        loaded: The contract that judges.
        root: Absolute data root.
        is_own: Whether runpact made the directory.
    """
    links = linked_files(files)
    inspector = Inspector(directory, links, external)
    validators = Validators(loaded.contract.validators, loaded.code_folder)
    places = [Place.of(name, kind) for name, kind in loaded.contract.kinds.items()]

    def is_run(path: str) -> bool:
        fits = any(place.match(path) is not None for place in places)
        return fits and is_directory(posixpath.join(root, path))

    return RunTree(
        files=files,
        document=inspector.document,
        content=inspector.content,
        rows=inspector.rows,
        table=inspector.table,
        header=inspector.header,
        arrays=inspector.arrays,
        values=inspector.values,
        text=inspector.text,
        is_canonical=inspector.is_canonical,
        digest=lambda path, algorithm: digest_file(
            *external.get(inside := links.get(path, path), (directory, inside)), algorithm
        )[0],
        chunk=inspector.chunk,
        is_run=is_run,
        validate=functools.partial(validators.ask, directory),
        is_own=is_own,
    )


def _with_imported(
    directory: str, files: tuple[FileFact, ...], root: str
) -> tuple[tuple[FileFact, ...], dict[str, tuple[str, str]]]:
    """Return the files with those that an import linked to as what they are, and where these stand."""
    if not any(fact.escapes for fact in files):
        return files, {}
    from runpact.model.pipeline.legacy import (  # noqa: PLC0415 - only links that lead out pay for it
        external_links,
        parse_import,
    )

    data = read_bytes(directory, IMPORTED)
    try:
        record = parse_import(data or b"")
    except RunpactError:
        return files, {}
    source = posixpath.join(root, record.source)
    external: dict[str, tuple[str, str]] = {}
    told: dict[str, FileFact] = {}
    for path, original in external_links(record, files, directory=directory, root=root).items():
        size = size_beneath(source, original)
        if size is not None:
            external[path] = source, original
            told[path] = FileFact(path, "file", size, is_external=True)
    return tuple(told.get(fact.path, fact) for fact in files), external


def _as_kind(tree: RunTree, reading: Reading, standing: Standing, candidate: _Candidate) -> Gathered:
    record, state = reading.record, standing.state
    name, kind, captures = candidate
    word = kind.state_words.get(state.value, state.value)
    variables = (
        run_variables(record, state, word, outcome_of(reading.manifest), origin_of(reading))
        if record
        else foreign_variables(captures, name, posixpath.basename(reading.directory), state)
    )
    return Gathered(kind, msgspec.structs.replace(tree, run=variables))
