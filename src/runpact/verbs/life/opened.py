"""A run that is open for writing, and what is known of it.

Knows: its record, its kind, its events.
Does not know: how it was started, how it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec

from runpact.disk.writer import RunWriter
from runpact.formats.encode import plain_data
from runpact.host import clock
from runpact.host.guard import Guard
from runpact.host.watch import Moment
from runpact.model.confinement import Enforcement, LeftRunning, Stray, without_host
from runpact.model.contract.language import Contract, Kind
from runpact.model.errors import UsageError
from runpact.model.evidence.announced import Announced
from runpact.model.frames import Row
from runpact.model.inputs import Input
from runpact.model.manifest import FileRecord
from runpact.model.provenance import Provenance
from runpact.model.recordmasker import RecordMasker
from runpact.model.recovery import Label
from runpact.model.run import RunRecord, Standing, State
from runpact.model.territory import Territory
from runpact.verbs.life.worklog import WorkLog

if TYPE_CHECKING:
    from runpact.model.runpage.facts import OwnForm

_RESERVED = frozenset({"seq", "time", "event", "crc"})


class KeptInput(msgspec.Struct, frozen=True):
    """An input with what it takes to compare it again."""

    input: Input
    place: str
    """Absolute path."""
    stamp: tuple[int, ...]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps an open run's writes inside, or sees afterwards that they were not."""

    mode: str
    territory: Territory
    guard: Guard
    moment: Moment
    """When it began."""
    roots: tuple[str, ...]
    """Folders to compare at the end."""
    homes: frozenset[str] = frozenset()
    """Folders below them that runs stand in."""
    gaps: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    """Globs that a program may write, and not runpact alone."""
    watched: tuple[str, ...] = ()
    """Folders of which nothing may be written but what is free."""


class Registry(msgspec.Struct, frozen=True):
    """The contract whose views list a run once it has finished."""

    contract: Contract
    is_own: bool
    """It is the workspace's own, not one that the caller named."""
    is_patient: bool = False
    """The run is one of many that follow each other closely: the views may be some seconds late."""


class Traced(NamedTuple):
    """What a command was seen to do where it should not."""

    writes: tuple[Stray, ...]
    undeclared: tuple[str, ...]
    """Files that it read, or was refused, shown as records show paths."""
    is_complete: bool
    """There was room for all of them."""


class OpenRun:
    """The parts of an open run that the verbs on it share."""

    left: tuple[LeftRunning, ...] = ()
    """Processes that its command left behind."""
    is_trial = False
    """One of many that follow each other closely."""
    has_met_refusal = False
    """The kernel held its command, which printed what programs print when something is refused to them."""

    def __init__(
        self,
        writer: RunWriter,
        record: RunRecord,
        kind: Kind,
        *,
        root: str,
        began: float,
        config: Mapping[str, object],
        masker: RecordMasker,
        names: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Store the parts.

        Args:
            writer: Holds the run's lock.
            record: Its birth record.
            kind: The kind it is of.
            root: Absolute data root of the workspace.
            began: When it was published, on the monotonic clock.
            config: The resolved configuration with its secrets, which are nowhere recorded.
            masker: Masks what is recorded.
            names: What expressions of its layout know besides `run`.
        """
        self.names = dict(names)
        """What expressions of its layout know besides `run`; more may join until the run ends."""
        self.config = config
        self.typed: object = None
        """The resolved configuration as a value of the type that was asked for; None without one."""
        self.masker = masker
        self.writer = writer
        self.record = record
        self.kind = kind
        self.root = root
        self.began = began
        self.stored: dict[str, FileRecord] = {}
        """What was written through runpact so far, artifacts and the files it was born with, by path."""
        self.derived: dict[str, str | None] = {}
        """Digests of the layout's files as runpact wrote them, by path; None where any content is its own."""
        self.inputs: dict[str, KeptInput] = {}
        """What it read so far, by name."""
        self.input_at: dict[str, str] = {}
        """First name of an input by its absolute path."""
        self.held: Held | None = None
        """What keeps the run's writes inside, while it is open."""
        self.confinement = record.provenance.confinement
        """How it was kept from writing elsewhere, its paths as people are told them."""
        self.around: tuple[str, ...] = ()
        """Absolute folders of which nothing else may be written."""
        self.enforced = Enforcement()
        """How the kernel held its command."""
        self.wanted = ""
        """The level that was asked of the kernel; empty when none was."""
        self.traced: Traced | None = None
        """What its command was seen to do to files; None when it was not traced."""
        self.adopted: tuple[Input, ...] = ()
        """What the processes of its command read."""
        self.labels: dict[str, Label] = {}
        """What is said of files that others than this object wrote, by path."""
        self.frames: dict[str, dict[str, Row]] = {}
        """What is said of each typed prediction by its path, by the document that is to say so."""
        self.announced = Announced()
        """What was said of its evidence before it began."""
        self.registry: Registry | None = None
        """Who lists the run; None where no view does."""
        self.worklog: WorkLog | None = None
        """What the run tells the log of all runs; None where there is none, or another process tells it."""
        self.is_lost = False
        """Its own process is gone, and told nobody how it ended."""
        self.own_form: Callable[[], OwnForm] | None = None
        """Returns what pages about it say first; None of a run of no special sort."""
        self.standing = Standing(State.RUNNING)

    def listed_by(self, contract: Contract, *, is_own: bool) -> Self:
        """Return the run, to be listed by the registry views of a contract, if it has some.

        Args:
            contract: The one it was made under.
            is_own: It is the workspace's own.
        """
        if contract.workspace.indexes:
            self.registry = Registry(contract, is_own, self.is_trial)
        return self

    @property
    def id(self) -> str:
        """Name of the run's directory."""
        return self.record.id

    @property
    def uid(self) -> str:
        """The run's identity, a UUIDv7."""
        return self.record.uid

    @property
    def name(self) -> str:
        """The name it was started with."""
        return self.record.name

    @property
    def started(self) -> str:
        """When it was published, RFC 3339 UTC."""
        return self.record.started

    @property
    def dir(self) -> str:
        """Absolute path of the run directory."""
        return self.writer.directory

    @property
    def provenance(self) -> Provenance:
        """Where the run comes from, as far as it is known now."""
        recorded = self.record.provenance
        inputs = (*(kept.input for kept in self.inputs.values()), *self.adopted)
        confinement = self.confinement
        if recorded.host is None:
            confinement = without_host(confinement, around=self.around)
        return msgspec.structs.replace(
            recorded, inputs=inputs, confinement=confinement, masking=self.masker.masking
        )

    def event(self, event: str, /, **fields: object) -> int:
        """Append an event to the run's log and return its number; secrets in it are masked.

        Args:
            event: Dotted name, as in `eval.started`.
            fields: Strict JSON data; `seq`, `time`, `event` and `crc` are taken.

        Raises:
            UsageError: The name is no text, or a field's name is taken.
            ValueRefusedError: A field is not strict JSON data; nothing was recorded.
        """
        taken = _RESERVED & fields.keys()
        if taken:
            raise UsageError(f"an event cannot carry the field `{min(taken)}`", hint="choose another name")
        name = plain_data(event)
        if not isinstance(name, str) or not name:
            raise UsageError("an event's name is a text", expected="a dotted name", got=f"{event!r:.60}")
        masked = self._masked(fields)
        name = self.masker.text("events", name)
        number = self.note(name, **masked)
        if self.worklog is not None:
            self.worklog.said("", name, masked)
        return number

    def note(self, event: str, /, **fields: object) -> int:
        """Append an event of runpact's own, whose fields name files or are masked already."""
        return self.writer.event({"time": clock.now(), "event": event, **fields})

    def _masked(self, fields: dict[str, object]) -> dict[str, object]:
        """Return an event's fields as plain data without secrets."""
        plain = plain_data(fields)
        masked = self.masker.settings("events", plain)
        return msgspec.convert(masked, dict[str, object])
