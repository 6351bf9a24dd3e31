"""Golden records of a workspace.

Knows: where they stand, and which run a person means.
Does not know: what is held of a run.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from runpact.model.errors import CannotStartError, MalformedDocumentError
from runpact.model.golden.record import MOST_VALUES
from runpact.model.names import check_name, shown_path

if TYPE_CHECKING:
    from runpact.model.golden.departure import GoldenAnswer
    from runpact.model.golden.record import Golden
    from runpact.workspace import Workspace

__all__ = ["MOST_VALUES", "Recorded", "compare_golden", "record_golden"]


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A golden record that was written."""

    path: str
    """Relative to the workspace, if inside."""
    size: int
    golden: Golden
    is_replaced: bool


def record_golden(
    place: Workspace,
    name: str,
    reference: str,
    *,
    at: str | None = None,
    chosen: Sequence[str] = (),
    most: int = MOST_VALUES,
    is_replaced: bool = False,
) -> Recorded:
    """Write a golden record of a run.

    Args:
        place: The workspace.
        name: Of the record.
        reference: The experiment's name, or any other reference to a run.
        at: File to write, relative to the current directory; by default in the golden records' folder.
        chosen: Globs of the files to hold; by default everything that may not differ.
        most: Most values of one array.
        is_replaced: Replace a record that stands there.

    Raises:
        CannotStartError: The run is not fit, or a record stands there and is not to be replaced.
    """
    from runpact.disk.inputs import run_around
    from runpact.disk.setup import rewrite_text
    from runpact.verbs.golden.hold import hold_run

    path = _path(place, name, at)
    around = run_around(path, root="/")
    if around is not None:
        raise CannotStartError(
            "a golden record cannot stand in a run", at=path, expected="a place outside every run", got=around
        )
    golden, data = hold_run(
        _directory(place, reference),
        name=name,
        root=place.data_root,
        loaded=place.working_contract,
        chosen=chosen,
        most=most,
    )
    stood: list[bool] = []

    def put(before: str) -> str:
        stood.append(bool(before))
        if before and not is_replaced:
            raise CannotStartError(
                f"a golden record stands at `{shown_path(path, place.root)}`",
                at=path,
                expected="a new name",
                got=name,
                hint="compare with it first; --replace puts this run in its place",
            )
        return data.decode()

    rewrite_text(path, put)
    return Recorded(path=shown_path(path, place.root), size=len(data), golden=golden, is_replaced=any(stood))


def compare_golden(
    place: Workspace, name: str, reference: str | None = None, *, at: str | None = None
) -> GoldenAnswer:
    """Hold a run against a golden record.

    Args:
        place: The workspace.
        name: Of the record.
        reference: The run; by default the one that has the name of the run that was recorded.
        at: The record's file, relative to the current directory, where it is not in its folder.

    Raises:
        CannotStartError: There is no such record, or the run is of another kind.
        NoSuchRunError: There is no such run.
    """
    from runpact.verbs.golden.compare import compare_with_golden

    golden = _read(place, name, _path(place, name, at))
    directory = _directory(place, golden.run if reference is None else reference)
    return compare_with_golden(golden, directory, root=place.data_root, loaded=place.working_contract)


def _read(place: Workspace, name: str, path: str) -> Golden:
    from runpact.disk.setup import read_if_there
    from runpact.model.golden.record import MOST_BYTES, parse_golden

    shown = shown_path(path, place.root)
    data = read_if_there(path, limit=MOST_BYTES)
    if data is None:
        raise CannotStartError(
            f"no golden record at `{shown}`",
            at=path,
            hint=f"make one: runpact golden record {name} EXPERIMENT",
        )
    try:
        return parse_golden(data)
    except MalformedDocumentError as error:
        raise MalformedDocumentError(
            f"`{shown}` is no golden record to hold runs against: {error.message}",
            at=path,
            expected=error.expected or "a golden record as it was written",
            got=error.got,
            hint="take it from version control as it was committed, "
            f"or make it anew: runpact golden record {name} EXPERIMENT --replace",
        ) from error


def _path(place: Workspace, name: str, at: str | None) -> str:
    check_name(name, what="golden record")
    if at is not None:
        return posixpath.normpath(posixpath.join(place.cwd, at))
    return posixpath.join(place.root, place.working_contract.contract.workspace.golden, f"{name}.json")


def _directory(place: Workspace, reference: str) -> str:
    from runpact.workspace.pipelines import directory_meant

    directory = directory_meant(place, reference) if place.contract else place.resolve(reference)
    return os.path.abspath(directory)
