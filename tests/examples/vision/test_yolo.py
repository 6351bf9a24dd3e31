"""Data sets in YOLO's layout: every fault is told, each with file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from share.errors import DatasetError
from share.yolo import label_text, read_dataset, read_image

NAMES = ["cat", "dog"]
CARD = "path: .\ntrain: images/train\nval: images/val\nnc: 2\nnames: [cat, dog]\n"


def put(folder: Path, image: str, text: str | None) -> Path:
    path = folder / image
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((20, 40), dtype=np.uint8)).save(path)
    label = Path(str(path).replace("images", "labels")).with_suffix(".txt")
    label.parent.mkdir(parents=True, exist_ok=True)
    if text is not None:
        label.write_text(text)
    return label


def dataset(folder: Path, layout: str = "images/{}") -> Path:
    for split in ("train", "val"):
        put(folder, f"{layout.format(split)}/a.png", "0 0.5 0.5 0.25 0.5\n1 0.1 0.1 0.1 0.1 0.9\n")
    (folder / "dataset.yaml").write_text(CARD)
    return folder


@pytest.mark.requirement("D6.1", "D6.4", "D6.5")
@pytest.mark.parametrize("layout", ["images/{}", "{}/images", "images/{}2017", "{}2017/images"])
def test_both_orders_and_both_names_of_a_split_are_read(tmp_path: Path, layout: str) -> None:
    found = read_dataset(dataset(tmp_path, layout), NAMES)["train"]
    assert found.scenes[0].objects[0].box == (15.0, 5.0, 25.0, 15.0)
    assert (len(found.scenes), found.label_files, found.histogram) == (1, 1, {"cat": 1, "dog": 1})


@pytest.mark.requirement("D6.5")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0 0.5 0.5 0.1", "five columns"),
        ("cat 0.5 0.5 0.1 0.1", "whole number, got `cat`"),
        ("-1 0.5 0.5 0.1 0.1", "whole number, got `-1`"),
        ("2 0.5 0.5 0.1 0.1", "class 2 is not in the class map, which has 2"),
        ("0 0.5 x 0.1 0.1", "places are numbers"),
        ("0 0.5 nan 0.1 0.1", "from 0 to 1"),
        ("0 0.5 1.5 0.1 0.1", "from 0 to 1"),
        ("0 0.5 0.5 0 0.1", "a width and a height"),
    ],
)
def test_a_bad_line_is_told_with_file_and_line(tmp_path: Path, line: str, told: str) -> None:
    label = put(dataset(tmp_path), "images/train/b.png", f"0 0.5 0.5 0.1 0.1\n\n{line}\n")
    with pytest.raises(DatasetError) as caught:
        read_dataset(tmp_path, NAMES)
    (fault,) = caught.value.faults
    assert fault.startswith(f"{label}:3: ")
    assert told in fault


@pytest.mark.requirement("D6.5")
def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    put(folder, "images/train/b.png", "7 0.5 0.5 0.1 0.1\nx\n")
    (folder / "images/val/broken.png").write_bytes(b"no image")
    (folder / "labels/val/a.txt").write_bytes(b"\xff\xfe")
    (folder / "dataset.yaml").write_text("names: {0: cat, 1: bird}\n")
    with pytest.raises(DatasetError) as caught:
        read_dataset(folder, NAMES)
    assert len(caught.value.faults) == 5
    assert "names are ['cat', 'bird'], class_map.names are ['cat', 'dog']" in str(caught.value)


def test_an_empty_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no image") as caught:
        read_dataset(tmp_path, NAMES)
    assert len(caught.value.faults) == 3


def test_a_part_without_any_label_file_is_refused(tmp_path: Path) -> None:
    (dataset(tmp_path) / "labels/val/a.txt").unlink()
    with pytest.raises(DatasetError, match="none of the 1 images has a label file"):
        read_dataset(tmp_path, NAMES)


def test_labels_read_back_as_they_were_written(tmp_path: Path) -> None:
    first = read_dataset(dataset(tmp_path), NAMES)["train"].scenes[0].objects
    (tmp_path / "labels/train/a.txt").write_text(label_text(first, (40, 20)))
    again = read_dataset(tmp_path, NAMES)["train"].scenes[0].objects
    assert [each.box for each in again] == [pytest.approx(each.box, abs=1e-4) for each in first]


def test_a_cut_image_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 40), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DatasetError, match=r"a\.png"):
        read_image(path)
