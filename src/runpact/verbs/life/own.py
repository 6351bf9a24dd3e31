"""Let only those make a run whom its contract lets.

Knows: who asks, and what is refused with which advice.
Does not know: frames of a program, how a run is made.
"""

from __future__ import annotations

import posixpath

import msgspec

from runpact.disk.layout import CONTRACT
from runpact.disk.reader import read_run
from runpact.host.callers import INTERACTIVE, program_file, responsible_file
from runpact.host.realpath import real_path
from runpact.model.contract.language import Contract, Kind
from runpact.model.errors import OwnershipError, RunpactError
from runpact.model.names import shown_path
from runpact.model.ownership import Maker, disagreement, maker_of
from runpact.model.template import PathTemplate
from runpact.verbs.contracts.load_contract import load_copy
from runpact.verbs.life.nest import Outer
from runpact.verbs.life.request import Request
from runpact.verbs.life.start import pick_kind

_INSTEAD = 'code that a project uses writes into its run: `runpact.current().scope("NAME").save(…)`'


def owned(request: Request, contract: Contract, *, root: str, cwd: str) -> Request:
    """Return a request that its contract allows, with what the maker's path says of the run.

    Args:
        request: What is asked for.
        contract: The one it is to be made under.
        root: Absolute folder of that contract.
        cwd: Absolute current directory.

    Raises:
        OwnershipError: Whoever asks may not make such a run, or not inside the run that is open.
    """
    if request.outer is not None:
        _demand_open(request.outer)
    name, kind = pick_kind(contract, request.kind)
    if not kind.made_by:
        return request
    maker = _maker(request, name, kind, root=real_path(root), cwd=cwd)
    place = PathTemplate.parse(kind.at)
    other = disagreement(maker, request.captures, name=request.name, place=place)
    if other is not None:
        capture, own, said = other
        raise OwnershipError(
            f"`{maker.path}` makes runs of {capture} `{own}`, not of `{said}`",
            at=maker.path,
            expected=own,
            got=said,
            hint=f"leave the name out: it follows from the path; or make the run in {capture} `{said}`",
        )
    filled = {capture: value for capture, value in maker.captures.items() if capture in place.captures}
    return msgspec.structs.replace(request, captures={**filled, **request.captures})


def _maker(request: Request, name: str, kind: Kind, *, root: str, cwd: str) -> Maker:
    path = (
        responsible_file(request.callers, cwd)
        if request.callers
        else program_file(request.command, cwd, root=root)
    )
    shown = shown_path(path, root) if path is not None else None
    maker = maker_of(shown, kind.made_by) if shown is not None else None
    if maker is not None:
        return maker
    raise OwnershipError(
        f"{_told(shown, is_command=not request.callers)}, so it makes no run of kind `{name}`; {_INSTEAD}",
        at=shown or "",
        expected="code in " + " or ".join(kind.made_by),
        got=shown or "nobody's file",
        hint="let a file of a project start the run, or name more files in `made_by` of the contract",
    )


def _told(shown: str | None, *, is_command: bool) -> str:
    if shown is None:
        return "the command names no file of a project" if is_command else "no project's code asks for it"
    if posixpath.basename(shown) == INTERACTIVE:
        return "this is no folder of a project"
    return f"`{shown}` is no file of a project"


def _demand_open(outer: Outer) -> None:
    """Make sure that a run may have others inside it."""
    is_closed = outer.is_closed if outer.is_closed is not None else _is_closed(outer.directory)
    if is_closed:
        shown = outer.path or outer.directory
        raise OwnershipError(
            f"the run `{shown}` is open, and takes no run inside it; {_INSTEAD}",
            at=shown,
            expected="no run inside a run, as its contract says",
            got="another run",
            hint="end it first; a program that makes its own run is started without `runpact run`",
        )


def _is_closed(directory: str) -> bool:
    """Whether a run that another process has open takes no inner runs; a damaged one is not asked."""
    record = read_run(directory).record
    try:
        kinds = load_copy(posixpath.join(directory, CONTRACT)).contract.kinds
    except RunpactError:
        return False
    kind = kinds.get(record.kind) if record is not None else None
    return kind is not None and kind.inner_runs == "refused"
