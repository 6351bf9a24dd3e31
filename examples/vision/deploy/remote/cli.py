"""Look at images that are sent over HTTP, until told to stop (SIGTERM, Ctrl-C).

python -m deploy.remote.cli --config ./work-dir/config.toml
curl --data-binary @scene.png http://127.0.0.1:8701/v1/detect

GET /health; POST /v1/detect with an image, PNG or JPEG, answers what stands in it. All of it is one run.
"""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from share.inference import Model, model_path
from share.kernel import Job, Pipeline, run_pipeline
from share.settings import Section
from share.web import Limits, Reply, Request, RequestError, Route, Service, until_told

PIXELS = 16_000_000


class Inference:
    """Answers requests and counts them."""

    def __init__(self, model: Model, names: Sequence[str], said: Section, enough: threading.Event) -> None:
        """Store what looks, and how."""
        self._model, self._names, self._said, self._enough = model, names, said, enough
        self._lock = threading.Lock()
        self.answered = self.refused = self.detections = 0

    def health(self, _request: Request) -> Reply:
        """Say that the service is there."""
        return Reply.of({"status": "ok", "answered": self.answered})

    def detect(self, request: Request) -> Reply:
        """Look at one image."""
        try:
            scene = scene_of(request.body)
        except RequestError:
            self._count(refused=1)
            raise
        began = time.perf_counter()
        found = self._model.detect(scene, confidence=self._said["confidence"], overlap=self._said["iou"])
        spent = (time.perf_counter() - began) * 1000
        self._count(answered=1, detections=len(found))
        rows = [
            {"label": each.label, "name": self._names[each.label], "score": each.score, "box": each.box}
            for each in found
        ]
        return Reply.of({"detections": rows, "latency_ms": round(spent, 3)})

    def _count(self, *, answered: int = 0, refused: int = 0, detections: int = 0) -> None:
        with self._lock:
            self.answered += answered
            self.refused += refused
            self.detections += detections
            if self._said["max_requests"] and self.answered >= self._said["max_requests"]:
                self._enough.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one serving run."""
    remote = Pipeline("deploy-remote", lambda _settings: {"backend": "onnxruntime"}, work)
    return run_pipeline(remote, arguments, __doc__)


def work(job: Job) -> Mapping[str, Any]:
    """Serve until told to stop."""
    said = job.settings["deploy"]["remote"]
    path = model_path(job.settings, said["model"])
    model = Model(path, len(job.settings.names))
    job.run.input(path, name="model", absolute=True)
    with until_told() as told:
        inference = Inference(model, job.settings.names, said, told)
        routes = {
            ("GET", "/health"): Route(inference.health, is_open=True),
            ("POST", "/v1/detect"): Route(inference.detect),
        }
        limits = Limits(key=said["api_key"], body_bytes=said["max_body_bytes"])
        with Service(said["host"], said["port"], routes, limits).running() as service:
            print(f"listening={service.address}", flush=True)
            told.wait()
    job.run.log({"answered": inference.answered, "refused": inference.refused})
    return {
        "model_path": str(path),
        "address": service.address,
        "answered": inference.answered,
        "refused": inference.refused,
        "detections": inference.detections,
    }


def scene_of(body: bytes) -> np.ndarray:
    """Return an image that was sent, in grey.

    Raises:
        RequestError: It is no image, or one that is too large.
    """
    try:
        with Image.open(io.BytesIO(body), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > PIXELS:
                message = f"an image has at most {PIXELS} pixels"
                raise RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
            return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        text = json.dumps(str(error)[:200])
        raise RequestError(HTTPStatus.BAD_REQUEST, f"the body is no PNG or JPEG: {text}") from error


if __name__ == "__main__":
    sys.exit(main())
