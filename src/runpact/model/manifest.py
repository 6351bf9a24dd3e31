"""Manifest and seal: the record of a run, and what commits it.

Knows: both documents, how to build, parse and compare them.
Does not know: files.

Order of commitment: the seal is written first and names the manifest to come; replacing the manifest
by the sealed one is the commit point. So a sealed manifest without its seal is damage, never a state.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

import posixpath
import zlib

import msgspec

from runpact.model.digest import digest_bytes
from runpact.model.errors import MalformedDocumentError
from runpact.model.provenance import Provenance
from runpact.model.run import ContractRef, Outcome, RunRecord
from runpact.model.versioned import parse_record

MANIFEST_FORMAT = "runpact.manifest/1"
SEAL_FORMAT = "runpact.seal/1"


class FileRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file of a run, pinned by digest."""

    path: str
    """POSIX, relative to the run directory."""
    size: int
    digest: str
    entry: str = ""
    """Name of the contract's entry it belongs to."""
    type: str = ""
    """Artifact type, or empty."""
    producer: str = ""
    """The scope that wrote it; empty for the project itself and for runpact's own files."""


class PlaceRecord(msgspec.Struct, frozen=True):
    """A directory outside the run's own that belongs to it alone, with its files pinned by digest."""

    path: str
    """Relative to the data root."""
    run: str
    """Where the run stood then, relative to the data root too: what leads from one to the other."""
    files: tuple[FileRecord, ...] = ()
    """Every file of it, sorted by path; paths are relative to the place."""

    @property
    def from_run(self) -> str:
        """The place's directory, relative to that of the run."""
        return posixpath.relpath(f"/{self.path}", f"/{self.run}")


class LogRecord(msgspec.Struct, frozen=True):
    """An append-only log, pinned by count and digest."""

    path: str
    count: int
    size: int
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a run; `sealed` is false until the run is committed."""

    format: str = MANIFEST_FORMAT
    sealed: bool
    uid: str
    id: str
    kind: str
    name: str = ""
    started: str
    contract: ContractRef
    outcome: Outcome | None = None
    provenance: Provenance | None = None
    logs: dict[str, LogRecord] = {}
    files: tuple[FileRecord, ...] = ()
    """Every file of the run but manifest and seal, sorted by path."""
    places: dict[str, PlaceRecord] = {}
    """The run's directories outside its own, by name; none in records of before 2026-11."""

    @property
    def all_files(self) -> tuple[FileRecord, ...]:
        """The files of the run and of its places, with paths from the run directory."""
        owned = (
            msgspec.structs.replace(file, path=posixpath.join(place.from_run, file.path))
            for place in self.places.values()
            for file in place.files
        )
        return (*self.files, *owned)


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """Commits a manifest and its logs; ends with its own checksum."""

    format: str = SEAL_FORMAT
    uid: str
    manifest: FileRecord
    logs: dict[str, LogRecord]


def unsealed_manifest(record: RunRecord) -> Manifest:
    """Return the manifest of a run that is not committed."""
    return Manifest(
        sealed=False,
        uid=record.uid,
        id=record.id,
        kind=record.kind,
        name=record.name,
        started=record.started,
        contract=record.contract,
    )


def encode_manifest(manifest: Manifest, projected: dict[str, object] | None = None) -> bytes:
    """Return the manifest's bytes; `projected` fields of a layout join its top level."""
    document = msgspec.to_builtins(manifest)
    extra = {key: value for key, value in (projected or {}).items() if key not in document}
    if not manifest.places:
        del document["places"]
    return msgspec.json.format(msgspec.json.encode(document | extra), indent=1) + b"\n"


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest; keys it does not know are kept out of the value, not refused.

    Raises:
        MalformedDocumentError: It is not a manifest.
        UnknownVersionError: Its major version is not 1.
    """
    return parse_record(data, Manifest, what="a manifest", expected=MANIFEST_FORMAT)


def encode_seal(seal: Seal) -> bytes:
    """Return the seal's bytes: canonical JSON, `crc` last."""
    body = msgspec.json.encode(seal)
    return b'%s,"crc":"%08x"}\n' % (body[:-1], zlib.crc32(body))


def parse_seal(data: bytes) -> Seal:
    """Read a seal, refusing any byte that is not as written.

    Raises:
        MalformedDocumentError: It is not a seal, or a byte of it changed.
    """
    seal = parse_record(data, Seal, what="a seal", expected=SEAL_FORMAT)
    if encode_seal(seal) != data:
        message = "the seal's checksum does not agree with its content"
        raise MalformedDocumentError(message)
    return seal


def seal_for(uid: str, path: str, manifest: bytes, logs: dict[str, LogRecord]) -> Seal:
    """Return the seal that commits these manifest bytes."""
    return Seal(uid=uid, manifest=FileRecord(path, len(manifest), digest_bytes(manifest)), logs=logs)


def why_seal_rejects(seal: Seal, manifest: bytes) -> str | None:
    """Say why these manifest bytes are not the ones sealed; None when they are."""
    if len(manifest) != seal.manifest.size:
        return f"the manifest has {len(manifest)} bytes where the seal says {seal.manifest.size}"
    if digest_bytes(manifest) != seal.manifest.digest:
        return "the manifest's digest is not the sealed one"
    return None
