"""The three projects of the perception example on a toy of numpy alone, rule by rule."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import runpact
from examples.perception.conftest import TOY, Repository


def only(story: Repository, project: str) -> Path:
    """Return the run of a project."""
    (run,) = (story.root / "runs" / project).iterdir()
    return run


def document(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.requirement("A-005", "A-006", "A-007", "A-008", "A-009", "A-010", "A-011", "A-016", "A-027")
def test_all_that_the_story_made_keeps_its_contract(story: Repository) -> None:
    assert story.call("check") == 0
    entries = {
        "config.yaml",
        "config_resolved.yaml",
        "run_manifest.json",
        "metrics.json",
        "artifacts",
        "logs",
    }
    commit = story.git("rev-parse", "HEAD")
    for project in ("evaluate", "train", "apply"):
        run = only(story, project)
        assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d_{commit[:7]}", run.name)
        assert {path.name for path in run.iterdir()} - {".runpact"} == entries
        assert runpact.verify(run) is runpact.Verdict.OK
        assert document(run / "run_manifest.json")["git_hash"] == commit


@pytest.mark.requirement("A-004")
def test_nothing_stands_outside_the_runs_but_what_was_promoted(story: Repository) -> None:
    told = {line[3:] for line in story.git("status", "--porcelain", "--untracked-files=all").splitlines()}
    assert told == {".runpact-ledger.jsonl", "models/.gitignore", "models/.gitkeep", "models/README.md"}
    made = {path.name for path in story.root.iterdir()} - {"core", "libs", "skills", "projects", "configs"}
    assert made - {"runs", "models", ".git", ".runpact", ".runpact-cache", ".runpact-ledger.jsonl"} == {
        ".gitignore",
        "CONTRACT.md",
        "README.md",
        "contract.yaml",
        "demo.py",
    }


@pytest.mark.requirement("A-012", "A-013", "A-035", "A-038", "A-040")
def test_each_frame_has_its_prediction_near_the_truth(story: Repository) -> None:
    run = only(story, "evaluate")
    frames = list(runpact.open_run(run).predictions())
    assert [frame.frame_id for frame in frames] == [0, 1, 2]
    rows = document(run / "artifacts/predictions/metadata.json")["frames"]
    assert {row["frame_id"]: row["intrinsics"]["fx"] for row in rows} == dict.fromkeys(range(3), 310.0)
    for frame in frames:
        rotation = frame["rotation"]
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert len(frame["wall"]) == len(frame["measured"]) >= 8
    assert document(run / "metrics.json")["worst_reprojection_px"] < 4


@pytest.mark.requirement("A-048")
def test_overlays_are_pictures_that_the_contract_opts_in(story: Repository, tmp_path: Path) -> None:
    overlays = sorted((only(story, "evaluate") / "artifacts/overlays").iterdir())
    assert [path.name for path in overlays] == ["frame_0000.png", "frame_0001.png", "sheet.png"]
    from PIL import Image

    with Image.open(overlays[0]) as picture:
        assert picture.size == (480, 360)
        colours = {colour for _count, colour in picture.getcolors(1 << 20)}
    assert {(70, 220, 90), (255, 214, 64)} <= colours
    copy = tmp_path / "copy"
    shutil.copytree(story.root, copy)
    moved = next((copy / "runs/evaluate").iterdir())
    (moved / "artifacts/motion").mkdir()
    shutil.copy(overlays[0], moved / "artifacts/motion/x.png")
    assert Repository(copy).call("check", str(moved)) == 3


@pytest.mark.requirement("A-015", "A-050", "A-051", "A-052", "A-053", "A-056", "AX-002", "AX-006", "AX-007")
def test_a_checkpoint_is_promoted_and_used_by_its_uri(story: Repository) -> None:
    checkpoints = sorted(path.name for path in (only(story, "train") / "artifacts/checkpoints").iterdir())
    assert checkpoints == ["best.npz", "last.npz"]
    (folder,) = (story.root / "models/vision/corrector/lens/trained/walls").iterdir()
    manifest = document(folder / "manifest.json")
    assert (manifest["model_name"], manifest["skill"], manifest["format"]) == ("lens", "corrector", "npz")
    uri = "local://" + folder.relative_to(story.root / "models").as_posix()
    manifest_of_run = (only(story, "apply") / "run_manifest.json").read_text(encoding="utf-8")
    assert uri in manifest_of_run


@pytest.mark.requirement("A-007", "A-008", "A-022", "A-023", "A-024")
def test_the_configuration_stands_as_composed_and_resolved(story: Repository) -> None:
    from omegaconf import OmegaConf

    for project in ("evaluate", "train", "apply"):
        run = only(story, project)
        composed = OmegaConf.load(run / "config.yaml")
        assert OmegaConf.to_container(composed)["motion"]["seed"] == "${seed}"
        resolved = OmegaConf.load(run / "config_resolved.yaml")
        assert "${" not in (run / "config_resolved.yaml").read_text(encoding="utf-8")
        assert OmegaConf.to_container(composed, resolve=True) == OmegaConf.to_container(resolved)


@pytest.mark.requirement("AX-012")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("camera.width=wide", r"camera\.width"),
        ("features.method=sift", r"features\.method.*\n +expected  one of orb, corners\n"),
        ("scene.picture=nosuch", r"scene\.picture.*\n +expected  one of drawn, astronaut"),
        ("motion.seed=-1", r"motion\.seed.*\n +expected  int >= 0\n"),
    ],
)
def test_a_setting_that_is_none_makes_no_run(repository: Repository, said: str, told: str) -> None:
    done = repository.project("evaluate", *TOY, said)
    assert done.returncode == 2
    assert re.search(told, done.stderr)
    assert not (repository.root / "runs").exists()


@pytest.mark.requirement("A-059", "A-060", "AX-009", "AX-016")
def test_a_repository_that_was_moved_still_checks_verifies_and_resolves(
    story: Repository, tmp_path: Path
) -> None:
    moved = Repository(tmp_path / "elsewhere/there")
    shutil.copytree(story.root, moved.root, symlinks=True)
    assert moved.call("check") == 0
    for project in ("evaluate", "train", "apply"):
        assert moved.call("verify", str(only(moved, project))) == 0
    assert moved.call("models", "verify") == 0
    assert moved.call("models", "resolve", "local://vision/corrector/lens") == 0
    moved.made("apply", *TOY)
    assert moved.call("check") == 0


@pytest.mark.requirement("AX-011", "AX-013")
def test_layers_import_downwards_alone(repository: Repository) -> None:
    assert repository.call("lint-layers") == 0
    skill = repository.root / "skills/motion.py"
    skill.write_text("from projects.train.main import train\n" + skill.read_text())
    assert repository.call("lint-layers") == 3
