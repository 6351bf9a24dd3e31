"""`runpact reproduce`: the same again, something else, or what is missing for it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import runpact
from integration.reproduce.conftest import COMMAND, Answer, git, only, run, start
from runpact.disk.rebuilt import remove_stale
from runpact.model.registered.manifest import own_files
from runpact.verbs.life import inputs, use

DESCRIPTION = {"input_spec": {"resolution": [1], "normalization": "none"}, "export": {"opset": None}}
USE = """\
import pathlib
import numpy as np, runpact

with runpact.run(name="consumer", kind="run") as run:
    weights = np.load(run.use_model("local://vision/depth/tiny"))["w"]
    (name,) = (rooms := run.use_data("data://vision/depth/rooms")).manifest.files
    value = float(pathlib.Path(rooms.path, name).read_text())
    run.save("artifacts/checkpoints/best.npz", {"w": weights + value})
    run.save("artifacts/checkpoints/last.npz", {"w": weights})
    run.save("metrics", {"loss": value})
"""
BIRTH = ".runpact/run.json"
Captured = pytest.CaptureFixture[str]
CMD = ("run", "--kind", "run", "--name", "cmd", "--quiet")


def missing(document: dict) -> dict[str, list[str]]:
    return {each["name"]: each["missing"] for each in document["ingredients"] if each["missing"]}


def nothing_is_left(workspace: Path) -> bool:
    trees = git(workspace, "worktree", "list", "--porcelain").count("worktree ")
    return trees == 1 and not list(workspace.glob(".runpact-cache/again-*"))


@pytest.mark.requirement("A-054", "A-055", "A-061")
def test_a_run_of_an_older_commit_is_reproduced_on_a_dirty_tree(workspace: Path, again: Answer) -> None:
    start()
    original = only("detector")
    (workspace / "bias.txt").write_text("7")
    git(workspace, "commit", "-qam", "two")
    (workspace / "train.py").write_text("raise SystemExit(9)")
    (workspace / "more.py").write_text("x = 1")
    before = git(workspace, "status", "--short")
    code, told = again(str(original))
    assert (code, told["word"], told["departures"], told["remarks"]) == (0, "reproduced", [], [])
    assert (told["compared"], told["equal"]) == (3, 3)
    new = workspace / told["run"]["path"]
    record = json.loads((new / ".runpact/run.json").read_bytes())
    first = json.loads((original / ".runpact/run.json").read_bytes())
    assert (record["reproduces"], record["parent"]) == (first["uid"], None)
    code_then, code_now = first["provenance"]["code"], record["provenance"]["code"]
    assert (code_now["commit"], code_now["dirty"]) == (code_then["commit"], False)
    assert (run("check", str(new)), run("verify", str(new))) == (0, 0)
    assert git(workspace, "status", "--short") == before
    assert nothing_is_left(workspace)


@pytest.mark.requirement("A-054")
def test_a_command_is_made_again_with_what_was_said_of_it(workspace: Path, again: Answer) -> None:
    words = ("--set", "seed=5", "--seed", "numpy=5", "--", sys.executable, "command.py")
    assert run(*CMD, *words) == 0
    original = only("cmd")
    (workspace / "command.py").write_text("raise SystemExit(9)")
    code, told = again(str(original))
    assert (code, told["word"]) == (0, "reproduced")
    record = json.loads((workspace / told["run"]["path"] / ".runpact/run.json").read_bytes())
    assert record["provenance"]["seeds"] == {"numpy": 5}
    assert record["provenance"]["config"]["resolved"] == {"seed": 5}
    assert record["provenance"]["command"] == ["python", "command.py"]


@pytest.mark.requirement("A-054")
def test_a_changed_seed_differs_and_the_first_array_and_index_are_told(
    workspace: Path, again: Answer, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*CMD, "--set", "seed=5", "--", sys.executable, "command.py") == 0
    original = str(only("cmd"))
    code, told = again(original, "--set", "seed=6")
    assert (code, told["word"]) == (1, "differs")
    first = told["departures"][0]
    assert (first["path"], first["pointer"], first["index"]) == (
        "artifacts/checkpoints/best.npz",
        "/w",
        "[0]",
    )
    assert first["absolute_error"] == pytest.approx(abs(first["golden"] - first["now"]))
    assert told["remarks"] == ["the setting `seed`: 5 then, 6 now"]
    capsys.readouterr()
    assert run("reproduce", original, "--yes", "--set", "sead=6") == 64
    assert "the run has no setting `sead`" in capsys.readouterr().err
    assert run("reproduce", original, "--check-only", "--input", "nosuch=/tmp/d.csv") == 64
    assert "the run has no input `nosuch`" in capsys.readouterr().err
    start()
    monkeypatch.setenv("NOBODY_RECORDS_THIS", "1")
    assert run("reproduce", "detector", "--yes", "--quiet") == 1
    out = capsys.readouterr().out
    assert "differs runs/detector/" in out
    assert "different artifacts/checkpoints/best.npz#/w[0, 0]: " in out
    assert nothing_is_left(workspace)


@pytest.mark.requirement("A-054", "A-055", "A-061")
def test_without_the_lock_file_nothing_is_reproducible(
    workspace: Path, again: Answer, capsys: Captured
) -> None:
    (workspace / "uv.lock").write_text("version = 1\n")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "lock")
    start()
    original = only("detector")
    assert again(str(original), "--check-only")[0] == 0
    assert again(str(original))[0] == 0
    lock = original / ".runpact/environment/uv.lock"
    text = lock.read_bytes()
    lock.write_bytes(text + b"# more")
    code, told = again(str(original), "--check-only")
    assert missing(told) == {"environment": ["the lock file `uv.lock` is not the one that was recorded"]}
    lock.unlink()
    code, told = again(str(original))
    assert (code, told["word"], told["run"]) == (2, "not reproducible", None)
    assert missing(told) == {"environment": ["the lock file `uv.lock` is gone"]}
    assert run("verify", str(original)) == 3
    assert ".runpact/environment/uv.lock" in capsys.readouterr().out
    assert run("reproduce", str(original), "--check-only") == 2
    told = capsys.readouterr()
    assert "environment: the lock file `uv.lock` is gone" in told.out
    assert "missing" in told.err


@pytest.mark.requirement("A-054", "A-059")
def test_a_repository_that_moved_reproduces_checks_verifies_and_resolves(
    workspace: Path, again: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    start()
    described = tmp_path / "net.json"
    described.write_text(json.dumps(DESCRIPTION))
    to = ("--to", "vision/depth/tiny/trained/indoor", "--describe", str(described))
    assert run("models", "promote", "detector", *to) == 0
    assert run("data", "add", "bias.txt", "--to", "vision/depth/rooms/1.0") == 0
    (workspace / "use.py").write_text(USE)
    start("use.py")
    monkeypatch.chdir(tmp_path)
    moved = workspace.rename(tmp_path / "else where")
    monkeypatch.chdir(moved)
    assert again("detector")[0] == 0
    code, told = again("consumer")
    assert (code, told["remarks"], told["equal"]) == (0, [], 3)
    assert (run("check"), run("verify", "detector"), run("lineage", "consumer"), run("doctor")) == (
        0,
        0,
        0,
        0,
    )
    assert (run("models", "verify"), run("data", "verify"), run("ledger", "verify")) == (0, 0, 0)
    capsys.readouterr()
    assert run("models", "resolve", "local://vision/depth/tiny") == 0
    assert capsys.readouterr().out.startswith(f"{moved}/models/vision/depth/tiny/trained/indoor/")


@pytest.mark.requirement("A-054")
def test_the_diff_and_the_untracked_files_come_back(workspace: Path, again: Answer, capsys: Captured) -> None:
    (workspace / "bias.txt").write_text("1.25")
    (workspace / "tools").mkdir()
    (workspace / "tools" / "extra.py").write_text("VALUE = 3\n")
    program = (
        (workspace / "train.py")
        .read_text()
        .replace("import os", "import sys; sys.path[0] = 'tools'; import extra, os")
    )
    (workspace / "train.py").write_text(program.replace("+ float", "+ extra.VALUE + float"))
    start()
    original = only("detector")
    git(workspace, "checkout", "-q", ".")
    shutil.rmtree(workspace / "tools")
    code, told = again(str(original))
    assert (code, told["word"]) == (0, "reproduced")
    uses = {each["name"]: each["uses"] for each in told["ingredients"]}["commit"]
    assert uses[1].startswith("a diff of")
    assert uses[2] == "1 untracked file"
    stored = original / ".runpact/code/untracked/tools/extra.py"
    stored.write_text("VALUE = 4\n")
    assert missing(again(str(original))[1]) == {
        "commit": ["the stored untracked files are not those that were recorded"]
    }
    shutil.rmtree(original / ".runpact/code")
    assert missing(again(str(original))[1])["commit"] == [
        "the stored diff is gone",
        "the stored untracked files are gone",
    ]


def test_what_is_stored_is_there_though_the_repository_is_not(workspace: Path, again: Answer) -> None:
    (workspace / "bias.txt").write_text("1.25")
    (workspace / "extra.txt").write_text("more")
    start()
    shutil.rmtree(workspace / ".git")
    code, told = again("detector", "--check-only")
    assert (code, missing(told)) == (2, {"commit": ["the workspace is in no repository any more"]})


def test_a_run_from_a_subfolder_begins_there_again(workspace: Path, again: Answer) -> None:
    folder = workspace / "projects" / "one"
    folder.mkdir(parents=True)
    for name in ("train.py", "bias.txt"):
        shutil.copy(workspace / name, folder / name)
    (folder / "bias.txt").write_text("3")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "projects")
    start(cwd=folder)
    code, told = again("detector")
    assert (code, told["cwd"]) == (0, "projects/one")


def test_a_renamed_branch_changes_nothing(workspace: Path, again: Answer) -> None:
    start()
    git(workspace, "branch", "-m", "main", "trunk")
    assert again("detector", "--check-only")[0] == 0
    assert again("detector")[0] == 0


@pytest.mark.requirement("A-054", "A-061")
def test_a_shallow_clone_lacks_the_commit_and_says_how_to_get_it(
    workspace: Path, again: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    commit = git(workspace, "rev-parse", "HEAD")
    git(workspace, "commit", "-q", "--allow-empty", "-m", "two")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{workspace}", str(clone))
    shutil.copytree(workspace / "runs", clone / "runs")
    monkeypatch.chdir(clone)
    code, told = again("detector")
    assert code == 2
    (why,) = missing(told)["commit"]
    assert why.startswith(f"commit {commit} is not in the repository")
    assert "--unshallow" in why
    shutil.rmtree(clone / ".git")
    assert missing(again("detector")[1])["commit"] == ["the workspace is in no repository any more"]


@pytest.mark.requirement("A-054", "A-061")
def test_a_setting_from_the_environment_must_be_there(
    workspace: Path, again: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = workspace / "contract.yaml"
    schema = '{"type": "object", "properties": {"token": {"type": "string", "x-secret": true}}}'
    (workspace / "config.json").write_text(schema)
    contract.write_text(contract.read_text() + "    config: {schema: config.json}\n")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "schema")
    monkeypatch.setenv("MY_TOKEN", "s3cr3t-s3cr3t-s3cr3t")
    (workspace / "save.py").write_text("import runpact; runpact.current().save('metrics', {'loss': 1.0})")
    assert run(*CMD, "--set", "token=${env:MY_TOKEN}", "--", sys.executable, "save.py") == 0
    assert again("cmd", "--check-only")[0] == 0
    monkeypatch.delenv("MY_TOKEN")
    code, told = again("cmd", "--check-only")
    assert code == 2
    assert missing(told) == {
        "config": ["`token` is taken from the environment variable `MY_TOKEN`, which is not set"]
    }
    assert "s3cr3t" not in json.dumps(told)
    words = ("--set", "token=s3cr3t-s3cr3t-s3cr3t", "--", sys.executable, "save.py")
    assert run(*CMD[:4], "other", "--quiet", *words) == 0
    assert "config" in missing(again(str(only("other")), "--check-only")[1])


@pytest.mark.requirement("A-054", "A-056")
def test_inputs_are_had_by_digest_wherever_they_stand(workspace: Path, again: Answer, tmp_path: Path) -> None:
    (workspace / ".gitignore").write_text((workspace / ".gitignore").read_text() + "/scans/\n")
    git(workspace, "commit", "-qam", "ignore")
    (workspace / "scans").mkdir()
    (workspace / "scans" / "a.txt").write_text("a")
    (tmp_path / "outside.txt").write_text("o")
    save = (
        "import runpact; run = runpact.current(); "
        "run.save('metrics', {'loss': float(open('bias.txt').read()) + len(open('scans/a.txt').read())})"
    )
    inputs = ("--input", "bias.txt", "--input", "scans")
    (workspace / "save.py").write_text(save)
    assert run(*CMD, *inputs, "--", sys.executable, "save.py") == 0
    original = str(only("cmd"))
    (workspace / "bias.txt").write_text("99")
    code, told = again(original)
    assert (code, told["word"]) == (0, "reproduced")
    assert {each["name"]: each["uses"] for each in told["ingredients"]}["inputs"] == [
        "input `bias.txt` from the commit",
        "input `scans` from the workspace",
    ]
    (workspace / "scans" / "a.txt").write_text("b")
    (why,) = missing(again(original)[1])["inputs"]
    assert why.startswith("input `scans`: it has other bytes")
    shutil.rmtree(workspace / "scans")
    assert missing(again(original)[1]) == {"inputs": ["input `scans`: it is gone"]}
    words = ("--input", str(tmp_path / "outside.txt"), "--", sys.executable, "alone.py")
    (workspace / "alone.py").write_text(save.replace("+ len(open('scans/a.txt').read())", ""))
    assert run(*CMD[:4], "outer", "--quiet", *words) == 0
    original = str(only("outer"))
    (why,) = missing(again(original)[1])["inputs"]
    assert (
        why == "input `outside.txt`: it stood outside the workspace; name it with --input 'outside.txt=PATH'"
    )
    assert again(original, "--input", f"outside.txt={tmp_path / 'outside.txt'}", "--check-only")[0] == 0


@pytest.mark.parametrize("own", [own_files, lambda _uri: frozenset()], ids=["now", "before"])
def test_data_of_a_registry_is_found_by_the_digest_on_record(
    workspace: Path, again: Answer, monkeypatch: pytest.MonkeyPatch, own: Callable[[str], frozenset[str]]
) -> None:
    """Older records counted what runpact keeps beside the data."""
    monkeypatch.setattr(use, "own_files", own)
    monkeypatch.setattr(inputs, "own_files", own)
    assert run("data", "add", "bias.txt", "--to", "vision/depth/rooms/1.0", "--from", "us") == 0
    with runpact.run(name="user", kind="run") as active:
        active.use_data("data://vision/depth/rooms")
        active.save("metrics", {"loss": 1.0})
    code, told = again(str(only("user")), "--check-only")
    assert (code, told["word"]) == (0, "reproducible")
    path = workspace / "data/vision/depth/rooms/1.0/bias.txt"
    path.chmod(0o644)
    path.write_text("9")
    (why,) = missing(again(str(only("user")), "--check-only")[1])["inputs"]
    assert "it has other bytes" in why


@pytest.mark.requirement("A-054", "A-056")
def test_a_model_must_be_the_one_that_was_used(workspace: Path, again: Answer) -> None:
    describe = {"input_spec": {"resolution": [1], "normalization": "none"}, "export": {"opset": None}}
    (workspace / "net.json").write_text(json.dumps(describe))
    program = (
        "import numpy as np, runpact\n"
        "with runpact.run(name='user', kind='run') as run:\n"
        "    weights = np.load(run.use_model('local://vision/depth/tiny'))['w']\n"
        "    run.save('metrics', {'loss': float(weights.sum())})\n"
    )
    (workspace / "use.py").write_text(program)
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "use")
    start()
    target = ("--to", "vision/depth/tiny/trained/indoor", "--describe", "net.json")
    assert run("models", "promote", "detector", *target) == 0
    start("use.py")
    original = str(only("user"))
    code, told = again(original)
    assert (code, told["word"]) == (0, "reproduced")
    (uses,) = {each["name"]: each["uses"] for each in told["ingredients"]}["inputs"]
    assert uses.startswith("model `local://vision/depth/tiny/trained/indoor/")
    uri = uses.split("`")[1]
    assert run("models", "remove", uri, "--force", "--reason", "a leak") == 0
    (why,) = missing(again(original)[1])["inputs"]
    assert f"model `{uri}`" in why
    assert "nothing is registered" in why


def test_a_command_that_fails_or_makes_nothing_differs(
    workspace: Path, again: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "train.py").write_text(
        "import os\nassert 'FAIL' not in os.environ, 'told to fail'\n" + (workspace / "train.py").read_text()
    )
    (workspace / "command.py").write_text("import os\nassert 'FAIL' not in os.environ\n" + COMMAND)
    git(workspace, "commit", "-qam", "two")
    start()
    assert run(*CMD, "--set", "seed=1", "--", sys.executable, "command.py") == 0
    monkeypatch.setenv("FAIL", "1")
    code, told = again("detector")
    assert (code, told["word"], told["run"]) == (1, "differs", None)
    assert "the command made no run; it ended with 1: AssertionError: told to fail" in told["remarks"][0]
    code, told = again("cmd")
    assert (code, told["remarks"][0]) == (
        1,
        "the run failed (the command exited with 1); the original finished",
    )
    assert told["run"] is not None
    silent = workspace / "silent.py"
    silent.write_text("import sys, os\nsys.exit(1)\n")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "three")
    assert run(*CMD[:4], "bad", "--quiet", "--", sys.executable, "silent.py") == 3
    code, told = again(str(only("bad")))
    assert (code, told["remarks"]) == (1, ["neither run made anything to compare"])


def test_a_program_cannot_write_outside_its_tree(workspace: Path, again: Answer) -> None:
    original = workspace / "stolen.txt"
    (workspace / "train.py").write_text(
        "import os, subprocess, sys\n"
        f"if 'RUNPACT_REPRODUCES' in os.environ: subprocess.run(['touch', {str(original)!r}])\n"
        + (workspace / "train.py").read_text()
    )
    git(workspace, "commit", "-qam", "two")
    start()
    assert again("detector")[0] == 0
    assert not original.exists()


def test_nobody_is_asked_where_nobody_is(workspace: Path, capsys: Captured) -> None:
    start()
    assert run("reproduce", "detector") == 2
    assert "expected  --yes" in capsys.readouterr().err
    assert len(list(Path("runs/detector").iterdir())) == 1


def test_a_run_from_elsewhere_needs_trust(workspace: Path, tmp_path: Path, capsys: Captured) -> None:
    start()
    other = tmp_path / only("detector").name
    shutil.copytree(only("detector"), other)
    assert run("reproduce", str(other), "--yes") == 2
    assert "does not stand where runs of this workspace stand" in capsys.readouterr().err
    assert run("reproduce", str(other), "--yes", "--trust", "--quiet") == 0
    birth = Path("runs/detector") / other.name / BIRTH
    text = birth.read_bytes()
    assert text != text.replace(b"train.py", b"other.py")
    birth.write_bytes(text.replace(b"train.py", b"other.py"))
    assert run("reproduce", str(birth.parents[1]), "--yes") == 2
    assert "not the one that was sealed" in capsys.readouterr().err


def test_a_run_of_another_machine_or_contract_is_foreign(
    workspace: Path, again: Answer, capsys: Captured
) -> None:
    start()
    assert again("detector", "--check-only")[1]["foreign"] == ""
    contract = workspace / "contract.yaml"
    contract.write_text(contract.read_text().replace("try.again", "try.other"))
    code, told = again("detector", "--check-only")
    assert (code, told["foreign"]) == (0, "it was made under another contract, `try.again`")
    assert run("reproduce", "detector", "--yes") == 2
    assert "another contract" in capsys.readouterr().err
    assert run("reproduce", "detector", "--yes", "--trust") == 2  # nothing says what may differ


def test_what_cannot_be_made_again_is_refused(workspace: Path, capsys: Captured) -> None:
    (workspace / "runs/foreign/2026-01-01_00-00-00_nogit").mkdir(parents=True)
    assert run("reproduce", "runs/foreign/2026-01-01_00-00-00_nogit", "--yes") == 2
    assert "cannot be made again" in capsys.readouterr().err
    start()
    assert run("reproduce", "detector", "--yes", "--set", "seed=1") == 2
    assert "its program's own" in capsys.readouterr().err
    assert run("reproduce", "nobody") == 2


def test_a_tree_that_is_to_be_kept_is_kept(workspace: Path, again: Answer) -> None:
    start()
    code, told = again("detector", "--keep")
    tree = Path(told["kept"])
    assert (code, (tree / "train.py").is_file()) == (0, True)
    remove_stale(str(workspace), shutil.rmtree)
    assert (tree / "train.py").is_file()
    assert run("reproduce", "detector", "--yes", "--keep", "--quiet") == 0


def test_where_no_worktree_can_be_made_a_clone_is(workspace: Path, again: Answer) -> None:
    start()
    (workspace / ".git" / "worktrees").write_text("in the way")
    assert again("detector")[0] == 0
    assert not list(workspace.glob(".runpact-cache/again-*"))
    shutil.rmtree(workspace / ".git" / "objects")
    assert again("detector")[0] == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_is_stopped_leaves_no_tree_behind(workspace: Path, number: signal.Signals) -> None:
    (workspace / "train.py").write_text(
        "import os, time\n"
        "if 'RUNPACT_REPRODUCES' in os.environ:\n    print('sleeping', flush=True)\n    time.sleep(60)\n"
        + (workspace / "train.py").read_text()
    )
    git(workspace, "commit", "-qam", "two")
    start()
    words = [sys.executable, "-m", "runpact", "reproduce", "detector", "--yes"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sleeping\n"
        process.send_signal(number)
        told = process.communicate()[1]
        assert process.returncode == 128 + number
    assert "runpact: stopped: no run was added, nothing of it is kept\n" in told
    assert nothing_is_left(workspace)
    assert len(list(Path("runs/detector").iterdir())) == 1


def test_what_a_kill_left_behind_goes_with_the_next(workspace: Path, again: Answer) -> None:
    (workspace / "train.py").write_text(
        "import os, time\n"
        "if 'SLOW' in os.environ:\n    print('sleeping', flush=True)\n    time.sleep(60)\n"
        + (workspace / "train.py").read_text()
    )
    git(workspace, "commit", "-qam", "two")
    start()
    words = [sys.executable, "-m", "runpact", "reproduce", "detector", "--yes"]
    environ = {**os.environ, "SLOW": "1"}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "sleeping\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.kill()
        process.wait()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
    time.sleep(0.1)
    assert not nothing_is_left(workspace)
    assert again("detector")[0] == 0
    assert nothing_is_left(workspace)


@pytest.mark.requirement("A-061")
def test_what_a_run_came_from_cannot_be_taken_away_unseen(workspace: Path) -> None:
    (workspace / "bias.txt").write_text("2")
    start()
    directory = only("detector")
    assert run("verify", "detector") == 0
    shutil.rmtree(directory / ".runpact/code")
    assert run("verify", str(directory)) == 3


@pytest.mark.requirement("A-061")
def test_a_contract_can_demand_where_a_run_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.yaml").write_text(
        'contract: try.origin\nversion: "1.0.0"\nkinds:\n  run:\n    at: "runs/{name}"\n    rules:\n'
        '      - {id: A-061, check: run.commit != "unknown", message: nobody knows the code of this run}\n'
    )
    assert run("run", "--name", "first", "--", "true") == 3
    assert "nobody knows the code of this run" in capsys.readouterr().err


@pytest.mark.requirement("A-001", "A-054")
def test_a_project_makes_its_run_again_from_the_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: Answer
) -> None:
    """Only a project makes runs: the file in the tree is one as the original was."""
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    assert run("init", "--pack", "runpact:project-run@1", "--id", "try.projects") == 0
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "train.py").write_text(
        "import runpact\nwith runpact.run() as run:\n    run.save('metrics', {'loss': 0.5})\n"
    )
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    start("projects/train.py")
    code, told = again("train")
    assert (code, told["word"], told["run"]["path"].startswith("runs/train/")) == (0, "reproduced", True)
