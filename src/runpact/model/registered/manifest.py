"""What is written about a model or a data set beside its files.

Knows: the least that must be said, what a person says and what follows from the run.
Does not know: files on disk, which weights are good.

Source:
    The model registry and the data registry of the seed, AX-005 and AX-010.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Mapping
from typing import Literal

import msgspec

from runpact.model.archive.copy import RECORD
from runpact.model.digest import canonical_json
from runpact.model.errors import Fault, MalformedDocumentError, PromotionIncompleteError
from runpact.model.ledger.entry import ArchivedFile
from runpact.model.registered.uri import Registry, Uri

MANIFEST = "manifest.json"
_OWN = frozenset({MANIFEST, RECORD})
VERSION = "1"
FORMATS = {".pt": "pt", ".pth": "pt", ".onnx": "onnx", ".npz": "npz", ".safetensors": "safetensors"}
"""Formats of weights by the suffix of their file."""
Role = Literal["model", "dataset"]
ROLES: dict[Registry, Role] = {"models": "model", "data": "dataset"}
_INPUT = ("resolution", "normalization")
_MODEL_KEYS = frozenset({"input_spec", "class_map", "export", "notes"})
_DATA_KEYS = frozenset({"class_map", "splits", "notes"})


def own_files(uri: str | None) -> frozenset[str]:
    """Return the files that runpact adds to what a URI names: of a data set they are no data."""
    return _OWN if uri is not None else frozenset()


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The run that something was made by."""

    run: str
    """uid."""
    run_id: str
    path: str
    """Of its directory then, relative to the workspace."""
    file: str
    """What was taken, relative to the run."""
    config_digest: str
    """Of the configuration that the run had."""


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What both sorts say."""

    schema_version: str = VERSION
    uri: str = ""
    """Its own; empty before it has a place."""
    domain: str
    skill: str
    class_map: dict[str, object]
    origin: Origin | None = None
    """None of what no run made."""
    source: str | None = None
    """Where it came from, as it was said."""
    notes: str = ""
    files: dict[str, ArchivedFile]
    """Digest and size of its own files: all of the folder but runpact's two documents."""


class ModelManifest(_Manifest, frozen=True, kw_only=True):
    """`manifest.json` of a model."""

    model_name: str
    format: str
    file: str
    """Name of the weights in the folder."""
    git_hash: str
    """Of the code that made it; `nogit` without one, `external` of weights from elsewhere."""
    dirty: bool | msgspec.UnsetType = msgspec.UNSET
    """True when the code had changes that are in no commit; left out otherwise."""
    input_spec: dict[str, object]
    export: dict[str, object]


class DataManifest(_Manifest, frozen=True, kw_only=True):
    """`manifest.json` of a data set."""

    dataset_name: str
    version: str
    splits: dict[str, object]
    source_hash: str
    """Digest of the set of its files."""


Manifest = ModelManifest | DataManifest


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What only a person, or the program that made it, can say."""

    input_spec: dict[str, object] = {}
    class_map: dict[str, object] = {}
    export: dict[str, object] = {}
    splits: dict[str, object] = {}
    notes: str = ""


def read_description(value: object, registry: Registry, *, at: str) -> Described:
    """Read what was said of a model or a data set.

    Args:
        value: The content of a document.
        registry: Which of both it is about.
        at: The document, for the message.

    Raises:
        MalformedDocumentError: It has other keys, or other things under them.
    """
    known = _MODEL_KEYS if registry == "models" else _DATA_KEYS
    if not isinstance(value, Mapping) or not known >= value.keys():
        unknown = sorted(map(str, value.keys() - known)) if isinstance(value, Mapping) else ["no mapping"]
        raise MalformedDocumentError(
            "the description cannot be understood",
            at=at,
            expected=", ".join(sorted(known)),
            got=", ".join(unknown)[:200],
        )
    try:
        return msgspec.convert(dict(value), Described)
    except msgspec.ValidationError as error:
        raise MalformedDocumentError(f"the description cannot be understood: {error}", at=at) from error


def demand_described(said: Described, *, at: str) -> None:
    """Make sure that the least is said that somebody needs who is to run a model.

    Raises:
        PromotionIncompleteError: Something is missing; all of it is named.
    """
    missing = [f"input_spec.{key}" for key in _INPUT if key not in said.input_spec]
    missing += ["export.opset"] if "opset" not in said.export else []
    if missing:
        raise PromotionIncompleteError(
            "nobody could run the model: its description is incomplete",
            at=at,
            expected="input_spec with resolution and normalization, class_map, export with opset",
            got=f"nothing about {', '.join(missing)}",
            faults=tuple(Fault(f"`{key}` is missing") for key in missing),
            hint="say it in a JSON or YAML file: `--describe model.yaml`; a model that is not exported has "
            "`export: {opset: null}`",
        )


def render_manifest(manifest: Manifest) -> bytes:
    """Return a manifest in its one form."""
    return canonical_json(msgspec.to_builtins(manifest)) + b"\n"


def parse_manifest(data: bytes, uri: Uri) -> Manifest:
    """Read the manifest of what a URI names.

    Raises:
        MalformedDocumentError: It is none, or is about something else.
    """
    sort: type[Manifest] = ModelManifest if uri.registry == "models" else DataManifest
    try:
        found = msgspec.json.decode(data, type=sort)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedDocumentError(
            f"its manifest cannot be read: {error}", at=f"{uri.folder}/{MANIFEST}"
        ) from error
    if found.schema_version.partition(".")[0] != VERSION or found.uri != str(uri):
        raise MalformedDocumentError(
            "its manifest is about something else",
            at=f"{uri.folder}/{MANIFEST}",
            expected=f"{uri}, schema version {VERSION}",
            got=f"{found.uri}, schema version {found.schema_version}"[:200],
        )
    return found
