"""Say what is to be entered into the registries: models of runs, weights from elsewhere, data sets.

Knows: what must hold of the run a model comes from, where a version stands, what its manifest says.
Does not know: how a folder gets its name, what a description must say.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from runpact.disk.archive import Content
from runpact.disk.inputs import run_around
from runpact.model.archive.copy import RECORD
from runpact.model.contract.kind import Kind
from runpact.model.contract.language import Contract, LoadedContract
from runpact.model.contract.surroundings import Promotion
from runpact.model.digest import digest_of_set
from runpact.model.errors import CannotStartError
from runpact.model.names import is_text, readable_path, shown_path
from runpact.model.registered.manifest import (
    MANIFEST,
    DataManifest,
    Described,
    ModelManifest,
    Origin,
    demand_described,
)
from runpact.model.registered.uri import PRETRAINED, TRAINED, Uri, parse_target, uri_at
from runpact.model.run import RunRecord
from runpact.model.template import PathTemplate
from runpact.verbs.archive.copies import demand_entries
from runpact.verbs.archive.promote import sound
from runpact.verbs.finding.standing import stand
from runpact.verbs.life.start import candidates
from runpact.verbs.registered.enter import Draft, Entered, enter
from runpact.verbs.registered.gathered import checkpoint_of, companions, description, files_at, weights_at

_NAMED = frozenset({"domain", "skill", "model", "dataset"})
MODEL_TARGET = f"domain/skill/model/{TRAINED}/dataset"
SOURCE_TARGET = "domain/skill/model"
DATA_TARGET = "domain/skill/name/version"
_PLACE = Kind(
    at=f"models/{{domain:slug}}/{{skill:slug}}/{{model:slug}}/{TRAINED}/{{dataset}}/{{date:%Y-%m-%d}}_{{git:7}}"
)
"""Where a model stands when the contract has no kind of its own for models."""


def promote_model(
    root: str,
    directory: str,
    target: str,
    *,
    loaded: LoadedContract,
    checkpoint: str = "best",
    describe: str | None = None,
    cwd: str = "/",
) -> Entered:
    """Make a model of a run's checkpoint.

    Args:
        root: Absolute data root.
        directory: Absolute path of the run.
        target: `domain/skill/model/trained/dataset`.
        loaded: The workspace's contract; never the run's own copy.
        checkpoint: Name of the checkpoint without its suffix, or path of a file in the run.
        describe: A document that says what the model is; by default one that the run wrote.
        cwd: Absolute directory that `describe` is relative to.

    Raises:
        UsageError: The target has another form.
        PromotionIncompleteError: Something is not there yet.
        NotPromotableError: Contract, records or content speak against it.
    """
    domain, skill, model, _trained, dataset = parse_target(target, form=MODEL_TARGET)
    source = sound(root, directory, loaded)
    reading, _standing = stand(directory)
    record = source.record
    weights = checkpoint_of(reading, checkpoint, shown=source.path)
    original, form = weights_at(posixpath.join(directory, weights.path))
    said, at = description(directory, describe, "models", cwd=cwd)
    demand_described(said, at=at)
    name = "model" + posixpath.splitext(weights.path)[1]
    draft = Draft(files={name: original, **companions(directory, reading)}, run=record, path=source.path)
    kind = model_kind(loaded.contract)
    values = {"domain": domain, "skill": skill, "model": model, "dataset": dataset}

    code = record.provenance.code
    commit = "nogit" if code.commit == "unknown" else code.commit
    manifest = msgspec.structs.replace(
        _of_model((domain, skill, model), said, draft, form=form, file=name, git_hash=commit),
        dirty=code.dirty or msgspec.UNSET,
        origin=_origin(record, source.path, weights.path),
    )

    def judged(folder: str, uri: Uri) -> None:
        promotion = Promotion(
            from_=(record.kind,), at=kind.at, entries=kind.entries, others=kind.others, rules=kind.rules
        )
        demand_entries(folder, uri.version, source, promotion, captures=values)

    places = candidates(_place(kind, values, record), kind.clash)
    return enter(root, "models", places, draft, manifest, judged)


def add_model(
    root: str, path: str, target: str, *, source: str, describe: str | None = None, cwd: str = "/"
) -> Entered:
    """Enter weights that come from elsewhere.

    Args:
        root: Absolute data root.
        path: File of the weights, relative to `cwd`.
        target: `domain/skill/model`.
        source: Who made them, or where they came from; a safe name, the last part of the URI.
        describe: A document that says what the model is.
        cwd: Absolute current directory.

    Raises:
        UsageError: Target or source have another form.
        PromotionIncompleteError: The description lacks something.
        NotPromotableError: They are not what their name says.
    """
    domain, skill, model = parse_target(target, form=SOURCE_TARGET)
    uri = uri_at(f"models/{domain}/{skill}/{model}/{PRETRAINED}/{source}")
    original, form = weights_at(posixpath.normpath(posixpath.join(cwd, path)))
    said, at = description("", describe, "models", cwd=cwd)
    demand_described(said, at=at if describe else "--describe")
    name = "model" + posixpath.splitext(path)[1]
    draft = Draft(files={name: original}, run=None, path=source)

    known = _of_model((domain, skill, model), said, draft, form=form, file=name, git_hash="external")
    manifest = msgspec.structs.replace(known, source=source)
    return enter(root, "models", [uri.folder], draft, manifest)


def add_data(
    root: str,
    path: str,
    target: str,
    *,
    source: str | None = None,
    describe: str | None = None,
    cwd: str = "/",
) -> Entered:
    """Enter a file or folder as a data set.

    Args:
        root: Absolute data root.
        path: File or folder, relative to `cwd`; one in a run makes that run the origin.
        target: `domain/skill/name/version`.
        source: Where it came from, for people.
        describe: A document with `class_map` and `splits`; by default the folders train, val and test are.
        cwd: Absolute current directory.

    Raises:
        UsageError: The target has another form.
        CannotStartError: There is nothing to be read.
        NotPromotableError: Something there is no plain file.
    """
    domain, skill, name, version = parse_target(target, form=DATA_TARGET)
    uri = uri_at(f"data/{domain}/{skill}/{name}/{version}")
    place = posixpath.normpath(posixpath.join(cwd, path))
    said, _at = description("", describe, "data", cwd=cwd)
    files = files_at(place)
    _demand_text(files, at=place)
    taken = {MANIFEST, RECORD} & files.keys()
    if taken:
        raise CannotStartError(
            f"the data set has a file `{min(taken)}`, which runpact writes itself",
            at=place,
            hint="put its files into a folder of their own, and add the folder above it",
        )
    directory = run_around(f"{place}/file", root=root)
    record = stand(directory)[0].record if directory is not None else None
    shown = shown_path(directory, root) if directory is not None else source or ""
    draft = Draft(files=files, run=record, path=readable_path(shown))
    digests = {each: file.sha256 for each, file in draft.archived_files().items()}

    manifest = DataManifest(
        dataset_name=name,
        domain=domain,
        skill=skill,
        version=version,
        class_map=said.class_map,
        splits=said.splits or _splits(files),
        source_hash=digest_of_set(digests),
        source=None if source is None else readable_path(source),
        notes=said.notes,
        origin=None
        if record is None or directory is None
        else _origin(record, shown, posixpath.relpath(place, directory)),
        files=draft.archived_files(),
    )
    return enter(root, "data", [uri.folder], draft, manifest)


def model_kind(contract: Contract) -> Kind:
    """Return the contract's kind of models: what stands below `models/` and has a name there."""
    fitting = (kind for kind in contract.kinds.values() if kind.at.startswith("models/"))
    return next((kind for kind in fitting if set(PathTemplate.parse(kind.at).captures) >= _NAMED), _PLACE)


def _place(kind: Kind, values: Mapping[str, str], record: RunRecord) -> str:
    """Return the folder of a model, relative to the data root: date and commit are those of its run."""
    moment = datetime.fromisoformat(record.started)
    known: dict[str, object] = {
        **values,
        "date": moment,
        "started": moment,
        "git": record.provenance.code.short,
        "uid": record.uid,
    }
    try:
        return PathTemplate.parse(kind.at).render(known)
    except KeyError as error:
        raise CannotStartError(
            f"the place of a model cannot be told: nothing is called {error}",
            expected=", ".join(known),
            got=kind.at,
        ) from error


def _of_model(
    names: tuple[str, str, str], said: Described, draft: Draft, *, form: str, file: str, git_hash: str
) -> ModelManifest:
    """Return what is known of a model before its place is, and where it came from."""
    domain, skill, model = names
    return ModelManifest(
        model_name=model,
        domain=domain,
        skill=skill,
        format=form,
        file=file,
        git_hash=git_hash,
        input_spec=said.input_spec,
        class_map=said.class_map,
        export=said.export,
        notes=said.notes,
        files=draft.archived_files(),
    )


def _origin(record: RunRecord, path: str, file: str) -> Origin:
    return Origin(
        run=record.uid,
        run_id=record.id,
        path=path,
        file=file,
        config_digest=record.provenance.config.digest,
    )


def _demand_text(files: Iterable[str], *, at: str) -> None:
    """Make sure that a manifest can name each file."""
    odd = next((path for path in files if not is_text(path)), None)
    if odd is not None:
        raise CannotStartError(
            f"the data set has a file `{readable_path(odd)}`, whose name is no UTF-8",
            at=readable_path(at),
            expected="names that a manifest can hold",
            hint="give it another name",
        )


def _splits(files: Mapping[str, Content]) -> dict[str, object]:
    """Return the folders of a data set that are splits by their name."""
    tops = {path.partition("/")[0] for path in files if "/" in path}
    return {name: f"{name}/**" for name in ("train", "val", "test") if name in tops}
