"""Start a run: name it, record where it comes from, make it visible.

Knows: which facts a birth record needs and in which order they are gathered.
Does not know: how the directory is written, what happens in the run.
"""

from __future__ import annotations

import functools
import os
import posixpath
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from runpact.disk.draft import Draft
from runpact.disk.layout import RECORD
from runpact.disk.surroundings import make_directories
from runpact.disk.writer import RunWriter
from runpact.host import clock, process
from runpact.model.confinement import W2, confinement_at_start
from runpact.model.contract.language import Contract, Kind, LoadedContract
from runpact.model.digest import digest_bytes
from runpact.model.errors import StorageError, UsageError
from runpact.model.manifest import FileRecord, encode_manifest, unsealed_manifest
from runpact.model.names import check_name
from runpact.model.place import BUILT_IN
from runpact.model.provenance import Provenance
from runpact.model.recordmasker import RecordMasker
from runpact.model.run import ContractRef, RunRecord
from runpact.model.template import PathTemplate
from runpact.verbs.capturing.capture import Captured, capture
from runpact.verbs.capturing.mask import find_secrets, marked_settings, masked_provenance, patterns_in
from runpact.verbs.capturing.said import whole_seeds
from runpact.verbs.life.active import ActiveRun
from runpact.verbs.life.asked import asked_here, made_here
from runpact.verbs.life.confine import hold
from runpact.verbs.life.nest import CONFINEMENT, REPRODUCES
from runpact.verbs.life.project import birth_files
from runpact.verbs.life.request import Request
from runpact.verbs.life.worklog import begin_worklog


class AttemptPlace(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a run an attempt at a stage: it stands in its experiment, whose captures it shares."""

    experiment: RunRecord
    directory: str
    """Absolute, of the experiment."""
    name: str
    """`NN_slug`; the attempt's id."""
    stage: str
    """Id of the stage."""
    number: int
    """Of the attempt, from 1."""
    kind: Kind
    """What such a directory must hold."""
    names: Mapping[str, object] = {}
    """What expressions of its layout know besides `run`."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is to stand, and how it is called."""

    parent: str
    candidates: Iterator[str]
    name: str
    captures: dict[str, str]


def start_run(
    root: str, loaded: LoadedContract, request: Request, *, cwd: str, place: AttemptPlace | None = None
) -> ActiveRun:
    """Create a run below `root` and return it, locked and open for writing.

    Args:
        root: Absolute data root of the workspace.
        loaded: The contract to make it under.
        request: What the caller says.
        cwd: Where the command runs, for the record.
        place: Of an attempt at a stage; None for any other run.

    Raises:
        UsageError: The kind or a capture is missing or unknown.
        UnsafeNameError: A name is not safe as part of a path.
        StorageError: The run could not be created; nothing is left visible.
    """
    kind_name, kind = (
        (place.experiment.kind, place.kind) if place else pick_kind(loaded.contract, request.kind)
    )
    make_directories(root, loaded.contract.workspace.directories)
    environ = dict(os.environ)  # which decodes each variable once; its own look-ups do so each time
    masker = masker_for(loaded, kind, request, environ)
    captured = captured_for((root, cwd), loaded.contract, request, masker, environ)
    provenance = captured.provenance
    uid, moment = clock.new_uid(), clock.utc_now()
    builtin = built_in(kind_name, provenance, uid=uid, moment=moment)
    named = _in_experiment(place) if place else named_for(root, kind, kind_name, request, builtin)
    unnamed = RunRecord(
        uid=uid,
        id="",
        kind=kind_name,
        name=named.name,
        started=clock.format_time(moment),
        captures=named.captures,
        records=msgspec.to_builtins(kind.records),
        contract=ContractRef(loaded.contract.contract, loaded.contract.version, loaded.digest),
        owner=process.this_process(),
        provenance=provenance,
        parent=request.outer.uid if request.outer else None,
        parent_path=request.outer.path if request.outer else None,
        reproduces=_reproduced(environ) if request.outer is None and place is None else None,
        durability=request.durability,
        stage=place.stage if place else None,
        attempt=place.number if place else 0,
    )

    draft = _draft(unnamed, kind, loaded, captured, request)
    began = clock.monotonic()
    writer = _created(draft, named, environ)
    record = msgspec.structs.replace(unnamed, id=posixpath.basename(writer.directory))
    worklog = begin_worklog(root, loaded.contract, record, kind, masker)
    run = ActiveRun(
        writer,
        record,
        kind,
        root=root,
        began=began,
        config=request.config.resolved,
        masker=masker,
        names=place.names if place else {},
    ).begin(worklog)
    run.stored |= _born_with(draft, record.id)
    run.is_trial = request.is_trial
    made_here(run)
    return _held(run, loaded.contract, request, cwd, environ)


def _reproduced(environ: Mapping[str, str]) -> str | None:
    """Return the uid of the run that this process is to make again; None when there is none."""
    uid = environ.get(REPRODUCES, "")
    return uid if PathTemplate.parse("{uid:uuid}").match(uid) else None


def _created(draft: Draft, named: Named, environ: Mapping[str, str]) -> RunWriter:
    """Create the run; say why when the fence around a command was in the way."""
    try:
        return RunWriter.create(draft, named.parent, named.candidates)
    except StorageError as error:
        if error.got not in {"EACCES", "EROFS"} or environ.get(CONFINEMENT, "") < W2:
            raise
        raise StorageError(
            f"{error.message}; this process is fenced into another run",
            at=error.at,
            got=error.got,
            hint="`runpact run --nested` lets a command make runs; who fenced itself can make no other",
        ) from error


def built_in(kind: str, provenance: Provenance, *, uid: str, moment: datetime) -> dict[str, object]:
    """Return what stands for the captures of a place that nobody gives."""
    return {
        "started": moment,
        "git": provenance.code.short,
        "uid": uid,
        "kind": kind,
        "config_hash": provenance.config.digest.rpartition(":")[2],
    }


def named_for(root: str, kind: Kind, kind_name: str, request: Request, builtin: dict[str, object]) -> Named:
    """Return where a run of this kind is to stand."""
    template = PathTemplate.parse(kind.at)
    values = _values(template, kind_name, request) | builtin
    rendered = template.render(values)
    parent = request.out or posixpath.join(root, posixpath.dirname(rendered))
    return Named(
        parent=posixpath.normpath(parent),
        candidates=candidates(posixpath.basename(rendered), kind.clash),
        name=str(values.get(_free_capture(template) or "", request.name or "")),
        captures=template.match(rendered) or {},
    )


def _in_experiment(place: AttemptPlace) -> Named:
    """Return where an attempt at a stage stands; its name has one form and must be free."""
    return Named(
        parent=place.directory,
        candidates=iter((place.name,)),
        name=place.name,
        captures=place.experiment.captures,
    )


def _draft(
    unnamed: RunRecord, kind: Kind, loaded: LoadedContract, captured: Captured, request: Request
) -> Draft:
    """Return the parts of a run that has all but its id."""

    def record_for(identity: str) -> RunRecord:
        return msgspec.structs.replace(unnamed, id=identity)

    @functools.lru_cache(maxsize=1)
    def encoded(identity: str) -> bytes:
        return msgspec.json.format(msgspec.json.encode(record_for(identity)), indent=1) + b"\n"

    return Draft(
        token=unnamed.uid.replace("-", "")[-16:],
        record_for=encoded,
        manifest_for=lambda identity: encode_manifest(unsealed_manifest(record_for(identity))),
        records=unnamed.records,
        contract=loaded.sources,
        captured=captured.files,
        told_for=lambda identity: birth_files(record_for(identity), kind) if kind.session else {},
        is_durable=request.durability != "none",
        mode=0o700 if request.is_private else 0o777,
    )


def _born_with(draft: Draft, identity: str) -> dict[str, FileRecord]:
    """Pin the files that a run began with, so that a later change of one is betrayed by its digest."""
    contents = {path: file.data for path, file in draft.files.items()}
    contents[RECORD] = draft.record_for(identity)
    return {path: FileRecord(path, len(data), digest_bytes(data)) for path, data in contents.items()}


def captured_for(
    folders: tuple[str, str],
    contract: Contract,
    request: Request,
    masker: RecordMasker,
    environ: Mapping[str, str],
) -> Captured:
    """Return where the run comes from, without secrets; `folders` are data root and current directory."""
    command = masker.command("command", request.command)
    captured = capture(
        *folders,
        contract,
        command,
        mask=functools.partial(masker.data, "files"),
        environ=environ,
        with_host=request.record_host,
    )
    provenance = msgspec.structs.replace(
        captured.provenance,
        config=request.config,
        request=asked_here(),
        seeds={masker.text("config", name): seed for name, seed in whole_seeds(request.seeds).items()},
        confinement=confinement_at_start(request.guard, request.wanted.level if request.wanted else ""),
    )
    return msgspec.structs.replace(captured, provenance=masked_provenance(provenance, masker))


def masker_for(
    loaded: LoadedContract, kind: Kind, request: Request, environ: Mapping[str, str]
) -> RecordMasker:
    """Return what masks the run's records; a secret in what becomes the name of a directory is refused."""
    masker = find_secrets(
        environ,
        (*loaded.contract.workspace.secrets, *patterns_in(environ), *request.secrets),
        config=request.config.resolved,
        command=request.command,
        marked=marked_settings(kind, request.config.resolved, loaded.schemas),
        references=request.references,
    )
    masker.refuse_in(request.name or "", what="run's name")
    for name, value in request.captures.items():
        masker.refuse_in(value, what=f"capture `{name}`")
    return masker


def _held(
    run: ActiveRun, contract: Contract, request: Request, cwd: str, environ: Mapping[str, str]
) -> ActiveRun:
    """Return the run with its writes kept inside; one that cannot be held does not stay open."""
    is_alone = (
        request.outer is None or run.record.stage is not None
    )  # a stage may write its own directory only
    outer = None if is_alone or request.outer is None else request.outer.directory
    run.announced = request.announced
    try:
        hold(run, contract, request.guard, caches=request.caches, cwd=cwd, outer=outer, environ=environ)
    except BaseException as error:
        run.__exit__(type(error), error, error.__traceback__)
        raise
    return run


def pick_kind(contract: Contract, name: str | None) -> tuple[str, Kind]:
    """Return the kind of that name, or the only one; `run` is preferred among several.

    Raises:
        UsageError: There is no such kind, or several and none was named.
    """
    kinds = contract.kinds
    chosen = name or (next(iter(kinds)) if len(kinds) == 1 else "run")
    if chosen in kinds:
        return chosen, kinds[chosen]
    raise UsageError(
        f"no kind `{chosen}` in contract `{contract.contract}`" if name else "the contract has several kinds",
        expected=" or ".join(f"`{kind}`" for kind in kinds),
        got=chosen if name else "no kind",
        hint="name one with --kind",
    )


def candidates(base: str, clash: str) -> Iterator[str]:
    """Yield the id itself, then the id with each clash suffix."""
    yield base
    suffix = PathTemplate.parse(clash)
    number = 0
    while True:
        number += 1
        yield base + suffix.render({"n": number})


def filled_captures(kind: Kind, given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return what is given for the captures of a kind's place, for others what is known by their names."""
    names = [name for name in PathTemplate.parse(kind.at).captures if name in known and name not in BUILT_IN]
    return {name: known[name] for name in names} | dict(given)


def takes_name(kind: Kind, captures: Mapping[str, str]) -> bool:
    """Whether a run of a kind can be given a name besides these captures."""
    template = PathTemplate.parse(kind.at)
    return bool(captures) or not template.captures or _free_capture(template) is not None


def _free_capture(template: PathTemplate) -> str | None:
    """Return the capture that the run's name fills: `name`, or the only one left to the caller."""
    free = [name for name in dict.fromkeys(template.captures) if name not in BUILT_IN]
    if "name" in free:
        return "name"
    return free[0] if len(free) == 1 else None


def _values(template: PathTemplate, kind: str, request: Request) -> dict[str, object]:
    given: dict[str, object] = {
        key: check_name(value, what=f"capture `{key}`") for key, value in request.captures.items()
    }
    free = _free_capture(template)
    if request.name is not None:
        check_name(request.name, what="run name")
        if free is None and template.captures and not given:
            raise UsageError(
                f"the place of kind `{kind}` has no single capture for a name",
                expected=f"one of {', '.join(template.captures)}",
                got=f"--name {request.name}",
                hint="give captures one by one with --capture KEY=VALUE",
            )
    if free is not None and free not in given:
        given[free] = request.name or kind
    unknown = sorted(given.keys() - (set(template.captures) - BUILT_IN))
    if unknown:
        raise UsageError(
            f"the place of kind `{kind}` has no capture `{unknown[0]}` to be given",
            expected=" or ".join(name for name in template.captures if name not in BUILT_IN) or "none",
            got=unknown[0],
        )
    missing = [name for name in template.captures if name not in given and name not in BUILT_IN]
    if missing:
        raise UsageError(
            f"the place of kind `{kind}` needs {', '.join(f'`{name}`' for name in missing)}",
            expected=" ".join(f"--capture {name}=…" for name in missing),
            got="nothing",
        )
    return given
