"""`runpact retain` and `runpact prune`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import runpact
from evidence_cases import arms, evaluate
from runpact.cli.main import run_command_line
from runpact.disk import trash
from runpact.disk.layout import TRASH
from runpact.model.archive.retention import Keeping
from runpact.verbs.archive import prune as verbs
from runpact.verbs.archive.ledger import ledger_of
from runpact.verbs.contracts.load_contract import load_contract

Captured = pytest.CaptureFixture[str]
Pair = Callable[..., Path]


def run(*arguments: str) -> int:
    return run_command_line(list(arguments))


def reasons(capsys: Captured, *arguments: str) -> dict[str, str]:
    capsys.readouterr()
    assert run("retain", "--json", *arguments) == 0
    found = json.loads(capsys.readouterr().out)["runs"]
    return {each["path"]: "free" if each["is_freed"] else each["reasons"][0] for each in found}


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def archived(workspace: Path, pair: Pair) -> Path:
    """Return an attempt whose evidence is archived, with a newer one beside it."""
    pair()
    assert run("promote", "quant8") == 0
    (first,) = (workspace / "runs" / "quant8").glob("2*")
    evaluate("quant8", arms(shift=0.01))
    return first


@pytest.mark.requirement("B-050", "B-122", "B-A4")
def test_only_what_is_archived_goes_and_it_comes_back(
    workspace: Path, archived: Path, capsys: Captured
) -> None:
    before = files(archived)
    assert run("prune", "--dry-run") == 0
    assert archived.exists()
    assert run("prune") == 0
    assert not archived.exists()
    assert len(list((workspace / "runs" / "quant8").glob("2*"))) == 1
    assert run("prune", "--undo") == 0
    assert files(archived) == before
    assert run("verify", str(archived)) == 0
    assert [each.action for each in ledger_of(str(workspace)).entries] == ["promote", "prune", "restore"]
    assert list((workspace / TRASH).glob("2*")) == []
    assert run("prune", "--undo") == 2


def test_the_newest_run_of_a_name_stays_whatever_is_archived(
    workspace: Path, archived: Path, capsys: Captured
) -> None:
    (baseline,) = (workspace / "runs" / "baseline").glob("2*")
    assert run("prune", str(baseline)) == 2
    told = capsys.readouterr().err
    assert "it stays until a newer run of its name finished; nothing was moved" in told
    assert run("show", "baseline") == 0
    shown = capsys.readouterr().out
    assert "torch none" in shown
    assert "None" not in shown


@pytest.mark.requirement("C-137")
@pytest.mark.parametrize("frozen", ["runs/quant8/**", "runs/**", "models/**"])
def test_what_stands_in_a_frozen_folder_is_never_pruned(
    workspace: Path, archived: Path, capsys: Captured, frozen: str
) -> None:
    text = (workspace / "contract.yaml").read_text()
    place = '    places: {models: {at: "models/{run.id}", entries: []}}\n    latest:'
    text = text.replace("    latest:", place, 1)
    (workspace / "contract.yaml").write_text(f'{text}workspace: {{frozen: ["{frozen}"]}}\n')
    before = files(archived)
    told = reasons(capsys)[archived.relative_to(workspace).as_posix()]
    assert told == f"it stands in what the contract has frozen: {frozen}"
    assert run("prune", str(archived)) == 2
    assert run("prune") == 0
    assert files(archived) == before
    (workspace / "contract.yaml").write_text(f'{text}workspace: {{frozen: ["outputs/**"]}}\n')
    assert reasons(capsys)[archived.relative_to(workspace).as_posix()] == "free"


@pytest.mark.requirement("B-050")
def test_a_named_run_that_is_not_archived_is_refused_and_nothing_is_moved(
    workspace: Path, archived: Path, capsys: Captured
) -> None:
    (baseline,) = (workspace / "runs" / "baseline").glob("2*")
    assert run("prune", str(archived), str(baseline)) == 2
    assert "may not be pruned" in capsys.readouterr().err
    assert archived.exists()
    assert run("prune", str(archived)) == 0
    assert not archived.exists()


@pytest.mark.requirement("B-051")
@pytest.mark.parametrize("name", ["report.json", "evaluation.cert.json", "evidence_manifest.json"])
def test_a_copy_that_was_tampered_with_proves_nothing(
    workspace: Path, archived: Path, capsys: Captured, name: str
) -> None:
    (copy,) = (workspace / "reports").glob("quant8*")
    (copy / name).chmod(0o644)
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    assert "was altered" in reasons(capsys)[archived.relative_to(workspace).as_posix()]
    assert run("prune", str(archived)) == 2
    shutil.rmtree(workspace / "reports")
    assert "not there" in reasons(capsys)[archived.relative_to(workspace).as_posix()]
    assert run("prune") == 0
    assert archived.exists()


def test_what_lies_in_the_trash_is_removed_only_while_its_copy_proves_it(
    workspace: Path, archived: Path, capsys: Captured
) -> None:
    assert run("prune") == 0
    (copy,) = (workspace / "reports").glob("quant8*")
    shutil.move(copy, workspace / "away")
    assert run("prune", "--empty-trash") == 3
    assert run("prune", "--empty-trash", "--older-than", "1d") == 0
    assert len(list((workspace / TRASH).glob("*/files/runs/quant8/*"))) == 1
    shutil.move(workspace / "away", copy)
    assert run("prune", "--empty-trash", "--json") == 0
    assert list((workspace / TRASH).glob("2*")) == []
    assert [each.action for each in ledger_of(str(workspace)).entries][-1] == "empty"


def test_an_unproven_folder_of_the_trash_stays(workspace: Path, archived: Path) -> None:
    assert run("prune") == 0
    (folder,) = (workspace / TRASH).glob("2*")
    (folder / "trash.json").write_bytes(b"{")
    assert run("prune", "--empty-trash") == 0
    assert run("prune", "--undo") == 2
    assert list(folder.glob("files/runs/quant8/*"))


def test_nothing_takes_the_place_of_what_stands_there(
    workspace: Path, archived: Path, capsys: Captured
) -> None:
    assert run("prune") == 0
    archived.mkdir()
    (archived / "mine").write_bytes(b"mine")
    assert run("prune", "--undo") == 3
    assert "stands at the place" in capsys.readouterr().out
    assert files(archived) == {"mine": b"mine"}
    shutil.rmtree(archived)
    (folder,) = (workspace / TRASH).glob("2*")
    assert run("prune", "--from", folder.name) == 0
    assert (archived / "report.json").exists()


def test_a_policy_frees_what_it_does_not_keep_with_the_places_of_the_run(
    workspace: Path, capsys: Captured
) -> None:
    for number in range(3):
        with runpact.run(kind="study", name="s", workspace=workspace) as made:
            made.save("result.json", {"loss": number})
        model = workspace / "models" / made.id
        model.mkdir(parents=True)
        (model / "m.bin").write_bytes(b"weights")
    text = (workspace / "contract.yaml").read_text(encoding="utf-8")
    (workspace / "contract.yaml").write_text(text.replace("within: 30", "where: doc.result.loss == 0"))
    assert set(reasons(capsys).values()) == {
        "it is the newest finished run of its name",
        "it is not archived",
    }
    assert sorted(reasons(capsys, "--policy", "keeping").values()) == [
        "free",
        "it is the newest finished run of its name",
        "the condition of `keeping` keeps it",
    ]
    assert run("prune", "--policy", "keeping") == 0
    assert len(list((workspace / "studies").iterdir())) == len(list((workspace / "models").iterdir())) == 2
    assert run("prune", "--undo") == 0
    assert len(list((workspace / "models").iterdir())) == 3
    assert run("prune", "--policy", "keeping") == 0
    assert run("prune", "--empty-trash") == 0
    (workspace / "contract.yaml").write_text(
        text.replace("newest: 1, within: 30", "best: 1, by: doc.result.loss"), encoding="utf-8"
    )
    assert "free" not in reasons(capsys, "--policy", "keeping").values()
    assert run("retain", "--policy", "none") == 2


def test_what_others_lean_on_stays(workspace: Path, pair: Pair, capsys: Captured) -> None:
    pair()
    evaluate("baseline")
    evaluate("quant8", arms(shift=0.01))
    found = reasons(capsys, "--policy", "keeping", "--keep-within", "0h")
    text = (workspace / "contract.yaml").read_text(encoding="utf-8")
    (workspace / "contract.yaml").write_text(text.replace("newest: 1, within: 30", "newest: 1"))
    found = reasons(capsys, "--policy", "keeping")
    cited = [path for path, why in found.items() if "is not promoted" in why]
    assert sorted(path.split("/")[1] for path in cited) == ["baseline", "quant8"]
    assert run("prune", "--policy", "keeping") == 0
    with runpact.run(kind="study", name="outer", workspace=workspace) as outer:
        outer.save("result.json", {"loss": 1})
        with runpact.run(kind="study", name="inner", workspace=workspace) as inner:
            inner.save("result.json", {"loss": 1})
    with runpact.run(kind="study", name="outer", workspace=workspace) as later:
        later.input(outer.dir + "/result.json", name="before")
        later.save("result.json", {"loss": 1})
    found = reasons(capsys, "--policy", "keeping")
    assert "is part of it" in found[f"studies/{outer.id}"] or "reads it" in found[f"studies/{outer.id}"]


def test_a_run_that_holds_others_stays(workspace: Path, archived: Path, capsys: Captured) -> None:
    (archived / "kept" / "inner" / ".runpact").mkdir(parents=True)
    assert "other runs stand" in reasons(capsys)[archived.relative_to(workspace).as_posix()]


def test_a_certificate_that_cannot_be_read_protects_nothing_and_hinders_nothing(
    workspace: Path, archived: Path, capsys: Captured
) -> None:
    for name, data in (("a", b"{"), ("b", None)):
        folder = workspace / "reports_scratch" / name
        folder.mkdir()
        (scratch,) = (workspace / "reports_scratch").glob("quant8_*/evaluation.cert.json")
        (folder / "evaluation.cert.json").write_bytes(data or scratch.read_bytes())
    assert reasons(capsys)[archived.relative_to(workspace).as_posix()] == "free"


def test_a_run_that_began_to_live_meanwhile_stays(workspace: Path, archived: Path, monkeypatch) -> None:
    loaded = load_contract(str(workspace / "contract.yaml"))
    decisions = verbs.planned(str(workspace), loaded, Keeping())
    assert sum(each.is_freed for each in decisions) == 1
    (archived / ".runpact" / "seal").unlink()
    monkeypatch.setattr(verbs, "plan", lambda *_said: decisions)
    (done,) = verbs.prune(str(workspace), loaded, Keeping())
    assert "corrupt" in done.refusal
    assert archived.exists()


def test_a_copy_that_vanished_meanwhile_keeps_the_run(workspace: Path, archived: Path, monkeypatch) -> None:
    loaded = load_contract(str(workspace / "contract.yaml"))
    decisions = verbs.planned(str(workspace), loaded, Keeping())
    shutil.rmtree(workspace / "reports")
    monkeypatch.setattr(verbs, "plan", lambda *_said: decisions)
    (done,) = verbs.prune(str(workspace), loaded, Keeping())
    assert "not there" in done.refusal
    assert archived.exists()


def test_wrong_words_are_refused(workspace: Path, archived: Path, capsys: Captured) -> None:
    assert run("prune", "--keep-within", "soon") == 64
    assert run("prune", "--undo", "--empty-trash") == 64
    assert run("prune", str(archived), "--empty-trash") == 64
    assert run("retain", str(archived), "--keep-last", "2", "--keep-tag", "x") == 0
    assert "among the newest 2" in capsys.readouterr().out
    assert run("prune", "--keep-last", "2") == 0
    assert "0 runs pruned" in capsys.readouterr().out
    shutil.rmtree(workspace / "runs" / "baseline")
    assert run("prune", str(workspace)) == 2


def test_folders_of_one_moment_get_numbers_and_a_link_is_no_trash(workspace: Path) -> None:
    record = trash.TrashRecord(pruned="2026-03-09T00:00:00Z", runs=())
    names = [trash.open_trash(str(workspace), "now", record) for _ in range(3)]
    assert names == ["now", "now-2", "now-3"]
    assert (workspace / TRASH / ".gitignore").read_bytes() == b"*\n"
    assert not trash.throw(str(workspace), "now", "nothing")
    assert not trash.take_back(str(workspace), "now", "nothing")
    shutil.rmtree(workspace / TRASH)
    (workspace / TRASH).symlink_to(workspace)
    with pytest.raises(trash.StorageError):
        trash.open_trash(str(workspace), "now", record)
