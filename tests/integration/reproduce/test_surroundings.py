"""What is around a run that is made again: environments, contracts, places, names, programs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import runpact
from integration.reproduce.conftest import Answer, git, program, run, start
from runpact.disk.rebuilt import held_home, remove_stale
from runpact.host.rebuild import install_with_pip
from runpact.host.signals import Terminated, raise_again
from runpact.host.worktree import Trees, copy_files, lend
from runpact.model.errors import CannotStartError

Captured = pytest.CaptureFixture[str]
CMD = ("run", "--quiet", "--name", "cmd")
SIMPLE = """\
contract: try.simple
version: "1.0.0"
kinds:
  run:
    at: "runs/{name}"
    entries: [{file: loss.json}]
    places: {extra: {at: "extra/{run.id}", entries: [{file: m.txt, required: false}]}}
"""


@pytest.fixture
def simple(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace whose runs are called as they are named."""
    folder = tmp_path / "simple"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git(folder, "init", "-q", "-b", "main")
    (folder / "contract.yaml").write_text(SIMPLE)
    (folder / ".gitignore").write_text("/runs/\n/extra/\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


def test_packages_that_cannot_be_had_are_a_missing_ingredient(
    workspace: Path, again: Answer, other_packages: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    start(PYTHONPATH=other_packages)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    code, told = again("detector")
    assert (code, told["word"], told["run"]) == (2, "not reproducible", None)
    last = told["ingredients"][-1]
    assert (last["name"], last["is_there"]) == ("environment", False)
    assert "the environment could not be made again" in last["missing"][0]
    assert run("reproduce", "detector", "--check-only") == 0
    assert "needs the network" in capsys.readouterr().err
    assert not list(workspace.glob(".runpact-cache/again-*"))


@pytest.mark.requirement("A-054", "A-055")
def test_uv_makes_the_environment_from_the_lock_file(
    workspace: Path, again: Answer, other_packages: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "uv.lock").write_text("version = 1\n")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "lock")
    start(PYTHONPATH=other_packages)
    calls = tmp_path / "calls"
    uv = f'#!/bin/sh\necho "$@" >> {calls}\nmkdir -p $UV_PROJECT_ENVIRONMENT/bin\n'
    uv += f"printf '#!/bin/sh\\nexec {sys.executable} \"$@\"\\n' > $UV_PROJECT_ENVIRONMENT/bin/python\n"
    uv += "chmod +x $UV_PROJECT_ENVIRONMENT/bin/python\n"
    program(tmp_path / "bin" / "uv", uv)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    code, told = again("detector")
    assert (code, told["word"]) == (0, "reproduced")
    words = calls.read_text().split()
    assert words[:2] == ["sync", "--frozen"]
    assert words[words.index("--project") + 1].endswith("/tree")
    program(tmp_path / "bin" / "uv", "#!/bin/sh\necho no such package >&2\nexit 1\n")
    code, told = again(str(min(Path("runs/detector").iterdir())))
    assert code == 2
    assert "uv ended with 1 — no such package" in told["ingredients"][-1]["missing"][0]


@pytest.mark.nightly
def test_pip_installs_what_is_listed(tmp_path: Path) -> None:
    programs = install_with_pip([], str(tmp_path / "env"), environ=os.environ)
    assert Path(programs, "python").exists()
    with pytest.raises(CannotStartError, match="could not be made again"):
        install_with_pip([], str(tmp_path / "gone" / "env" / "x"), environ={})


def test_a_name_without_a_moment_gets_a_number_and_places_come_along(simple: Path, again: Answer) -> None:
    text = 'echo "{}" > $RUNPACT_RUN_DIR/loss.json; mkdir -p extra/$RUNPACT_RUN_ID; '
    text += "echo m > extra/$RUNPACT_RUN_ID/m.txt"
    assert run(*CMD, "--", "sh", "-c", text) == 0
    shutil.rmtree("extra")
    code, told = again("runs/cmd")
    assert (code, told["word"], told["run"]["path"]) == (0, "reproduced", "runs/cmd-01")
    assert Path("extra/cmd/m.txt").read_text() == "m\n"
    assert again("runs/cmd")[1]["run"]["path"] == "runs/cmd-02"
    assert run("verify", "runs/cmd-01") == 0
    record = json.loads(Path("runs/cmd-01/.runpact/run.json").read_bytes())
    assert record["reproduces"] == told["original"]["uid"]


def test_two_at_once_both_come_out(simple: Path, capsys: Captured) -> None:
    assert run(*CMD, "--", "sh", "-c", 'sleep 0.2; echo "{}" > $RUNPACT_RUN_DIR/loss.json') == 0
    words = [sys.executable, "-m", "runpact", "reproduce", "runs/cmd", "--yes", "--quiet"]
    working = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in "ab"]
    assert [process.wait() for process in working] == [0, 0]
    assert sorted(path.name for path in Path("runs").iterdir()) == ["cmd", "cmd-01", "cmd-02"]
    assert not list(simple.glob(".runpact-cache/again-*"))
    assert git(simple, "worktree", "list").count("\n") == 0


def test_a_contract_that_git_ignores_comes_from_the_run(simple: Path, again: Answer) -> None:
    git(simple, "rm", "-q", "--cached", "contract.yaml")
    (simple / ".gitignore").write_text("/runs/\n/extra/\n/contract.yaml\n")
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "two")
    assert run(*CMD, "--", "sh", "-c", 'echo "{}" > $RUNPACT_RUN_DIR/loss.json') == 0
    assert again("runs/cmd")[0] == 0


def test_programs_of_an_environment_in_the_workspace_are_found_in_the_new_one(
    simple: Path, again: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (simple / ".gitignore").write_text("/runs/\n/extra/\n/env/\n")
    (simple / "write.py").write_text(
        "import os, pathlib, sys\n"
        "text = pathlib.Path(sys.argv[1]).read_text()\n"
        "pathlib.Path(os.environ['RUNPACT_RUN_DIR'], 'loss.json').write_text(text)\n"
    )
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "two")
    program(simple / "env/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "loss.json").write_text("{}")
    assert run(*CMD, "--", "env/bin/python", "write.py", str(tmp_path / "home" / "loss.json")) == 0
    record = json.loads(Path("runs/cmd/.runpact/run.json").read_bytes())
    assert record["provenance"]["command"] == ["env/bin/python", "write.py", "~/loss.json"]
    shutil.rmtree(simple / "env")
    assert again("runs/cmd")[0] == 0


def test_a_package_of_the_workspace_is_imported_from_the_tree(
    simple: Path, again: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editable installation leads to the present files; the run had those of its commit."""
    (simple / "src").mkdir()
    (simple / "src" / "mine.py").write_text("VALUE = 1\n")
    place = tmp_path / "site" / "mine-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    origin = {"url": simple.as_uri(), "dir_info": {"editable": True}}
    (place / "direct_url.json").write_text(json.dumps(origin))
    (simple / "write.py").write_text(
        "import mine, runpact\n"
        "with runpact.run(name='own') as run:\n    run.save('loss', {'v': mine.VALUE})\n"
    )
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "two")
    search = f"{place.parent}:{simple / 'src'}"
    start("write.py", PYTHONPATH=search)
    (simple / "src" / "mine.py").write_text("VALUE = 2\n")
    monkeypatch.setenv("PYTHONPATH", search)
    monkeypatch.syspath_prepend(str(place.parent))
    assert again("runs/own")[0] == 0


def test_a_tree_that_git_cannot_make_is_a_missing_ingredient(
    simple: Path, again: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (simple / ".gitattributes").write_text("*.txt filter=broken\n")
    (simple / "a.txt").write_text("a")
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "two")
    assert run(*CMD, "--", "sh", "-c", 'echo "{}" > $RUNPACT_RUN_DIR/loss.json') == 0
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text('[filter "broken"]\n\tsmudge = false\n\trequired = true\n')
    monkeypatch.setenv("HOME", str(home))
    code, told = again("runs/cmd")
    assert (code, told["word"]) == (2, "not reproducible")
    assert told["ingredients"][-1]["name"] == "commit"
    assert told["ingredients"][-1]["missing"][0].startswith("no clean working tree could be made")
    assert git(simple, "worktree", "list").count("\n") == 0


def test_runs_outside_the_repository_have_no_place_in_a_clean_tree(
    simple: Path, again: Answer, tmp_path: Path
) -> None:
    work = str(tmp_path / "data")
    text = 'echo "{}" > $RUNPACT_RUN_DIR/loss.json'
    assert run(*CMD, "--workdir", work, "--", "sh", "-c", text) == 0
    code, told = again("cmd", "--workdir", work)
    assert code == 2
    assert "outside the repository" in told["ingredients"][1]["missing"][0]


def test_a_run_without_a_commit_is_not_reproducible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: Answer, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.yaml").write_text(SIMPLE)
    (tmp_path / "x.csv").write_text("a\n")
    text = 'echo "{}" > $RUNPACT_RUN_DIR/loss.json'
    assert run(*CMD, "--input", "x.csv", "--", "sh", "-c", text) == 0
    code, told = again("runs/cmd")
    assert (code, told["ingredients"][1]["missing"]) == (2, ["no commit was recorded"])
    assert told["ingredients"][3]["is_there"]


def test_an_experiment_is_made_again_by_its_pipeline(simple: Path, capsys: Captured) -> None:
    stages = "    stages: [{id: '01', slug: one, command: ['true']}]\n    sealed: by_stage\n"
    (simple / "contract.yaml").write_text(
        SIMPLE.split("    entries", maxsplit=1)[0].replace("{name}", "{experiment}") + stages
    )
    assert run("pipeline", "run", "--experiment", "e") in {0, 1, 2, 3}
    assert run("reproduce", "runs/e", "--yes") == 2
    assert "an experiment, or a stage of one" in capsys.readouterr().err


def test_variables_that_held_a_path_are_a_doubt(
    simple: Path, again: Answer, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--dump=/secret/place")
    assert run(*CMD, "--", "sh", "-c", 'echo "{}" > $RUNPACT_RUN_DIR/loss.json') == 0
    monkeypatch.delenv("XLA_FLAGS")
    assert again("runs/cmd", "--check-only")[1]["doubts"] == [
        "the environment variable XLA_FLAGS held a path, which was not recorded"
    ]
    assert run("reproduce", "runs/cmd", "--check-only", "--set", "a=1") == 0
    told = capsys.readouterr().err
    assert "doubt" in told
    assert "a=1" in told


def test_many_departures_are_told_in_short(simple: Path, capsys: Captured) -> None:
    text = "import json, os, random, runpact; v = {f'k{i}': random.random() for i in range(20)}; "
    text += "runpact.current().save('loss', v)"
    assert run(*CMD, "--", sys.executable, "-c", text) == 0
    assert run("reproduce", "runs/cmd", "--yes", "--quiet") == 1
    assert "and 10 more" in capsys.readouterr().out


def test_a_person_is_asked_where_one_is(
    simple: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert run(*CMD, "--", "sh", "-c", 'echo "{}" > $RUNPACT_RUN_DIR/loss.json') == 0
    import pty

    for said, code in ((b"n\n", 130), (b"y\n", 0)):
        ours, theirs = pty.openpty()
        words = [sys.executable, "-m", "runpact", "reproduce", "runs/cmd", "--quiet"]
        with subprocess.Popen(
            words, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            os.write(ours, said)
            told = process.communicate()[1]
            assert (process.returncode, b"nothing was run\n" in told) == (code, code == 130)
        os.close(ours)
        os.close(theirs)
    assert len(list(Path("runs").iterdir())) == 2


def test_lineage_knows_what_a_run_reproduces(simple: Path, again: Answer, capsys: Captured) -> None:
    assert run(*CMD, "--", "sh", "-c", 'echo "{}" > $RUNPACT_RUN_DIR/loss.json') == 0
    assert again("runs/cmd")[0] == 0
    assert (run("lineage", "runs/cmd"), run("lineage", "runs/cmd-01")) == (0, 0)
    told = capsys.readouterr().out
    assert "reproduced by runs/cmd-01" in told
    assert "reproduces runs/cmd  finished" in told


def test_only_a_uid_is_believed_of_the_environment(simple: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNPACT_REPRODUCES", "../../etc")
    with runpact.run(name="plain") as active:
        active.save("loss", {"a": 1})
    assert active.record.reproduces is None


def test_git_is_asked_and_answers_or_says_why_not(simple: Path, tmp_path: Path) -> None:
    trees = Trees(str(simple), os.environ)
    commit = git(simple, "rev-parse", "HEAD")
    assert (trees.has_commit(commit), trees.has_commit("0" * 40)) == (True, False)
    assert trees.digest_at(commit, "gone.txt") is None
    (tmp_path / "x.patch").write_text("no patch")
    with pytest.raises(CannotStartError, match="does not fit"):
        trees.apply(str(simple), str(tmp_path / "x.patch"))
    with pytest.raises(CannotStartError, match="git is not installed"):
        Trees(str(simple), {"PATH": str(tmp_path)}).has_commit(commit)
    with pytest.raises(CannotStartError, match="cannot be copied"):
        copy_files(str(tmp_path / "gone"), str(simple))
    with pytest.raises(CannotStartError, match="handed over"):
        lend(str(tmp_path), str(simple / "contract.yaml" / "x"))


def test_a_folder_is_held_while_it_is_used(tmp_path: Path) -> None:
    with held_home(str(tmp_path), is_kept=False) as home:
        remove_stale(str(tmp_path), shutil.rmtree)
        assert Path(home).is_dir()
    assert not Path(home).exists()
    remove_stale(str(tmp_path / "nowhere"), shutil.rmtree)
    left = tmp_path / ".runpact-cache" / "again-1-left"
    (left / "tree").mkdir(parents=True)
    (left / "tree" / "scans").symlink_to(tmp_path)
    (left / "held").write_text("")
    remove_stale(str(tmp_path), shutil.rmtree)
    assert not left.exists()
    assert tmp_path.is_dir()


def test_a_signal_that_was_passed_on_ends_us_as_well() -> None:
    with pytest.raises(KeyboardInterrupt):
        raise_again(2)
    with pytest.raises(Terminated):
        raise_again(15)


def test_a_program_of_the_tree_is_there_again(simple: Path) -> None:
    program(simple / "tool.sh", "#!/bin/sh\necho '{}' > $RUNPACT_RUN_DIR/loss.json\n")
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "tool")
    assert run(*CMD, "--", "./tool.sh") == 0
    (simple / "tool.sh").unlink()
    assert run("reproduce", "runs/cmd", "--yes", "--quiet") == 0
    assert not list(simple.glob(".runpact-cache/again-*"))


def test_what_was_said_of_a_run_is_said_again(simple: Path, again: Answer, tmp_path: Path) -> None:
    contract = SIMPLE.replace("runs/{name}", "runs/{colour}/{size}")
    (simple / "contract.yaml").write_text(contract)
    (simple / "local.csv").write_text("a\n")
    (tmp_path / "outside.csv").write_text("b\n")
    git(simple, "add", "contract.yaml")
    git(simple, "commit", "-qm", "two")
    words = ("run", "--quiet", "--capture", "colour=red", "--capture", "size=big")
    inputs = ("--input", "local.csv", "--input", str(tmp_path / "outside.csv"))
    text = 'echo "{}" > $RUNPACT_RUN_DIR/loss.json'
    assert run(*words, *inputs, "--", "sh", "-c", text) == 0
    given = ("--input", f"outside.csv={tmp_path / 'outside.csv'}")
    (simple / "local.csv").unlink()
    code, told = again("runs/red/big", "--network", *given)
    assert (code, told["run"]["path"]) == (0, "runs/red/big-01")
    assert told["ingredients"][3]["uses"] == [
        "input `local.csv` from the commit",
        "input `outside.csv` from the given",
    ]
    record = json.loads(Path("runs/red/big-01/.runpact/manifest.json").read_bytes())
    assert [each["name"] for each in record["provenance"]["inputs"]] == ["local.csv", "outside.csv"]


def test_a_run_in_the_run_is_not_taken_for_it(simple: Path, again: Answer) -> None:
    (simple / "two.py").write_text(
        "import runpact\n"
        "with runpact.run(name='outer') as run:\n"
        "    with runpact.run(name='inner') as inner:\n        inner.save('loss', {'a': 1})\n"
        "    run.save('loss', {'a': 2})\n"
    )
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "two")
    start("two.py")
    code, told = again("runs/outer")
    assert (code, told["run"]["path"]) == (0, "runs/outer-01")


@pytest.mark.parametrize("keep", [False, True])
def test_ctrl_c_ends_it_and_nothing_is_left_but_what_is_to_be_kept(
    simple: Path, capsys: Captured, keep: bool
) -> None:
    (simple / "slow.py").write_text(
        "import os, pathlib, time, runpact\n"
        "if 'RUNPACT_REPRODUCES' in os.environ:\n"
        "    pathlib.Path('marker').touch()\n    time.sleep(60)\n"
        "with runpact.run(name='slow') as run:\n    run.save('loss', {'a': 2})\n"
    )
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "two")
    start("slow.py")

    def stop() -> None:
        while not list(simple.glob(".runpact-cache/again-*/tree/marker")):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=stop)
    thread.start()
    assert run("reproduce", "runs/slow", "--yes", "--quiet", *["--keep"] * keep) == 130
    thread.join()
    left = list(simple.glob(".runpact-cache/again-*"))
    assert (len(left), git(simple, "worktree", "list").count("\n")) == (keep, keep)
    told = f"what there is of it stays in {left[0]}" if keep else "nothing of it is kept"
    assert f"stopped: no run was added, {told}\n" in capsys.readouterr().err
    remove_stale(str(simple), Trees(str(simple), os.environ).remove)
    assert list(simple.glob(".runpact-cache/again-*")) == left


def test_a_program_says_by_which_words_it_is_run_again(
    simple: Path, again: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it took from elsewhere the first time stands in its own words then."""
    (simple / "own.py").write_text(
        "import os, sys, runpact\n"
        "value = int(sys.argv[1] if len(sys.argv) > 1 else os.environ['ELSEWHERE'])\n"
        "with runpact.run(name='own') as run:\n"
        "    run.reproduced_by('python', 'own.py', str(value))\n    run.save('loss', {'a': value})\n"
    )
    git(simple, "add", "-A")
    git(simple, "commit", "-qm", "two")
    start("own.py", ELSEWHERE="7")
    code, told = again("runs/own")
    assert (code, told["word"], told["command"]) == (0, "reproduced", ["python", "own.py", "7"])
