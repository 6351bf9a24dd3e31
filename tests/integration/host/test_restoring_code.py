"""The captured state of the code makes the working tree again, byte for byte."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from integration.host.repository import GIT, Repository, files_of
from runpact.cli.main import run_command_line
from runpact.model.digest import digest_bytes

CODE = ".runpact/code"


def run_of(repository: Repository, monkeypatch: pytest.MonkeyPatch, *options: str) -> Path:
    monkeypatch.chdir(repository.root)
    assert run_command_line(["run", "--name", "r", "--quiet", *options, "--", "true"]) == 0
    (run,) = (path for path in (repository.root / "runs").iterdir() if path.is_dir())
    return run


def code_of(run: Path) -> dict:
    return json.loads((run / ".runpact/manifest.json").read_text())["provenance"]["code"]


def restore(repository: Repository, run: Path, clone: Path) -> Path:
    """Do what FORMAT says: clone, apply the diff, copy the untracked files over."""
    repository.clone(clone)
    if (run / CODE / "diff.patch").exists():
        subprocess.run([GIT, "apply", str((run / CODE / "diff.patch").resolve())], cwd=clone, check=True)
    if (run / CODE / "untracked").exists():
        subprocess.run(["cp", "-a", f"{run / CODE / 'untracked'}/.", str(clone)], check=True)
    return clone


def change_everything(repository: Repository) -> None:
    write = repository.write
    for name in (
        "kept.txt",
        "gone.txt",
        'we ird é\t"q".txt',
        "crlf.txt",
        "no-newline",
        "mode.sh",
        "sub/deep.py",
    ):
        write(name, f"first\r\nof {name}\nlast")
    write("binary.bin", bytes(range(256)) * 8)
    write("large.txt", "line\n" * 30_000)
    (repository.root / "link").symlink_to("kept.txt")
    (repository.root / "becomes-link").write_text("a file")
    repository.commit()
    write('we ird é\t"q".txt', "other\n")
    write("crlf.txt", "first\r\nsecond\nthird\r\n")
    write("no-newline", "no end of line here either")
    write("binary.bin", bytes(range(255, -1, -1)) * 9)
    write("large.txt", "line\n" * 15_000 + "  trailing   \n\n\n" + "line\n" * 15_000)
    write("sub/deep.py", "\f\x0b\x85 odd\n\\ No newline at end of file\n--- a/x\n+++ b/x\n")
    (repository.root / "mode.sh").chmod(0o755)
    (repository.root / "gone.txt").unlink()
    for name, target in (("link", "mode.sh"), ("becomes-link", "sub/deep.py")):
        (repository.root / name).unlink()
        (repository.root / name).symlink_to(target)
    write("staged.py", "staged = 1\n")
    write("staged-then-edited.py", "one\n")
    write("empty-staged", "")
    repository.git("add", "staged.py", "staged-then-edited.py", "empty-staged")
    write("staged-then-edited.py", "two\n")
    write("intended.py", "intended\n")
    repository.git("add", "--intent-to-add", "intended.py")
    repository.git("mv", "kept.txt", "renamed.txt")
    write("new.py", "new = 1\n")
    write("tools/new tool.sh", "#!/bin/sh\n").chmod(0o755)
    write("empty", "")


@pytest.mark.requirement("C-003")
def test_a_fresh_clone_becomes_the_working_tree(repository, monkeypatch, tmp_path):
    change_everything(repository)
    run = run_of(repository, monkeypatch)
    assert code_of(run)["left_out"] == []
    assert code_of(run)["reasons"] == []
    assert files_of(restore(repository, run, tmp_path / "clone")) == files_of(repository.root)


def test_deletions_alone_are_a_diff(repository, monkeypatch, tmp_path):
    (repository.root / "a.py").unlink()
    run = run_of(repository, monkeypatch)
    assert code_of(run)["dirty"] is True
    assert files_of(restore(repository, run, tmp_path / "clone")) == {}


def test_a_conflict_is_restored_as_it_stood(repository, monkeypatch, tmp_path):
    repository.git("checkout", "--quiet", "-b", "other")
    repository.write("a.py", "x = 2\n")
    repository.commit()
    repository.git("checkout", "--quiet", "trunk")
    repository.write("a.py", "x = 3\n")
    repository.commit()
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "other")
    run = run_of(repository, monkeypatch)
    assert files_of(restore(repository, run, tmp_path / "clone")) == files_of(repository.root)
    assert b"<<<<<<<" in (tmp_path / "clone/a.py").read_bytes()


@pytest.mark.parametrize("many", [1, 900])
def test_many_changed_files_are_asked_for_in_parts(repository, monkeypatch, tmp_path, many):
    for number in range(many):
        repository.write(f"folder-with-a-name/{number:04}-{'x' * 60}.txt", "one\n")
    repository.commit()
    for number in range(many):
        repository.write(f"folder-with-a-name/{number:04}-{'x' * 60}.txt", "two\n")
    run = run_of(repository, monkeypatch)
    assert files_of(restore(repository, run, tmp_path / "clone")) == files_of(repository.root)


def test_without_a_commit_the_diff_is_against_nothing(tmp_path, monkeypatch):
    repository = Repository(tmp_path / "project")
    repository.git("update-ref", "-d", "HEAD")
    run = run_of(repository, monkeypatch)
    code = code_of(run)
    assert (code["commit"], code["branch"], code["dirty"]) == ("unknown", "trunk", True)
    (tmp_path / "empty").mkdir()
    repository.git("init", "--quiet", cwd=tmp_path / "empty")
    repository.git("apply", str(run / CODE / "diff.patch"), cwd=tmp_path / "empty")
    assert files_of(tmp_path / "empty") == files_of(repository.root)


def test_a_clean_tree_has_no_files(repository, monkeypatch):
    run = run_of(repository, monkeypatch)
    code = code_of(run)
    assert (code["dirty"], code["diff"], code["untracked"]) == (False, None, None)
    assert not (run / CODE).exists()


def test_the_digests_are_those_of_the_stored_bytes(repository, monkeypatch):
    repository.write("a.py", "x = 2\n")
    repository.write("b.py", "y = 2\n")
    run = run_of(repository, monkeypatch)
    code = code_of(run)
    patch = (run / CODE / "diff.patch").read_bytes()
    assert code["diff"]["digest"] == code["diff"]["copy_digest"] == digest_bytes(patch)
    assert code["diff"]["size"] == len(patch)
    assert (code["untracked"]["files"], code["untracked"]["size"]) == (1, 6)


@pytest.mark.parametrize("name", ["code/diff.patch", "code/untracked/b.py", "environment/uv.lock"])
def test_verify_betrays_a_changed_capture(repository, monkeypatch, name):
    repository.write("uv.lock", "version = 1\n")
    repository.commit()
    repository.write("a.py", "x = 2\n")
    repository.write("b.py", "y = 2\n")
    run = run_of(repository, monkeypatch)
    assert run_command_line(["verify", str(run)]) == 0
    path = run / ".runpact" / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert run_command_line(["verify", str(run)]) == 3
    path.unlink()
    assert run_command_line(["verify", str(run)]) == 3


@pytest.mark.requirement("C-001")
def test_the_recorded_command_does_the_same_again(repository, monkeypatch):
    script = repository.write("tools/say.sh", '#!/bin/sh\ncat "$1"\n')
    script.chmod(0o755)
    repository.write("tools/said.txt", "hello\n")
    repository.commit()
    monkeypatch.chdir(repository.root / "tools")
    given = [str(script), str(repository.root / "tools/said.txt")]
    assert run_command_line(["run", "--name", "r", "--quiet", "--", *given]) == 0
    (record,) = repository.root.rglob(".runpact/run.json")
    said = json.loads(record.read_text())["provenance"]
    assert said["command"] == ["./say.sh", "said.txt"]
    folder = record.parent.parent.parent.parent / said["cwd"]
    done = subprocess.run(said["command"], cwd=folder, capture_output=True, check=True)
    assert done.stdout == b"hello\n"
