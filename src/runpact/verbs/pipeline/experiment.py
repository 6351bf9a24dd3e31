"""An experiment that stands there: its record, its stages, their last attempts.

Knows: which records tell what; nothing is remembered that a stamp does not prove.
Does not know: what must run.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from runpact.disk.alias import link_target
from runpact.disk.experiment import replace_record
from runpact.disk.layout import IMPORTED, PIPELINE, RECORD
from runpact.disk.reader import is_directory, read_bytes, read_run
from runpact.model.contract.language import Kind, LoadedContract, Stage
from runpact.model.contract.stages import directory_of, folder_behind
from runpact.model.digest import digest_bytes
from runpact.model.errors import CannotStartError, NoSuchRunError, RunpactError
from runpact.model.pipeline.declared import Declarations
from runpact.model.pipeline.gate import stale_stages
from runpact.model.pipeline.graph import Graph
from runpact.model.pipeline.legacy import ImportRecord, parse_import
from runpact.model.pipeline.standing import Asked, parse_asked
from runpact.model.pipeline.view import StageRow, view_document
from runpact.model.run import RunRecord
from runpact.verbs.pipeline.proven import Proven

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Experiment:
    """An experiment, read as it is now."""

    def __init__(self, directory: str, *, root: str, loaded: LoadedContract, record: RunRecord) -> None:
        """Store the parts; `open` reads them.

        Args:
            directory: Absolute.
            root: Absolute data root of the workspace.
            loaded: The contract whose stages there are.
            record: Its birth record.
        """
        self.directory = directory
        self.root = root
        self.loaded = loaded
        self.record = record
        self.kind: Kind = loaded.contract.kinds[record.kind]
        self.graph = Graph(self.kind)
        self.declarations = Declarations(record.provenance.config.resolved)
        self.proven = Proven(directory)
        self._targets: dict[str, str] = {}
        self._stale: tuple[tuple[dict[str, StageRow], dict[str, str]], dict[str, str]] = (({}, {}), {})
        """What was out of date last, and for which rows."""

    @classmethod
    def open(cls, directory: str, *, root: str, loaded: LoadedContract) -> Experiment:
        """Open the experiment at an absolute directory.

        Raises:
            NoSuchRunError: Nothing stands there.
            CannotStartError: It is no experiment, or none of this contract.
        """
        if not is_directory(directory):
            raise NoSuchRunError(f"no experiment at `{directory}`", at=directory)
        reading = read_run(directory)
        record = reading.record
        if record is None and reading.record_fault:
            raise CannotStartError(
                f"the birth record of `{directory}` cannot be read: {reading.record_fault}",
                at=posixpath.join(directory, RECORD),
                expected="the record of an experiment",
                hint="make it readable, or restore it from a copy",
            )
        if record is None or record.sealed != "by_stage":
            raise CannotStartError(
                f"`{directory}` is no experiment that runpact made",
                at=directory,
                expected="a run of a kind with `sealed: by_stage`",
                hint="choose another name, or import what stands there",
            )
        if record.contract.id != loaded.contract.contract or record.kind not in loaded.contract.kinds:
            raise CannotStartError(
                "the experiment was made under another contract",
                at=directory,
                expected=f"{record.contract.id} with kind `{record.kind}`",
                got=loaded.contract.contract,
                hint="name that contract with --contract",
            )
        return cls(directory, root=root, loaded=loaded, record=record)

    @property
    def name(self) -> str:
        """The experiment's id."""
        return self.record.id

    def own_records(self) -> tuple[bytes | None, bytes | None]:
        """Return birth record and log as they stand; None for one that is missing or cannot be read."""
        return read_bytes(self.directory, RECORD), read_bytes(self.directory, self.record.records["events"])

    def row(self, stage: Stage) -> StageRow | None:
        """Return the last attempt at a stage; None when there is none."""
        name = directory_of(stage)
        if not self.proven.is_held(name) and not is_directory(f"{self.directory}/{name}/.runpact"):
            return None
        return self.proven.row(name)

    def rows(self) -> dict[str, StageRow]:
        """Return the last attempt at each stage by name; also those of stages no longer declared."""
        return self.proven.rows()

    def aliases(self, rows: dict[str, StageRow]) -> dict[str, str]:
        """Return where each alias leads, relative to the experiment: as links say, else as records do."""
        found: dict[str, str] = {}
        for stage in self.graph.stages:
            row = rows.get(directory_of(stage))
            usable = row is not None and row.result is not None and row.result.is_usable
            for alias in stage.writes:
                target = link_target(self.directory, alias) if self.kind.aliases == "link" else None
                if target is not None or (usable and self.kind.aliases != "link"):
                    found[alias] = target or self.target(stage, alias)
        return found

    def target(self, stage: Stage, alias: str) -> str:
        """Return what an alias leads to, relative to the experiment."""
        known = self._targets.get(alias)
        if known is None:
            below = posixpath.join(directory_of(stage), folder_behind(stage, alias)).rstrip("/")
            known = self._targets[alias] = below
        return known

    def stale(self, rows: dict[str, StageRow], changed: Mapping[str, str] = _NOTHING) -> dict[str, str]:
        """Return why stages are out of date, by name: by what they read, and by what else changed.

        Args:
            rows: The last attempts, by name.
            changed: Why a stage would follow from something else now, by id.
        """
        asked = rows, dict(changed)
        if asked != self._stale[0]:
            self._stale = asked, self._stale_by(*asked)
        return self._stale[1]

    def _stale_by(self, rows: dict[str, StageRow], changed: Mapping[str, str]) -> dict[str, str]:
        results = {
            stage.id: row.result
            for stage in self.graph.stages
            if (row := rows.get(directory_of(stage))) is not None and row.result is not None
        }
        by_id = stale_stages(results, changed)
        return {directory_of(self.graph.by_id[each]): why for each, why in by_id.items()}

    @property
    def config_file(self) -> str | None:
        """The frozen configuration, relative to the experiment; None when the layout has none."""
        return next(
            (entry.single for entry in self.kind.entries if entry.fields == "run.config" and entry.single),
            None,
        )

    @property
    def config_digest(self) -> str:
        """The digest of the frozen configuration: of its file, where the layout has one."""
        data = read_bytes(self.directory, self.config_file) if self.config_file else None
        return digest_bytes(data) if data is not None else self.record.provenance.config.digest

    def imported(self) -> ImportRecord | None:
        """Return what it took over from a legacy folder; None when it did not, or its record is damaged.

        With a damaged record its import counts as not completed, and to import again mends it.
        """
        data = read_bytes(self.directory, IMPORTED)
        try:
            return parse_import(data) if data is not None else None
        except RunpactError:
            return None

    def write_view(self) -> None:
        """Derive the manifest of the experiment again; only who holds its lock may."""
        rows = self.rows()
        document = view_document(
            self.record,
            rows,
            aliases=self.aliases(rows),
            stale=self.stale(rows),
            config_digest=self.config_digest,
            imported=self.imported(),
        )
        data = msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
        name = self.record.records["manifest"]
        if read_bytes(self.directory, name) != data:
            replace_record(self.directory, name, data)


def read_asked(directory: str) -> Asked:
    """Return what was last asked of an experiment; nothing when its record cannot be read."""
    return parse_asked(read_bytes(directory, PIPELINE))
