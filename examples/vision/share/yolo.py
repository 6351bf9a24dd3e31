"""Data sets in YOLO's layout: read with every fault told by file and line, and written.

`images/<split>/x.png` belongs to `labels/<split>/x.txt`, one object a line: class, centre x, centre y, width,
height, as parts of the image. `<split>/images` and the names train2017 and val2017 are read as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from share.boxes import Detection
from share.errors import DatasetError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
SPLITS = {"train": ("train", "train2017"), "val": ("val", "val2017")}


@dataclass(frozen=True)
class Labelled:
    """An image file and what its label file says stands in it."""

    image: Path
    objects: list[Detection]


@dataclass(frozen=True)
class Split:
    """One part of a data set."""

    images: Path
    labels: Path
    scenes: list[Labelled]
    label_files: int
    histogram: dict[str, int] = field(default_factory=dict)
    """Objects of each class."""


def read_image(path: Path) -> NDArray[np.float32]:
    """Return an image in grey, float32[H, W] from 0 to 1.

    Raises:
        DatasetError: It is no image, or a damaged one.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError("an image cannot be read", [f"{path}: {error}"]) from error


def image_files(folder: Path) -> list[Path]:
    """Return the images below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def read_dataset(folder: Path, names: Sequence[str]) -> dict[str, Split]:
    """Return both parts of a data set.

    Raises:
        DatasetError: It is not what it must be; tells every fault of every file.
    """
    faults: list[str] = []
    splits = {split: _read_split(folder, split, names, faults) for split in SPLITS}
    faults.extend(_read_card(folder / "dataset.yaml", names))
    if faults:
        raise DatasetError(f"the data set {folder} cannot be used", faults)
    return {split: found for split, found in splits.items() if found is not None}


def _read_card(path: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with dataset.yaml."""
    try:
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        yield f"{path}: cannot be read: {' '.join(str(error).split())}"
        return
    given = card.get("names") if isinstance(card, dict) else None
    if isinstance(given, dict):
        given = [given[key] for key in sorted(given)]
    if given != list(names):
        yield f"{path}: names are {given}, class_map.names are {list(names)}"


def _read_split(folder: Path, split: str, names: Sequence[str], faults: list[str]) -> Split | None:
    pairs = [
        (
            folder / first / second,
            folder / Path(*(label if part == "images" else part for part in (first, second))),
        )
        for name in SPLITS[split]
        for label in ["labels"]
        for first, second in (("images", name), (name, "images"))
    ]
    images, labels = next((pair for pair in pairs if pair[0].is_dir()), pairs[0])
    files = image_files(images)
    if not files:
        faults.append(f"{images}: no image ({', '.join(SUFFIXES)}) stands there")
        return None
    scenes, histogram, count = [], Counter[str](), 0
    for path in files:
        label = labels / path.relative_to(images).with_suffix(".txt")
        is_there = label.is_file()
        count += is_there
        size = image_size(path, faults)
        objects = read_labels(label, len(names), size, faults) if is_there else []
        histogram.update(names[each.label] for each in objects)
        scenes.append(Labelled(path, objects))
    if count == 0:
        faults.append(f"{labels}: none of the {len(files)} images has a label file")
    return Split(images, labels, scenes, count, dict(sorted(histogram.items())))


def image_size(path: Path, faults: list[str]) -> tuple[int, int]:
    """Return width and height from an image's header; one that has none is noted."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        faults.append(f"{path}: is no image: {error}")
        return 1, 1


def read_labels(path: Path, classes: int, size: tuple[int, int], faults: list[str]) -> list[Detection]:
    """Return the objects that a label file names; what is wrong with a line is noted.

    Args:
        path: The label file.
        classes: How many classes there are.
        size: Width and height of the image.
        faults: Where faults are noted, as `file:line: …`.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {error}")
        return []
    objects = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            found = _read_line(line, classes, size)
            if isinstance(found, str):
                faults.append(f"{path}:{number}: {found}")
            else:
                objects.append(found)
    return objects


def _read_line(line: str, classes: int, size: tuple[int, int]) -> Detection | str:
    parts = line.split()
    if len(parts) < 5:
        return f"five columns are wanted (class, x, y, width, height), got {len(parts)}"
    if not (parts[0].isascii() and parts[0].isdecimal()):
        return f"a class is a whole number, got `{parts[0]:.40}`"
    if int(parts[0]) >= classes:
        return f"class {parts[0]:.40} is not in the class map, which has {classes}"
    try:
        x, y, width, height = (float(part) for part in parts[1:5])
    except ValueError:
        return f"places are numbers, got `{' '.join(parts[1:5]):.60}`"
    if not all(math.isfinite(value) and 0 <= value <= 1 for value in (x, y, width, height)):
        return f"places are parts of the image, from 0 to 1, got `{' '.join(parts[1:5]):.60}`"
    if width == 0 or height == 0:
        return "a box has a width and a height, got 0"
    box = (
        (x - width / 2) * size[0],
        (y - height / 2) * size[1],
        (x + width / 2) * size[0],
        (y + height / 2) * size[1],
    )
    return Detection(int(parts[0]), box)


def label_text(objects: Sequence[Detection], size: tuple[int, int]) -> str:
    """Return the text of a label file."""
    return "".join(_line(each, size) for each in objects)


def _line(each: Detection, size: tuple[int, int]) -> str:
    left, top, right, bottom = each.box
    x, y = (left + right) / 2 / size[0], (top + bottom) / 2 / size[1]
    width, height = (right - left) / size[0], (bottom - top) / size[1]
    return f"{each.label} {x:.6f} {y:.6f} {width:.6f} {height:.6f}\n"


def dataset_card(folder: Path, names: Sequence[str], splits: dict[str, Split]) -> dict[str, object]:
    """Return what a run records of the data set it used, as in dataset.yaml."""
    return {
        "path": str(folder),
        "train": splits["train"].images.relative_to(folder).as_posix(),
        "val": splits["val"].images.relative_to(folder).as_posix(),
        "nc": len(names),
        "names": list(names),
        "counts": {
            name: {"images": len(split.scenes), "label_files": split.label_files, "objects": split.histogram}
            for name, split in splits.items()
        },
    }
