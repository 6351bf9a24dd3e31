"""Make the data: scenes of handwritten digits in YOLO's layout, unlabelled scenes, and two short films.

python -m scenes.cli --config ./work-dir/config.toml
python -m scenes.cli --config ./work-dir/config.toml --train 100 --val 20 --unlabeled 10

It is no run: it makes what runs read, once, and leaves a data set that stands already as it is.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml
from PIL import Image
from share.errors import VisionError
from share.kernel import refused
from share.settings import Asked, Settings, read_settings
from share.yolo import label_text

from scenes.making import SIDE, Maker, Scene

COUNTS = {"train": 600, "val": 120, "unlabeled": 40}
FRAMES = 24
MOST = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is not there yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, metavar="PATH")
    parser.add_argument("--workdir", metavar="PATH")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    for part, count in COUNTS.items():
        parser.add_argument(f"--{part}", type=_count, default=count, metavar="N", help=f"scenes ({count})")
    parser.add_argument("--seed", type=int, default=20251010)
    said = parser.parse_args(arguments)
    try:
        settings = read_settings(Asked(said.config, said.workdir, tuple(said.overrides)))
        counts = {part: getattr(said, part) for part in COUNTS}
        print(f"data set   {make_dataset(settings, counts, said.seed)}")
        print(f"unlabelled {make_unlabelled(settings, counts['unlabeled'], said.seed)}")
    except VisionError as error:
        return refused(error)
    return 0


def _count(text: str) -> int:
    """Return a number of scenes; a part without any is no data set."""
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"a number of scenes is 1 to {MOST:,}, got {text!r:.20}")
    return int(text)


def make_dataset(settings: Settings, counts: dict[str, int], seed: int) -> Path:
    """Make the labelled scenes."""
    folder = Path(settings["data"]["yolo_dataset_dir"])

    def fill(new: Path) -> None:
        for part in ("train", "val"):
            maker = Maker(part, seed)
            for number in range(counts[part]):
                _write(new, f"{part}/{number:05}", maker.scene())
        card = {"path": ".", "train": "images/train", "val": "images/val", "nc": len(settings.names)}
        text = yaml.safe_dump({**card, "names": settings.names}, sort_keys=False)
        (new / "dataset.yaml").write_text(text, encoding="utf-8")

    return _appear(folder, fill)


def make_unlabelled(settings: Settings, count: int, seed: int) -> Path:
    """Make scenes without labels, and the films."""

    def fill(new: Path) -> None:
        maker = Maker("unlabeled", seed)
        for number in range(count):
            Image.fromarray(maker.scene().image).save(new / f"scene_{number:04}.png")
        frames = [Image.fromarray(scene.image) for scene in maker.moving(FRAMES)]
        frames[0].save(new / "film.gif", save_all=True, append_images=frames[1:], duration=80, loop=0)
        (new / "film.mjpeg").write_bytes(b"".join(_jpeg(frame) for frame in frames))

    return _appear(Path(settings["data"]["unlabeled_dir"]), fill)


def _jpeg(frame: Image.Image) -> bytes:
    stream = io.BytesIO()
    frame.save(stream, "JPEG", quality=92)
    return stream.getvalue()


def _write(folder: Path, name: str, scene: Scene) -> None:
    image, label = folder / "images" / f"{name}.png", folder / "labels" / f"{name}.txt"
    image.parent.mkdir(parents=True, exist_ok=True)
    label.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(scene.image).save(image)
    label.write_text(label_text(scene.objects, (SIDE, SIDE)), encoding="utf-8")


def _appear(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Make a folder whole or not at all; one that holds something stays as it is."""
    if folder.is_dir() and any(folder.iterdir()):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fill(new)
        new.chmod(0o755)
        new.replace(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return folder


if __name__ == "__main__":
    sys.exit(main())
