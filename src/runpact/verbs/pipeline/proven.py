"""What was read and hashed before, as long as stamps prove it still true.

Knows: when a stamp proves that a file is the one that was hashed.
Does not know: what digests are for.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

import msgspec

from runpact.disk.experiment import replace_record, stage_directories
from runpact.disk.layout import PROVEN, RECORD, RESULT, SEAL
from runpact.disk.reader import read_bytes
from runpact.disk.stamps import Stamp, are_names_same, names_below, settled, stamp_of
from runpact.disk.tree import digest_file
from runpact.model.contract.language import Records
from runpact.model.errors import RunpactError
from runpact.model.names import readable_path
from runpact.model.pipeline.result import StageResult, parse_result
from runpact.model.pipeline.view import StageRow
from runpact.model.provenance import Provenance
from runpact.model.run import State
from runpact.verbs.finding.standing import stand

PROVEN_FORMAT = "runpact.proven/2"
_DECIDING = (RECORD, SEAL, Records().manifest, RESULT)
"""Files of an attempt that its row follows from."""


class _Hashed(msgspec.Struct, frozen=True, array_like=True):
    stamp: tuple[int, ...]
    digest: str


class _Read(msgspec.Struct, frozen=True, array_like=True):
    stamps: dict[str, tuple[int, ...]]
    row: StageRow


class _Listed(msgspec.Struct, frozen=True, array_like=True):
    stamps: dict[str, tuple[int, ...] | None]
    names: tuple[str, ...]


class _Judged(msgspec.Struct, frozen=True, array_like=True):
    manifest: str
    contract: str
    fault: str


class _Born(msgspec.Struct, frozen=True, array_like=True):
    stamp: tuple[int, ...]
    digest: str | None


class _Cache(msgspec.Struct, array_like=True):
    format: str = PROVEN_FORMAT
    files: dict[str, _Hashed] = {}
    rows: dict[str, _Read] = {}
    folders: dict[str, _Listed] = {}
    judged: dict[str, _Judged] = {}
    born: _Born | None = None


class Proven:
    """Digests of files and rows of attempts of one experiment, kept in a cache that is never believed."""

    def __init__(self, directory: str) -> None:
        """Read the cache of an experiment; a missing or damaged one is empty.

        Args:
            directory: Absolute, of the experiment.
        """
        self._directory = directory
        self._cache = _Cache()
        self._is_changed = False
        self._held: dict[str, StageRow] | None = None
        self._names: list[str] | None = None
        self._rows: dict[str, StageRow] | None = None
        """What `rows` told, as long as every one is held."""
        data = read_bytes(directory, PROVEN)
        if data is not None:
            try:
                cache = msgspec.json.decode(data, type=_Cache)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return
            if cache.format == PROVEN_FORMAT:
                self._cache = cache

    def digest(self, path: str) -> str | None:
        """Return the digest of a file by its absolute path; None when it cannot be read."""
        stamp = stamp_of(path)
        known = self._cache.files.get(path)
        if stamp is not None and known is not None and known.stamp == stamp:
            return known.digest
        folder, name = posixpath.split(path)
        proof = settled(stamp)
        try:
            digest = digest_file(folder, name)[0]
        except RunpactError:
            return None
        if proof:
            self._cache.files[path] = _Hashed(proof, digest)
            self._is_changed = True
        return digest

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the files below a folder by its absolute path, relative to it and sorted."""
        known = self._cache.folders.get(folder)
        if known is not None and are_names_same(folder, known.stamps):
            return known.names
        stamps, names = names_below(folder)
        names = tuple(readable_path(each) for each in names)
        if all(stamp != () for stamp in stamps.values()):
            self._cache.folders[folder] = _Listed(stamps, names)
            self._is_changed = True
        return names

    def born(self, derive: Callable[[], str | None]) -> str | None:
        """Return the digest of what follows from the birth record alone, which `derive` finds out."""
        path = f"{self._directory}/{RECORD}"
        known, stamp = self._cache.born, stamp_of(path)
        if known is not None and known.stamp == stamp:
            return known.digest
        digest, proof = derive(), settled(stamp)
        if proof:
            self._cache.born = _Born(proof, digest)
            self._is_changed = True
        return digest

    def fault(self, row: StageRow, contract: str, judge: Callable[[], str]) -> str:
        """Return what a contract says against the outputs of a sealed attempt, which are as they were sealed.

        Args:
            row: The attempt.
            contract: Digest of the contract.
            judge: Finds it out; asked once for an attempt and a contract.
        """
        known = self._cache.judged.get(row.name)
        manifest = row.manifest_digest or ""
        if known is None or (known.manifest, known.contract) != (manifest, contract):
            known = self._cache.judged[row.name] = _Judged(manifest, contract, judge())
            self._is_changed = True
        return known.fault

    def row(self, name: str) -> StageRow:
        """Return what the records of the last attempt at a stage say.

        Args:
            name: `NN_slug`.
        """
        if self._held is not None and name in self._held:
            return self._held[name]
        row = self._looked_at(name)
        if self._held is not None and row.manifest_digest is not None:
            self._held[name] = row
        return row

    def _looked_at(self, name: str) -> StageRow:
        directory = f"{self._directory}/{name}"
        known = self._cache.rows.get(name)
        if known is not None and _stamps(directory, known.stamps) == known.stamps:
            return known.row
        self._cache.rows.pop(name, None)
        row, watched = read_row(directory, name)
        if watched:
            self._cache.rows[name] = _Read(watched, row)
        self._is_changed = True
        return row

    def hold(self) -> None:
        """Look once at each attempt that is sealed, until `let_go`; for who holds the experiment's lock."""
        self._held = {}

    def let_go(self) -> None:
        """Look again at every attempt, from now on."""
        self._held = self._names = self._rows = None

    def is_held(self, name: str) -> bool:
        """Whether a sealed attempt was looked at since `hold`."""
        return self._held is not None and name in self._held

    def look_again(self, name: str) -> None:
        """Look once more at an attempt that is about to be read."""
        self._rows = None
        if self._held is not None:
            self._held.pop(name, None)

    def began(self, name: str) -> None:
        """Look at an attempt that was just begun, in whose place an older one may have been."""
        self._names = None
        self.look_again(name)

    def rows(self) -> dict[str, StageRow]:
        """Return the row of the last attempt at each stage, by name; of sealed ones as it is held."""
        if self._held is None:
            return {name: self.row(name) for name in stage_directories(self._directory)}
        if self._names is None:
            self._names = stage_directories(self._directory)
        if self._rows is None or len(self._held) < len(self._names):
            self._rows = {name: self.row(name) for name in self._names}
        return self._rows

    def save(self) -> None:
        """Keep what was learnt for the next process; where that is refused, it is learnt again."""
        if not self._is_changed:
            return
        try:
            replace_record(self._directory, PROVEN, msgspec.json.encode(self._cache))
        except RunpactError:
            return
        self._is_changed = False


def _stamps(directory: str, names: dict[str, tuple[int, ...]]) -> dict[str, Stamp]:
    return {name: stamp_of(f"{directory}/{name}") for name in names}


def read_row(directory: str, name: str) -> tuple[StageRow, dict[str, tuple[int, ...]]]:
    """Read the records of one attempt; return also the stamps that prove it, none while that is not possible.

    Args:
        directory: Absolute, of the attempt.
        name: `NN_slug`.
    """
    watched = {path: settled(stamp_of(f"{directory}/{path}")) for path in _DECIDING}
    reading, standing = stand(directory)
    record, manifest = reading.record, reading.manifest
    is_sealed = manifest is not None and manifest.sealed
    outcome = manifest.outcome if manifest is not None and is_sealed else None
    provenance = (manifest.provenance if manifest else None) or (
        record.provenance if record else Provenance()
    )
    result, fault = _result(directory) if is_sealed else (None, "")
    if result is not None and result.is_usable and standing.state is not State.FINISHED:
        fault = f"its result says {result.status.value}, and it was sealed as {standing.state.value}"
        fault += f": {standing.reason}" if standing.reason else ""
        result = None  # it could not be sealed as what it was, or the result was changed since
    row = StageRow(
        name=name,
        state=standing.state,
        reason=fault or standing.reason,
        uid=record.uid if record else None,
        started=record.started if record else None,
        ended=outcome.ended if outcome else None,
        duration_seconds=outcome.duration_seconds if outcome else None,
        command=provenance.command,
        cwd=provenance.cwd,
        git_sha=provenance.code.commit,
        python=provenance.environment.python or "",
        platform=provenance.environment.platform or "",
        packages_digest=provenance.environment.packages_digest or "",
        manifest_digest=reading.seal.manifest.digest if reading.seal and is_sealed else None,
        attempt=record.attempt if record else 0,
        contract_digest=record.contract.digest if record else "",
        launched_by=result.launched_by if result else "pipeline",
        result=result,
    )
    stamps = {path: stamp for path, stamp in watched.items() if stamp}
    return row, stamps if is_sealed and len(stamps) == len(watched) else {}


def _result(directory: str) -> tuple[StageResult | None, str]:
    data = read_bytes(directory, RESULT)
    if data is None:
        return None, "it left no result"
    try:
        return parse_result(data), ""
    except RunpactError as error:
        return None, error.message
