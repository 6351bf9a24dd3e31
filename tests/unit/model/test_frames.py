"""Frames: where they stand, what the document says, what a log proves after a kill."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from runpact.model.contract.entry import Array, Entry
from runpact.model.contract.kind import Kind
from runpact.model.errors import UsageError, ValueRefusedError
from runpact.model.frames import (
    BEGUN,
    PATTERN,
    frame_place,
    frames_document,
    logged_frames,
    parted_frames,
    plain_id,
    plain_timestamp,
)


def test_without_entries_frames_stand_at_the_usual_place() -> None:
    place = frame_place(Kind(at="runs/{name}"))
    assert (place.pattern, place.metadata) == (PATTERN, "artifacts/predictions/metadata.json")
    assert place.folder == "artifacts/predictions"
    assert place.path_of(7) == "artifacts/predictions/frame_0007.npz"
    assert place.path_of(12345) == "artifacts/predictions/frame_12345.npz"


def test_a_contract_says_where_frames_stand_and_what_they_are() -> None:
    arrays = {"depth": Array(finite=True), "d*": Array(dtype="<f4")}
    entries = (
        Entry(files="out/{camera:slug}.npz", as_="predictions", type_="Depth@1", arrays=arrays),
        Entry(file="out/about.json", as_="frames"),
    )
    place = frame_place(Kind(at="runs/{name}", entries=entries))
    assert (place.metadata, place.type) == ("out/about.json", "Depth@1")
    assert place.path_of("left") == "out/left.npz"
    assert place.clauses_of("depth") == (Array(finite=True), Array(dtype="<f4"))
    assert place.clauses_of("other") == ()


@pytest.mark.parametrize("pattern", ["a/*.npz", "a/{x}_{y}.npz", "a/{x}.bin", "a/{x:nothing}.npz"])
def test_a_pattern_that_makes_no_path_of_an_id_is_passed_over(pattern: str) -> None:
    entries = (Entry(files=pattern, as_="predictions"), Entry(dir="b", as_="predictions"))
    assert frame_place(Kind(at="runs/{name}", entries=entries)).pattern == PATTERN


@pytest.mark.parametrize(("given", "plain"), [(3, 3), (np.int64(4), 4), ("left", "left")])
def test_an_id_is_a_whole_number_or_a_text(given: int | str, plain: int | str) -> None:
    assert plain_id(given) == plain
    assert type(plain_id(given)) is type(plain)


@pytest.mark.parametrize("given", ["", True, 1.5, None])
def test_anything_else_is_no_id(given: object) -> None:
    with pytest.raises(UsageError, match="id"):
        plain_id(given)


@pytest.mark.parametrize("given", [-1, "one", "../x"])
def test_an_id_must_fit_the_pattern(given: object) -> None:
    with pytest.raises(UsageError, match="is no id of a frame"):
        frame_place(Kind(at="runs/{name}")).path_of(given)


def test_a_time_is_seconds_or_a_moment_with_a_zone() -> None:
    assert plain_timestamp(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00+00:00"
    for given in (1.5, 0, 1_700_000_000_000_000_000, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5+01:00"):
        assert plain_timestamp(given) == given


NO_TIME = (datetime(2026, 1, 2), None, True, "x", "", "2026-01-02", "12", -1, -0.5, float("nan"), [1], {})  # noqa: DTZ001 - what is to be refused


@pytest.mark.parametrize("given", NO_TIME)
def test_what_tells_no_time_is_refused_with_what_is_expected(given: object) -> None:
    with pytest.raises(ValueRefusedError, match="timestamp") as caught:
        plain_timestamp(given)
    assert (caught.value.got, "seconds from 0 on" in str(caught.value.expected)) == (f"{given!r:.60}", True)


def test_the_document_lists_frames_in_the_order_of_their_ids() -> None:
    rows = [{"frame_id": each} for each in (10, "b", 2, "a")]
    assert frames_document(rows) == (
        b'{\n "frames": [\n  {"frame_id":2},\n  {"frame_id":10},\n  {"frame_id":"a"},\n  {"frame_id":"b"}\n ]\n}\n'
    )


SAVED = {"event": "artifact.saved", "path": "p/frame_0001.npz", "size": 3, "digest": "d", "about": "p/m.json"}


def test_a_log_tells_of_the_frames_that_were_acknowledged() -> None:
    frame = {**SAVED, "frame": {"frame_id": 1}}
    events = [
        SAVED,
        frame,
        {**frame, "size": "x"},
        {"event": "artifact.saved", "frame": {}},
        {"event": "other"},
    ]
    (found,) = logged_frames(events).values()
    assert (found.path, found.size, found.about, found.frame) == (
        "p/frame_0001.npz",
        3,
        "p/m.json",
        {"frame_id": 1},
    )


def test_after_a_kill_only_whole_acknowledged_frames_count() -> None:
    begun = {"event": BEGUN, "pattern": "p/frame_{frame:04}.npz"}
    bad = {"event": BEGUN, "pattern": "p/{"}
    frames = [{**SAVED, "path": f"p/frame_{n:04}.npz", "frame": {"frame_id": n}} for n in range(4)]
    sizes = {
        "p/frame_0000.npz": 3,
        "p/frame_0001.npz": 0,
        "p/frame_0003.npz": 3,
        "p/frame_0004.npz": 3,
        "p/x": 1,
    }
    whole, others = parted_frames([begun, bad, *frames], sizes)
    assert [frame.path for frame in whole] == ["p/frame_0000.npz", "p/frame_0003.npz"]
    assert others == ["p/frame_0001.npz", "p/frame_0004.npz"]
    assert parted_frames(frames[:1], sizes)[1] == []
