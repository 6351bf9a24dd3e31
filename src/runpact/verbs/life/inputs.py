"""Record what a run reads.

Knows: which facts make an input, and when it is compared again.
Does not know: how a file is hashed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

import msgspec

from runpact.disk.inputs import Pinned, look_at_input, pin_input, run_around, stamp_input
from runpact.disk.reader import read_run
from runpact.model.errors import CannotStartError
from runpact.model.inputs import CHANGED, RECORDED, Input, name_input
from runpact.model.names import readable_path
from runpact.model.registered.manifest import own_files
from runpact.verbs.life.opened import KeptInput, OpenRun


def check_inputs(paths: Iterable[str], *, cwd: str) -> None:
    """Make sure that inputs exist, before anything is created.

    Raises:
        CannotStartError: One of them does not, or is neither a file nor a folder.
    """
    for path in paths:
        look_at_input(posixpath.normpath(posixpath.join(cwd, path)))


def record_input(
    run: OpenRun, path: str, *, cwd: str, name: str | None = None, is_absolute: bool = False
) -> Input:
    """Pin a file or folder by digest and note it as an input of `run`.

    Args:
        run: An open run.
        path: The file or folder.
        cwd: Absolute directory that a relative path begins in.
        name: What to call it; by default its path in the workspace, outside it its file name.
        is_absolute: Record the absolute path of an input outside the workspace.

    Raises:
        CannotStartError: It cannot be read.
        UsageError: The name is taken or cannot be one.
    """
    place = posixpath.normpath(posixpath.join(cwd, path))
    known = _known(run, place, name)
    if known is not None:
        return _compare(run, known)
    return note_input(run, place, pin_input(place), name=name, is_absolute=is_absolute)


def note_input(
    run: OpenRun,
    place: str,
    pinned: Pinned,
    *,
    name: str | None = None,
    is_absolute: bool = False,
    origin: str | None = None,
    uri: str | None = None,
) -> Input:
    """Note what was pinned at an absolute path as an input of `run`, or compare it with what was noted.

    Args:
        run: An open run.
        place: Absolute path.
        pinned: What stands there.
        name: What to call it.
        is_absolute: Record the absolute path of an input outside the workspace.
        origin: uid of the run whose file it is, where that is known.
        uri: What names it in a registry.

    Raises:
        UsageError: The name is taken or cannot be one.
    """
    known = _known(run, place, name)
    if known is not None:
        return _against(run, known, pinned)
    inside = run.root.rstrip("/") + "/"
    is_inside = place.startswith(inside)
    shown = place.removeprefix(inside)
    recorded = Input(
        name=name_input(name, shown, is_inside=is_inside, taken=run.inputs),
        path=readable_path(shown) if is_inside or is_absolute else None,
        digest=pinned.digest,
        size=pinned.size,
        files=pinned.files,
        run=origin or _origin(place, run.root),
        changed=not pinned.digest,
        uri=uri,
        version=uri.rpartition("/")[2] if uri else None,
    )
    run.note(RECORDED, **msgspec.structs.asdict(recorded))
    run.inputs[recorded.name] = KeptInput(recorded, place, pinned.stamp)
    run.input_at.setdefault(place, recorded.name)
    return recorded


def settle_inputs(run: OpenRun) -> None:
    """Compare every input again before the seal: by its stamp, then by its bytes."""
    for kept in list(run.inputs.values()):
        _compare(run, kept)


def _known(run: OpenRun, place: str, name: str | None) -> KeptInput | None:
    """Return what was noted of this place under this name, or under any when none is given."""
    known = run.inputs.get(run.input_at.get(place, "") if name is None else name)
    return known if known is not None and known.place == place else None


def _compare(run: OpenRun, kept: KeptInput) -> Input:
    recorded = kept.input
    own = own_files(recorded.uri)
    if recorded.changed or stamp_input(kept.place, without=own) == kept.stamp:
        return recorded
    try:
        pinned = pin_input(kept.place, without=own)
    except CannotStartError:
        pinned = None
    return _against(run, kept, pinned)


def _against(run: OpenRun, kept: KeptInput, pinned: Pinned | None) -> Input:
    """Compare an input with what stands in its place now; None when nothing does that can be read."""
    recorded = kept.input
    if recorded.changed:
        return recorded
    if pinned is not None and pinned.digest == recorded.digest:
        run.inputs[recorded.name] = KeptInput(recorded, kept.place, pinned.stamp)
        return recorded
    changed = msgspec.structs.replace(recorded, changed=True)
    run.inputs[recorded.name] = KeptInput(changed, kept.place, kept.stamp)
    run.note(CHANGED, name=changed.name, digest=pinned.digest if pinned else None)
    return changed


def _origin(place: str, root: str) -> str | None:
    """Return the uid of the run that an input belongs to."""
    directory = run_around(place, root=root)
    reading = read_run(directory) if directory is not None else None
    return reading.record.uid if reading is not None and reading.record is not None else None
