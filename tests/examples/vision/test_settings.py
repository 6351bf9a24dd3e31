"""Settings that cannot be used: told whole, exit 2, and no run."""

from __future__ import annotations

import importlib
import io
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scenes.cli import main as make_scenes
from share.boxes import Detection
from share.drawing import annotated
from share.kernel import described
from share.settings import Asked, read_settings
from train.cli import main

from examples.vision.workbench import EXAMPLE, System
from runpact.cli.main import run_command_line


@pytest.mark.requirement("D14.3", "D14.5", "D14.6", "D14.7", "D14.8", "D14.9")
@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("train.epoch=50", "did you mean `train.epochs`?"),
        ("trian.epochs=50", "`train`"),
        ("train.epochs=true", "integer"),
        ("train.epochs=2.5", "integer"),
        ("train.epochs=0", "train.epochs"),
        ("train.backend=keras", "train.backend"),
        ("workspace.run_name=../../x", "workspace.run_name"),
        ("workspace.run_name=a/b", "workspace.run_name"),
        ("workspace.run_name=.hidden", "workspace.run_name"),
        ('workspace.run_name="two\\nlines"', "workspace.run_name"),
        ("workspace.run_name=", "workspace.run_name"),
        ('deploy.edge.source_id="a\\nb"', "deploy.edge.source_id"),
        ("app.schema_version=2", "app.schema_version"),
        ("class_map.names=[]", "class_map.names"),
        ('class_map.names=["a", "a"]', "class_map.names"),
        ("class_map.id_map.zero=1", "class_map.id_map"),
        ("deploy.statistics.port=70000", "deploy.statistics.port"),
        ("deploy.edge.statistics_url=ftp://x", "deploy.edge.statistics_url"),
        ("no equals sign", "dotted.key=value"),
        ("deploy.statistics.api_key=${env:VISION_NOT_SET}", "VISION_NOT_SET"),
    ],
)
def test_a_setting_that_cannot_be_used_makes_no_run(
    system: System, capsys: pytest.CaptureFixture[str], setting: str, told: str
) -> None:
    assert system.call(main, setting) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("[CONFIG ERROR] ")
    assert told in printed.err
    assert printed.out == ""
    assert not (system.root / "runs").exists() or system.runs() == []


@pytest.mark.requirement("D14.6")
def test_numbers_of_classes_are_their_places() -> None:
    asked = Asked(str(EXAMPLE / "work-dir/config.example.toml"), None, ('class_map.names=["a", "b"]',))
    good = Asked(asked.config, None, (*asked.overrides, "class_map.id_map.a=0", "class_map.id_map.b=1"))
    assert read_settings(good).names == ["a", "b"]
    with pytest.raises(Exception, match="`b` must be 1, its place in names, got nothing"):
        read_settings(Asked(asked.config, None, (*asked.overrides, "class_map.id_map.a=0")))
    with pytest.raises(Exception, match=r"`c` is not in class_map\.names"):
        read_settings(Asked(asked.config, None, (*good.overrides, "class_map.id_map.c=2")))


@pytest.mark.requirement("D14.5")
def test_a_device_that_is_not_there_is_a_missing_dependency(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    assert system.call(main, "train.device=cuda") == 3
    assert "'cuda'" in capsys.readouterr().err
    assert not (system.root / "runs").exists() or system.runs() == []


def test_settings_that_are_not_there_or_no_toml_are_told(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", "/nowhere/config.toml"]) == 2
    assert "/nowhere/config.toml" in capsys.readouterr().err
    system.config.write_text("[train\nepochs = 1\n")
    assert system.call(main) == 2
    assert "config.toml" in capsys.readouterr().err


@pytest.mark.requirement("D14.1")
@pytest.mark.parametrize(
    "program", ["train.cli", "autolabel.cli", "deploy.edge.cli", "deploy.remote.cli", "deploy.statistics.api"]
)
def test_every_program_has_the_same_three_flags(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(program).main(["--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(flag in printed for flag in ("--config", "--workdir", "--set"))
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(program).main([])
    assert ended.value.code == 2


@pytest.mark.requirement("D14.10")
def test_a_number_is_text_where_text_is_declared(system: System) -> None:
    asked = Asked(str(system.config), None, ("workspace.run_name=123",))
    assert read_settings(asked)["workspace"]["run_name"] == "123"


@pytest.mark.requirement("D3.4")
def test_the_example_settings_are_the_schema_at_its_defaults(tmp_path: Path) -> None:
    made = tmp_path / "config.example.toml"
    code = run_command_line(["config", "example", "--workspace", str(EXAMPLE), "--output", str(made)])
    assert (code, made.read_text()) == (0, (EXAMPLE / "work-dir/config.example.toml").read_text())
    assert tomllib.loads(made.read_text())["train"]["backend"] == "yolo"


@pytest.mark.requirement("D5.2", "D5.4", "D5.5", "D5.6", "D5.8")
def test_paths_begin_above_the_work_directory(system: System) -> None:
    system.config.write_text('[data]\nlabeled_dir = "./mine"\n[deploy.edge]\nimages_dir = "/abs/x"\n')
    settings = read_settings(Asked(str(system.config), None, ("train.yolo.weights=w.npz",)))
    above = system.root.parent
    assert settings["data"]["labeled_dir"] == str(above / "mine")
    assert settings["train"]["yolo"]["weights"] == str(above / "w.npz")
    assert settings["deploy"]["edge"]["images_dir"] == "/abs/x"
    assert settings["deploy"]["edge"]["video_path"] == ""
    assert settings.root == above / "work-dir"
    assert settings["deploy"]["statistics"]["db_path"] == str(above / "work-dir/stats/stats.db")


@pytest.mark.requirement("D3.1", "D3.2", "D3.5")
def test_what_one_edits_is_a_copy_of_the_example(tmp_path: Path) -> None:
    example = EXAMPLE / "work-dir/config.example.toml"
    config = tmp_path / "work-dir/config.toml"
    config.parent.mkdir()
    shutil.copy(example, config)
    text = config.read_text()
    edits = {
        re.search(r"^names = .*$", text, re.MULTILINE)[0]: 'names = ["cat", "dog"]',
        "# id_map = ": "id_map = { cat = 0, dog = 1 }",
        'yolo_dataset_dir = "./work-dir/datasets/yolo"': 'yolo_dataset_dir = "/mnt/data/pets"',
        'weights = ""': 'weights = "./before.npz"',
        'device = "cpu"': 'device = "mps"',
    }
    for old, new in edits.items():
        assert text.count(f"\n{old}") == 1
        text = text.replace(f"\n{old}", f"\n{new}")
    config.write_text(text)
    settings = read_settings(Asked(str(config), None, ()))
    assert settings["class_map"] == {"names": ["cat", "dog"], "id_map": {"cat": 0, "dog": 1}}
    assert settings["data"]["yolo_dataset_dir"] == "/mnt/data/pets"
    assert settings["train"]["yolo"]["weights"] == str(tmp_path / "before.npz")
    assert settings["train"]["device"] == "mps"


def test_a_fault_is_told_once(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    assert system.call(main, "train.epochs=true") == 2
    assert capsys.readouterr().err.count('"true"') == 1


@pytest.mark.parametrize("name", ["CON", "nul"])
def test_a_name_that_no_run_may_have_is_a_fault_of_the_settings(
    system: System, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert system.call(main, f"workspace.run_name={name}") == 2
    assert capsys.readouterr().err.startswith("[CONFIG ERROR]")
    assert system.runs() == []


@pytest.mark.parametrize("count", ["0", "-3", "ten", "1000000000"])
def test_a_part_without_scenes_is_refused(
    system: System, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        make_scenes(["--config", str(system.config), "--workdir", str(system.root), f"--train={count}"])
    assert ended.value.code == 2
    assert "a number of scenes" in capsys.readouterr().err
    assert not (system.root / "datasets").exists()


def test_words_of_a_picture_stay_inside_it() -> None:
    scene = np.zeros((64, 64), dtype=np.float32)
    corners = [Detection(0, box, 0.5) for box in ((50.0, 0.0, 64.0, 9.0), (0.0, 55.0, 9.0, 64.0))]
    with Image.open(io.BytesIO(annotated(scene, corners, ["a long name"]))) as picture:
        pixels = np.asarray(picture, dtype=np.int64)
    coloured = (pixels.max(axis=2) > 60).sum(axis=1)
    assert coloured[46:60].sum() > 0  # the word stands under the box that begins at the top edge


def test_a_long_error_says_how_much_of_it_is_left_out() -> None:
    assert described(ValueError("x" * 5000)).endswith("characters more)")
    assert described(ValueError("x" * 3000)).endswith("x")
