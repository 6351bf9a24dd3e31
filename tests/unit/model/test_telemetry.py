"""What an event of telemetry may say."""

from __future__ import annotations

import pytest

from runpact.model.errors import ValueRefusedError
from runpact.model.telemetry import LARGEST_COUNT, MOST_CLASSES, StatsEvent, read_event, utc_text

EVENT = {
    "source_id": "camera-1",
    "ts_utc": "2025-01-01T12:00:00Z",
    "total_detections": 3,
    "counts_by_class": {"seven": 2, "one": 1},
    "latency_ms": 4.5,
}


def test_a_row_has_what_the_table_has() -> None:
    assert read_event(EVENT).row == ("camera-1", "2025-01-01T12:00:00.000000Z", 3, '{"one":1,"seven":2}', 4.5)


def test_an_event_is_taken_as_it_is() -> None:
    event = read_event(EVENT)
    assert read_event(event) is event


def test_a_whole_number_of_milliseconds_is_stored_as_a_real_one() -> None:
    latency = read_event(EVENT | {"latency_ms": 4}).row[4]
    assert isinstance(latency, float)


@pytest.mark.requirement("D10.10")
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2025-01-01T12:00:00Z", "2025-01-01T12:00:00.000000Z"),
        ("2025-01-01T12:00:00+00:00", "2025-01-01T12:00:00.000000Z"),
        ("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500000Z"),
        ("2025-01-01T12:00:00.123456789+00:00", "2025-01-01T12:00:00.123456Z"),
    ],
)
def test_a_time_in_utc_is_kept_in_one_form(said: str, kept: str) -> None:
    assert utc_text(said) == kept


@pytest.mark.requirement("D10.10")
@pytest.mark.parametrize(
    "moment",
    [
        "yesterday-ish",
        "",
        "2025-01-01",
        "2025-01-01T12:00:00",
        "2025-01-01 12:00:00Z",
        "2025-01-01T12:00:00+02:00",
        "2025-01-01T12:00:00-00:00",
        "2025-02-29T12:00:00Z",
        "2025-01-01T24:61:00Z",
        "2025-01-01T12:00:00Z\n",
        "٢٠٢٥-01-01T12:00:00Z",
        1735732800,
        None,
    ],
)
def test_what_is_no_time_in_utc_is_refused(moment: object) -> None:
    with pytest.raises(ValueRefusedError, match="ts_utc") as caught:
        utc_text(moment)
    assert "ISO 8601" in caught.value.expected


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source_id": ""}, "source_id"),
        ({"source_id": "a\nb"}, "source_id"),
        ({"source_id": "x" * 201}, "source_id"),
        ({"ts_utc": "yesterday-ish"}, "ts_utc"),
        ({"total_detections": 4}, "total_detections"),
        ({"counts_by_class": {"one": -1, "two": 4}}, "counts_by_class.one"),
        ({"counts_by_class": {"": 3}}, "counts_by_class"),
        ({"counts_by_class": {f"c{n}": 0 for n in range(MOST_CLASSES + 1)}}, "counts_by_class"),
        ({"counts_by_class": {"one": LARGEST_COUNT, "two": 1}}, "counts_by_class"),
        ({"latency_ms": -1.0}, "latency_ms"),
        ({"latency_ms": float("inf")}, "latency_ms"),
        ({"latency_ms": float("nan")}, "latency_ms"),
        ({"total_detections": True}, "total_detections"),
        ({"total_detections": "3"}, "total_detections"),
        ({"latency_ms": None}, "latency_ms"),
        ({"extra": 1}, "extra"),
    ],
)
def test_what_is_no_event_is_refused_by_field(change: dict[str, object], told: str) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        read_event(EVENT | change)
    assert told in caught.value.message


@pytest.mark.parametrize(
    "change", [{"total_detections": True}, {"latency_ms": True}, {"source_id": 5}, {"counts_by_class": None}]
)
def test_an_event_made_in_python_is_checked_as_one_that_was_parsed(change: dict[str, object]) -> None:
    with pytest.raises(ValueRefusedError):
        StatsEvent(**(EVENT | change))  # type: ignore[arg-type] # wrong types are the point


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ValueRefusedError, match="latency_ms"):
        read_event({key: value for key, value in EVENT.items() if key != "latency_ms"})
