"""Labels for images that have none, and what becomes of labels that stand already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from share.boxes import Detection, overlaps
from share.errors import DatasetError, VisionError
from share.files import write_whole
from share.inference import Model
from share.yolo import image_files, label_text, read_image, read_labels

SKIP, OVERWRITE, MERGE = "skip", "overwrite", "merge"


@dataclass(frozen=True)
class Rules:
    """How to label."""

    conflict: str
    confidence: float
    overlap: float
    names: Sequence[str]


@dataclass(frozen=True)
class Done:
    """What was done about one image."""

    image: str
    label: str
    action: str
    """`written`, `skipped`, `overwritten` or `merged`."""
    objects: int
    digest: str | None = None
    """Of the label file, when it was written."""


def to_label(folder: Path) -> list[Path]:
    """Return the images of a folder; no two of them may share a label file.

    Raises:
        VisionError: There is none.
        DatasetError: Two images would have the same label file.
    """
    images = image_files(folder) if folder.is_dir() else []
    if not images:
        raise VisionError(f"nothing to label: no image stands below {folder}")
    first: dict[Path, Path] = {}
    clashes = [
        f"{path}: {other.name} has the same label file"
        for path in images
        if (other := first.setdefault(path.with_suffix(""), path)) is not path
    ]
    if clashes:
        raise DatasetError("images share a label file", clashes)
    return images


def label_all(
    images: Sequence[Path], source: Path, target: Path, model: Model, rules: Rules
) -> Iterator[Done]:
    """Label images one by one, and yield what was done."""
    for path in images:
        yield _label(path, target / path.relative_to(source), model, rules)


def _label(image: Path, copy: Path, model: Model, rules: Rules) -> Done:
    label = copy.with_suffix(".txt")
    is_there = label.is_file()
    if is_there and rules.conflict == SKIP:
        return Done(image.name, label.name, "skipped", 0)
    scene = read_image(image)
    size = (scene.shape[1], scene.shape[0])
    found = model.detect(scene, confidence=rules.confidence, overlap=rules.overlap)
    action = "written"
    if is_there and rules.conflict == MERGE:
        found, action = merged(_standing(label, size, rules), found, rules.overlap), "merged"
    elif is_there:
        action = "overwritten"
    if not copy.is_file() or copy.read_bytes() != image.read_bytes():
        write_whole(copy, image.read_bytes())
    digest = write_whole(label, label_text(found, size).encode())
    return Done(image.name, label.name, action, len(found), digest)


def merged(standing: list[Detection], found: list[Detection], overlap: float) -> list[Detection]:
    """Return what stands, and after it what was found where nothing stands."""
    if not standing or not found:
        return [*standing, *found]
    shared = overlaps(np.array([each.box for each in found]), np.array([each.box for each in standing]))
    return [*standing, *(each for each, row in zip(found, shared, strict=True) if row.max() <= overlap)]


def _standing(label: Path, size: tuple[int, int], rules: Rules) -> list[Detection]:
    faults: list[str] = []
    standing = read_labels(label, len(rules.names), size, faults)
    if faults:
        raise DatasetError("labels that stand already cannot be read", faults)
    return standing
