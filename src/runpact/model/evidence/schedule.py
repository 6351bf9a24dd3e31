"""Which windows were evaluated, and whether two reports evaluated the same.

Knows: the digest of a schedule; every way in which two reports fail to be a pair.
Does not know: values, policies.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from runpact.model.digest import canonical_json, digest_bytes, digest_of_value
from runpact.model.evidence.refusal import EvidenceError
from runpact.model.evidence.window import EvidenceReport, Window

_FORMAT = "runpact.schedule/1"


def schedule_digest(report: EvidenceReport) -> str:
    """Return the digest over arms and their windows in order: id, content and weight, no value.

    It is that of the RFC 8785 form of `{"arms": {arm: [[id, content_digest, weight], …]}, "format": …}`.
    """
    arms = {arm: _rows(windows) for arm, windows in report.evaluation_windows.items()}
    if all(type(row[2]) is int and row[0].isascii() for rows in arms.values() for row in rows):
        # Whole weights and plain ids have one form in every encoder, and this one is quick.
        names = sorted(arms, key=lambda arm: arm.encode("utf-16-be"))
        return digest_bytes(
            msgspec.json.encode({"arms": {arm: arms[arm] for arm in names}, "format": _FORMAT})
            if all(map(str.isascii, names))
            else canonical_json({"arms": arms, "format": _FORMAT})
        )
    return digest_of_value({"arms": arms, "format": _FORMAT})


def _rows(windows: tuple[Window, ...]) -> list[tuple[str, str, int | float]]:
    return [(each.id, each.content_digest, _plain(each.weight)) for each in windows]


def _plain(weight: float) -> int | float:
    return int(weight) if weight.is_integer() else weight


def refuse_unpaired(subject: EvidenceReport, baseline: EvidenceReport) -> None:
    """Make sure that two reports are a pair.

    Raises:
        EvidenceError: They are not; the reason says in what they differ first.
    """
    for reason, expected, got in _differences(subject, baseline):
        if expected != got:
            raise EvidenceError(reason, expected=f"{expected}", got=f"{got}")


def _differences(subject: EvidenceReport, baseline: EvidenceReport) -> Iterator[tuple[str, object, object]]:
    """Yield what must be equal: the reason it is for, the baseline's and the subject's."""
    yield "dataset_differs", baseline.data.dataset_hash, subject.data.dataset_hash
    yield "split_differs", baseline.data.split, subject.data.split
    yield "encoder_differs", baseline.data.tokenizer_hash, subject.data.tokenizer_hash
    yield "settings_differ", _settings(baseline), _settings(subject)
    yield "seeds_differ", baseline.meta.seeds, subject.meta.seeds
    yield "metric_differs", _metric(baseline), _metric(subject)
    yield "lengths_differ", _lengths(baseline), _lengths(subject)
    for arm, windows in baseline.evaluation_windows.items():
        if _keys(windows) == _keys(subject.evaluation_windows[arm]):
            continue
        pairs = zip(windows, subject.evaluation_windows[arm], strict=True)
        old, new = next(pair for pair in pairs if _key(pair[0]) != _key(pair[1]))
        yield "windows_differ", f"{arm} {old.id}", f"{arm} {new.id}"
        yield "contents_differ", f"{old.id} {old.content_digest}", f"{new.id} {new.content_digest}"
        yield "weights_differ", f"{old.id} {old.weight}", f"{new.id} {new.weight}"


def _settings(report: EvidenceReport) -> str:
    data = report.data
    return f"{data.provider}, length {data.sequence_length}, stride {data.stride}, seed {data.window_seed}"


def _metric(report: EvidenceReport) -> str:
    metric = report.metrics.primary_metric
    return f"{metric.kind} in {metric.unit}, {metric.direction} is better, {metric.link}"


def _lengths(report: EvidenceReport) -> dict[str, int]:
    return {arm: len(windows) for arm, windows in sorted(report.evaluation_windows.items())}


def matching(subject: EvidenceReport, baseline: EvidenceReport) -> float:
    """Return the share of windows that are equal in place, id, content and weight."""
    total = matched = 0
    for arm in subject.evaluation_windows.keys() | baseline.evaluation_windows.keys():
        ours, theirs = (each.evaluation_windows.get(arm, ()) for each in (subject, baseline))
        total += max(len(ours), len(theirs))
        matched += sum(_key(a) == _key(b) for a, b in zip(ours, theirs, strict=False))
    return matched / total


def _keys(windows: tuple[Window, ...]) -> list[tuple[str, str, float]]:
    return [(each.id, each.content_digest, each.weight) for each in windows]


def _key(window: Window) -> tuple[str, str, float]:
    return window.id, window.content_digest, window.weight
