"""Typed predictions: a file for each frame and the document about them, in step."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import (
    CannotStartError,
    ClosedRunError,
    ContractBrokenError,
    MalformedDocumentError,
    StorageError,
    UnsafeNameError,
    UsageError,
    ValueRefusedError,
    WriteOnceError,
)

CAMERA = {"fx": 500.0, "fy": 500.0, "cx": 8, "cy": 8}
CONTRACT = """\
contract: test.frames
version: "1.0.0"
extends: runpact:project-run@1
types:
  FramePrediction@1:
    format: npz
    arrays:
      depth: {dtype: "<f4", finite: true}
      mask: {dtype: bool, required: false}
kinds: {run: {made_by: ["**"]}}
"""


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace whose frames have a type."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def depth(value: float = 1.0, dtype: str = "<f4") -> np.ndarray:
    return np.full((4, 4), value, dtype=dtype)


def made(body: Callable[[runpact.ActiveRun], None]) -> None:
    """Make a run of what is done in it."""
    with runpact.run(name="p", config={}) as run:
        body(run)


def written(place: Place, count: int, *, dtype: str = "<f4", **said: object) -> runpact.ActiveRun:
    with runpact.run(name="p", config={"a": 1}) as run:
        with run.predictions(contract_version="1.0", **({"intrinsics": CAMERA} | said)) as frames:
            for number in range(count):
                frames.write(number, timestamp=number / 30, depth=depth(number, dtype), mask=depth() > 0)
        run.save("metrics", {"loss": 0.5})
    return run


@pytest.mark.requirement("A-012", "A-013", "A-014", "A-035", "A-036", "A-037", "A-038", "A-039")
def test_each_frame_has_its_file_and_its_row(place: Place) -> None:
    run = written(place, 3)
    folder = Path(run.dir) / "artifacts/predictions"
    assert sorted(each.name for each in folder.iterdir()) == [
        "frame_0000.npz",
        "frame_0001.npz",
        "frame_0002.npz",
        "metadata.json",
    ]
    rows = json.loads((folder / "metadata.json").read_text())["frames"]
    assert rows[2] == {"frame_id": 2, "timestamp": 2 / 30, "intrinsics": CAMERA, "contract_version": "1.0"}
    assert (place.call("check")[0], place.call("verify", run.id)[0]) == (0, 0)
    files = json.loads((Path(run.dir) / "run_manifest.json").read_text())["files"]
    assert {each["type"] for each in files if each["path"].endswith(".npz")} == {"FramePrediction@1"}


@pytest.mark.parametrize("spelled", ["float32", "f4", "[float16, single]"])
def test_writer_and_check_read_the_type_of_an_array_alike(place: Place, spelled: str) -> None:
    place.write("contract.yaml", (place.root / "contract.yaml").read_text().replace('"<f4"', spelled))
    run = written(place, 1)
    assert place.call("check", run.id)[0] == 0
    with pytest.raises(ValueRefusedError, match="another type"):
        written(place, 1, dtype="<f8")


def test_frames_are_read_back_one_by_one(place: Place) -> None:
    run = written(place, 3)
    for found in (runpact.open_run(run.id), runpact.read(runpact.open_run(run.id))):
        frames = list(found.predictions())
        assert [frame.frame_id for frame in frames] == [0, 1, 2]
        np.testing.assert_array_equal(frames[2]["depth"], depth(2))
        assert sorted(frames[1].arrays) == ["depth", "mask"]
        assert (frames[1].timestamp, frames[1].intrinsics) == (1 / 30, CAMERA)


def test_the_frames_of_an_open_run_are_those_written_so_far(place: Place) -> None:
    with runpact.run(name="p", config={}) as run:
        frames = run.predictions(contract_version="1.0", intrinsics=np.eye(3))
        frames.write(7, timestamp="2026-01-01T00:00:00Z", depth=depth())
        (frame,) = runpact.open_run(run.dir).predictions()
        assert (frame.frame_id, frame["depth"].shape, len(frames)) == (7, (4, 4), 1)
        assert frame.intrinsics == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        run.save("metrics", {"loss": 0.5})
    assert place.call("check")[0] == 0


def test_a_run_that_fails_keeps_its_frames_and_their_document(place: Place) -> None:
    def body(run: runpact.ActiveRun) -> None:
        with run.predictions(contract_version="1.0", intrinsics=CAMERA) as frames:
            frames.write(0, timestamp=0, depth=depth())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        made(body)
    assert len(list(runpact.open_run(place.runs()[0]["path"]).predictions())) == 1
    assert place.call("check")[0] == 0


@pytest.mark.requirement("A-038", "A-041")
def test_intrinsics_may_stand_in_a_file_of_the_run(place: Place) -> None:
    with runpact.run(name="p", config={}) as run:
        with pytest.raises(CannotStartError, match=r"no file `camera\.json`"):
            run.predictions(contract_version="1.0", intrinsics_ref="camera.json")
        with pytest.raises(UnsafeNameError):
            run.predictions(contract_version="1.0", intrinsics_ref="../../metrics.json")
        run.save("artifacts/predictions/camera.json", CAMERA)
        frames = run.predictions(contract_version="1.0", intrinsics_ref="camera.json")
        frames.write(0, timestamp=0, depth=depth())
        frames.write(1, timestamp=1, depth=depth(), intrinsics={"fx": 1})
        run.save("metrics", {"loss": 0.5})
    first, second = runpact.open_run(run.id).predictions()
    assert (first.intrinsics_ref, first.intrinsics, second.intrinsics) == ("camera.json", None, {"fx": 1})
    assert place.call("check")[0] == 0


@pytest.mark.requirement("A-041")
def test_a_reference_to_no_file_is_found_by_the_check(place: Place) -> None:
    def body(run: runpact.ActiveRun) -> None:
        camera = run.save("artifacts/predictions/camera.json", CAMERA)
        frames = run.predictions(contract_version="1.0", intrinsics_ref="camera.json")
        frames.write(0, timestamp=0, depth=depth())
        run.save("metrics", {"loss": 0.5})
        Path(camera).unlink()

    with pytest.raises(ContractBrokenError, match="intrinsics"):
        made(body)
    assert "A-041" in place.call("check")[1]


@pytest.mark.requirement("A-040")
@pytest.mark.parametrize("spoil", ["lost", "added"])
def test_files_and_rows_that_do_not_match_are_found_by_the_check(place: Place, spoil: str) -> None:
    def body(run: runpact.ActiveRun) -> None:
        frames = run.predictions(contract_version="1.0", intrinsics=CAMERA)
        path = Path(frames.write(0, timestamp=0, depth=depth()))
        frames.write(1, timestamp=1, depth=depth())
        run.save("metrics", {"loss": 0.5})
        if spoil == "lost":
            path.unlink()
        else:
            path.with_name("frame_0002.npz").write_bytes(path.read_bytes())

    with pytest.raises(ContractBrokenError, match="frame"):
        made(body)
    assert "A-040" in place.call("check")[1]


@pytest.mark.requirement("A-040")
@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, np.int64(1)), (1, "0001"), ("1", 1)])
def test_a_frame_is_written_once(place: Place, first: int | str, second: int | str) -> None:
    def body(run: runpact.ActiveRun) -> None:
        frames = run.predictions(contract_version="1.0", intrinsics=CAMERA)
        frames.write(first, timestamp=0, depth=depth())
        frames.write(second, timestamp=0, depth=depth())

    with pytest.raises(WriteOnceError):
        made(body)
    assert len(list(runpact.open_run(place.runs()[0]["path"]).predictions())) == 1


def test_two_writers_of_one_run_share_the_document(place: Place) -> None:
    with runpact.run(name="p", config={}) as run:
        for number, version in enumerate(("1.0", "1.1")):
            with run.predictions(contract_version=version, intrinsics=CAMERA) as frames:
                frames.write(number, timestamp=number, depth=depth())
        with pytest.raises(WriteOnceError):
            run.predictions(contract_version="1.0", intrinsics=CAMERA).write(0, timestamp=0, depth=depth())
        run.save("metrics", {"loss": 0.5})
    assert [frame.contract_version for frame in runpact.open_run(run.id).predictions()] == ["1.0", "1.1"]
    assert place.call("check")[0] == 0


@pytest.mark.requirement("A-042", "A-045")
@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"depth": depth(float("nan"))}, ValueRefusedError),
        ({"depth": depth().astype("<f8")}, ValueRefusedError),
        ({"depth": np.array([None])}, ValueRefusedError),
        ({}, UsageError),
        ({"timestamp": None, "depth": depth()}, ValueRefusedError),
        ({"timestamp": float("nan"), "depth": depth()}, ValueRefusedError),
        ({"timestamp": [1], "depth": depth()}, ValueRefusedError),
        ({"intrinsics": 5, "depth": depth()}, ValueRefusedError),
        ({"intrinsics": {"fx": float("inf")}, "depth": depth()}, ValueRefusedError),
    ],
)
def test_what_cannot_be_written_strictly_leaves_nothing(
    place: Place, said: dict[str, object], error: type[Exception]
) -> None:
    with runpact.run(name="p", config={}) as run:
        frames = run.predictions(contract_version="1.0", intrinsics=CAMERA)
        with pytest.raises(error):
            frames.write(0, **({"timestamp": 0} | said))  # type: ignore[arg-type]
        assert not (Path(run.dir) / "artifacts/predictions").exists()
        run.save("metrics", {"loss": 0.5})
    assert place.call("check")[0] == 0


def test_a_document_that_nobody_could_read_is_not_begun(empty: Place) -> None:
    with runpact.run(name="p") as run:
        frames = run.predictions(contract_version="1.0", intrinsics={"table": "x" * 6_000_000})
        frames.write(0, timestamp=0, a=1)
        frames.write(1, timestamp=0, a=1)
        with pytest.raises(ValueRefusedError, match="2 frames has no room"):
            frames.write(2, timestamp=0, a=1)
        frames.write(3, timestamp=0, a=1, intrinsics={"fx": 1})
    assert len(list(runpact.open_run(run.id).predictions())) == 3


@pytest.mark.parametrize(
    "said",
    [
        {"contract_version": "", "intrinsics": CAMERA},
        {"contract_version": 1, "intrinsics": CAMERA},
        {"contract_version": "1.0"},
        {"contract_version": "1.0", "intrinsics": CAMERA, "intrinsics_ref": "camera.json"},
    ],
)
def test_version_and_one_sort_of_intrinsics_are_needed(empty: Place, said: dict[str, object]) -> None:
    with runpact.run(name="p") as run, pytest.raises(UsageError):
        run.predictions(**said)  # type: ignore[arg-type]


def test_closed_predictions_take_no_frame(empty: Place) -> None:
    with runpact.run(name="p") as run:
        frames = run.predictions(contract_version="1.0", intrinsics=CAMERA)
        frames.close()
        with pytest.raises(UsageError, match="closed"):
            frames.write(0, timestamp=0, a=1)
        late = run.predictions(contract_version="1.0", intrinsics=CAMERA)
    with pytest.raises(ClosedRunError):
        late.write(0, timestamp=0, a=1)


def test_a_frame_that_is_not_acknowledged_is_taken_back(empty: Place) -> None:
    with runpact.run(name="p") as run:
        frames = run.predictions(contract_version="1.0", intrinsics=CAMERA)
        note, run.note = run.note, _refusing  # type: ignore[method-assign]
        with pytest.raises(StorageError):
            frames.write(0, timestamp=0, a=1)
        run.note = note  # type: ignore[method-assign]
        frames.write(0, timestamp=0, a=2)
    (frame,) = runpact.open_run(run.id).predictions()
    assert frame["a"] == 2
    assert ("a" in frame, "depth" in frame, list(frame)) == (True, False, ["a"])
    assert runpact.verify(run.id) is runpact.Verdict.OK


def test_a_frame_that_has_its_name_although_that_was_refused_is_taken_back(empty: Place) -> None:
    with runpact.run(name="p") as run:
        frames = run.predictions(contract_version="1.0", intrinsics=CAMERA)
        path = Path(run.path("artifacts/predictions/frame_0000.npz"))
        store = run.writer.store

        def half_done(*words: object, **said: object) -> None:
            store(*words, **said)  # type: ignore[arg-type]  # as it was called
            raise StorageError("late")

        run.writer.store = half_done  # type: ignore[assignment,method-assign]  # as a disk that fails late
        with pytest.raises(StorageError):
            frames.write(0, timestamp=0, a=1)
        assert not path.exists()
        run.writer.store = store  # type: ignore[method-assign]
        frames.write(0, timestamp=0, a=2)
    assert runpact.verify(run.id) is runpact.Verdict.OK


def _refusing(*_words: object, **_fields: object) -> int:
    raise StorageError("full")


def test_a_sealed_frame_that_was_changed_is_not_read(empty: Place) -> None:
    with runpact.run(name="p") as run:
        path = run.predictions(contract_version="1.0", intrinsics=CAMERA).write(0, timestamp=0, a=1)
    Path(path).write_bytes(Path(path).read_bytes()[:-1] + b"x")
    (frame,) = runpact.open_run(run.id).predictions()
    with pytest.raises(MalformedDocumentError, match="not the file that was sealed"):
        frame["a"]


def test_frames_of_a_foreign_run_are_read_strictly(empty: Place) -> None:
    folder = empty.write("runs/old/artifacts/predictions/metadata.json", "[]").parent
    found = runpact.open_run("runs/old")
    with pytest.raises(MalformedDocumentError, match="tells of no frames"):
        list(found.predictions())
    row = {"frame_id": 0, "timestamp": 1, "contract_version": "1"}
    for document in (row, {"frames": [row]}):
        (folder / "metadata.json").write_text(json.dumps(document))
        (frame,) = found.predictions()
        (folder / "frame_0000.npz").write_bytes(b"no archive")
        with pytest.raises(MalformedDocumentError):
            frame.arrays  # noqa: B018 - reading it is what is refused
    np.savez(folder / "frame_0000.npz", a=np.array([{}], dtype=object))
    with pytest.raises(MalformedDocumentError, match="objects"):
        frame.arrays  # noqa: B018 - as above
    (folder / "metadata.json").write_text('{"frames": [{"frame_id": []}]}')
    with pytest.raises(MalformedDocumentError):
        list(found.predictions())
    (folder / "metadata.json").unlink()
    assert list(found.predictions()) == []


def test_a_process_of_a_command_writes_frames_too(place: Place) -> None:
    place.write(
        "go.py",
        "import runpact, numpy as np\nrun = runpact.current()\n"
        "with run.predictions(contract_version='1.0', intrinsics={'fx': 1}) as frames:\n"
        "    frames.write(0, timestamp=0, depth=np.ones((4, 4), '<f4'))\n"
        "run.save('metrics', {'loss': 0.5})\n",
    )
    assert place.call("run", "--name", "p", "--set", "a=1", "--", sys.executable, "go.py")[0] == 0
    assert len(list(runpact.open_run(place.runs()[0]["path"]).predictions())) == 1
    assert place.call("check")[0] == 0


ENDLESS = """\
import os, sys
import numpy as np, runpact
depth = np.ones((4, 4), "<f4")
with runpact.run(name="p", config={"a": 1}) as run:
    frames = run.predictions(contract_version="1.0", intrinsics={"fx": 1})
    print(run.dir, flush=True)
    for number in range(10**9):
        frames.write(number, timestamp=number, depth=depth)
        os.write(1, b"%d\\n" % number)
"""


def killed(place: Place, seconds: float) -> None:
    """Kill a writer after a while; check that at most the frame being written is lost."""
    out = place.root / "acknowledged"
    with out.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=file, cwd=place.root)
        while len(out.read_bytes().split()) < 2:
            assert process.poll() is None, "the writer ended by itself"
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    lines = out.read_text().split()
    directory, acknowledged = Path(lines[0]), {int(each) for each in lines[1:]}
    seen = {frame.frame_id for frame in runpact.open_run(directory).predictions()}
    assert acknowledged <= seen
    assert place.call("doctor", "--fix")[0] in {0, 1}
    frames = {frame.frame_id: frame["depth"].sum() for frame in runpact.open_run(directory).predictions()}
    assert set(frames) == seen
    assert len(seen) - len(acknowledged) <= 1
    assert set(frames.values()) == {16.0}
    names = {f"frame_{number:04}.npz" for number in frames}
    assert {each.name for each in (directory / "artifacts/predictions").iterdir()} == names | {
        "metadata.json"
    }
    assert runpact.verify(directory) is runpact.Verdict.OK
    findings = place.json("check", str(directory))[1]["findings"]
    assert [each for each in findings if each["severity"] in {"error", "incomplete"}] == []


@pytest.mark.parametrize("seconds", [0.0, 0.11])
def test_a_kill_loses_at_most_the_frame_being_written(place: Place, seconds: float) -> None:
    killed(place, seconds)


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(60))
def test_a_kill_at_any_moment_loses_at_most_the_frame_being_written(place: Place, number: int) -> None:
    killed(place, random.Random(number).uniform(0, 0.6))


def test_a_frame_without_its_event_is_set_aside(place: Place) -> None:
    code = ENDLESS.replace("10**9", "3") + "    os.kill(os.getpid(), 9)\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place.root, capture_output=True, check=False, text=True
    )
    folder = Path(done.stdout.split()[0]) / "artifacts/predictions"
    (folder / "frame_0003.npz").write_bytes((folder / "frame_0002.npz").read_bytes())
    (folder / "frame_0001.npz").write_bytes(b"")  # as after a power cut
    assert place.call("doctor", "--fix")[0] in {0, 1}
    assert [frame.frame_id for frame in runpact.open_run(folder.parents[1]).predictions()] == [0, 2]
    assert len(list(place.root.glob(".runpact-aside/**/frame_000[13].npz"))) == 2
