"""Find what a URI names.

Knows: that only what was entered through runpact counts, that a shorter URI must mean one thing.
Does not know: how something is entered or removed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from runpact.disk.archive import file_of_copy
from runpact.disk.registered import folders_of
from runpact.model.archive.copy import RECORD, CopyRecord, parse_record
from runpact.model.errors import CannotStartError, MalformedDocumentError, RunpactError, UsageError
from runpact.model.registered.manifest import MANIFEST, Manifest, ModelManifest, parse_manifest
from runpact.model.registered.uri import Registry, Uri, parse_uri, uri_at

_MOST_SHOWN = 5


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A model or a data set that is kept for good; wherever a path is wanted, it stands for its own."""

    uri: str
    version: str
    """Last part of the URI: date and commit, source, or as it was named."""
    folder: str
    """Absolute."""
    path: str
    """Absolute: of a model the file of its weights, of a data set its folder."""
    digest: str
    """Of the weights; of a data set of the set of its files."""
    manifest: Manifest
    """What is known of it: input, classes, export, where it came from."""
    record: CopyRecord

    def __fspath__(self) -> str:
        """Return the path."""
        return self.path

    def __str__(self) -> str:
        return self.uri


def resolve(root: str, text: str, registry: Registry | None = None) -> Registered:
    """Return what a URI names.

    Args:
        root: Absolute data root.
        text: The URI; one that names less than a version must mean one thing.
        registry: The one that is asked; None for either.

    Raises:
        UsageError: It is no URI of this registry.
        UnsafeNameError: A part of it is not safe.
        CannotStartError: It names nothing, or several things.
        MalformedDocumentError: What is recorded there cannot be read.
    """
    wanted = parse_uri(text, registry)
    uri = wanted if wanted.is_whole else _only(root, wanted)
    folder = posixpath.join(root, uri.folder)
    data = file_of_copy(folder, RECORD)
    if data is None:
        raise _nothing(root, uri)
    record = parse_record(data)
    manifest = parse_manifest(file_of_copy(folder, MANIFEST) or b"", uri)
    is_model = isinstance(manifest, ModelManifest)
    name = manifest.file if isinstance(manifest, ModelManifest) else ""
    if is_model and name not in record.files:
        raise MalformedDocumentError(
            f"`{uri}` has no weights of the name that its manifest gives",
            at=f"{uri.folder}/{MANIFEST}",
            expected=" or ".join(record.files),
            got=name[:80],
        )
    return Registered(
        uri=str(uri),
        version=uri.version,
        folder=folder,
        path=posixpath.join(folder, name) if name else folder,
        digest=record.files[name].sha256 if isinstance(manifest, ModelManifest) else manifest.source_hash,
        manifest=manifest,
        record=record,
    )


def uris_in(root: str, registry: Registry) -> Iterator[Uri]:
    """Yield the URI of each folder of a registry that may hold something, sorted."""
    for folder in folders_of(root, registry):
        try:
            uri = uri_at(folder)
        except UsageError:
            continue
        if uri.is_whole:
            yield uri


def registered_in(root: str, registry: Registry) -> Iterator[tuple[Uri, Registered | RunpactError]]:
    """Yield what a registry holds; for what cannot be read, why."""
    for uri in uris_in(root, registry):
        try:
            yield uri, resolve(root, str(uri))
        except RunpactError as error:
            yield uri, error


def _only(root: str, wanted: Uri) -> Uri:
    """Return the one version that a shorter URI means."""
    found = [uri for uri in uris_in(root, wanted.registry) if wanted.holds(uri)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise _nothing(root, wanted)
    shown = ", ".join(map(str, found[-_MOST_SHOWN:]))
    raise CannotStartError(
        f"`{wanted}` names {len(found)} versions",
        expected="the URI of one",
        got=shown,
        hint=f"the last of them is `{found[-1]}`",
    )


def _nothing(root: str, uri: Uri) -> CannotStartError:
    others = [str(each) for each in uris_in(root, uri.registry) if each.parts[:1] == uri.parts[:1]]
    word = "models" if uri.registry == "models" else "data"
    return CannotStartError(
        f"nothing is registered as `{uri}`",
        at=uri.folder,
        expected="a folder that runpact made, with its record",
        got="nothing, or a folder that somebody else made",
        hint=f"there is {', '.join(others[-_MOST_SHOWN:])}"
        if others
        else f"`runpact {word} list` shows what there is; `runpact {word} --help` how something is entered",
    )
