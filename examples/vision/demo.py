"""The whole story in a minute: data, training, labels, a film at the edge, statistics, and what was kept.

runpact demo vision
python demo.py
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHOWN = os.path.relpath(HERE)
WORK = HERE / "work-dir"
CONFIG = ("--config", "./work-dir/config.toml")
NEEDED = ("numpy", "onnx", "onnxruntime", "sklearn", "PIL", "threadpoolctl")
PACKAGES = "numpy onnx onnxruntime scikit-learn Pillow"
RUNPACT = (sys.executable, "-m", "runpact")


class StopError(Exception):
    """A step did not do what it should."""


def main() -> int:
    """Tell the story; 0 when every step held."""
    began = time.monotonic()
    try:
        tell()
    except StopError as error:
        sys.stderr.write(f"the demo stopped: {error}\n")
        return 3
    print(f"\n{time.monotonic() - began:.0f} s in all")
    return 0


def tell() -> None:
    """Run every pipeline once, and show what came of it."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise StopError(
            f"no {', '.join(missing)} here; `{sys.executable} -m pip install {PACKAGES}` brings them"
        )
    if not (WORK / "config.toml").exists():
        shutil.copyfile(WORK / "config.example.toml", WORK / "config.toml")
    heading("Data: real handwritten digits in scenes, YOLO's layout")
    program("scenes.cli", *CONFIG, "--train", "500", "--val", "100")
    heading("Training: ONNX, and the same in eight bits")
    trained = run_of("train.cli", "--set", "train.epochs=15")
    block = artifacts(trained)
    for name, words in (("float", "model.onnx"), ("int8", "model-int8.onnx")):
        size = block["yolo"]["bytes"][name] / 1000
        print(f"  {words:<18}{size:>6.0f} kB   mAP50 {block['yolo']['map50'][name]:.3f} on 100 unseen scenes")
    heading("Labelling: forty scenes that nobody labelled")
    print(f"  {artifacts(run_of('autolabel.cli'))['objects']} objects")
    heading("At the edge: a film, drawn, and told to the statistics service")
    filmed = filming()
    heading("What the contract says")
    check(trained, filmed)
    heading("What there is to look at")
    for path in pictures(trained, filmed):
        print(f"  {os.path.relpath(path)}")
    try_next(
        "python -m deploy.statistics.api --config ./work-dir/config.toml     # and open its address",
        "runpact ls",
        f"runpact diff {trained} {filmed}",
    )


def filming() -> str:
    """Run a film through the model while the statistics service listens; return the run's id."""
    with statistics() as address:
        sets = (
            "deploy.edge.source=video",
            "deploy.edge.video_path=./work-dir/datasets/unlabeled/film.gif",
            "deploy.edge.save_annotated=true",
            f"deploy.edge.statistics_url={address}",
        )
        run = run_of("deploy.edge.cli", *(part for text in sets for part in ("--set", text)))
        block = artifacts(run)
        with urllib.request.urlopen(f"{address}/api/overview") as answer:  # noqa: S310 - our own service
            overview = json.load(answer)
    print(f"  {block['frames']} frames, {block['mean_latency_ms']} ms each, {block['detections']} detections")
    print(f"  the service holds {overview['events_total']} events, {overview['detections_total']} detections")
    if block["statistics"]["acknowledged"] != block["frames"]:
        raise StopError(
            f"the service acknowledged {block['statistics']['acknowledged']} of {block['frames']}"
        )
    return run


@contextmanager
def statistics() -> Iterator[str]:
    """Serve statistics inside the block; gives the address."""
    command = [sys.executable, "-m", "deploy.statistics.api", *CONFIG, "--set", "deploy.statistics.port=0"]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as service:
        try:
            found = re.match(r"listening=(\S+)", service.stdout.readline() if service.stdout else "")
            if found is None:
                raise StopError("the statistics service did not start")
            yield found[1]
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate(timeout=30)


def check(*runs: str) -> None:
    """Judge the runs and re-derive their records from the bytes."""
    for words in (("check",), *(("verify", f"work-dir/runs/{run}") for run in runs)):
        print(f"  runpact {' '.join(words)}", flush=True)
        if subprocess.run([*RUNPACT, *words], cwd=HERE, check=False).returncode > 1:
            raise StopError(f"runpact {words[0]} found faults")


def pictures(trained: str, filmed: str) -> list[Path]:
    """Draw the curve of mAP50, and a sheet of annotated frames."""
    curve = WORK / "outputs" / "map50.svg"
    words = ("plot", "--metric", "map50", "-o", str(curve), trained)
    if subprocess.run([*RUNPACT, *words], cwd=HERE, check=False, stdout=subprocess.DEVNULL).returncode:
        raise StopError("the curve could not be drawn")
    from PIL import Image  # noqa: PLC0415 - whether it is installed is told first

    frames = sorted((WORK / "outputs" / filmed).glob("*.jpg"))[::4][:6]
    sheet = WORK / "outputs" / "film.jpg"
    with Image.new("RGB", (960, 640)) as whole:
        for number, path in enumerate(frames):
            with Image.open(path) as frame:
                whole.paste(frame, (number % 3 * 320, number // 3 * 320))
        whole.save(sheet, quality=88)
    return [curve, sheet, WORK / "outputs" / filmed]


def run_of(module: str, *arguments: str) -> str:
    """Run a pipeline and return the id of its run."""
    printed = program(module, *CONFIG, *arguments)
    found = re.search(r"^run_id=(.+)$", printed, re.MULTILINE)
    if found is None:
        raise StopError(f"{module} made no run")
    return found[1]


def program(module: str, *arguments: str) -> str:
    """Run a program of the example; what it says of its progress is shown."""
    print(f"  python -m {module} {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=HERE, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise StopError(f"{module} ended with {done.returncode}")
    return done.stdout


def artifacts(run: str) -> dict:
    """Return what a run says it made."""
    return json.loads((WORK / "runs" / run / "artifacts.json").read_text(encoding="utf-8"))["artifacts"]


def try_next(*commands: str) -> None:
    """Print commands to go on with, to be typed from where the reader stands."""
    print(f"\nTry next:{'' if SHOWN == '.' else f'  cd {shlex.quote(SHOWN)}'}")
    for command in commands:
        print(f"  {command}")


def heading(text: str) -> None:
    """Begin a chapter."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
