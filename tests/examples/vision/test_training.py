"""A small training under contract: its records, its models, and what refuses to train."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from examples.vision.workbench import EXAMPLE, System
from runpact.cli.main import run_command_line


def check(system: System, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    capsys.readouterr()
    where = ["--workspace", str(EXAMPLE), "--workdir", str(system.root)]
    code = run_command_line(["check", *where, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.requirement("D2.6", "D5.5", "D8.1", "D8.2", "D8.7")
def test_a_training_keeps_its_contract(trained: System, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = check(trained, capsys)
    assert (code, document["verdict"]) == (0, "OK"), document["findings"]
    (run,) = trained.runs()
    assert run_command_line(["verify", "--workspace", str(EXAMPLE), str(run)]) == 0


@pytest.mark.requirement("D8.4", "D8.5", "D8.6")
def test_metrics_have_the_five_keys_and_no_other(trained: System) -> None:
    metrics = trained.newest("metrics.json")
    assert list(metrics) == ["run_id", "mode", "status", "elapsed_ms", "error"]
    assert (metrics["mode"], metrics["status"], metrics["error"]) == ("train", "ok", None)
    assert metrics["run_id"] == trained.runs()[0].name
    assert metrics["elapsed_ms"] == round(metrics["elapsed_ms"], 3) > 0


@pytest.mark.requirement("D2.5", "D7.1", "D7.2", "D7.6", "D8.7", "D8.8", "D8.9", "D8.10", "D8.12")
def test_artifacts_name_the_models_by_absolute_paths(trained: System) -> None:
    artifacts = trained.newest()
    assert list(artifacts) == ["run_id", "mode", "backend", "status", "error", "artifacts"]
    block = artifacts["artifacts"]
    assert list(block)[:4] == ["model_path", "model_int8_path", "epochs_trained", "best_map50"]
    folder = trained.root / "models" / artifacts["run_id"]
    assert block["model_path"] == str(folder / "model.onnx")
    assert block["model_int8_path"] == str(folder / "model-int8.onnx")
    assert block["epochs_trained"] == 3
    assert {path.name for path in folder.iterdir()} == {
        "model.onnx",
        "model-int8.onnx",
        "labels.json",
        "weights.npz",
    }
    labels = json.loads((folder / "labels.json").read_text())
    assert (labels["schema_version"], labels["id_map"]["nine"]) == (1, 9)


@pytest.mark.requirement("D7.2", "D7.3")
def test_the_quantised_graph_multiplies_integers(trained: System) -> None:
    import onnx
    from train.export import operators

    block = trained.newest()["artifacts"]
    model = onnx.load(block["model_path"])
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 17)]
    assert operators(Path(block["model_path"]))["MatMul"] == 3
    quantised = operators(Path(block["model_int8_path"]))
    assert quantised["MatMulInteger"] == 3
    assert quantised["DynamicQuantizeLinear"] == 3
    assert "MatMul" not in quantised
    sizes = block["yolo"]["bytes"]
    assert sizes["int8"] < 0.4 * sizes["float"]


@pytest.mark.requirement("D7.2")
def test_the_exported_graph_answers_as_the_network_does(trained: System) -> None:
    from scenes.making import Maker
    from share.detector import windows
    from share.inference import Model
    from train.network import forward

    block = trained.newest()["artifacts"]
    with np.load(Path(block["model_path"]).with_name("weights.npz")) as stored:
        parameters = {name: stored[name] for name in stored.files}
    scene = Maker("val", 9).scene().image.astype(np.float32) / 255
    scores, boxes, _ = forward(parameters, windows(scene))
    answered = Model(Path(block["model_path"]), 10).look(scene)
    assert np.abs(answered[0] - scores).max() < 1e-5
    assert np.abs(answered[1] - boxes).max() < 1e-4


def test_both_models_are_measured_as_they_stand_on_disk(trained: System) -> None:
    block = trained.newest()["artifacts"]
    assert block["yolo"]["map50"]["float"] == pytest.approx(block["best_map50"], abs=0.02)
    assert block["yolo"]["map50"]["int8"] > 0


@pytest.mark.requirement("D6.6")
def test_the_run_tells_which_data_it_used(trained: System) -> None:
    import yaml

    card = yaml.safe_load((trained.runs()[0] / "dataset.resolved.yaml").read_text())
    assert card["path"] == str(trained.root / "datasets/yolo")
    assert (card["train"], card["val"], card["nc"]) == ("images/train", "images/val", 10)
    assert card["counts"]["train"]["images"] == 80
    assert sum(card["counts"]["train"]["objects"].values()) > 80


@pytest.mark.requirement("D1.4", "D1.5", "D4.5", "D5.9")
def test_the_resolved_settings_stand_below_the_work_directory_that_was_asked_for(trained: System) -> None:
    resolved = tomllib.loads((trained.runs()[0] / "config.resolved.toml").read_text())
    root = str(trained.root)
    assert resolved["workspace"]["root"] == root
    assert resolved["data"]["yolo_dataset_dir"] == f"{root}/datasets/yolo"
    assert resolved["deploy"]["statistics"]["db_path"] == f"{root}/stats/stats.db"
    assert (resolved["train"]["epochs"], resolved["train"]["device"]) == (3, "cpu")
    assert resolved["deploy"]["edge"]["video_path"] == ""


@pytest.mark.requirement("D4.1", "D4.2", "D4.3", "D4.4")
def test_the_resolved_settings_alone_reproduce_the_digest(copied: System) -> None:
    from train.cli import main

    assert copied.call(main, "train.yolo.weights=/nowhere.npz", 'workspace.run_name="a.b"') == 1
    first = copied.runs()[-1]
    again = copied.root.parent / "again.toml"
    again.write_bytes((first / "config.resolved.toml").read_bytes())
    assert main(["--config", str(again)]) == 1
    second = copied.runs()[-1]
    assert second != first
    assert (second / "config.resolved.toml").read_bytes() == again.read_bytes()
    digests = {
        json.loads((run / ".runpact/run.json").read_text())["provenance"]["config"]["digest"]
        for run in (first, second)
    }
    assert len(digests) == 1


def test_training_goes_on_from_a_checkpoint(copied: System) -> None:
    from train.cli import main

    weights = next((copied.root / "models").glob("*/weights.npz"))
    before = copied.newest()["artifacts"]["best_map50"]
    assert copied.call(main, *copied.small, "train.epochs=1", f"train.yolo.weights={weights}") == 0
    assert copied.newest()["artifacts"]["best_map50"] > before


@pytest.mark.requirement("D4.4", "D8.5", "D8.13", "D14.5")
@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("train.yolo.weights=/nowhere/weights.npz", "there is no file /nowhere/weights.npz"),
        ("data.yolo_dataset_dir=/nowhere/yolo", "no image (.png, .jpg, .jpeg, .bmp) stands there"),
        ('class_map.names=["a", "b"]', "is not in the class map, which has 2"),
    ],
)
def test_a_training_that_cannot_go_on_is_a_failed_run_with_all_records(
    copied: System, capsys: pytest.CaptureFixture[str], setting: str, told: str
) -> None:
    from train.cli import main

    assert copied.call(main, setting) == 1
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.startswith("error=")
    assert "status=failed" in printed.out
    artifacts = copied.newest()
    assert artifacts["status"] == artifacts["artifacts"]["status"] == "failed"
    assert told in artifacts["error"]
    assert "Traceback" in artifacts["artifacts"]["traceback"]
    assert artifacts["artifacts"]["backend"] == "yolo"
    assert copied.newest("metrics.json")["error"] == artifacts["error"]
    assert (copied.runs()[-1] / "config.resolved.toml").is_file()
    assert not (copied.root / "models" / artifacts["run_id"]).exists()
    assert (copied.root / "models/latest").resolve().name == copied.runs()[0].name
    assert check(copied, capsys)[0] == 0


def test_damaged_weights_are_no_checkpoint(copied: System, capsys: pytest.CaptureFixture[str]) -> None:
    from train.cli import main

    weights = copied.root / "tmp" / "weights.npz"
    weights.parent.mkdir(exist_ok=True)
    weights.write_bytes(b"PK no")
    assert copied.call(main, f"train.yolo.weights={weights}") == 1
    assert "is no checkpoint" in capsys.readouterr().err
    np.savez(weights, w0=np.zeros((2, 2), dtype=np.float32))
    assert copied.call(main, f"train.yolo.weights={weights}") == 1
    assert "wanted" in capsys.readouterr().err
