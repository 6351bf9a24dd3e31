"""Find runs, and the one that a person means.

Knows: where runs can stand, what names a run, when a name is ambiguous.
Does not know: how the answer is shown.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from runpact.disk.discover import find_recorded, find_runs
from runpact.disk.inputs import run_around
from runpact.disk.reader import Reading, is_directory, is_file
from runpact.model.contract.copies import kinds_of_copies
from runpact.model.contract.language import Contract, Kind, LoadedContract
from runpact.model.errors import AmbiguousRunError, NoSuchRunError
from runpact.model.place import Place, sweep_home
from runpact.model.run import Standing
from runpact.model.summary import RunSummary
from runpact.verbs.finding.standing import stand

_CANDIDATES_SHOWN = 8


def list_runs(root: str, contract: Contract | None, *, with_copies: bool = False) -> list[RunSummary]:
    """Return every run below `root`, whatever its state, newest first.

    Args:
        root: Absolute data root.
        contract: Says where runs stand; None lists only directories with runpact's records.
        with_copies: List what stands where promotions make curated copies, if a kind says how to judge them.
    """
    places = places_of(contract, with_copies=with_copies)
    paths = _paths(root, places)
    found = [(path, summarise(root, path, places)) for path in paths]
    # a staged directory may get its name, and any other be removed, after it was found
    summaries = [run for path, run in found if run.uid or is_directory(posixpath.join(root, path))]
    return sorted(summaries, key=lambda run: (run.started or "", run.path), reverse=True)


def kinds_of_runs(contract: Contract) -> dict[str, Kind]:
    """Return the kinds by name but those that say how curated copies and registries are judged: no runs."""
    copies = kinds_of_copies(contract)
    return {name: kind for name, kind in contract.kinds.items() if name not in copies}


def judged_copies_below(root: str, contract: Contract) -> list[str]:
    """Return where curated copies stand that a kind says how to judge, relative to `root`."""
    places = [Place.of(name, kind) for name, kind in kinds_of_copies(contract).items()]
    return _paths(root, places) if places else []


def summarise(root: str, path: str, places: Iterable[Place] = ()) -> RunSummary:
    """Return one line about the directory `path`, relative to `root`."""
    reading, standing = stand(posixpath.normpath(posixpath.join(root, path)))
    return summary_of(reading, standing, path, places)


def summarise_in(root: str, path: str, loaded: LoadedContract | None) -> RunSummary:
    """Return one line about the directory `path`, with the kind that its place in a contract tells."""
    return summarise(root, path, places_of(loaded.contract if loaded is not None else None))


def places_of(contract: Contract | None, *, with_copies: bool = False) -> list[Place]:
    """Return where a contract puts runs, and their curated copies if asked for; nowhere without one.

    Sweeps stand where the basic pack has them when the contract has no kind for them.
    """
    if contract is None:
        return []
    kinds = contract.kinds if with_copies else kinds_of_runs(contract)
    return [*(Place.of(name, kind) for name, kind in kinds.items()), *sweep_home(contract)]


def summary_of(reading: Reading, standing: Standing, path: str, places: Iterable[Place] = ()) -> RunSummary:
    """Return one line about a run whose records were read."""
    record, manifest = reading.record, reading.manifest
    outcome = manifest.outcome if manifest else None
    known = record or manifest
    name = posixpath.basename(reading.directory)
    return RunSummary(
        id=name,
        uid=known.uid if known else None,
        state=standing.state,
        kind=known.kind
        if known
        else next((place.kind for place in places if place.match(path) is not None), None),
        name=known.name if known else "",
        path=path,
        started=known.started if known else None,
        ended=outcome.ended if outcome else None,
        duration_seconds=outcome.duration_seconds if outcome else None,
        contract=f"{known.contract.id} {known.contract.version}" if known else None,
        parent=record.parent if record else None,
        parent_path=record.parent_path if record else None,
        reason=standing.reason,
    )


def named_directory(root: str, reference: str, *, cwd: str) -> str | None:
    """Return the absolute directory that a reference leads to as a path; None when it is none.

    The path of a file in a run leads to that run.

    Args:
        root: Absolute data root.
        reference: Relative to `cwd` or to the root, or absolute.
        cwd: Absolute directory.
    """
    for base in (cwd, root):
        directory = posixpath.normpath(posixpath.join(base, reference))
        if "\0" in reference or not reference:
            return None
        if is_directory(directory):
            return directory
        around = run_around(directory, root="/") if is_file(directory) else None
        if around is not None:
            return around
    return None


def pick(reference: str, found: list[RunSummary]) -> RunSummary | None:
    """Return the run that a reference names among those it may name; None when none is.

    Args:
        reference: An id, `parent/id`, a path, a uid, or a unique prefix of one of them.
        found: Runs, whatever they are called.

    Raises:
        AmbiguousRunError: Several runs are named so; the hint lists them.
    """
    exact = [run for run in found if reference in _names(run)]
    chosen = exact or [
        run for run in found if any(name.startswith(reference) for name in _names(run)) and reference
    ]
    if len(chosen) > 1:
        raise _ambiguous(reference, chosen)
    return chosen[0] if chosen else None


def _paths(root: str, places: list[Place]) -> list[str]:
    whole = ["."] if any(place.depth == 0 for place in places) else []
    below = [path for place in places if place.depth > 0 for path in find_runs(root, place.levels)]
    return list(dict.fromkeys([*whole, *below])) if places else list(find_recorded(root))


def _names(run: RunSummary) -> tuple[str, ...]:
    parent = posixpath.basename(posixpath.dirname(run.path))
    return (run.id, run.path, f"{parent}/{run.id}", *((run.uid,) if run.uid else ()))


def _ambiguous(reference: str, chosen: list[RunSummary]) -> AmbiguousRunError:
    shown = ", ".join(run.path for run in chosen[:_CANDIDATES_SHOWN])
    more = len(chosen) - _CANDIDATES_SHOWN
    return AmbiguousRunError(
        f"`{reference}` fits {len(chosen)} runs",
        expected="a name that fits one run",
        got=reference,
        hint=f"choose one of {shown}" + (f" and {more} more" if more > 0 else ""),
    )


def no_such_run(reference: str, ids: list[str], called: Sequence[RunSummary] = ()) -> NoSuchRunError:
    """Return the error for a name that no run has; it suggests the nearest of some ids.

    Args:
        reference: What was said.
        ids: Of runs.
        called: Runs that are called so, none of which finished.
    """
    import difflib  # noqa: PLC0415 - only a mistyped name pays for it

    near = difflib.get_close_matches(reference, ids, n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`runpact ls` lists the runs of the workspace"
    if called:
        shown = ", ".join(f"{run.path} ({run.state.value})" for run in called[:_CANDIDATES_SHOWN])
        hint = f"no run of this name finished; name one by its path: {shown}"
    return NoSuchRunError(
        f"no run `{reference[:120]}`",
        expected="an id, a path, a uid, a unique prefix, or the name of a run that finished",
        got=reference[:120],
        hint=hint,
    )
