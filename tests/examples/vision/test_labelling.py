"""Labelling: what is written, and what becomes of labels that stand already."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from autolabel.cli import main
from autolabel.labelling import merged
from PIL import Image
from share.boxes import Detection

from examples.vision.workbench import EXAMPLE, System
from runpact.cli.main import run_command_line

LOW = "autolabel.confidence=0.05"


def actions(system: System) -> Counter[str]:
    rows = (system.runs()[-1] / "labels.jsonl").read_text().splitlines()
    return Counter(json.loads(row)["action"] for row in rows)


@pytest.mark.requirement("D2.4", "D6.2", "D6.3", "D8.1", "D8.11", "D8.12")
def test_every_image_is_labelled_and_the_run_pins_what_it_wrote(copied: System) -> None:
    assert copied.call(main, LOW) == 0
    labelled = copied.root / "datasets/labeled"
    assert sorted(path.name for path in labelled.iterdir()) == sorted(
        f"scene_{number:04}.{suffix}" for number in range(4) for suffix in ("png", "txt")
    )
    artifacts = copied.newest()
    assert list(artifacts)[:3] == ["run_id", "mode", "autolabel_mode"]
    assert (artifacts["mode"], artifacts["artifacts"]["actions"]) == ("autolabel", {"written": 4})
    row = json.loads((copied.runs()[-1] / "labels.jsonl").read_text().splitlines()[0])
    assert row["digest"].startswith("sha256:")
    where = ["--workspace", str(EXAMPLE), "--workdir", str(copied.root)]
    assert run_command_line(["check", *where, str(copied.runs()[-1])]) == 0


@pytest.mark.parametrize("conflict", ["skip", "overwrite", "merge"])
def test_labels_that_stand_are_left_replaced_or_added_to(copied: System, conflict: str) -> None:
    label = copied.root / "datasets/labeled/scene_0000.txt"
    label.parent.mkdir(parents=True)
    label.write_text("3 0.050000 0.050000 0.020000 0.020000\n")
    assert copied.call(main, LOW, f"autolabel.conflict={conflict}") == 0
    lines = label.read_text().splitlines()
    is_kept = "3 0.050000 0.050000 0.020000 0.020000" in lines
    done = {"skip": "skipped", "overwrite": "overwritten", "merge": "merged"}[conflict]
    assert (actions(copied), is_kept) == (Counter({"written": 3, done: 1}), conflict != "overwrite")
    assert (len(lines) > 1) == (conflict == "merge") or conflict == "overwrite"


def test_what_stands_is_never_doubled() -> None:
    box = (0.0, 0.0, 10.0, 10.0)
    found = [Detection(1, (1.0, 0.0, 11.0, 10.0), 0.9), Detection(2, (30.0, 30.0, 40.0, 40.0), 0.8)]
    assert merged([Detection(5, box)], found, 0.3) == [Detection(5, box), found[1]]
    assert merged([], found, 0.3) == found
    assert merged([Detection(5, box)], [], 0.3) == [Detection(5, box)]


@pytest.mark.requirement("D14.5")
def test_a_bad_line_that_stands_is_told_and_left(copied: System, capsys: pytest.CaptureFixture[str]) -> None:
    label = copied.root / "datasets/labeled/scene_0002.txt"
    label.parent.mkdir(parents=True)
    label.write_text("3 0.5 0.5 0.1 0.1\nthree\n")
    assert copied.call(main, "autolabel.conflict=merge") == 1
    assert "scene_0002.txt:2: five columns" in capsys.readouterr().err
    assert label.read_text() == "3 0.5 0.5 0.1 0.1\nthree\n"
    assert copied.newest()["artifacts"]["autolabel_mode"] == "model"


def test_nothing_to_label_is_a_failed_run(
    copied: System, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert copied.call(main, f"data.unlabeled_dir={tmp_path / 'empty'}") == 1
    assert "nothing to label" in capsys.readouterr().err
    assert copied.newest("metrics.json")["status"] == "failed"


def test_two_images_that_would_share_a_label_are_refused(
    copied: System, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(copied.root / "datasets/unlabeled/scene_0000.jpg")
    assert copied.call(main) == 1
    assert "scene_0000.png: scene_0000.jpg has the same label file" in capsys.readouterr().err
    assert not (copied.root / "datasets/labeled").exists()


def test_without_a_model_nothing_is_labelled(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    assert system.call(main) == 1
    assert "train one first" in capsys.readouterr().err
    assert system.call(main, f"autolabel.model.onnx_model={system.config}") == 1
    assert "is no model that onnxruntime can read" in capsys.readouterr().err
    assert [json.loads((run / "metrics.json").read_text())["status"] for run in system.runs()] == [
        "failed"
    ] * 2


def test_labels_may_go_to_a_place_of_ones_own(copied: System, tmp_path: Path) -> None:
    elsewhere = tmp_path / "my labels"
    assert copied.call(main, LOW, f"data.labeled_dir={elsewhere}") == 0
    assert len(list(elsewhere.glob("*.txt"))) == 4
