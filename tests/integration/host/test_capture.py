"""What a run's provenance says, and what it keeps to itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from integration.host.repository import Repository
from runpact.disk import untracked
from runpact.host import bounded, clock, git
from runpact.model.digest import digest_bytes
from runpact.verbs.capturing import capture as story
from runpact.verbs.capturing.capture import Captured, capture
from runpact.verbs.contracts.load_contract import load_contract


def unmasked(data: bytes) -> bytes:
    return data


def captured_at(
    root: Path,
    *,
    cwd: Path | None = None,
    mask: Callable[[bytes], bytes] = unmasked,
    with_host: bool = False,
    reference: str = "runpact:basic@1",
) -> Captured:
    contract = load_contract(reference).contract
    command = (sys.executable, str(root / "a.py"))
    return capture(
        str(root),
        str(cwd or root),
        contract,
        command,
        mask=mask,
        environ=dict(os.environ),
        with_host=with_host,
    )


def left_out_of(captured: Captured) -> dict[str, str]:
    return {each.path: each.reason for each in captured.provenance.code.left_out}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    story._memory_of.cache_clear()


# Code


@pytest.mark.requirement("A-019")
def test_a_dirty_tree_is_recorded_with_the_digest_of_its_diff(repository):
    repository.write("a.py", "x = 2\n")
    captured = captured_at(repository.root)
    code = captured.provenance.code
    patch = captured.files[code.diff.path].data
    assert (code.dirty, code.diff.digest, code.diff.size) == (True, digest_bytes(patch), len(patch))
    assert b"-x = 1\n+x = 2\n" in patch


def test_an_untracked_file_is_kept_up_to_its_limit_and_named_above_it(repository):
    repository.write("fits.csv", b"x" * untracked.MAX_FILE)
    repository.write("larger.csv", b"x" * (untracked.MAX_FILE + 1))
    captured = captured_at(repository.root)
    assert captured.provenance.code.untracked.files == 1
    assert captured.provenance.code.untracked.size == untracked.MAX_FILE
    assert left_out_of(captured) == {"larger.csv": "larger than 1,000,000 bytes"}


def test_an_ignored_file_is_not_looked_at(repository):
    repository.write(".gitignore", "*.log\n")
    repository.commit()
    repository.write("a.log", "x")
    captured = captured_at(repository.root)
    assert (captured.provenance.code.dirty, captured.files) == (False, {})


def test_what_is_no_plain_file_or_has_the_name_of_a_secret_is_named_only(repository):
    repository.write(".env", "TOKEN=abc\n")
    (repository.root / "link").symlink_to("/etc/passwd")
    os.mkfifo(repository.root / "pipe")
    repository.write("a folder/id_rsa", "abc")
    Repository(repository.root / "inner")
    Path(os.fsdecode(os.fsencode(repository.root) + b"/\xff.py")).write_text("x")
    captured = captured_at(repository.root)
    assert left_out_of(captured) == {
        ".env": "its name is that of a secret",
        "a folder/id_rsa": "its name is that of a secret",
        "link": "a symbolic link",
        "inner/": "a repository of its own",
        r"\xff.py": "its name is not UTF-8",
    }
    assert captured.files == {}


def test_a_changed_file_with_the_name_of_a_secret_stays_out_of_the_diff(repository):
    repository.write("prod.env", "A=1\n")
    repository.commit()
    repository.write("prod.env", "A=verysecret\n")
    captured = captured_at(repository.root)
    assert captured.provenance.code.dirty is True
    assert left_out_of(captured) == {"prod.env": "changed; its name is that of a secret"}
    assert captured.files == {}


CONTRACT = """
contract: a.b
version: "1.0.0"
workspace: {log: log.jsonl, indexes: [{files: "lists/runs.{csv,md}", columns: {a: run.id}}]}
kinds: {run: {at: "runs/{name}"}}
"""


@pytest.mark.parametrize("is_tracked", [True, False])
def test_tags_views_and_the_log_are_no_change_of_the_code(repository, is_tracked):
    records = (".runpact-notes/u.jsonl", "lists/runs.csv", "lists/runs.md", "log.jsonl")
    contract = repository.write("contract.yaml", CONTRACT)
    for path in records if is_tracked else ():
        repository.write(path, "old\n")
    repository.commit()
    for path in records:
        repository.write(path, "new\n")
    captured = captured_at(repository.root, reference=str(contract))
    assert captured.provenance.code.dirty is False
    assert captured.files == {}
    repository.write("lists/more.csv", "1\n")
    story._memory_of.cache_clear()
    captured = captured_at(repository.root, reference=str(contract))
    assert captured.provenance.code.dirty is True
    assert list(captured.files) == [".runpact/code/untracked/lists/more.csv"]


def test_of_too_many_untracked_files_the_sources_come_first(repository, monkeypatch):
    monkeypatch.setattr(untracked, "MAX_FILES", 2)
    for name in ("a.csv", "b.csv", "z.py"):
        repository.write(name, name)
    captured = captured_at(repository.root)
    assert sorted(captured.files) == [".runpact/code/untracked/a.csv", ".runpact/code/untracked/z.py"]
    assert left_out_of(captured) == {"b.csv": "2 files are stored already"}


def test_what_is_too_much_together_is_named(repository, monkeypatch):
    monkeypatch.setattr(untracked, "MAX_TOTAL", 10)
    monkeypatch.setattr(untracked, "_MAX_LOOKED_AT", 2)
    for name in ("b.py", "c.py", "d.py"):
        repository.write(name, "12345678")
    captured = captured_at(repository.root)
    assert left_out_of(captured) == {
        "c.py": "more than 10 bytes together",
        "d.py": "not looked at: there are too many",
    }


def test_an_untracked_file_that_goes_away_or_cannot_be_read_is_named(repository):
    repository.write("closed.py", "x")
    repository.write("a" * 200 + "/" + "b" * 200 + "/" + "c" * 200 + "/" + "d" * 200 + "/" + "e" * 210, "x")
    os.chmod(repository.root / "closed.py", 0)  # noqa: PTH101 - as the tested code does
    gathered = untracked.read_untracked(str(repository.root), ("gone.py", "closed.py"))
    assert [each.path for each in gathered.left_out][-1] == "gone.py"
    assert gathered.left_out[-1].reason == "it cannot be read"
    assert ("closed.py" in gathered.files) is (os.geteuid() == 0)
    (left,) = left_out_of(captured_at(repository.root)).items()
    assert left[1] == "its path is longer than 1000 bytes" or left[0] == "closed.py"


def test_a_large_file_and_a_large_diff_are_not_stored_and_still_recorded(repository, monkeypatch):
    repository.write("data.txt", "one\n")
    repository.commit()
    monkeypatch.setattr(git, "MAX_PATCH", 1000)
    repository.write("data.txt", "x" * 1001)
    assert left_out_of(captured_at(repository.root)) == {"data.txt": "changed; larger than 1,000 bytes"}
    monkeypatch.setattr("runpact.host.gitquestion.MAX_PATCH", 10)
    monkeypatch.setattr(story, "MAX_PATCH", 10)
    repository.write("a.py", "x = 2\n")
    story._memory_of.cache_clear()
    captured = captured_at(repository.root)
    diff = captured.provenance.code.diff
    assert (diff.path, diff.reason, diff.size > 100) == (None, "larger than 10 bytes", True)
    assert captured.files == {}


def test_many_files_left_out_are_counted(repository, monkeypatch):
    monkeypatch.setattr(story, "MAX_LEFT_OUT", 2)
    for number in range(5):
        repository.write(f"{number}.pem", "x")
    code = captured_at(repository.root).provenance.code
    assert (len(code.left_out), code.left_out_more) == (2, 3)


def test_a_mask_works_on_all_that_is_stored_and_the_record_says_so(repository):
    repository.write("a.py", "x = 'abc'\n")
    repository.write("b.py", "y = 'abc'\n")
    repository.write("c.py", "z = 1\n")
    repository.write("uv.lock", "abc\n")
    captured = captured_at(repository.root, mask=lambda data: data.replace(b"abc", b"***"))
    assert not any(b"abc" in file.data for file in captured.files.values())
    code = captured.provenance.code
    assert code.diff.digest == "", "by it the secret could be found by trying"
    assert code.diff.copy_digest == digest_bytes(captured.files[code.diff.path].data)
    assert code.untracked.masked == ("b.py", "uv.lock")


def test_what_earlier_runs_wrote_is_no_code(repository, monkeypatch):
    (repository.root / "deep").mkdir()
    captured = captured_at(repository.root / "deep", cwd=repository.root)
    assert captured.provenance.code.dirty is False
    repository.write("deep/runs/one-20260101-000000/metrics.json", "{}")
    repository.write("elsewhere/two/.runpact/run.json", "{}")
    repository.write("elsewhere/two/out.txt", "x")
    repository.write("elsewhere/code.py", "x")
    story._memory_of.cache_clear()
    captured = captured_at(repository.root / "deep", cwd=repository.root)
    assert list(captured.files) == [".runpact/code/untracked/elsewhere/code.py"]
    assert captured.provenance.code.repository == ".."


def test_a_workspace_beside_the_repository_of_the_command_uses_that(repository, tmp_path):
    (tmp_path / "data").mkdir()
    code = captured_at(tmp_path / "data", cwd=repository.root).provenance.code
    assert (len(code.commit), code.repository) == (40, "../project")


@pytest.mark.parametrize(
    ("url", "shown"),
    [("https://ann:pw@example.org/x.git", "https://example.org/x.git"), ("/srv/x.git", None)],
)
def test_where_a_repository_came_from_is_recorded_without_credentials_and_paths(repository, url, shown):
    repository.git("remote", "add", "origin", url)
    assert captured_at(repository.root).provenance.code.remote == shown


def test_a_detached_head_a_packed_branch_and_a_linked_tree_are_told(repository):
    commit = repository.git("rev-parse", "HEAD").strip()
    repository.git("pack-refs", "--all")
    code = captured_at(repository.root).provenance.code
    assert (code.commit, code.branch) == (commit, "trunk")
    repository.git("checkout", "--quiet", "--detach")
    code = captured_at(repository.root).provenance.code
    assert (code.commit, code.branch, code.dirty) == (commit, "detached", False)
    linked = repository.root.parent / "linked"
    repository.git("worktree", "add", "--quiet", "-b", "side", str(linked))
    code = captured_at(linked).provenance.code
    assert (code.commit, code.branch, code.dirty) == (commit, "side", False)


@pytest.mark.parametrize("detached", [False, True])
def test_without_git_commit_and_branch_are_read_and_dirtiness_stays_open(repository, monkeypatch, detached):
    if detached:
        repository.git("checkout", "--quiet", "--detach")
    repository.git("pack-refs", "--all")
    commit = repository.git("rev-parse", "HEAD").strip()
    monkeypatch.setenv("PATH", "relative:")
    code = captured_at(repository.root).provenance.code
    assert (code.commit, code.branch) == (commit, "detached" if detached else "trunk")
    assert (code.dirty, code.reasons) == (None, ("git is not installed",))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("[core]\n\tbare = true\n", "the repository is bare: it has no working tree"),
        (
            "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha3\n",
            "the repository names its objects in an unknown way (`extensions.objectFormat`)",
        ),
    ],
)
def test_a_repository_that_cannot_be_told_says_why(repository, settings, reason):
    with (repository.root / ".git/config").open("a") as file:
        file.write(settings)
    code = captured_at(repository.root).provenance.code
    assert (code.dirty, code.reasons) == (None, (reason,))


def test_a_broken_repository_is_a_reason_and_no_error(repository):
    (repository.root / ".git/index").write_bytes(b"DIRC not an index")
    code = captured_at(repository.root).provenance.code
    assert (len(code.commit), code.dirty) == (40, None)
    assert code.reasons[0].startswith("git status: it ended with 128: ")
    (repository.root / ".git/HEAD").write_text("nonsense")
    story._memory_of.cache_clear()
    assert captured_at(repository.root).provenance.code.commit == "unknown"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("commondir", b"a\0b\n"),
        ("config", b'[core]\n\tworktree = "a\0b"\n\0\n[core "x\n\\'),
        ("HEAD", b"ref: refs/heads/a\0b\n"),
        ("HEAD", b"ref: refs/heads/../../../../etc/passwd\n"),
        ("HEAD", b"\xff" * 9000),
        ("packed-refs", b"\xff\0" * 9000),
        ("config", b"\xff\0[" * 9000),
        ("index", b""),
        ("config.worktree", b"\0"),
        ("sharedindex.d", None),
    ],
)
def test_nonsense_in_a_repository_is_never_an_error(repository, name, content):
    repository.write("a.py", "x = 2\n")
    place = repository.root / ".git" / name
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)
    code = captured_at(repository.root).provenance.code
    assert code.dirty is not False
    assert "(" not in code.branch
    if name == "sharedindex.d":
        assert (code.dirty, code.reasons) == (True, ())


def test_a_pointer_to_a_repository_that_is_nonsense_is_never_an_error(tmp_path):
    (tmp_path / ".git").write_bytes(b"gitdir: \0\xff\n")
    code = captured_at(tmp_path).provenance.code
    assert (code.commit, code.dirty) == ("unknown", None)
    assert len(code.reasons) == 1


def test_no_room_for_the_temporary_folder_is_a_reason_and_no_error(repository, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/nonexistent")
    code = captured_at(repository.root).provenance.code
    assert code.reasons == ("no temporary folder for git: No such file or directory",)


def test_git_that_takes_too_long_is_ended(repository, monkeypatch, tmp_path):
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(slow.parent))
    monkeypatch.setattr(git, "MAX_SECONDS", 0.3)
    began = clock.monotonic()
    code = captured_at(repository.root).provenance.code
    assert clock.monotonic() - began < 30
    assert (code.dirty, code.reasons) == (None, ("git status: it did not answer in time",))


def test_when_listing_untracked_files_fails_the_tracked_ones_are_told(repository, monkeypatch, tmp_path):
    repository.write("a.py", "x = 2\n")
    picky = tmp_path / "bin/git"
    picky.parent.mkdir()
    real = git.git_program(os.environ["PATH"])
    picky.write_text(f'#!/bin/sh\ncase "$*" in *untracked-files=all*) exit 9;; esac\nexec {real} "$@"\n')
    picky.chmod(0o755)
    monkeypatch.setenv("PATH", str(picky.parent))
    code = captured_at(repository.root).provenance.code
    assert (code.dirty, code.diff is not None) == (True, True)
    assert code.reasons == ("the untracked files are not known: git status: it ended with 9: ",)


def test_an_answer_without_end_is_cut(tmp_path):
    sink = bounded.Sink(1000)
    answer = {"environ": {}, "deadline": clock.monotonic() + 20, "sink": sink}
    assert bounded.ask(("/bin/sh", "-c", "while :; do echo yes; done"), **answer).startswith("its answer is")
    assert len(sink.text) == 1000
    assert bounded.ask(("/nonexistent",), **answer).startswith("it cannot be started: No such file")


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("split", [False, True])
def test_a_change_that_the_index_hides_is_seen(repository, mark, split):
    if split:
        repository.git("update-index", "--split-index")
    repository.write("b.py", "y = 1\n")
    repository.commit()
    repository.git("update-index", mark, "a.py", "b.py")
    repository.write("a.py", "x = 2\n")
    assert repository.git("status", "--porcelain") == ""
    index = (repository.root / ".git/index").read_bytes()
    captured = captured_at(repository.root)
    assert captured.provenance.code.dirty is True
    assert b"+x = 2\n" in captured.files[".runpact/code/diff.patch"].data
    assert b"b.py" not in captured.files[".runpact/code/diff.patch"].data
    assert (repository.root / ".git/index").read_bytes() == index
    assert captured.provenance.code.reasons == ()


def test_what_a_sparse_checkout_leaves_away_is_no_change(repository):
    repository.write("kept/a.py", "x\n")
    repository.write("away/a.py", "x\n")
    repository.commit()
    repository.git("sparse-checkout", "set", "kept")
    assert not (repository.root / "away").exists()
    code = captured_at(repository.root).provenance.code
    assert (code.dirty, code.left_out, code.reasons) == (False, (), ())


def test_a_change_in_a_submodule_makes_the_tree_dirty_and_is_named(repository, tmp_path):
    inner = Repository(tmp_path / "inner")
    for name in ("one", "two", "three"):
        repository.git("submodule", "--quiet", "add", str(inner.root), name)
    repository.commit()
    assert captured_at(repository.root).provenance.code.dirty is False
    repository.write("one/a.py", "x = 5\n")
    with (repository.root / ".git/modules/two/config").open("a") as file:
        file.write("[core]\n\tbare = true\n")
    repository.git("commit", "--quiet", "--allow-empty", "--message=x", cwd=repository.root / "three")
    story._memory_of.cache_clear()
    captured = captured_at(repository.root)
    assert captured.provenance.code.dirty is True
    assert left_out_of(captured) == {
        "one": "a submodule with changes of its own",
        "two": "a submodule whose state is not known",
        "three": "a submodule at another commit than the repository names",
    }
    repository.git("submodule", "--quiet", "deinit", "--force", "one", "two", "three")
    story._memory_of.cache_clear()
    assert captured_at(repository.root).provenance.code.dirty is False


def test_a_repository_with_sha256_names_is_told(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    repository = Repository.__new__(Repository)
    repository.root = root
    repository.git("init", "--quiet", "--object-format=sha256")
    repository.write("a.py", "x\n")
    code = captured_at(root).provenance.code
    assert (code.commit, code.dirty, code.untracked.files) == ("unknown", True, 1)
    repository.git("add", "a.py")
    story._memory_of.cache_clear()
    assert captured_at(root).provenance.code.diff is not None
    commit = repository.commit()
    assert len(commit) == 64
    assert captured_at(root).provenance.code.commit == commit


# When it is read


def test_the_capture_is_taken_once_while_nothing_changed(repository, monkeypatch):
    asked = []
    take = story.take_snapshot

    def counted(*said, **more):
        asked.append(said)
        return take(*said, **more)

    monkeypatch.setattr(story, "take_snapshot", counted)
    monkeypatch.setattr(story, "REST", 1e6)
    first = captured_at(repository.root).provenance.code
    assert captured_at(repository.root).provenance.code == first
    assert len(asked) == 1
    repository.write("b.py", "y\n")
    repository.git("add", "b.py")
    staged = captured_at(repository.root).provenance.code
    assert (staged.dirty, len(asked)) == (True, 2)
    assert staged.captured > first.captured
    commit = repository.commit()
    assert captured_at(repository.root).provenance.code.commit == commit
    assert len(asked) == 3
    repository.git("-c", "core.logAllRefUpdates=false", "update-ref", "refs/heads/trunk", "HEAD~1")
    assert captured_at(repository.root).provenance.code.commit != commit
    repository.git("checkout", "--quiet", "--detach")
    assert captured_at(repository.root).provenance.code.branch == "detached"
    assert len(asked) == 5


def test_an_edit_that_git_was_not_told_of_is_seen_after_a_while(repository, monkeypatch):
    monkeypatch.setattr(story, "REST", 0)
    assert captured_at(repository.root).provenance.code.dirty is False
    repository.write("a.py", "x = 2\n")
    assert captured_at(repository.root).provenance.code.dirty is True


# Lock files


@pytest.mark.requirement("A-055")
def test_the_nearest_lock_files_are_copied_without_credentials(repository):
    lock = 'url = "https://ann:pw@example.org/packages"\n'
    repository.write("uv.lock", "above = 1\n")
    repository.write("sub/poetry.lock", lock)
    repository.write("sub/requirements.txt", "numpy>=1\n")
    repository.write("sub/requirements-dev.txt", "pytest==9.0.0\n")
    repository.write("sub/deep/a.py", "x\n")
    repository.commit()
    captured = captured_at(repository.root, cwd=repository.root / "sub/deep")
    locks = captured.provenance.environment.locks
    assert [each.source for each in locks] == ["sub/poetry.lock", "sub/requirements-dev.txt"]
    stored = captured.files[locks[0].path].data
    assert stored == b'url = "https://example.org/packages"\n'
    assert (locks[0].digest, locks[0].copy_digest) == ("", digest_bytes(stored))
    assert locks[1].digest == locks[1].copy_digest


def test_a_lock_file_too_large_is_named(tmp_path, monkeypatch):
    (tmp_path / "uv.lock").write_text("x" * 20)
    monkeypatch.setattr(story, "MAX_LOCK", 10)
    (lock,) = captured_at(tmp_path).provenance.environment.locks
    assert (lock.path, lock.reason) == (None, "larger than 10 bytes")


def test_a_folder_that_cannot_be_listed_has_no_lock_file(tmp_path):
    assert captured_at(tmp_path, cwd=tmp_path / "gone").provenance.environment.locks == ()


# Machine, variables, person


def test_only_variables_of_the_allow_list_are_recorded(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name not in {"PATH", "HOME"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "abc")
    monkeypatch.setenv("XLA_FLAGS", "--dump=/home/ann/x")
    assert captured_at(tmp_path).provenance.environment.variables == {
        "OMP_NUM_THREADS": "4",
        "XLA_FLAGS": "--dump=[path]",
    }


def test_nothing_names_the_machine_the_person_or_an_absolute_path(repository, monkeypatch):
    monkeypatch.setenv("HOME", str(repository.root.parent))
    repository.write("a.py", "x = 2\n")
    written = msgspec.json.encode(captured_at(repository.root).provenance).decode()
    for word in (os.uname().nodename, str(repository.root), str(repository.root.parent), sys.prefix):
        assert word not in written
    assert captured_at(repository.root).provenance.command == (Path(sys.executable).name, "a.py")


def test_who_asks_gets_host_user_and_paths(repository):
    host = captured_at(repository.root, with_host=True).provenance.host
    assert host.name == os.uname().nodename
    assert host.user
    assert (host.cwd, host.executable) == (str(repository.root), sys.executable)
    assert host.command == (sys.executable, str(repository.root / "a.py"))


def test_an_option_asks_for_it(repository, monkeypatch):
    monkeypatch.chdir(repository.root)
    command = [
        sys.executable,
        "-m",
        "runpact",
        "run",
        "--name",
        "h",
        "--quiet",
        "--record-host",
        "--",
        "true",
    ]
    subprocess.run(command, check=True, env={**os.environ, "HOME": "/nonexistent"})
    (record,) = repository.root.glob("runs/*/.runpact/run.json")
    host = json.loads(record.read_text())["provenance"]["host"]
    assert (host["name"], host["cwd"]) == (os.uname().nodename, str(repository.root))
    assert host["executable"].endswith("/true")
