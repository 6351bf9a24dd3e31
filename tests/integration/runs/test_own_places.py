"""Directories that a run owns outside its own: sealed with it, and verified with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import ContractBrokenError
from runpact.workspace import Workspace

CONTRACT = """\
contract: test.places
version: "1.0.0"
kinds:
  train:
    at: "runs/{name}"
    places:
      models: {at: "models/{run.id}"}
      pictures: {at: "outputs/{run.id}"}
"""


@pytest.fixture
def work(empty: Place) -> Place:
    """A workspace whose runs own two directories each."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def trained(work: Place, name: str, weights: str = "[1, 2]") -> Path:
    """Make a run that leaves a model with labels and a link, and no picture."""
    with runpact.run(name=name):
        work.write(f"models/{name}/model.json", weights)
        work.write(f"models/{name}/deep/labels.txt", "cat\n")
        (work.root / "models" / name / "newest").symlink_to("model.json")
    return work.root / "runs" / name


def verified(work: Place, target: Path) -> tuple[int, dict[str, str]]:
    code, answer = work.json("verify", str(target))
    return code, {finding["path"]: finding["code"] for finding in answer["findings"]}


def manifest_of(run: Path) -> dict:
    return json.loads((run / ".runpact/manifest.json").read_text())


def test_files_of_places_stand_in_the_manifest_relative_to_their_place(work: Place) -> None:
    places = manifest_of(trained(work, "a"))["places"]
    assert (places["models"]["path"], places["models"]["run"]) == ("models/a", "runs/a")
    assert [file["path"] for file in places["models"]["files"]] == ["deep/labels.txt", "model.json", "newest"]
    assert places["pictures"] == {"path": "outputs/a", "run": "runs/a", "files": []}


def test_runs_of_kinds_without_places_have_no_such_key(place: Place, good_run: Path) -> None:
    assert "places" not in manifest_of(good_run)


def test_an_intact_run_with_places_verifies(work: Place) -> None:
    assert verified(work, trained(work, "a")) == (0, {})


def test_what_changed_or_went_or_came_in_a_place_is_named(work: Place) -> None:
    run = trained(work, "a")
    work.write("models/a/model.json", "[1, 3]")
    (work.root / "models/a/deep/labels.txt").unlink()
    (work.root / "models/a/newest").unlink()
    (work.root / "models/a/newest").symlink_to("elsewhere")
    work.write("outputs/a/late.jpg", "late")
    assert verified(work, run) == (
        3,
        {
            "../../models/a/model.json": "digest-mismatch",
            "../../models/a/deep/labels.txt": "missing-file",
            "../../models/a/newest": "digest-mismatch",
            "../../outputs/a/late.jpg": "added-file",
        },
    )


def test_a_place_that_is_gone_lacks_each_of_its_files(work: Place) -> None:
    run = trained(work, "a")
    shutil.rmtree(work.root / "models")
    code, found = verified(work, run)
    assert (code, set(found.values()), len(found)) == (3, {"missing-file"}, 3)


def test_a_place_that_cannot_be_listed_is_told(work: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(work, "a")
    folder, real = work.root / "models" / "a", os.open

    def refuse(path: str, *rest: int, **more: int) -> int:
        if path == str(folder):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)  # who runs tests as root may read everything
    assert verified(work, run) == (3, {"../../models/a": "unreadable"})


def test_a_place_that_could_not_be_listed_at_the_seal_never_verifies(
    work: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, real = work.root / "models" / "a", os.open

    def refuse(path: str, *rest: int, **more: int) -> int:
        if path == str(folder):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        with pytest.raises(ContractBrokenError, match="Permission denied"):
            trained(work, "a")
    assert verified(work, work.root / "runs/a")[0] == 3


def test_a_workspace_may_be_moved_as_a_whole(work: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    trained(work, "a")
    moved = tmp_path_factory.mktemp("elsewhere") / "moved"
    shutil.copytree(work.root, moved, symlinks=True)
    assert verified(work, moved / "runs/a") == (0, {})
    (moved / "models/a/model.json").write_text("[]")
    assert verified(work, moved / "runs/a")[1] == {"../../models/a/model.json": "digest-mismatch"}


def test_a_run_moved_without_its_places_is_not_decided(
    work: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moved = tmp_path_factory.mktemp("elsewhere") / "a"
    shutil.copytree(trained(work, "a"), moved)
    assert verified(work, moved) == (2, {"../../models/a": "place-not-here"})


def test_a_place_that_leads_out_is_damage(work: Place) -> None:
    from runpact.model.manifest import Manifest, PlaceRecord
    from runpact.verbs.life.ownplaces import verify_places

    run = trained(work, "a")
    read = Workspace.open(workspace=str(work.root)).show("a")
    assert read.files
    manifest = Manifest(
        sealed=True,
        uid="u",
        id="a",
        kind="train",
        started="",
        contract=None,  # type: ignore[arg-type] # not looked at
        places={"models": PlaceRecord("../../etc", "runs/a")},
    )
    assert [each.code for each in verify_places(str(run), manifest)] == ["damaged-record"]


def test_a_difference_of_models_is_shown_by_value(work: Place) -> None:
    trained(work, "a")
    trained(work, "b", "[1, 5]")
    rows = work.json("diff", "a", "b", "--only", "artifacts")[1]["sections"]["artifacts"]
    told = {row["key"]: row["likeness"] for row in rows}
    assert told["models:model.json#/1"] == "different"
    assert "models:deep/labels.txt" not in told  # it is the same


def test_tables_and_arrays_of_places_are_compared_by_value(work: Place) -> None:
    import numpy as np

    for name, value in (("a", 1.0), ("b", 2.0)):
        with runpact.run(name=name):
            work.write(f"models/{name}/table.csv", f"x\n{value}\n")
            np.savez(work.root / "models" / name / "weights.npz", w=np.full(3, value))
    rows = work.json("diff", "a", "b", "--only", "artifacts")[1]["sections"]["artifacts"]
    keys = {row["key"] for row in rows}
    assert {"models:table.csv#/0/x", "models:weights.npz#/w"} <= keys


def test_show_lists_the_files_of_places(work: Place) -> None:
    trained(work, "a")
    _code, out, _err = work.call("show", "a")
    assert "../../models/a/model.json" in out


def test_a_run_that_reads_a_model_of_another_follows_from_it(work: Place) -> None:
    trained(work, "a")
    trained(work, "twin")
    with runpact.run(name="user") as run:
        run.input(work.root / "models/a/model.json")
    _code, answer = work.json("lineage", "user")
    makers = [node["path"] for node in answer["nodes"] if node["path"].startswith("runs/")]
    assert sorted(makers) == ["runs/a", "runs/user"]


def test_the_run_of_a_process_that_is_gone_is_sealed_with_its_places(work: Place) -> None:
    script = (
        "import os, pathlib, runpact\n"
        "run = runpact.run(name='a').__enter__()\n"
        "pathlib.Path('models/a').mkdir(parents=True)\n"
        "pathlib.Path('models/a/model.json').write_text('[1')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=work.root, check=False)
    assert work.call("doctor", "--fix")[0] == 0
    run = work.root / "runs/a"
    assert [file["path"] for file in manifest_of(run)["places"]["models"]["files"]] == ["model.json"]
    assert verified(work, run) == (0, {})


def test_a_place_that_runs_would_share_is_advised_against(work: Place) -> None:
    work.write(
        "contract.yaml", CONTRACT.replace("models/{run.id}", "models/all").replace("outputs/", "{name}/")
    )
    code, out, _err = work.call("contract", "lint")
    assert code == 0
    assert "runs may share this place" in out
    assert out.count("share") == 1
