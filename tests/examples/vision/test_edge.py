"""Frames of folders and films through the model, drawn when asked, told to a service that may be away."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path

import numpy as np
import pytest
from deploy.edge.cli import main
from deploy.edge.frames import annotated_names, film_frames
from deploy.edge.statistics import Sender, event_of
from PIL import Image
from share.boxes import Detection
from share.errors import VisionError

from examples.vision.workbench import EXAMPLE, System
from runpact.cli.main import run_command_line

AWAY = "deploy.edge.statistics_url=http://127.0.0.1:9"
LOW = "deploy.edge.confidence=0.2"


def drawn(system: System) -> list[str]:
    return sorted(path.name for path in (system.root / "outputs").glob("*/*"))


@pytest.mark.requirement("D2.7", "D8.11", "D8.12", "D9.1")
def test_frames_are_drawn_only_when_asked_for(copied: System) -> None:
    assert copied.call(main, LOW) == 0
    assert drawn(copied) == []
    artifacts = copied.newest()
    assert (artifacts["mode"], artifacts["deploy_mode"], artifacts["artifacts"]["frames"]) == (
        "deploy-edge",
        "local",
        4,
    )


@pytest.mark.requirement("D9.2", "D9.3")
@pytest.mark.parametrize("film", ["film.gif", "film.mjpeg"])
def test_frames_of_a_film_are_drawn_under_their_numbers(copied: System, film: str) -> None:
    path = copied.root / "datasets/unlabeled" / film
    code = copied.call(
        main,
        "deploy.edge.source=video",
        f"deploy.edge.video_path={path}",
        "deploy.edge.save_annotated=true",
        "deploy.edge.max_frames=3",
    )
    assert (code, drawn(copied)) == (0, ["000000.jpg", "000001.jpg", "000002.jpg"])
    run = copied.runs()[-1]
    (folder,) = (copied.root / "outputs").iterdir()
    assert folder.name == run.name
    with Image.open(folder / "000000.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (320, 320))
    where = ["--workspace", str(EXAMPLE), "--workdir", str(copied.root)]
    assert run_command_line(["check", *where, str(run)]) == 0


@pytest.mark.requirement("D9.2")
def test_frames_of_a_folder_are_drawn_under_their_sources(copied: System) -> None:
    assert copied.call(main, "deploy.edge.save_annotated=true") == 0
    assert drawn(copied) == [f"scene_{number:04}_annotated.jpg" for number in range(4)]


@pytest.mark.requirement("D9.4")
def test_sources_of_one_name_are_drawn_apart() -> None:
    paths = [Path(name) for name in ("a/x.png", "b/x.png", "b/x.jpg", "a_x.png", "a_x_png.png", "y.png")]
    names = annotated_names(paths)
    assert len({name.casefold() for name in names}) == len(paths)
    assert names[-1] == "y_annotated.jpg"
    assert names[0] == "a_x_png_annotated.jpg"


@pytest.mark.parametrize("suffix", [".tiff", ".gif", ".mjpeg"])
def test_every_sort_of_film_yields_its_frames_in_order(tmp_path: Path, suffix: str) -> None:
    pictures = [Image.fromarray(np.full((16, 16), 60 * number, dtype=np.uint8)) for number in range(4)]
    path = tmp_path / f"film{suffix}"
    if suffix == ".mjpeg":
        streams = [io.BytesIO() for _ in pictures]
        for picture, stream in zip(pictures, streams, strict=True):
            picture.save(stream, "JPEG")
        path.write_bytes(b"".join(stream.getvalue() for stream in streams))
    else:
        pictures[0].save(path, save_all=True, append_images=pictures[1:])
    frames = list(film_frames(path))
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    assert [round(float(frame.scene.mean()) * 255 / 60) for frame in frames] == [0, 1, 2, 3]


def test_a_film_that_ends_within_a_frame_is_told(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((16, 16), dtype=np.uint8)).save(stream, "JPEG")
    (tmp_path / "cut.mjpeg").write_bytes(stream.getvalue() * 2 + stream.getvalue()[:100])
    with pytest.raises(VisionError, match="frame 2 is no whole JPEG"):
        list(film_frames(tmp_path / "cut.mjpeg"))
    (tmp_path / "no.gif").write_bytes(b"GIF89a")
    with pytest.raises(VisionError, match=r"no\.gif"):
        list(film_frames(tmp_path / "no.gif"))
    with pytest.raises(VisionError, match="a film is one of"):
        list(film_frames(Path(__file__)))


@pytest.mark.requirement("D8.1")
def test_a_service_that_is_away_costs_a_warning_and_no_frame(
    copied: System, capsys: pytest.CaptureFixture[str]
) -> None:
    assert copied.call(main, AWAY, LOW) == 0
    assert "warning: statistics were not sent" in capsys.readouterr().err
    assert copied.newest()["artifacts"]["statistics"] == {"acknowledged": 0, "unsent": 4}
    kept = (copied.runs()[-1] / "statistics_unsent.jsonl").read_text().splitlines()
    assert [json.loads(line)["source_id"] for line in kept] == ["edge-01"] * 4


@pytest.mark.requirement("D14.5")
def test_or_the_success_of_the_run_once_all_frames_are_done(
    copied: System, capsys: pytest.CaptureFixture[str]
) -> None:
    assert copied.call(main, AWAY, "deploy.edge.on_unreachable=error") == 1
    assert "4 statistics were not sent" in capsys.readouterr().err
    run = copied.runs()[-1]
    assert len((run / "frames.jsonl").read_text().splitlines()) == 4
    assert len((run / "statistics_unsent.jsonl").read_text().splitlines()) == 4
    assert copied.newest("metrics.json")["status"] == "failed"


def test_after_three_failures_no_more_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    sender = Sender("http://127.0.0.1:9", "", 0.5)
    event = event_of("a", [Detection(1, (0, 0, 1, 1))], ["x", "y"], 1.0, dt.datetime.now(dt.UTC))
    for _ in range(5 * 16):
        sender.add(event)
    assert (len(sender.unsent), sender._failures, sender.acknowledged) == (80, 3, 0)
    assert capsys.readouterr().err.count("warning") == 1


def test_an_event_counts_by_class_and_tells_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    now = dt.datetime(2025, 1, 1, 13, 0, tzinfo=zone)
    found = [Detection(1, (0, 0, 1, 1)), Detection(1, (5, 5, 6, 6)), Detection(0, (0, 0, 1, 1))]
    assert event_of("cam", found, ["cat", "dog"], 1.23456, now) == {
        "source_id": "cam",
        "ts_utc": "2025-01-01T11:00:00.000000+00:00",
        "total_detections": 3,
        "counts_by_class": {"cat": 1, "dog": 2},
        "latency_ms": 1.235,
    }


@pytest.mark.requirement("D14.5")
def test_a_film_without_a_name_is_refused_before_there_is_a_run(
    copied: System, capsys: pytest.CaptureFixture[str]
) -> None:
    before = copied.runs()
    assert copied.call(main, "deploy.edge.source=video") == 2
    assert capsys.readouterr().err.startswith("[CONFIG ERROR] deploy.edge.video_path is empty")
    assert copied.runs() == before
    assert copied.call(main, "deploy.edge.source=video", "deploy.edge.video_path=/nowhere.gif") == 1
    assert copied.newest()["artifacts"]["deploy_mode"] == "local"


def test_a_damaged_image_fails_the_run_and_keeps_the_frames_before_it(copied: System) -> None:
    (copied.root / "datasets/unlabeled/scene_0002.png").write_bytes(b"no image")
    assert copied.call(main) == 1
    assert len((copied.runs()[-1] / "frames.jsonl").read_text().splitlines()) == 2
    assert "scene_0002.png" in copied.newest("metrics.json")["error"]
