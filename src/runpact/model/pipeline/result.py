"""What an attempt at a stage came to.

Knows: the document, and the digests that tell whether a stage must run again.
Does not know: how a verdict follows, files.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Mapping
from typing import Literal

import msgspec

from runpact.model.digest import digest_of_value
from runpact.model.finding import Finding, Verdict
from runpact.model.versioned import encode_record, parse_record

RESULT_FORMAT = "runpact.stage-result/1"

Source = Literal["cli", "manifest", "contract", "legacy"]
"""Who named the place of an input: the command line, the record of the experiment, the contract (what stands
outside), the legacy resolver."""
Launcher = Literal["pipeline", "stage"]
"""Who began an attempt: the orchestrator, or the stage's own program, started by hand."""


class Producer(msgspec.Struct, frozen=True):
    """The attempt that made an artifact."""

    stage: str
    """Id of the stage, `02`."""
    uid: str
    """Of the attempt."""


class StageInput(msgspec.Struct, frozen=True, kw_only=True):
    """One file that a stage reads behind an alias."""

    alias: str
    path: str
    """Where it really stands: relative to the experiment (with `..` in the workspace), else absolute."""
    digest: str
    size: int
    producer: Producer | None = None
    """None when no stage of this experiment made it."""
    source: Source = "manifest"
    resolved_from_legacy: bool = False


class StageOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One file that a stage wrote behind an alias."""

    alias: str
    path: str
    """Relative to the experiment."""
    digest: str
    size: int
    type: str = ""
    """Artifact type, `Name@version`, or empty."""


class CodeFile(msgspec.Struct, frozen=True):
    """A file of a stage's code; `path` is relative to the workspace."""

    path: str
    digest: str


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What the outputs of a stage follow from, each part as a digest, so that a change can be named."""

    command: str
    code: tuple[CodeFile, ...]
    config: str
    """Of the sections that the stage reads."""
    seed: str
    inputs: Mapping[str, str]
    """By alias: of the set of its files."""
    declaration: str
    """Of what the contract says the stage writes."""

    @property
    def digest(self) -> str:
        """The whole as one digest."""
        return digest_of_value(msgspec.to_builtins(self))


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """How a stage's program ended, as whoever ran it saw it."""

    exit_code: int | None
    """None when a signal ended it, or when it never began."""
    signal: int | None = None
    """The signal that ended it."""
    timed_out_seconds: float | None = None
    """It was stopped after so many seconds, because its time was over."""
    interrupted_by: int | None = None
    """The signal that the orchestrator received, and passed on."""
    log_fault: str | None = None
    """Why its output could not be stored."""
    never_began: str | None = None
    """Why the program was not started: an input closed the gate, or there is no such program."""
    duration_seconds: float = 0.0


class LogHeld(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a log that only ever grows."""

    count: int
    """Entries."""
    size: int
    """Bytes of these entries."""
    digest: str
    """Of these bytes."""


class ExperimentHeld(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt holds of the records of its experiment, which have no seal of their own."""

    record: str
    """Digest of the birth record, `.runpact/run.json`."""
    events: LogHeld
    """The log of the experiment, as far as it went."""


class StageResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt at a stage came to; `.runpact/result.json` of the attempt."""

    format: str = RESULT_FORMAT
    stage: str
    """Id of the stage, `02`."""
    slug: str
    attempt: int
    """1 for the first."""
    launched_by: Launcher = "pipeline"
    status: Verdict
    exit_code: int
    """Of the verdict, 0 to 3; `measured` has the program's own."""
    measured: Measured
    findings: tuple[Finding, ...] = ()
    """Every reason for the status: of the inputs, the program's end and claim, the outputs, the confinement;
    paths relative to the experiment."""
    inputs: tuple[StageInput, ...] = ()
    outputs: tuple[StageOutput, ...] = ()
    basis: Basis | None = None
    """None when the inputs did not let the stage begin."""
    seed: str | int | float | bool | None = None
    named: Mapping[str, str] = {}
    """What `--input` named, by alias, for the next attempt: relative to the data root, else absolute."""
    experiment: ExperimentHeld | None = None
    """None of an attempt that an earlier version made."""

    @property
    def is_usable(self) -> bool:
        """Whether a consumer may read the outputs: OK or WARNING."""
        return self.status in {Verdict.OK, Verdict.WARNING}

    @property
    def name(self) -> str:
        """`NN_slug`."""
        return f"{self.stage}_{self.slug}"


def encode_result(result: StageResult) -> bytes:
    """Return a result's bytes."""
    return encode_record(result)


def parse_result(data: bytes) -> StageResult:
    """Read a result.

    Raises:
        MalformedDocumentError: It is not one.
        UnknownVersionError: Its major version is not 1.
    """
    return parse_record(data, StageResult, what="the result of a stage", expected=RESULT_FORMAT)
