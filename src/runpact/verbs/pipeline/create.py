"""Create an experiment: a directory with a birth record, the frozen configuration, and no stage yet.

Knows: what an experiment is born with.
Does not know: its stages.
"""

from __future__ import annotations

import os
import posixpath

import msgspec

from runpact.disk.draft import CapturedFile, Draft, write_draft
from runpact.disk.experiment import open_log, remove_birth_ballast
from runpact.disk.io import close_quietly
from runpact.disk.surroundings import make_directories
from runpact.host import clock, process
from runpact.model.contract.language import Kind, LoadedContract
from runpact.model.pipeline.view import view_document
from runpact.model.provenance import Config, Provenance
from runpact.model.run import ContractRef, RunRecord
from runpact.verbs.capturing.mask import masked_provenance
from runpact.verbs.life.execute import check_handed
from runpact.verbs.life.project import birth_files
from runpact.verbs.life.request import Request
from runpact.verbs.life.start import built_in, captured_for, masker_for, named_for, pick_kind


def recorded_config(loaded: LoadedContract, kind: Kind, request: Request) -> Config:
    """Return a request's configuration as an experiment's record would have it: without secrets."""
    masker = masker_for(loaded, kind, request, dict(os.environ))
    return masked_provenance(Provenance(config=request.config), masker).config


def create_experiment(root: str, loaded: LoadedContract, request: Request, *, cwd: str) -> str:
    """Create an experiment below `root` and return its absolute directory.

    Args:
        root: Absolute data root of the workspace.
        loaded: The contract to make it under.
        request: Its kind, name and configuration.
        cwd: Where its commands run, for the record.

    Raises:
        ConfigError: The configuration is too large to be handed to a stage.
        StorageError: It could not be created, or stands there already.
    """
    check_handed(request.config.resolved)
    kind_name, kind = pick_kind(loaded.contract, request.kind)
    make_directories(root, loaded.contract.workspace.directories)
    environ = dict(os.environ)
    masker = masker_for(loaded, kind, request, environ)
    captured = captured_for((root, cwd), loaded.contract, request, masker, environ)
    uid, moment = clock.new_uid(), clock.utc_now()
    provenance = captured.provenance
    builtin = built_in(kind_name, provenance, uid=uid, moment=moment)
    named = named_for(root, kind, kind_name, request, builtin)
    identity = next(named.candidates)
    record = RunRecord(
        uid=uid,
        id=identity,
        kind=kind_name,
        name=named.name,
        started=clock.format_time(moment),
        captures=named.captures,
        records=msgspec.to_builtins(kind.records),
        contract=ContractRef(loaded.contract.contract, loaded.contract.version, loaded.digest),
        owner=process.this_process(),
        provenance=captured.provenance,
        durability=request.durability,
        sealed="by_stage",
    )
    files = {path: CapturedFile(data) for path, data in birth_files(record, kind).items()}
    view = msgspec.json.format(
        msgspec.json.encode(
            view_document(record, {}, aliases={}, stale={}, config_digest=record.provenance.config.digest)
        ),
        indent=1,
    )
    draft = Draft(
        token=uid.replace("-", "")[-16:],
        record_for=lambda _identity: msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n",
        manifest_for=lambda _identity: view + b"\n",
        records=record.records,
        contract=loaded.sources,
        captured={**captured.files, **files},
        is_durable=request.durability != "none",
    )
    directory, lock = write_draft(draft, named.parent, iter((identity,)))
    try:
        remove_birth_ballast(directory)
        log = open_log(directory, record.records["events"])
        log.append({"time": clock.now(), "event": "run.started", "uid": uid, "kind": kind_name})
        log.close()
    finally:
        close_quietly(lock)
    return posixpath.normpath(directory)
