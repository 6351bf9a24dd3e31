"""What runs of projects look like, rule by rule, and what their records prove."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import StrayWriteError

CONTRACT = """\
contract: test.layout
version: "1.0.0"
extends: runpact:project-run@1
kinds: {run: {made_by: ["**"]}}
"""
REQUIRED = ("config.yaml", "config_resolved.yaml", "metrics.json", "artifacts", "logs")


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace of projects."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def whole_run(name: str = "depth") -> Path:
    """Make a run that has everything that a run of a project may have."""
    with runpact.run(name=name, config={"seed": 7}) as run:
        run.scope("motion").save("notes", {"a": 1})
        run.scope("motion").path("table.yaml")
        Path(run.scope("motion").path("table.yaml")).write_text("a: 1\n")
        run.save("artifacts/predictions/camera.json", {"fx": 1})
        with run.predictions(contract_version="1.0", intrinsics_ref="camera.json") as frames:
            frames.write(0, timestamp=0.0, depth=np.ones((2, 2)))
        for checkpoint in ("best", "last"):
            run.checkpoint(checkpoint, {"w": np.ones(2)})
        run.save("metrics", {"loss": 0.5, "curve": [1.0, 0.5]})
    return Path(run.dir)


@pytest.mark.requirement(
    "A-005", "A-007", "A-008", "A-009", "A-010", "A-011", "A-016", "A-042", "A-043", "A-044"
)
def test_a_whole_run_has_the_canonical_tree_and_keeps_every_rule(place: Place) -> None:
    run = whole_run()
    names = {path.name for path in run.iterdir()} - {".runpact"}
    assert names == {*REQUIRED, "run_manifest.json"}
    found = sorted(path.relative_to(run).as_posix() for path in (run / "artifacts").rglob("*.*"))
    assert found == [
        "artifacts/checkpoints/best.npz",
        "artifacts/checkpoints/last.npz",
        "artifacts/motion/notes.json",
        "artifacts/motion/table.yaml",
        "artifacts/predictions/camera.json",
        "artifacts/predictions/frame_0000.npz",
        "artifacts/predictions/metadata.json",
    ]
    code, document = place.json("check")
    assert (code, document["findings"]) == (0, [])


@pytest.mark.requirement("A-059")
def test_a_write_elsewhere_that_was_refused_does_not_break_the_contract(place: Place) -> None:
    with runpact.run(name="depth") as run:
        with pytest.raises(StrayWriteError):
            Path("/nowhere/alice/new.txt").touch()
        run.save("metrics", {"loss": 0.5})
    assert place.json("check", run.dir)[1]["verdict"] == "OK"


def test_a_killed_run_is_incomplete_not_wrong(place: Place) -> None:
    code = "import runpact, os\nrunpact.run(name='depth').__enter__()\nos.kill(os.getpid(), 9)\n"
    subprocess.run([sys.executable, "-c", code], cwd=place.root, check=False)
    status, document = place.json("check")
    assert (status, document["verdict"]) == (2, "INCOMPLETE")
    following = {each["because"] for each in document["findings"] if each["severity"] == "error"}
    (record,) = (each["path"] for each in document["findings"] if each["code"] == "not-sealed")
    assert following == {record}
    assert place.call("doctor", "--fix")[0] == 0
    assert place.json("check")[1]["verdict"] == "OK"


@pytest.mark.requirement("A-017")
def test_a_check_names_every_required_entry_that_is_missing(place: Place) -> None:
    run = whole_run()
    for name in REQUIRED:
        path = run / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, document = place.json("check", str(run))
    missing = {each["path"].rpartition("/")[2] for each in document["findings"] if each["code"] == "missing"}
    assert code in {2, 3}
    assert missing == set(REQUIRED)


@pytest.mark.requirement("A-021", "A-006")
def test_the_name_of_a_run_is_in_utc_whatever_the_zone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import runpact\nwith runpact.run(name='z', config={}) as run: run.save('metrics', {'a': 1})\n"
        "print(run.dir)"
    )
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    run = Path(done.stdout.strip())
    manifest = json.loads((run / "run_manifest.json").read_text())
    started = datetime.fromisoformat(manifest["started"])
    assert manifest["started"].endswith("Z")
    assert run.name == f"{started:%Y-%m-%d_%H-%M-%S}_nogit"


@pytest.mark.requirement("A-061", "A-060")
@pytest.mark.parametrize(
    "gone",
    [
        "config.yaml",
        "config_resolved.yaml",
        "run_manifest.json",
        ".runpact/run.json",
        ".runpact/seal",
        ".runpact/events.jsonl",
        ".runpact/contract/contract.yaml",
        "artifacts/motion/notes.json",
    ],
)
def test_a_run_whose_origin_is_not_all_there_does_not_verify(place: Place, gone: str) -> None:
    run = whole_run()
    assert runpact.verify(run) is runpact.Verdict.OK
    (run / gone).unlink()
    assert place.call("verify", str(run))[0] in {2, 3}


@pytest.mark.requirement("A-061")
def test_a_manifest_without_its_origin_does_not_verify(place: Place) -> None:
    run = whole_run()
    path = run / "run_manifest.json"
    document = json.loads(path.read_text())
    del document["provenance"]
    path.write_text(json.dumps(document))
    assert place.call("verify", str(run))[0] == 3


@pytest.mark.requirement("A-060")
@pytest.mark.parametrize("name", ["artifacts/motion/notes.json", "artifacts/predictions/frame_0000.npz"])
def test_from_a_file_one_comes_to_all_that_made_it(place: Place, name: str) -> None:
    run = whole_run()
    code, document = place.json("show", str(run / name))
    assert (code, document["uid"]) == (0, runpact.open_run(run / name).uid)
    told = next(each for each in document["files"] if each["path"] == name)
    assert told.get("producer", "") == ("motion" if "motion" in name else "")
    assert document["config"] == {"seed": 7}
    assert "commit" in document["provenance"]["code"]
    assert "inputs" in document["provenance"]
    assert place.json("show", "contract.yaml")[0] == 2


@pytest.mark.requirement("A-059")
def test_a_run_that_was_moved_or_copied_still_keeps_everything(place: Place) -> None:
    run = whole_run()
    for root in (place.root / "moved", place.root / "copied"):
        shutil.copytree(run.parent, root / "runs" / run.parent.name)
        (root / "contract.yaml").write_text(CONTRACT)
        at = str(root / "runs" / run.parent.name / run.name)
        assert place.call("check", "--workspace", str(root), at)[0] == 0
        assert place.call("verify", "--workspace", str(root), at)[0] == 0
        (frame,) = runpact.open_run(at, workspace=root).predictions()
        assert frame["depth"].sum() == 4
    absolute = [path for path in run.rglob("*.json") if str(place.root) in path.read_text()]
    assert absolute == []


@pytest.mark.requirement("AX-008", "A-052", "A-058")
@pytest.mark.parametrize("call", ["s.save", "open"])
def test_a_skill_writes_nothing_among_the_models(place: Place, call: str) -> None:
    place.write("models/depth/model.npz", "curated")
    with runpact.run(name="depth", config={}, unsafe_skip_check=True) as run:
        target = place.root / "models/depth/model.npz"
        with pytest.raises((StrayWriteError, runpact.RunpactError)):
            target.write_bytes(b"new") if call == "open" else run.scope("s").save("../../models/m.npz", {})
        run.checkpoint("best", {"w": np.ones(2)})
    assert target.read_text() == "curated"
    assert [path.name for path in (place.root / "models").rglob("*.npz")] == ["model.npz"]


@pytest.mark.requirement("AX-014")
def test_before_a_commit_broken_runs_and_staged_weights_are_told(place: Place) -> None:
    place.write(".gitignore", "runs/\n")
    run = whole_run()
    for words in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *words], cwd=place.root, check=True)
    assert (place.call("check")[0], place.call("lint-repo")[0]) == (0, 0)
    shutil.copy(run / "artifacts/checkpoints/best.npz", place.root / "weights.pt")
    subprocess.run(["git", "add", "weights.pt"], cwd=place.root, check=True)
    code, document = place.json("lint-repo")
    assert (code, [each["path"] for each in document["findings"]]) == (3, ["weights.pt"])
    (run / "artifacts/pickled.pkl").write_bytes(b"x")
    assert place.call("check")[0] == 3
