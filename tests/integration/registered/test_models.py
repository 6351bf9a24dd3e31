"""`runpact models`: what may become a model, what stands there then, who may use and remove it."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.registered.conftest import DESCRIPTION, TARGET, git, run, train
from runpact.disk.archive import STAGING, Original
from runpact.disk.layout import LEDGER
from runpact.model.archive.copy import RECORD
from runpact.model.errors import (
    CannotStartError,
    DamagedCopyError,
    StorageError,
    StrayWriteError,
    UsageError,
)
from runpact.model.ledger.entry import ArchivedFile
from runpact.verbs.archive.ledger import ledger_of

Captured = pytest.CaptureFixture[str]


def only_uri() -> str:
    (folder,) = Path("models").glob("*/*/*/*/*/*")
    return "local://" + folder.relative_to("models").as_posix()


@pytest.mark.requirement("A-053", "A-060", "AX-002", "AX-004", "AX-005", "AX-007")
def test_a_checkpoint_becomes_a_model_with_its_evidence(workspace: Path, capsys: Captured) -> None:
    directory = Path(train())
    record = json.loads((directory / ".runpact" / "run.json").read_bytes())
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    commit = git(workspace, "rev-parse", "HEAD")
    folder = workspace / "models" / TARGET / f"{record['started'][:10]}_{commit[:7]}"
    weights = folder / "model.npz"
    assert weights.read_bytes() == (directory / "artifacts/checkpoints/best.npz").read_bytes()
    assert stat.S_IMODE(weights.stat().st_mode) == 0o444
    assert (folder / "metrics.json").read_bytes() == (directory / "metrics.json").read_bytes()
    assert (folder / "config_resolved.yaml").read_bytes() == (directory / "config_resolved.yaml").read_bytes()
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert {key: manifest[key] for key in DESCRIPTION} == DESCRIPTION
    assert (manifest["model_name"], manifest["skill"], manifest["format"]) == ("tiny", "depth", "npz")
    assert (manifest["schema_version"], manifest["git_hash"]) == ("1", commit)
    assert manifest["origin"] == {
        "run": record["uid"],
        "run_id": directory.name,
        "path": directory.relative_to(workspace).as_posix(),
        "file": "artifacts/checkpoints/best.npz",
        "config_digest": record["provenance"]["config"]["digest"],
    }
    assert set(manifest["files"]) == {"model.npz", "metrics.json", "config_resolved.yaml"}
    (entry,) = ledger_of(str(workspace)).entries
    assert (entry.action, entry.role, entry.run) == ("promote", "model", record["uid"])
    assert (run("models", "verify"), run("verify", str(folder)), run("check")) == (0, 0, 0)
    assert "as it was registered" in capsys.readouterr().out


def test_a_model_of_code_with_changes_says_so(workspace: Path, capsys: Captured) -> None:
    train("clean")
    (workspace / "change.py").write_text("x = 1")
    git(workspace, "add", "change.py")
    train("changed")
    for name in ("clean", "changed"):
        assert run("models", "promote", name, "--to", f"vision/depth/{name}/trained/indoor") == 0
    dirty = {
        path.parts[3]: json.loads(path.read_bytes()).get("dirty")
        for path in Path("models").rglob("manifest.json")
    }
    assert dirty == {"clean": None, "changed": True}
    capsys.readouterr()
    assert run("models", "list") == 0
    assert [" (dirty)" in line for line in capsys.readouterr().out.splitlines()] == [False, True, False]
    assert run("models", "show", "local://vision/depth/changed") == 0
    assert " (dirty): the code had changes that are in no commit" in capsys.readouterr().out
    assert run("models", "show", "local://vision/depth/clean") == 0
    assert "dirty" not in capsys.readouterr().out


@pytest.mark.requirement("A-052")
def test_a_model_is_no_run_and_is_checked_all_the_same(workspace: Path, capsys: Captured) -> None:
    directory = train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    capsys.readouterr()
    assert run("ls", "--json") == 0
    assert [each["path"] for each in json.loads(capsys.readouterr().out)["runs"]] == [
        str(Path(directory).relative_to(workspace))
    ]
    assert run("check") == 0
    out = capsys.readouterr().out
    assert f"OK models/{TARGET}" in out
    assert out.splitlines()[-1] == "1 run and 1 copy: 2 OK"


def test_promoting_again_finds_what_is_there(workspace: Path, capsys: Captured) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    before = (workspace / LEDGER).read_bytes()
    capsys.readouterr()
    assert run("models", "promote", "detector", "--to", TARGET, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["is_new"], told["entry"], told["uri"]) == (False, 1, only_uri())
    assert (workspace / LEDGER).read_bytes() == before


def test_a_second_model_of_one_day_and_commit_gets_a_number(workspace: Path) -> None:
    train()
    train("other", seed=1)
    for name, checkpoint in (("detector", "best"), ("other", "best"), ("other", "last"), ("other", "best")):
        words = ("--to", TARGET, "--checkpoint", checkpoint)
        assert run("models", "promote", name, *words) == 0
    names = sorted(path.name for path in (workspace / "models" / TARGET).iterdir())
    assert [name[18:] for name in names] == ["", "-01", "-02"]
    assert (run("models", "verify"), run("check")) == (0, 0)


def test_a_damaged_neighbour_is_left_alone(workspace: Path) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    record = next((workspace / "models" / TARGET).iterdir()) / RECORD
    record.chmod(0o644)
    record.write_bytes(b"{")
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    assert len(list((workspace / "models" / TARGET).iterdir())) == 2
    assert (run("models", "list"), run("models", "list", "--json")) == (3, 3)
    assert (run("models", "verify"), run("lineage", "detector")) == (3, 0)


@pytest.mark.requirement("A-052", "A-053", "AX-005")
def test_what_is_not_fit_is_not_promoted(workspace: Path, capsys: Captured) -> None:
    train("bare", description=None)
    assert run("models", "promote", "bare", "--to", TARGET) == 2
    assert "nothing about input_spec.resolution" in capsys.readouterr().err
    with runpact.run(name="cut", kind="run") as active:
        active.save("artifacts/checkpoints/best.npz", {"w": np.zeros(1)})
        active.finish(runpact.State.FAILED, error="broken")
    assert run("models", "promote", active.dir, "--to", TARGET) == 2
    assert "only a finished run" in capsys.readouterr().err
    directory = Path(train("spoilt"))
    with (directory / "artifacts/checkpoints/best.npz").open("ab") as file:
        file.write(b"more")
    assert run("models", "promote", "spoilt", "--to", TARGET) == 3
    assert "not-promotable" in capsys.readouterr().err
    train("fine")
    for words, told in (
        (("--checkpoint", "worst"), "no checkpoints `worst`"),
        (("--describe", "nothing.yaml"), "cannot read"),
        (("--describe", "contract.yaml"), "cannot be understood"),
        (("--describe", ".gitignore"), "cannot be read"),
    ):
        assert run("models", "promote", "fine", "--to", TARGET, *words) == 2
        assert told in capsys.readouterr().err
    assert run("models", "promote", "fine", "--to", "vision/depth") == 64
    assert run("models", "promote", "fine", "--to", "Vision/depth/tiny/trained/indoor") == 64
    assert [path.name for path in sorted(Path("models").iterdir())] == [
        ".gitignore",
        ".gitkeep",
        "README.md",
    ]
    assert not (workspace / LEDGER).exists() or not (workspace / LEDGER).read_bytes()


def test_what_a_model_is_can_be_said_by_a_person(workspace: Path) -> None:
    train("bare", description=None)
    (workspace / "net.json").write_text(json.dumps(DESCRIPTION | {"notes": "by hand"}), encoding="utf-8")
    words = ("--checkpoint", "artifacts/checkpoints/last.npz", "--describe", "net.json")
    assert run("models", "promote", "bare", "--to", TARGET, *words) == 0
    found = runpact.resolve("local://vision/depth/tiny")
    assert (found.manifest.notes, found.manifest.origin.file) == ("by hand", words[1])


@pytest.mark.requirement("AX-003", "AX-005")
def test_weights_from_elsewhere_stand_apart(workspace: Path, tmp_path: Path, capsys: Captured) -> None:
    np.savez(tmp_path / "net.npz", w=np.ones(3))
    (tmp_path / "net.json").write_text(json.dumps(DESCRIPTION), encoding="utf-8")
    add = ("models", "add", str(tmp_path / "net.npz"), "--to", "vision/depth/tiny", "--from")
    assert run(*add, "midas", "--describe", str(tmp_path / "net.json")) == 0
    assert (workspace / "models/vision/depth/tiny/pretrained/midas/model.npz").is_file()
    found = runpact.resolve("local://vision/depth/tiny/pretrained/midas")
    assert (found.manifest.source, found.manifest.git_hash, found.manifest.origin) == (
        "midas",
        "external",
        None,
    )
    assert run(*add, "midas", "--describe", str(tmp_path / "net.json")) == 0
    assert (run("models", "verify"), run("verify", "models/vision/depth/tiny/pretrained/midas")) == (0, 0)
    capsys.readouterr()
    np.savez(tmp_path / "net.npz", w=np.zeros(3))
    assert run(*add, "midas", "--describe", str(tmp_path / "net.json")) == 3
    assert "is another one" in capsys.readouterr().err
    assert run(*add, "other") == 2
    assert run(*add, "../other", "--describe", str(tmp_path / "net.json")) == 64
    for name, data, told in (
        ("net.bin", b"x", "no file of weights"),
        ("net.safetensors", b"\x80\x04.", "not what their name says"),
        ("gone.npz", None, "cannot read"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        words = ("--to", "vision/depth/tiny", "--from", "x", "--describe", str(tmp_path / "net.json"))
        assert run("models", "add", str(tmp_path / name), *words) in {2, 3}
        assert told in capsys.readouterr().err
    np.savez(tmp_path / "objects.npz", w=np.array([{}], dtype=object))
    words = ("--to", "vision/depth/tiny", "--from", "x", "--describe", str(tmp_path / "net.json"))
    assert run("models", "add", str(tmp_path / "objects.npz"), *words) == 3
    (entry,) = ledger_of(str(workspace)).entries
    assert (entry.action, entry.run, entry.path) == ("add", "", "midas")


@pytest.mark.requirement("A-056", "A-060", "AX-006")
def test_a_run_that_uses_a_model_names_it_by_uri_version_and_digest(
    workspace: Path, capsys: Captured
) -> None:
    maker = Path(train())
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    with runpact.run(name="consumer", kind="run") as active:
        model = active.use_model("local://vision/depth/tiny")
        again = active.use_model(str(model))
        loss = float(np.load(model)["w"].sum())
        active.save("metrics", {"loss": loss})
    assert str(again) == model.uri == only_uri()
    manifest = json.loads((Path(active.dir) / "run_manifest.json").read_bytes())
    (recorded,) = manifest["provenance"]["inputs"]
    uid = json.loads((maker / ".runpact" / "run.json").read_bytes())["uid"]
    assert (recorded["uri"], recorded["version"], recorded["digest"], recorded["run"]) == (
        model.uri,
        model.uri.rpartition("/")[2],
        model.digest,
        uid,
    )
    assert recorded["path"] == f"models/{model.uri.partition('://')[2]}/model.npz"
    assert (run("check"), run("verify", "consumer")) == (0, 0)
    capsys.readouterr()
    for name, told in (("consumer", "promoted from runs/detector"), ("detector", "read by runs/consumer")):
        assert run("lineage", name) == 0
        assert told in capsys.readouterr().out
    assert run("models", "show", model.uri) == 0
    assert "used by        runs/consumer" in capsys.readouterr().out


@pytest.mark.requirement("A-056")
def test_a_command_names_a_model_as_its_input(workspace: Path, capsys: Captured) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    save = """import runpact; runpact.current().save("metrics", {"loss": 1})"""
    told = """; print(runpact.current().use_model("local://vision/depth").version)
import json, os, numpy; (path,) = json.loads(os.environ["RUNPACT_INPUTS"]).values(); numpy.load(path)["w"]"""
    words = ("run", "--kind", "run", "--name", "cmd", "--input", "local://vision/depth/tiny")
    (workspace / "use.py").write_text(save + told)
    assert run(*words, "--", sys.executable, "use.py") == 0
    (directory,) = (workspace / "runs" / "cmd").iterdir()
    inputs = json.loads((directory / "run_manifest.json").read_bytes())["provenance"]["inputs"]
    assert [each["uri"] for each in inputs] == [only_uri()]
    assert run("run", "--kind", "run", "--input", "local://nothing", "--", "true") == 2
    assert "nothing is registered" in capsys.readouterr().err


@pytest.mark.requirement("AX-006", "AX-009", "A-059")
def test_a_uri_names_the_same_wherever_the_workspace_stands(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    digest = runpact.resolve("local://vision/depth/tiny").digest
    moved = tmp_path / "elsewhere"
    monkeypatch.chdir(tmp_path)
    workspace.rename(moved)
    found = runpact.resolve("local://vision/depth/tiny", workspace=moved)
    assert (found.digest, Path(found).parent.parent.name) == (digest, "indoor")
    assert found.path.startswith(str(moved))
    at = ("--workspace", str(moved))
    assert (run("models", "verify", *at), run("check", *at), run("verify", "detector", *at)) == (0, 0, 0)
    capsys.readouterr()
    assert run("models", "resolve", "local://vision/depth/tiny", *at) == 0
    assert capsys.readouterr().out.strip() == found.path
    assert run("models", "resolve", "local://vision/depth/tiny", "--json", *at) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["path"] == f"models/{found.uri.partition('://')[2]}/model.npz"
    assert not any(str(moved) in path.read_text() for path in moved.glob("models/**/*.json"))


def test_a_uri_that_means_nothing_or_several_says_what_there_is(workspace: Path, capsys: Captured) -> None:
    train()
    with pytest.raises(CannotStartError, match="nothing is registered"):
        runpact.resolve("local://vision/depth/tiny")
    for checkpoint in ("best", "last"):
        assert run("models", "promote", "detector", "--to", TARGET, "--checkpoint", checkpoint) == 0
    with pytest.raises(CannotStartError, match="names 2 versions"):
        runpact.resolve("local://vision/depth/tiny")
    with pytest.raises(CannotStartError) as caught:
        runpact.resolve("local://vision/depth/huge")
    assert "there is local://vision/depth/tiny" in caught.value.hint
    with pytest.raises(UsageError):
        runpact.resolve(f"models/{TARGET}")
    assert run("models", "show", "local://vision/depth/tiny/trained/indoor/none", "--json") == 2
    shutil.copytree(Path("models") / TARGET, Path("models/Vision and more/x"))
    shutil.copytree(Path("models") / TARGET, Path("models/vision/shallow"))
    by_hand = workspace / "models" / TARGET / "by_hand"
    by_hand.mkdir()
    (by_hand / "manifest.json").write_text("{}")
    with pytest.raises(CannotStartError, match="nothing is registered"):
        runpact.resolve(f"local://{TARGET}/by_hand")


@pytest.mark.requirement("A-058")
def test_a_model_that_was_changed_is_not_used(workspace: Path, capsys: Captured) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    found = runpact.resolve("local://vision/depth/tiny")
    weights = Path(found)
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert run("models", "verify", found.uri) == 3
    assert "digest-mismatch" in capsys.readouterr().out
    with (
        pytest.raises(DamagedCopyError, match="is not what was registered"),
        runpact.run(name="consumer", kind="run") as active,
    ):
        active.use_model(found.uri)
    weights.unlink()
    assert run("models", "verify") == 3
    manifest = weights.parent / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_bytes(manifest.read_bytes().replace(b'"file":"model.npz"', b'"file":"other.npz"'))
    assert run("models", "resolve", found.uri) == 2
    assert "no weights of the name" in capsys.readouterr().err
    assert run("models", "verify", "local://vision/depth/huge") == 2
    assert run("models", "verify", "--json") == 3


def test_manifest_record_and_ledger_must_agree(workspace: Path, capsys: Captured) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    found = runpact.resolve("local://vision/depth/tiny")
    manifest, record = (Path(found.folder) / name for name in ("manifest.json", RECORD))
    for path in (manifest, record):
        path.chmod(0o644)
    told = manifest.read_bytes()
    wrong = told.replace(found.digest.encode(), b"sha256:" + b"0" * 64)
    manifest.write_bytes(wrong)
    old, new = ArchivedFile.of(told), ArchivedFile.of(wrong)
    record.write_bytes(record.read_bytes().replace(old.sha256.encode(), new.sha256.encode()))
    assert run("models", "verify") == 3
    out = capsys.readouterr().out
    assert "manifest and record do not agree" in out
    assert "the ledger tells otherwise" in out
    (workspace / LEDGER).unlink()
    assert run("models", "verify", "--json") == 3
    assert "the ledger does not know it" in capsys.readouterr().out


def test_a_long_uri_is_listed_whole(workspace: Path, capsys: Captured) -> None:
    train()
    assert run("models", "promote", "detector", "--to", f"vision/depth/{'long' * 20}/trained/indoor") == 0
    capsys.readouterr()
    assert run("models", "list") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith(f"{only_uri()}  ")


def test_an_empty_registry_verifies_nothing(workspace: Path, capsys: Captured) -> None:
    assert (run("models", "verify"), run("data", "verify", "--json")) == (2, 2)
    assert (run("models", "list"), run("models", "list", "--json")) == (0, 0)
    assert "nothing is registered" in capsys.readouterr().out


@pytest.mark.requirement("A-058")
def test_a_model_that_a_run_used_is_removed_only_with_a_reason(workspace: Path, capsys: Captured) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    uri = only_uri()
    with runpact.run(name="consumer", kind="run") as active:
        active.use_model(uri)
        active.save("metrics", {"loss": 1.0})
    assert run("models", "remove", uri) == 2
    assert "1 run used it" in capsys.readouterr().err
    assert run("models", "remove", uri, "--force") == 2
    assert run("models", "remove", "local://vision/depth/tiny") == 2
    assert f"if that one is meant: `runpact models remove {uri}`" in capsys.readouterr().err
    assert run("models", "remove", "local://vision/depth/none") == 2
    assert run("data", "remove", uri) == 64
    assert "this is about data" in capsys.readouterr().err
    assert runpact.resolve(uri).uri == uri
    assert run("models", "remove", uri, "--force", "--reason", "a leak", "--json") == 0
    entry = ledger_of(str(workspace)).entries[-1]
    assert (entry.action, entry.reason, entry.at) == ("remove", "a leak", f"models/{uri[8:]}")
    assert set(entry.files) >= {"model.npz"}
    assert not (workspace / "models" / uri[8:]).exists()
    capsys.readouterr()
    assert run("lineage", "consumer") == 0
    out = capsys.readouterr().out
    assert f"{entry.at}  removed: a leak\n" in out
    assert "promoted from runs/detector" in out
    assert "()" not in out
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    assert ledger_of(str(workspace)).entries[-1].action == "promote"


def test_a_removal_that_was_interrupted_is_completed(workspace: Path, capsys: Captured) -> None:
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    uri = only_uri()
    shutil.copytree(workspace / "models" / uri[8:], workspace / "aside")
    assert run("models", "remove", uri) == 0
    shutil.copytree(workspace / "aside", workspace / "models" / uri[8:])
    assert run("models", "verify") == 1
    assert "the ledger says that it was removed" in capsys.readouterr().out
    assert run("models", "remove", uri) == 0
    assert [entry.action for entry in ledger_of(str(workspace)).entries] == ["promote", "remove"]
    (workspace / LEDGER).unlink()
    shutil.copytree(workspace / "aside", workspace / "models" / uri[8:])
    assert run("models", "remove", uri) == 0
    assert [entry.run for entry in ledger_of(str(workspace)).entries] == [""]


@pytest.mark.requirement("A-057", "A-058")
def test_pruning_never_touches_the_registries(workspace: Path, capsys: Captured) -> None:
    contract = workspace / "contract.yaml"
    contract.write_text(contract.read_text() + "policies: {none: {keep: {newest: 0}}}\n")
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    train()
    before = {path: path.read_bytes() for path in Path("models").rglob("*") if path.is_file()}
    assert run("prune") == 0
    assert len(list(Path("runs/detector").iterdir())) == 2  # a model alone does not archive its run
    assert run("prune", "--policy", "none") == 0
    assert run("prune", "--empty-trash", "--policy", "none") in {0, 2, 64}
    assert len(list(Path("runs/detector").iterdir())) == 1
    assert {path: path.read_bytes() for path in Path("models").rglob("*") if path.is_file()} == before
    capsys.readouterr()
    assert run("models", "verify") == 0


@pytest.mark.requirement("AX-001")
def test_the_folder_is_committed_and_what_is_in_it_is_not(workspace: Path) -> None:
    kept = {f"{top}/{name}" for top in ("models", "data") for name in ("README.md", ".gitkeep", ".gitignore")}
    assert kept <= set(git(workspace, "ls-files").splitlines())
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 0
    assert git(workspace, "status", "--short", "--", "models") == ""
    assert run("lint-repo") == 0
    for name in ("README.md", ".gitkeep", ".gitignore"):
        (workspace / "data" / name).unlink()
    (workspace / "data").rmdir()
    (workspace / "x.txt").write_text("x")
    assert run("data", "add", "x.txt", "--to", "vision/depth/rooms/1.0") == 0
    assert git(workspace, "status", "--short", "--", "data") == ""


@pytest.mark.requirement("AX-008")
def test_a_run_cannot_write_a_model_by_itself(workspace: Path) -> None:
    place = workspace / "models" / "vision" / "model.npz"
    with runpact.run(name="skill", kind="run") as active:
        with pytest.raises(StrayWriteError):
            place.parent.mkdir()
        active.save("metrics", {"loss": 1.0})
    assert not place.parent.exists()


def test_a_workspace_without_a_kind_of_models_has_a_registry_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init") == 0
    with runpact.run(name="first") as active:
        active.log({"loss": 0.5})
        active.save("artifacts/checkpoints/best.npz", {"w": np.zeros(2)})
        active.save("model.yaml", DESCRIPTION)
    assert run("models", "promote", "first", "--to", TARGET) == 0
    found = runpact.resolve("local://vision/depth/tiny")
    assert found.manifest.git_hash == "nogit"
    assert json.loads((Path(found.folder) / "metrics.json").read_bytes()) == {"loss": 0.5}
    assert (Path(found.folder) / "config_resolved.yaml").is_file()


def test_a_place_that_cannot_be_told_is_refused(workspace: Path, capsys: Captured) -> None:
    contract = workspace / "contract.yaml"
    contract.write_text(
        contract.read_text()
        + "  model:\n    at: 'models/{domain}/{skill}/{model}/trained/{dataset}/{colour}'\n"
    )
    train()
    assert run("models", "promote", "detector", "--to", TARGET) == 2
    assert "nothing is called 'colour'" in capsys.readouterr().err


def test_a_file_that_changes_while_it_is_copied_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_bytes(b"new")
    with pytest.raises(StorageError, match="changed before it was copied"):
        list(Original(str(path), ArchivedFile.of(b"old")).pieces())


def test_two_at_once_get_a_place_each_or_find_the_same(workspace: Path) -> None:
    train()
    train("other", seed=1)
    command = [sys.executable, "-m", "runpact", "models", "promote"]
    working = [
        subprocess.Popen([*command, name, "--to", TARGET], stdout=subprocess.DEVNULL)
        for name in ("detector", "other", "detector", "other")
    ]
    assert [process.wait() for process in working] == [0, 0, 0, 0]
    assert len(list((workspace / "models" / TARGET).iterdir())) == 2
    assert not list((workspace / "models").glob(f"{STAGING}*"))
    assert run("models", "verify") == 0
    assert len(ledger_of(str(workspace)).entries) == 2
