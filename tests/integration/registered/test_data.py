"""`runpact data`: data sets by URI."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import runpact
from integration.registered.conftest import run, train
from runpact.disk.archive import retract
from runpact.model.digest import digest_bytes, digest_of_set
from runpact.model.errors import StorageError
from runpact.verbs.archive.ledger import ledger_of

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    for name in ("train/a.txt", "train/b.txt", "val/c.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


@pytest.mark.requirement("AX-010", "A-056")
def test_a_folder_becomes_a_data_set_that_runs_use(workspace: Path, scans: Path, capsys: Captured) -> None:
    assert run("data", "add", str(scans), "--to", "vision/depth/rooms/1.0", "--from", "our own") == 0
    folder = workspace / "data/vision/depth/rooms/1.0"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    names = ("train/a.txt", "train/b.txt", "val/c.txt")
    assert manifest["source_hash"] == digest_of_set({name: digest_bytes(name.encode()) for name in names})
    assert (manifest["schema_version"], manifest["dataset_name"], manifest["domain"]) == (
        "1",
        "rooms",
        "vision",
    )
    assert (manifest["version"], manifest["source"]) == ("1.0", "our own")
    assert manifest["splits"] == {"train": "train/**", "val": "val/**"}
    with runpact.run(name="user", kind="run") as active:
        data = active.use_data("data://vision/depth/rooms")
        assert sorted(path.name for path in Path(data).iterdir())[-2:] == ["train", "val"]
        active.save("metrics", {"loss": 1.0})
    (recorded,) = json.loads((Path(active.dir) / "run_manifest.json").read_bytes())["provenance"]["inputs"]
    assert (recorded["uri"], recorded["version"]) == ("data://vision/depth/rooms/1.0", "1.0")
    told = (manifest["source_hash"], 3, sum(map(len, names)), False)
    assert (recorded["digest"], recorded["files"], recorded["size"], recorded["changed"]) == told
    assert run("check", "user") == 0
    capsys.readouterr()
    assert run("lineage", "user") == 0
    assert "of data/vision/depth/rooms/1.0" in capsys.readouterr().out
    assert (run("data", "verify"), run("data", "show", data.uri), run("data", "list", "--json")) == (0, 0, 0)
    assert run("data", "resolve", data.uri) == 0
    assert run("data", "remove", data.uri) == 2
    assert run("data", "remove", data.uri, "--force", "--reason", "rights") == 0
    assert [entry.action for entry in ledger_of(str(workspace)).entries] == ["add", "remove"]
    assert run("models", "resolve", data.uri) == 64


def test_a_data_set_out_of_a_run_names_it(workspace: Path) -> None:
    directory = Path(train())
    assert run("data", "add", str(directory / "artifacts/checkpoints"), "--to", "vision/depth/w/1") == 0
    assert run("data", "add", str(directory / "metrics.json"), "--to", "vision/depth/m/1") == 0
    whole, one = runpact.resolve("data://vision/depth/w"), runpact.resolve("data://vision/depth/m")
    assert (whole.manifest.origin.file, one.manifest.origin.file) == ("artifacts/checkpoints", "metrics.json")
    assert whole.manifest.origin.run_id == directory.name
    (first, _second) = ledger_of(str(workspace)).entries
    assert (first.action, first.run_id) == ("add", directory.name)


def test_what_a_data_set_is_can_be_said(workspace: Path, scans: Path) -> None:
    Path("rooms.yaml").write_text("class_map: {'0': wall}\nsplits: {all: '**'}\n", encoding="utf-8")
    assert run("data", "add", str(scans), "--to", "vision/depth/rooms/1.0", "--describe", "rooms.yaml") == 0
    manifest = runpact.resolve("data://vision/depth/rooms").manifest
    assert (manifest.class_map, manifest.splits) == ({"0": "wall"}, {"all": "**"})


def test_what_is_no_data_set_is_refused(workspace: Path, scans: Path, capsys: Captured) -> None:
    (scans / "empty").mkdir()
    for path, code, told in (
        (scans / "empty", 2, "holds no file"),
        (scans / "gone", 2, "cannot read"),
    ):
        assert run("data", "add", str(path), "--to", "vision/depth/rooms/1.0") == code
        assert told in capsys.readouterr().err
    (scans / "train" / "link").symlink_to("a.txt")
    assert run("data", "add", str(scans), "--to", "vision/depth/rooms/1.0") == 3
    assert "plain files" in capsys.readouterr().err
    (scans / "train" / "link").unlink()
    (scans / "manifest.json").write_text("{}")
    assert run("data", "add", str(scans), "--to", "vision/depth/rooms/1.0") == 2
    assert "which runpact writes itself" in capsys.readouterr().err
    assert run("data", "add", str(scans), "--to", "../x/y/z") == 64
    assert ledger_of(str(workspace)).entries == ()


def _gone(how: str, folder: Path) -> str:
    """Let a data set be found no more, and return how that is told."""
    shutil.rmtree(folder)
    if how == "link":
        folder.symlink_to("/tmp")
        return "it is gone"
    if how == "loop":
        folder.symlink_to(folder.name)
        return "cannot be read: Too many levels"
    if how == "fifo":
        os.mkfifo(folder)
        return "cannot be read: Not a directory"
    if how == "all":
        shutil.rmtree(folder.parents[3])
    return "it is gone"


@pytest.mark.parametrize("how", ["all", "one", "link", "loop", "fifo"])
def test_what_the_ledger_knows_and_nobody_finds_is_told(
    workspace: Path, scans: Path, capsys: Captured, how: str
) -> None:
    for name in ("rooms", "halls"):
        assert run("data", "add", str(scans), "--to", f"vision/depth/{name}/1.0", "--from", "us") == 0
    uri = "data://vision/depth/rooms/1.0"
    told = _gone(how, workspace / "data/vision/depth/rooms/1.0")
    for words in (("data", "verify"), ("data", "verify", uri), ("data", "list"), ("doctor",)):
        capsys.readouterr()
        assert run(*words) == 3, words
        out = capsys.readouterr().out
        assert "rooms/1.0" in out
        assert told in " ".join(out.split()), words
    if how != "all":
        assert run("data", "verify", "data://vision/depth/halls") == 0
        assert run("data", "add", str(scans), "--to", "vision/depth/yards/1.0", "--from", "us") == 0
    assert run("models", "verify") == 2
    if how == "one":
        for word in ("once", "twice"):
            assert run("data", "remove", uri) == (0 if word == "once" else 2)
        assert run("data", "verify", uri) == 2


def test_a_link_in_the_place_of_a_data_set_is_told(workspace: Path, scans: Path, capsys: Captured) -> None:
    assert run("data", "add", str(scans), "--to", "vision/depth/rooms/1.0", "--from", "us") == 0
    folder = workspace / "data/vision/depth/rooms/1.0"
    folder.rename(folder.with_name("moved"))
    folder.symlink_to("moved")
    capsys.readouterr()
    assert run("data", "verify") == 3
    assert "a link stands there" in capsys.readouterr().out


def test_a_removal_that_another_process_completed_is_no_error(workspace: Path, scans: Path) -> None:
    assert run("data", "add", str(scans), "--to", "vision/depth/rooms/1.0", "--from", "us") == 0
    folder = workspace / "data/vision/depth/rooms/1.0"
    retract(str(folder), str(workspace / "data"))
    retract(str(folder), str(workspace / "data"))
    assert not folder.exists()
    folder.parent.rmdir()
    folder.parent.symlink_to("rooms")
    with pytest.raises(StorageError, match="levels of symbolic links"):
        retract(str(folder), str(workspace / "data"))


def test_names_that_are_no_text_end_nothing(workspace: Path, scans: Path, capsys: Captured) -> None:
    assert run("data", "add", str(scans), "--to", "vision/depth/rooms/1.0", "--from", "by \udcff") == 0
    manifest = json.loads((workspace / "data/vision/depth/rooms/1.0/manifest.json").read_bytes())
    assert manifest["source"] == "by \\xff"
    (scans / os.fsdecode(b"\xff.txt")).write_text("odd")
    capsys.readouterr()
    assert run("data", "add", str(scans), "--to", "vision/depth/odd/1.0", "--from", "us") == 2
    assert "whose name is no UTF-8" in capsys.readouterr().err
    assert run("data", "add", str(scans / os.fsdecode(b"\xff.txt")), "--to", "vision/depth/odd/1.0") == 2
    assert not (workspace / "data/vision/depth/odd").exists()
    assert run("data", "verify") == 0
