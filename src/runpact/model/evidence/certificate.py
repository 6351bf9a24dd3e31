"""The certificate, schema v1: its fields and its one form in bytes.

Knows: names and types of every field; how a certificate is written and read back.
Does not know: what its values follow from (`build`).
"""

# No deferred annotations: the decoder would evaluate each as text, which costs every command milliseconds.

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from runpact.model.contract.surroundings import Gate, Guard
from runpact.model.digest import canonical_json, digest_bytes
from runpact.model.evidence.gate import GateResult
from runpact.model.evidence.guard import GuardResult
from runpact.model.evidence.outcome import Cause, Decision
from runpact.model.evidence.window import (
    Attempt,
    Count,
    Digest,
    Direction,
    Edit,
    Link,
    Number,
    ReportMeta,
    Seeds,
)

SCHEMA_VERSION = "v1"
VOLATILE = ("/created_at", "/policy_provenance/resolved_at", "/producer", "/digest")
"""What does not follow from evidence and policy: who wrote the certificate and when."""


class CertificateMeta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was run."""

    model: str | dict[str, Number] | None
    """The subject, as its report describes it."""
    device: str | None
    seeds: Seeds
    """The subject's; the baseline's are equal."""


class CertificateData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What both were evaluated on."""

    dataset_hash: Digest
    tokenizer_hash: Digest
    """Of the encoder."""


class Coverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of an arm was used."""

    used: Count
    """Windows."""


class WindowStatistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The pairing, derived from the windows of both reports."""

    window_match_fraction: float
    """Share of windows that are equal in place, id, content and weight; 1 for a pair."""
    window_overlap_fraction: float
    """Share of windows that stand in more than one arm; always 0, others are refused."""
    paired_windows: Count
    """Windows that were compared; 0 without a pair."""
    coverage: dict[str, Coverage]
    """By arm."""


class DatasetWindows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The windows of the subject."""

    preview: Count
    final: Count
    seed: int
    """Of the choice of windows."""
    schedule: Digest | None
    """Digest of the common schedule; null without a pair."""
    stats: WindowStatistics


class Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data and how they were cut into windows."""

    provider: str
    split: str
    seq_len: Annotated[int, msgspec.Meta(ge=1)]
    """Length of a window, in units of the encoder; 1 where windows have none."""
    stride: int | None
    windows: DatasetWindows


class CertificateMetric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The metric that is compared, recomputed from the windows."""

    kind: str
    unit: str
    direction: Direction
    link: Link
    preview: float | None
    """Weighted mean of the subject's arm `preview`; null without such an arm."""
    final: float
    """Weighted mean of the subject's arm `final`."""
    baseline_final: float
    """The same of the baseline."""
    ratio_vs_baseline: float | None
    """e to the power of the difference; null unless the link is `log`, or without a pair."""
    difference_vs_baseline: float | None
    """Subject − baseline; null without a pair."""
    display_ci: tuple[float | None, float | None]
    """Interval of the ratio, or of the difference where there is none."""
    ci: tuple[float | None, float | None]
    """Interval of the difference."""
    ci_level: float
    reps: Count
    """Resamples."""
    gating_basis: Literal["value", "lower", "upper", "none"]
    """What the first gate on this metric holds against its bound."""
    aggregation_scope: Literal["final"]
    estimated: Literal[False]


class Statistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the interval was computed."""

    method: Literal["bca-bootstrap"]
    stream: Literal["runpact.bootstrap/1"]
    seed: str
    """Hex digits; derived from the evidence."""
    resamples: Count
    confidence: float
    windows: Count
    effective_windows: float
    """As many windows of equal weight would tell as much."""
    estimate: float
    lower: float
    upper: float
    bias: float
    acceleration: float
    spread: float


class EvidenceReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that the certificate rests on."""

    role: Literal["subject", "baseline"]
    path: str
    """Relative to the certificate's folder."""
    sha256: Digest
    size: Count
    """Bytes."""


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the subject is compared with."""

    report_path: str
    """As in the evidence."""
    run_id: str


class Artifacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the subject's report is, and what its run kept elsewhere."""

    report_path: str
    """Relative to the certificate's folder."""
    events_path: str
    """Relative to the subject's run; not part of the evidence."""


class Plugins(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What took part, by name."""

    adapters: tuple[str, ...]
    edits: tuple[str, ...]
    guards: tuple[str, ...]
    """All that the subject's report has."""


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Short answers; true only for what was shown."""

    paired: bool
    primary_metric_acceptable: bool
    """Every gate passes."""
    preview_final_drift_acceptable: bool | None = None
    """Of the guard `metric_drift`; absent when the policy has none."""
    invariants_pass: bool | None = None
    """Of the guard `invariants`."""
    variance_acceptable: bool | None = None
    """Of the guard `variance`."""


class PolicyDigest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which policy judged."""

    policy_version: Literal["1"]
    tier_policy_name: str
    thresholds_hash: Digest
    """Over gates, guards, `minimum_windows`, `maximum_width` and `confidence` alone."""
    hysteresis: dict[str, Number]
    """Always empty: a decision does not depend on earlier ones."""
    min_effective: Count
    """Windows that the policy demands."""
    changed: bool
    """Whether the subject was made under another policy."""


class ResolvedPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The policy that judged, every key said."""

    profile: Literal["dev", "ci", "release"]
    gates: tuple[Gate, ...]
    guards: tuple[Guard, ...]
    minimum_windows: int | None
    maximum_width: float | None
    confidence: float
    confinement: str | None
    provenance: tuple[str, ...]
    signature: Literal["optional", "required", "waived"]


class PolicyProvenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the policy came from."""

    tier: str
    overrides: tuple[str, ...]
    """Always empty: a tier is taken whole."""
    policy_digest: Digest
    """Of `resolved_policy`."""
    resolved_at: str
    """When; volatile."""


class CertificateAuto(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The policy that the subject was made under, as its report says."""

    tier: str | None
    policy_digest: Digest | None
    """Equal to that of `resolved_policy` in every certificate that passes."""


class Variance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the variance guard measured."""

    tap: str
    targets: tuple[str, ...]


class Producer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What wrote the certificate; volatile."""

    name: str
    version: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a comparison of a subject with its baseline came to, under a policy."""

    schema_version: Literal["v1"]
    run_id: Annotated[str, msgspec.Meta(min_length=4)]
    """Of the subject."""
    meta: CertificateMeta
    dataset: Dataset
    data: CertificateData
    primary_metric: CertificateMetric
    statistics: Statistics | None
    """Null without a pair."""
    validation: Validation
    gates: tuple[GateResult, ...]
    guards: tuple[GuardResult, ...]
    variance: Variance | None
    """Null when the policy has no guard `variance`."""
    decision: Decision
    reasons: tuple[Cause, ...]
    """Why it is not `pass`; empty for a pass."""
    limitations: tuple[str, ...]
    """What the evidence cannot show."""
    attempt: Attempt | None
    """The subject's attempts, as its report recorded them when its run wrote it."""
    auto: CertificateAuto
    policy_digest: PolicyDigest
    resolved_policy: ResolvedPolicy
    policy_provenance: PolicyProvenance
    evidence: tuple[EvidenceReference, ...]
    """The reports of subject and baseline."""
    baseline: Baseline
    artifacts: Artifacts
    plugins: Plugins
    edit: Edit
    """What was changed in the subject, as its report says."""
    producer: Producer
    created_at: str
    """When it was written; volatile."""
    digest: Digest
    """SHA-256 over the RFC 8785 form of the certificate without this field."""


def sealed(fields: Mapping[str, object]) -> dict[str, object]:
    """Return a certificate's document: all its other fields, and the digest of them."""
    return {**fields, "digest": digest_bytes(canonical_json(dict(fields)))}


def forms_of(document: Mapping[str, object]) -> tuple[bytes, str]:
    """Return a document's one form in bytes, and the digest over its fields but `digest`.

    Raises:
        ValueError: It has none: a number is beyond the range of JSON.
    """
    parts = {key: canonical_json({key: document[key]})[1:-1] for key in sorted(document)}
    rest = b",".join(part for key, part in parts.items() if key != "digest")
    return _formatted(b"{" + b",".join(parts.values()) + b"}"), digest_bytes(b"{" + rest + b"}")


def without_volatile(document: Mapping[str, object]) -> dict[str, object]:
    """Return a certificate's document without what does not follow from evidence and policy."""
    rest: dict[str, object] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            rest[key] = {name: each for name, each in value.items() if f"/{key}/{name}" not in VOLATILE}
        else:
            rest[key] = value
    return {key: value for key, value in rest.items() if f"/{key}" not in VOLATILE}


def render(document: object) -> bytes:
    """Return the one form of a certificate in bytes: keys in order, one to a line."""
    return _formatted(canonical_json(document))


def _formatted(data: bytes) -> bytes:
    return msgspec.json.format(data, indent=1) + b"\n"


def label_of(meta: ReportMeta, tier: str) -> str:
    """Return the name of a subject's folder, `<nickname>_<tier>_<YYYYMMDD>T<HHMM>Z`, by its report alone."""
    parts = [meta.nickname or meta.run_id, tier]
    if meta.started is not None:
        digits = meta.started.replace("-", "").replace(":", "")
        parts.append(f"{digits[:13]}Z")
    return "_".join(parts)
