"""A repository runs nothing through capture: a canary in every place where git would start a program."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.host.repository import GIT, Repository
from runpact.host.git import Snapshot
from runpact.verbs.capturing.capture import capture
from runpact.verbs.contracts.load_contract import load_contract


class Trap:
    """A repository with a program that must never run."""

    def __init__(self, folder: Path) -> None:
        """Make a repository that has a change, and the canary outside of it."""
        self.repository = Repository(folder / "project")
        self.repository.write("data.txt", "one\n")
        self.repository.write(".gitattributes", "*.txt filter=evil diff=evil merge=evil\n*.py diff=evil\n")
        self.repository.commit()
        self.fired = folder / "fired"
        self.canary = folder / "canary"
        self.canary.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.fired}\ncat\n')
        self.canary.chmod(0o755)
        self.repository.write("a.py", "x = 2\n")
        self.repository.write("new.py", "y = 1\n")

    @property
    def folder(self) -> Path:
        return self.repository.root / ".git"

    def configure(self, text: str, file: str = "config") -> None:
        """Append to a configuration file; `CANARY` stands for the program."""
        with (self.folder / file).open("a") as config:
            config.write("\n" + text.replace("CANARY", str(self.canary)) + "\n")

    def hook_up(self, folder: Path) -> None:
        """Make the canary every hook there is."""
        folder.mkdir(exist_ok=True)
        for name in (
            *(
                "post-index-change",
                "post-checkout",
                "pre-commit",
                "reference-transaction",
                "fsmonitor-watchman",
            ),
            *("pre-auto-gc", "post-merge", "sendemail-validate", "push-to-checkout"),
        ):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(self.canary)


def drivers(trap: Trap) -> None:
    trap.configure(
        '[diff]\n\texternal = CANARY\n[diff "evil"]\n\tcommand = CANARY\n\ttextconv = CANARY\n'
        "\tcachetextconv = true"
    )
    trap.configure('[merge "evil"]\n\tdriver = CANARY %O %A %B')


def filters(trap: Trap) -> None:
    trap.configure('[filter "evil"]\n\tclean = CANARY\n\tsmudge = CANARY\n\trequired = true')
    trap.repository.write("data.txt", "two\n")


def filter_process(trap: Trap) -> None:
    trap.configure('[filter "evil"]\n\tprocess = CANARY\n\trequired = true')
    trap.repository.write("data.txt", "two\n")


def attributes_of_the_repository(trap: Trap) -> None:
    trap.configure('[filter "info"]\n\tclean = CANARY')
    (trap.folder / "info").mkdir(exist_ok=True)
    (trap.folder / "info/attributes").write_text("* filter=info\n")


def attributes_file(trap: Trap) -> None:
    trap.repository.write(".attributes", "* filter=elsewhere diff=elsewhere\n")
    trap.configure(f"[core]\n\tattributesFile = {trap.repository.root}/.attributes")
    trap.configure('[filter "elsewhere"]\n\tclean = CANARY\n[diff "elsewhere"]\n\ttextconv = CANARY')


def monitor(trap: Trap) -> None:
    trap.configure("[core]\n\tfsmonitor = CANARY\n\tfsmonitorHookVersion = 2\n\tuntrackedCache = true")


def monitor_that_marked_the_index(trap: Trap) -> None:
    monitor(trap)
    subprocess.run([GIT, "status"], cwd=trap.repository.root, check=False, capture_output=True)
    assert trap.fired.exists()
    trap.fired.unlink()


def hooks(trap: Trap) -> None:
    trap.hook_up(trap.folder / "hooks")


def hooks_elsewhere(trap: Trap) -> None:
    trap.hook_up(trap.repository.root / "hooks")
    trap.configure("[core]\n\thooksPath = hooks")


def programs(trap: Trap) -> None:
    trap.configure(
        "[core]\n\tpager = CANARY\n\teditor = CANARY\n\tsshCommand = CANARY\n\tgitProxy = CANARY\n"
        "\taskPass = CANARY\n\talternateRefsCommand = CANARY\n"
        "[pager]\n\tstatus = CANARY\n\tdiff = CANARY\n\tdiff-index = CANARY\n"
        "[credential]\n\thelper = CANARY\n[gpg]\n\tprogram = CANARY\n[log]\n\tshowSignature = true\n"
        "[interactive]\n\tdiffFilter = CANARY\n[sequence]\n\teditor = CANARY\n"
        "[color]\n\tui = always\n\tpager = true"
    )


def aliases(trap: Trap) -> None:
    trap.configure("[alias]\n\tstatus = !CANARY\n\tdiff-index = !CANARY\n\tcheck-attr = !CANARY")


def included(trap: Trap) -> None:
    trap.repository.write(
        "more.config", f'[core]\n\tfsmonitor = {trap.canary}\n[filter "evil"]\n\tclean = {trap.canary}\n'
    )
    trap.configure('[include]\n\tpath = ../more.config\n[includeIf "gitdir:**"]\n\tpath = ../more.config')


def of_the_working_tree(trap: Trap) -> None:
    trap.configure("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tworktreeConfig = true")
    trap.configure("[core]\n\tfsmonitor = CANARY\n\thooksPath = hooks", file="config.worktree")
    trap.hook_up(trap.repository.root / "hooks")


def submodule(trap: Trap) -> None:
    inner = Repository(trap.repository.root.parent / "inner")
    trap.repository.git("submodule", "--quiet", "add", str(inner.root), "inner")
    trap.repository.commit()
    trap.configure("[core]\n\tfsmonitor = CANARY\n[diff]\n\texternal = CANARY", file="modules/inner/config")
    trap.configure(
        '[submodule "inner"]\n\tupdate = !CANARY\n\tignore = none\n'
        "[status]\n\tsubmoduleSummary = true\n[diff]\n\tsubmodule = log"
    )
    trap.hook_up(trap.folder / "modules/inner/hooks")
    trap.repository.write("inner/a.py", "x = 5\n")
    trap.repository.write("a.py", "x = 3\n")


def promised_objects(trap: Trap) -> None:
    trap.configure(
        "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tpartialClone = origin\n"
        '[remote "origin"]\n\tpromisor = true\n\turl = "ext::CANARY %S"\n\tuploadpack = CANARY\n'
        '[protocol]\n\tallow = always\n[protocol "ext"]\n\tallow = always'
    )
    blob = trap.repository.git("rev-parse", "HEAD:a.py").strip()
    (trap.folder / "objects" / blob[:2] / blob[2:]).unlink()


def alternates(trap: Trap) -> None:
    (trap.folder / "objects/info").mkdir(exist_ok=True)
    (trap.folder / "objects/info/alternates").write_text(
        f"{trap.repository.root.parent}/nowhere\n{trap.canary}\n"
    )
    trap.configure("[core]\n\talternateRefsCommand = CANARY")


def another_folder(trap: Trap) -> None:
    (trap.repository.root.parent / "other").mkdir()
    trap.configure(f"[core]\n\tworktree = {trap.repository.root.parent}/other\n\tfsmonitor = CANARY")


def a_folder_elsewhere(trap: Trap) -> None:
    monitor(trap)
    drivers(trap)
    moved = trap.folder.rename(trap.repository.root.parent / "moved")
    (trap.repository.root / ".git").write_text(f"gitdir: {moved}\n")


def a_linked_working_tree(trap: Trap) -> None:
    trap.repository.git("worktree", "add", "--quiet", "--detach", str(trap.repository.root.parent / "linked"))
    monitor(trap)
    drivers(trap)
    trap.hook_up(trap.folder / "hooks")
    trap.repository.root = trap.repository.root.parent / "linked"
    trap.repository.write("a.py", "x = 7\n")


def sparse(trap: Trap) -> None:
    trap.repository.git("sparse-checkout", "init", "--sparse-index")
    monitor(trap)


def split_index(trap: Trap) -> None:
    trap.repository.git("update-index", "--split-index")
    monitor(trap)


def an_index_that_hides(trap: Trap) -> None:
    trap.repository.git("update-index", "--assume-unchanged", "a.py")
    monitor(trap)
    trap.hook_up(trap.folder / "hooks")


def maintenance(trap: Trap) -> None:
    trap.configure("[gc]\n\tauto = 1\n\trecentObjectsHook = CANARY\n[maintenance]\n\tauto = true")
    trap.hook_up(trap.folder / "hooks")


TRAPS: list[Callable[[Trap], None]] = [
    *(drivers, filters, filter_process, attributes_of_the_repository, attributes_file, monitor),
    *(
        monitor_that_marked_the_index,
        hooks,
        hooks_elsewhere,
        programs,
        aliases,
        included,
        of_the_working_tree,
    ),
    *(submodule, promised_objects, alternates, another_folder, a_folder_elsewhere, a_linked_working_tree),
    *(sparse, split_index, an_index_that_hides, maintenance),
]
REFUSED = {another_folder: "core.worktree", promised_objects: "git diff: "}
"""What the record says where the state cannot be told."""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


@pytest.mark.parametrize("lay", TRAPS, ids=lambda lay: lay.__name__)
def test_no_program_of_the_repository_runs(trap, lay):
    lay(trap)
    before = contents(trap.repository.root)
    seen = trap.repository.snapshot()
    assert not trap.fired.exists(), trap.fired.read_text()
    assert contents(trap.repository.root) == before
    if lay in REFUSED:
        assert any(REFUSED[lay] in reason for reason in seen.reasons), seen.reasons
    else:
        assert_told(seen)


def assert_told(seen: Snapshot) -> None:
    """The change of `a.py` and the new file are seen all the same."""
    assert seen.dirty is True
    assert seen.reasons == ()
    told = b"+x = " in seen.patch.text if seen.patch else False
    assert told or "a.py" in {each.path for each in seen.left_out}


def contents(root: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of everything, `.git` included.

    Of objects the size alone: git renews the time of some that it meets.
    """
    return {
        str(path): (path.lstat().st_size, 0 if "objects" in path.parts else path.lstat().st_mtime_ns)
        for path in root.rglob("*")
        if not path.is_dir()
    }


@pytest.mark.parametrize(
    ("lay", "command"),
    [
        (drivers, ("diff", "HEAD")),
        (filters, ("status",)),
        (filter_process, ("status",)),
        (attributes_of_the_repository, ("add", "--all")),
        (monitor, ("status",)),
        (hooks, ("add", "--all")),
        (hooks_elsewhere, ("add", "--all")),
        (included, ("status",)),
        (of_the_working_tree, ("status",)),
        (submodule, ("status",)),
        (promised_objects, ("diff", "HEAD")),
        (a_folder_elsewhere, ("status",)),
        (a_linked_working_tree, ("status",)),
        (an_index_that_hides, ("update-index", "--no-assume-unchanged", "a.py")),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_traps_are_real(trap, lay, command):
    """Git itself, as a person calls it, does start the canary."""
    lay(trap)
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [GIT, *command],
            cwd=trap.repository.root,
            env=environment,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=3,
        )
    assert trap.fired.exists()


def test_the_callers_own_variables_start_nothing(trap):
    home = trap.repository.root.parent / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f"[core]\n\tfsmonitor = {trap.canary}\n[diff]\n\texternal = {trap.canary}\n"
        f'[filter "evil"]\n\tclean = {trap.canary}\n'
    )
    trap.repository.write("data.txt", "two\n")
    canary = str(trap.canary)
    seen = trap.repository.snapshot(
        HOME=str(home),
        GIT_EXTERNAL_DIFF=canary,
        GIT_PAGER=canary,
        GIT_SSH_COMMAND=canary,
        GIT_ASKPASS=canary,
        GIT_EDITOR=canary,
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="core.fsmonitor",
        GIT_CONFIG_VALUE_0=canary,
        GIT_CONFIG_PARAMETERS=f"'core.fsmonitor={canary}'",
        GIT_DIR="/nonexistent",
        GIT_TRACE2=str(trap.fired),
        GIT_TRACE=str(trap.fired),
    )
    assert not trap.fired.exists()
    assert_told(seen)


def test_git_is_never_taken_from_the_current_directory(trap, monkeypatch):
    (trap.repository.root / "git").symlink_to(trap.canary)
    monkeypatch.chdir(trap.repository.root)
    seen = trap.repository.snapshot(PATH=f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert not trap.fired.exists()
    assert_told(seen)


def test_a_file_behind_a_filter_is_named_and_not_judged(trap):
    filters(trap)
    trap.repository.write("a.py", "x = 1\n")
    (trap.repository.root / "new.py").unlink()
    seen = trap.repository.snapshot()
    assert seen.dirty is None
    assert [(each.path, each.size) for each in seen.left_out] == [("data.txt", 4)]
    assert seen.left_out[0].reason == "its filter `evil` is not run, so whether it changed is not known"


def test_settings_of_a_person_change_how_files_are_read(trap):
    home = trap.repository.root.parent / "home"
    (home / ".config/git").mkdir(parents=True)
    (home / ".gitconfig").write_text("[core]\n\texcludesFile = ~/ignored\n")
    (home / "ignored").write_text("new.*\n")
    assert trap.repository.snapshot(HOME=str(home)).untracked == ()
    assert trap.repository.snapshot().untracked == ("new.py",)
    (home / ".gitconfig").unlink()
    (home / ".config/git/ignore").write_text("new.*\n")
    assert trap.repository.snapshot(HOME=str(home)).untracked == ()


def test_a_run_in_a_hostile_repository_is_a_run(trap, monkeypatch):
    for lay in (monitor, drivers, filters, hooks, programs):
        lay(trap)
    root = str(trap.repository.root)
    pack = load_contract("runpact:basic@1")
    captured = capture(
        root,
        root,
        pack.contract,
        ("true",),
        mask=lambda data: data,
        environ=dict(os.environ),
        with_host=False,
    )
    assert captured.provenance.code.dirty is True
    assert not trap.fired.exists()
