"""Run the detector on the images of a folder or on a film.

python -m deploy.edge.cli --config ./work-dir/config.toml --set deploy.edge.save_annotated=true
python -m deploy.edge.cli --config ./work-dir/config.toml --set deploy.edge.source=video \\
    --set deploy.edge.video_path=./work-dir/datasets/unlabeled/film.gif
"""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from share.boxes import Detection
from share.client import post
from share.drawing import annotated
from share.errors import SettingsError, VisionError
from share.inference import Model, model_path
from share.kernel import Job, Pipeline, run_pipeline
from share.settings import Section, Settings

from deploy.edge.frames import Frame, film_frames, folder_frames
from deploy.edge.statistics import Sender, event_of

Detect = Callable[[NDArray[np.float32]], list[Detection]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one run over frames."""
    edge = Pipeline(
        "deploy-edge",
        lambda settings: {"deploy_mode": settings["deploy"]["edge"]["mode"]},
        work,
        demand_source,
    )
    return run_pipeline(edge, arguments, __doc__)


def demand_source(settings: Settings) -> None:
    """Refuse a film that has no name."""
    said = settings["deploy"]["edge"]
    if said["source"] == "video" and not said["video_path"]:
        raise SettingsError("deploy.edge.video_path is empty, and deploy.edge.source is `video`")


def work(job: Job) -> Mapping[str, Any]:
    """Look at every frame, tell what was found, keep it."""
    said = job.settings["deploy"]["edge"]
    detect, model = detector(job, said)
    sender = Sender.of(said)
    totals, count, seconds = Counter[str](), 0, 0.0
    try:
        with Path(job.run.path("frames.jsonl")).open("w", encoding="utf-8") as rows:
            for frame in chosen(said):
                began = time.perf_counter()
                found = detect(frame.scene)
                spent = time.perf_counter() - began
                rows.write(json.dumps(row_of(frame, found, job.settings.names, spent * 1000)) + "\n")
                now = dt.datetime.now(dt.UTC)
                event = event_of(said["source_id"], found, job.settings.names, spent * 1000, now)
                sender.add(event)
                if said["save_annotated"]:
                    job.outputs.mkdir(parents=True, exist_ok=True)
                    (job.outputs / frame.output).write_bytes(
                        annotated(frame.scene, found, job.settings.names)
                    )
                totals.update(event["counts_by_class"])
                count, seconds = count + 1, seconds + spent
    finally:
        sender.flush()
        keep_unsent(job, sender)
    if sender.unsent and said["on_unreachable"] == "error":
        raise VisionError(f"{len(sender.unsent)} statistics were not sent: {sender.problem}")
    job.run.log({"frames": count, "detections": totals.total()})
    return {
        **model,
        "frames": count,
        "detections": totals.total(),
        "counts_by_class": dict(sorted(totals.items())),
        "mean_latency_ms": round(seconds / count * 1000, 3) if count else 0.0,
        "annotated": count if said["save_annotated"] else 0,
        "statistics": {"acknowledged": sender.acknowledged, "unsent": len(sender.unsent)},
    }


def chosen(said: Section) -> Iterator[Frame]:
    """Yield the frames that the settings ask for."""
    is_film = said["source"] == "video"
    frames = film_frames(Path(said["video_path"])) if is_film else folder_frames(Path(said["images_dir"]))
    return islice(frames, said["max_frames"] or None)


def detector(job: Job, said: Section) -> tuple[Detect, dict[str, str]]:
    """Return what looks at a frame, here or elsewhere, and what the run tells of it."""
    confidence, overlap = said["confidence"], said["iou"]
    if said["mode"] == "remote":
        url = f"{said['remote_url'].rstrip('/')}/v1/detect"
        return lambda scene: ask(url, scene, said), {"remote_url": url}
    path = model_path(job.settings, said["local_model"])
    model = Model(path, len(job.settings.names))
    job.run.input(path, name="model", absolute=True)
    return lambda scene: model.detect(scene, confidence=confidence, overlap=overlap), {
        "model_path": str(path)
    }


def ask(url: str, scene: NDArray[np.float32], said: Section) -> list[Detection]:
    """Have a remote service look at a frame."""
    stream = io.BytesIO()
    Image.fromarray((scene * 255).round().astype(np.uint8)).save(stream, "PNG")
    answer = post(
        url,
        stream.getvalue(),
        key=said["remote_api_key"],
        timeout=said["timeout_seconds"],
        kind="image/png",
    )
    try:
        return [
            Detection(int(each["label"]), tuple(map(float, each["box"])), float(each["score"]))
            for each in answer["detections"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise VisionError(f"{url} answered something else than detections: {error!r}") from error


def row_of(
    frame: Frame, found: Sequence[Detection], names: Sequence[str], latency_ms: float
) -> dict[str, Any]:
    """Return what the run keeps of a frame."""
    return {
        "frame": frame.number,
        "source": frame.source,
        "latency_ms": round(latency_ms, 3),
        "detections": [
            {
                "label": each.label,
                "name": names[each.label],
                "score": round(each.score, 4),
                "box": [round(value, 2) for value in each.box],
            }
            for each in found
        ],
    }


def keep_unsent(job: Job, sender: Sender) -> None:
    """Keep statistics that nobody acknowledged, so that they can be sent later."""
    if sender.unsent:
        text = "".join(json.dumps(event) + "\n" for event in sender.unsent)
        Path(job.run.path("statistics_unsent.jsonl")).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
