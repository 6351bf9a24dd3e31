"""Look for what it takes to make a run again.

Knows: where each ingredient may stand now.
Does not know: what is said of one that is missing, how a run is made again.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping

import msgspec

from runpact.disk.inputs import pin_input
from runpact.disk.layout import RECORD, UNTRACKED
from runpact.disk.reader import Reading
from runpact.disk.storedlog import StoredLog
from runpact.disk.tree import digest_file, list_tree
from runpact.host.environment import read_environment
from runpact.host.gitfolder import find_repository
from runpact.host.process import host_id
from runpact.host.rebuild import has_uv
from runpact.host.worktree import Trees
from runpact.model.contract.language import LoadedContract
from runpact.model.digest import digest_of_set
from runpact.model.discretion import is_inside
from runpact.model.errors import CannotStartError, RunpactError, StorageError
from runpact.model.inputs import Input
from runpact.model.names import shown_path
from runpact.model.provenance import Provenance
from runpact.model.registered.manifest import own_files
from runpact.model.reproduce.answer import Plan, demand_inputs
from runpact.model.reproduce.ingredients import (
    CodeFacts,
    EnvironmentFacts,
    Found,
    code_of,
    config_of,
    environment_of,
    inputs_of,
    variables_of,
)
from runpact.model.reproduce.trust import why_foreign
from runpact.model.reproduction import IN_PARTS, REPRODUCED, STARTED
from runpact.model.run import RunRecord, State
from runpact.model.sweep.plan import PLANNED
from runpact.verbs.finding.origin import origin_of
from runpact.verbs.finding.resolve import resolve
from runpact.verbs.finding.standing import is_experiment, stand

_ENDED = frozenset({State.FINISHED, State.FAILED})


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is to be made again, with what was found of its ingredients."""

    directory: str
    """Absolute."""
    record: RunRecord
    state: State
    origin: Provenance
    top: str
    """Absolute root of the repository; empty without one."""
    environment: EnvironmentFacts
    found: Mapping[str, Found | str]
    """Where each input stands now, or why it is not there."""
    plan: Plan


def original(
    root: str,
    directory: str,
    *,
    loaded: LoadedContract,
    environ: Mapping[str, str],
    given: Mapping[str, str],
    cwd: str,
) -> Original:
    """Return what is known of a run and found of what it takes.

    Args:
        root: Absolute data root.
        directory: Absolute path of the run.
        loaded: The workspace's contract.
        environ: Environment of this process.
        given: Paths of inputs that stood outside the workspace, by their name.
        cwd: Absolute directory that these begin in.

    Raises:
        CannotStartError: It is no run that ended by itself, or is an experiment.
        UsageError: It read nothing by a name that is given.
    """
    reading, standing = stand(directory)
    record, shown = reading.record, shown_path(directory, root)
    if record is None or standing.state not in _ENDED or is_experiment(reading) or record.stage is not None:
        raise CannotStartError(
            f"`{shown}` cannot be made again",
            at=directory,
            expected="a run that runpact made, and that finished or failed",
            got="an experiment, or a stage of one"
            if record is not None and (is_experiment(reading) or record.stage is not None)
            else standing.state.value,
            hint="`runpact pipeline run --force` makes stages again" if record is not None else "",
        )
    _demand_own_words(directory, reading, shown)
    is_command, said, is_in_parts = _told_by(directory, record)
    origin = origin_of(reading) or record.provenance
    origin = msgspec.structs.replace(origin, command=said or origin.command)
    demand_inputs(given, origin.inputs)
    repository = find_repository(posixpath.normpath(posixpath.join(root, origin.code.repository or ".")))
    top = repository.top if repository is not None else ""
    environment = _environment(directory, origin, root, environ)
    where = _Where(
        root=root, directory=directory, top=top, trees=Trees(top, environ), commit=origin.code.commit
    )
    found = {each.name: _looked_for(each, where, _path_given(given, each, cwd)) for each in origin.inputs}
    _known, unknown = variables_of(origin.environment)
    plan = Plan(
        run=shown,
        uid=record.uid,
        ingredients=(
            config_of(origin, environ, is_in_parts=is_in_parts),
            code_of(origin.code, _code(directory, origin, root, top, where.trees)),
            environment_of(origin.environment, environment),
            inputs_of(origin.inputs, found),
        ),
        command=origin.command,
        cwd=origin.cwd,
        is_command=is_command,
        doubts=tuple(map(_path_lost, unknown)),
        foreign=why_foreign(record, loaded.contract, shown=shown, host_id=host_id()),
    )
    return Original(
        directory=directory,
        record=record,
        state=standing.state,
        origin=origin,
        top=top,
        environment=environment,
        found=found,
        plan=plan,
    )


def _path_lost(variable: str) -> str:
    return f"the environment variable {variable} held a path, which was not recorded"


def _demand_own_words(directory: str, reading: Reading, shown: str) -> None:
    """Make sure that what is to be run again is what was sealed: a command is never taken from elsewhere."""
    files = reading.manifest.files if reading.manifest is not None else ()
    sealed = next((each.digest for each in files if each.path == RECORD), None)
    found = _digest(directory, RECORD)
    if sealed != found:
        raise CannotStartError(
            f"`{shown}` cannot be made again: its birth record is not the one that was sealed",
            at=posixpath.join(directory, RECORD),
            expected=sealed or "a digest in the manifest",
            got=found or "nothing",
            hint=f"`runpact verify {shown}` tells all of it",
        )


def _told_by(directory: str, record: RunRecord) -> tuple[bool, tuple[str, ...], bool]:
    """Say whether `runpact run` started the command, by which words its program says that it is again.

    And whether it is made of other runs, which are to be made again instead.
    """
    is_command, said, is_in_parts = False, tuple[str, ...](), False
    for event in StoredLog(directory, record.records["events"]).entries():
        is_command = is_command or event.get("event") == STARTED
        is_in_parts = is_in_parts or event.get("event") == IN_PARTS or _has_trials(event)
        if event.get("event") == REPRODUCED and isinstance(words := event.get("argv"), list):
            said = tuple(map(str, words))
    return is_command and not said, said, is_in_parts


def _has_trials(event: Mapping[str, object]) -> bool:
    """Whether a line of a log is the plan of a sweep of a command, which runs nothing but its trials."""
    plan = event.get("plan") if event.get("event") == PLANNED else None
    return isinstance(plan, Mapping) and bool(plan.get("command"))


def _code(directory: str, origin: Provenance, root: str, top: str, trees: Trees) -> CodeFacts:
    code = origin.code
    diff = code.diff.path if code.diff else None
    return CodeFacts(
        has_repository=bool(top),
        has_commit=bool(top) and code.commit != "unknown" and trees.has_commit(code.commit),
        is_inside=not top or is_inside(os.path.realpath(root), os.path.realpath(top)),
        diff=_digest(directory, diff) if diff else None,
        untracked=_digest_below(directory) if code.untracked else None,
    )


def _digest(directory: str, path: str) -> str | None:
    try:
        return digest_file(directory, path)[0]
    except StorageError:
        return None


def _digest_below(directory: str) -> str | None:
    """Return the digest of the set of stored untracked files."""
    folder = posixpath.join(directory, UNTRACKED)
    try:
        paths = [fact.path for fact in list_tree(folder) if fact.kind != "dir"]
        return digest_of_set({path: digest_file(folder, path)[0] for path in paths})
    except StorageError:
        return None


def _environment(
    directory: str, origin: Provenance, root: str, environ: Mapping[str, str]
) -> EnvironmentFacts:
    paths = [lock.path for lock in origin.environment.locks if lock.path is not None]
    return EnvironmentFacts(
        here=read_environment(root),
        locks={path: _digest(directory, path) for path in paths},
        has_uv=has_uv(environ),
    )


def _path_given(given: Mapping[str, str], each: Input, cwd: str) -> str | None:
    return posixpath.normpath(posixpath.join(cwd, given[each.name])) if each.name in given else None


class _Where(msgspec.Struct, frozen=True, kw_only=True):
    """Places that an input may stand in."""

    root: str
    directory: str
    """Of the run."""
    top: str
    """Of the repository; empty without one."""
    trees: Trees
    commit: str


def _looked_for(each: Input, where: _Where, given: str | None) -> Found | str:
    """Return where an input stands with the bytes that it had, or why it does not."""
    if each.uri is not None:
        return _registered(each, where.root)
    if given is not None:
        return _as_it_was(each, Found("given", given))
    if each.path is None:
        return f"it stood outside the workspace; name it with --input '{each.name}=PATH'"
    if where.top and each.files is None and _is_code(each, each.path, where):
        return Found("commit", each.path)
    return _as_it_was(each, Found("workspace", posixpath.join(where.root, each.path)))


def _is_code(each: Input, path: str, where: _Where) -> bool:
    """Whether a file comes with the code: it was committed as it was, or stored with the run."""
    place = os.path.realpath(posixpath.join(where.root, path))
    inside = posixpath.relpath(place, os.path.realpath(where.top))
    stored = _digest(posixpath.join(where.directory, UNTRACKED), inside)
    return each.digest in {stored, where.trees.digest_at(where.commit, inside)}


def _registered(each: Input, root: str) -> Found | str:
    try:
        found = resolve(root, each.uri or "")
    except RunpactError as error:
        return error.message
    return _as_it_was(each, Found("registry", found.path))


def _as_it_was(each: Input, place: Found) -> Found | str:
    try:
        digest = pin_input(place.path, without=own_files(each.uri)).digest
        if each.uri is not None and digest != each.digest:  # older records counted runpact's own files
            digest = pin_input(place.path).digest
    except CannotStartError:
        return "it is gone"
    return place if digest == each.digest else f"it has other bytes: {digest[:19]}, not {each.digest[:19]}"
