"""Evaluation windows, metrics, and what a report must say to be evidence.

Knows: types and limits of each field; other fields of a report may say what they like.
Does not know: pairing, policies, files.
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from typing import Annotated, Literal

import msgspec

Digest = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}$(?!\n)")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Weight = Annotated[float, msgspec.Meta(gt=0, le=1e15)]
Value = Annotated[float, msgspec.Meta(ge=-1e100, le=1e100)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Number = bool | int | float | str | None
FINAL = "final"
"""The arm that is compared."""
PREVIEW = "preview"
Link = Literal["log", "identity"]
Direction = Literal["lower", "higher"]


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One evaluation unit: what was looked at, how much it counts, what came out."""

    id: Name
    content_digest: Digest
    """Of what was evaluated: equal contents, equal digests."""
    weight: Weight
    """Tokens, bytes, rows …"""
    value: Value
    """In the unit of the metric."""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """What the values of the windows are."""

    kind: Name
    """As in `log_loss`."""
    unit: str
    direction: Direction
    """Which is better."""
    link: Link = "identity"
    """`log`: values are logarithms, and compared by their ratio; `identity`: by their difference."""


class PrimaryMetric(Metric, frozen=True, kw_only=True):
    """The metric with the weighted means of its arms, as the run computed them."""

    final: Value
    preview: Value | None = None
    """None without such an arm."""


class Seeds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seeds by library; null where a library is not used."""

    python: int | None
    numpy: int | None
    torch: int | None


class Attempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many attempts came before this run, in the same place."""

    number: Annotated[int, msgspec.Meta(ge=1)]
    """1 for the first."""
    earlier: tuple[str, ...]
    """Ids of those that stood there, oldest first."""


class ReportMeta(msgspec.Struct, frozen=True, kw_only=True):
    """Which run it was."""

    run_id: Annotated[str, msgspec.Meta(min_length=4, max_length=200)]
    seeds: Seeds
    seed_notes: dict[str, str] = {}
    """Why a seed is null, by library."""
    model: str | dict[str, Number] | None = None
    device: str | None = None
    attempt: Attempt | None = None
    nickname: str | None = None
    """The name that the run was started with."""
    started: (
        Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$(?!\n)")] | None
    ) = None


class ReportData(msgspec.Struct, frozen=True, kw_only=True):
    """What it was evaluated on."""

    dataset_hash: Digest
    tokenizer_hash: Digest
    """Of the encoder, whatever its sort."""
    split: str
    provider: str = "unknown"
    sequence_length: Annotated[int, msgspec.Meta(ge=1)] = 1
    stride: int | None = None
    window_seed: int = 0
    windows: dict[str, Count] = {}
    """Windows by arm, as the run counted them."""


class ReportAuto(msgspec.Struct, frozen=True):
    """The policy that the run was made under."""

    tier: str | None
    policy_digest: Digest | None


class ReportMetrics(msgspec.Struct, frozen=True):
    """What was measured."""

    primary_metric: PrimaryMetric


class MeasurementPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a guard measures."""

    tap: str
    """What it listens to, as in `block.out`."""
    matched: tuple[str, ...] = ()
    """What that was found to be."""


class GuardRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one guard measured in the run, and what it made of it."""

    name: Name
    verdict: Literal["pass", "warn", "fail", "skipped"]
    measurement_point: MeasurementPoint | str | None = None
    evidence: dict[str, Number | dict[str, Number] | list[Number]] = {}


class Edit(msgspec.Struct, frozen=True):
    """What was changed in the subject."""

    name: str
    deltas: dict[str, float]
    """How much, by name; zeros for a baseline."""


class ReportArtifacts(msgspec.Struct, frozen=True):
    """Where the run keeps what its report does not hold; relative to the run."""

    events_path: str = "events.jsonl"
    sidecar: str | None = None
    """Token ids and other bulk."""


class ReportConfinement(msgspec.Struct, frozen=True):
    """What was at work against writes outside the run when the report was written."""

    requested: str
    level: str


class ReportProvenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where the run comes from, in short."""

    commit: str | None = None
    dirty: bool | None = None
    config_digest: str | None = None
    locks: tuple[str, ...] = ()
    inputs: dict[str, str] = {}
    confinement: ReportConfinement | None = None


class EvidenceReport(msgspec.Struct, frozen=True, kw_only=True):
    """A run's report, as far as it is evidence."""

    schema_version: Literal["1.0"]
    meta: ReportMeta
    data: ReportData
    auto: ReportAuto
    metrics: ReportMetrics
    guards: tuple[GuardRecord, ...]
    edit: Edit
    evaluation_windows: dict[str, tuple[Window, ...]]
    artifacts: ReportArtifacts = ReportArtifacts()
    provenance: ReportProvenance = ReportProvenance()

    @property
    def final(self) -> tuple[Window, ...]:
        """The windows that are compared."""
        return self.evaluation_windows[FINAL]
