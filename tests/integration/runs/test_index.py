"""The index answers as the run directories stand, whatever happened to them or to it."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import runpact
from runpact.disk import cachefolder, discover
from runpact.disk.layout import CACHE
from runpact.index import store as store_module
from runpact.index.store import Store
from runpact.model.errors import FilterError, StorageError
from runpact.model.query.fields import FIELDS
from runpact.model.query.order import parse_columns
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.finding import reindex
from runpact.verbs.finding.find import list_runs
from runpact.verbs.finding.reindex import Catalogue
from runpact.verbs.finding.search import Answer, Facet, Facets, Question, count, facets, search
from runpact.workspace import Workspace, annotating

CONTRACT = """\
contract: acme.training
version: "1.2.0"
kinds:
  run: {at: "runs/{name}", clash: "-{n}"}
  sweep: {at: "sweeps/{project}/{name}"}
"""
NOW = datetime(2030, 1, 1, tzinfo=UTC)
EVERYTHING = (
    """
    SELECT r.place, r.directory, r.is_open, r.document, k.name, f.value
    FROM runs r LEFT JOIN facts f ON f.run = r.n LEFT JOIN keys k ON k.n = f.key ORDER BY 1, 5, 6
    """,
    (),
)


class Project:
    """A workspace with a catalogue of its runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.contract = load_contract(str(root / "contract.yaml")).contract
        self.catalogue = Catalogue(str(root), self.contract)

    def run(self, name: str, *, loss: float = 0.5, **options: object) -> Path:
        with runpact.run(
            workspace=self.root, name=name, durability="none", **({"kind": "run"} | options)
        ) as run:
            run.log({"loss": loss, "acc": 1 - loss})
        return Path(run.dir)

    def ask(self, text: str = "", **question: object) -> Answer:
        return search(self.catalogue, Question(filter=text, **question), now=NOW, judge=self.judge)

    def paths(self, text: str = "", **question: object) -> list[str]:
        return [run.summary.path for run in self.ask(text, **question).runs]

    def judge(self, path: str) -> str:
        return runpact.check(self.root / path, workspace=self.root)[0].verdict.value

    def states(self) -> dict[str, str]:
        return {run.summary.path: run.summary.state.value for run in self.ask().runs}

    @property
    def index(self) -> Path:
        return self.root / CACHE / "index.sqlite"

    def dump(self) -> list[tuple]:
        return self.catalogue.ask(lambda store: store.rows(EVERYTHING))

    def agrees(self) -> bool:
        """Whether the index says what the directories say, and what an index made anew says."""
        plain = list_runs(str(self.root), self.contract)
        assert [run.summary for run in self.ask().runs] == plain
        found = self.dump()
        fresh = Catalogue(str(self.root), self.contract, is_kept=False)
        assert found == fresh.ask(lambda store: store.rows(EVERYTHING))
        return True


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNPACT_WORKSPACE", raising=False)
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    return Project(tmp_path)


@pytest.fixture
def killed(project: Project) -> Callable[[str], Path]:
    """Make a run whose process was killed."""

    def make(name: str) -> Path:
        program = (
            "import os, signal, runpact\n"
            f"run = runpact.run(kind='run', name={name!r}, durability='none').__enter__()\n"
            "run.log({'loss': 1.0})\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        subprocess.run([sys.executable, "-c", program], cwd=project.root, check=False)
        return project.root / "runs" / name

    return make


def settle(project: Project) -> None:
    """Let every stamp become old enough to prove something, and the index keep it."""
    time.sleep(0.15)
    project.ask()


def test_a_workspace_without_runs_is_left_as_it_is(project: Project) -> None:
    assert project.paths() == []
    assert not (project.root / CACHE).exists()


def test_new_changed_moved_and_removed_runs_are_seen(project: Project) -> None:
    first = project.run("a")
    assert project.paths() == ["runs/a"]
    project.run("b")
    project.run("c", kind="sweep", captures={"project": "x"})
    assert sorted(project.paths()) == ["runs/a", "runs/b", "sweeps/x/c"]
    assert project.agrees()
    first.rename(first.with_name("z"))
    shutil.rmtree(project.root / "sweeps/x")
    assert sorted(project.paths()) == ["runs/b", "runs/z"]
    shutil.rmtree(project.root / "runs")
    (project.root / "runs").mkdir()
    assert project.paths() == []
    assert project.agrees()


def test_what_did_not_change_is_not_read_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        project.run(name)
    settle(project)
    read: list[str] = []
    examine = project.catalogue.observer.row
    monkeypatch.setattr(
        project.catalogue.observer, "row", lambda seen: read.append(seen.path) or examine(seen)
    )
    assert len(project.paths()) == 3
    assert read == []
    project.run("d")
    assert len(project.paths()) == 4
    assert set(read) == {"runs/d"}


def test_a_directory_in_the_place_of_another_is_read_again(project: Project) -> None:
    project.run("a", loss=0.1)
    project.run("b", loss=0.2)
    settle(project)
    runs = project.root / "runs"
    (runs / "a").rename(runs / "t")
    (runs / "b").rename(runs / "a")
    (runs / "t").rename(runs / "b")
    assert project.paths("metrics.loss = 0.1") == ["runs/b"]
    assert project.agrees()


def test_a_run_that_is_removed_after_it_was_found_is_not_listed(project: Project) -> None:
    project.run("a")
    project.ask()
    store = project.catalogue._current()
    with store.writing():
        project.catalogue._apply(store, [reindex.RunSeen("runs/none", 1)])
    assert store.members("runs").keys() == {"runs/a"}


def test_links_lead_to_runs_but_are_none(project: Project) -> None:
    project.run("a", kind="sweep", captures={"project": "x"})
    (project.root / "sweeps").rename(project.root / "disk")
    (project.root / "sweeps").symlink_to("disk")
    (project.root / "sweeps/x/b").symlink_to("a")
    assert project.paths() == ["sweeps/x/a"]
    assert project.agrees()


def test_an_open_run_is_looked_at_for_every_question(project: Project, killed: Callable[[str], Path]) -> None:
    project.run("done")
    with runpact.run(kind="run", name="open", durability="none") as run:
        run.log({"loss": 3.0})
        assert project.states() == {"runs/done": "finished", "runs/open": "running"}
        assert project.paths("state = running and metrics.loss = 3") == ["runs/open"]
        run.log({"loss": 2.0})
        assert project.paths("state = running and metrics.loss = 2") == ["runs/open"]
    assert project.states() == {"runs/done": "finished", "runs/open": "finished"}
    killed("dead")
    assert project.states()["runs/dead"] == "interrupted"
    assert project.agrees()


def test_a_run_that_dies_between_two_questions_is_no_longer_running(project: Project) -> None:
    program = (
        "import runpact, sys\n"
        "run = runpact.run(kind='run', name='x').__enter__()\n"
        "print('on', flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], cwd=project.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout.readline() == b"on\n"
    settle(project)
    assert project.states() == {"runs/x": "running"}
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert project.states() == {"runs/x": "interrupted"}


def test_a_staged_run_is_listed_and_gets_its_name(project: Project) -> None:
    run = project.run("a")
    staged = run.rename(run.with_name(".new-0123"))
    assert project.states() == {"runs/.new-0123": "abandoned"}
    (staged / ".runpact/run.json").write_text("")
    assert project.states() == {"runs/.new-0123": "abandoned"}
    settle(project)
    assert project.states() == {"runs/.new-0123": "abandoned"}
    assert project.agrees()


def test_foreign_directories_of_a_kind_are_listed_with_what_their_path_tells(project: Project) -> None:
    (project.root / "sweeps/alpha/one").mkdir(parents=True)
    (project.root / "sweeps/not one/two").mkdir(parents=True)
    (found,) = project.ask("capture.project = alpha and kind = sweep").runs
    assert (found.summary.state.value, found.summary.id) == ("unknown", "one")
    assert project.paths() == ["sweeps/alpha/one"]
    shutil.copytree(project.run("a") / ".runpact", project.root / "sweeps/alpha/one/.runpact")
    assert project.states()["sweeps/alpha/one"] == "finished"
    assert project.agrees()


def test_a_folder_that_led_to_runs_may_become_one_and_back(project: Project) -> None:
    run = project.run("a", kind="sweep", captures={"project": "x"})
    settle(project)
    shutil.copytree(run / ".runpact", project.root / "sweeps/x/.runpact")
    assert project.paths() == ["sweeps/x"]
    assert project.agrees()
    settle(project)
    shutil.rmtree(project.root / "sweeps/x/.runpact")
    project.ask()
    assert project.paths() == ["sweeps/x/a"]
    assert project.agrees()


def test_names_that_are_no_utf_8_are_listed(project: Project) -> None:
    run = project.run("a")
    accented = run.rename(run.with_name("é"))
    assert project.paths() == ["runs/é"]
    run = accented.rename(run)
    odd = Path(os.fsdecode(os.fsencode(run.parent) + b"/\xff"))
    run.rename(odd)
    (found,) = project.ask("path ~ runs/*").runs
    assert os.fsencode(found.summary.path) == b"runs/\xff"
    assert found.summary.id == "\\xff"
    odd.rename(run)
    assert project.paths() == ["runs/a"]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "manifest cut short": lambda run: os.truncate(run / ".runpact/manifest.json", 100),
    "manifest emptied": lambda run: os.truncate(run / ".runpact/manifest.json", 0),
    "manifest removed": lambda run: (run / ".runpact/manifest.json").unlink(),
    "manifest overwritten": lambda run: (run / ".runpact/manifest.json").write_bytes(os.urandom(500)),
    "manifest of another run": lambda run: shutil.copy(
        run.parent / "r000/.runpact/manifest.json", run / ".runpact/manifest.json"
    ),
    "manifest a directory": lambda run: (
        (run / ".runpact/manifest.json").unlink(),
        (run / ".runpact/manifest.json").mkdir(),
    ),
    "seal cut short": lambda run: os.truncate(run / ".runpact/seal", 20),
    "seal removed": lambda run: (run / ".runpact/seal").unlink(),
    "seal overwritten": lambda run: (run / ".runpact/seal").write_text("{}"),
    "birth record removed": lambda run: (run / ".runpact/run.json").unlink(),
    "birth record cut short": lambda run: os.truncate(run / ".runpact/run.json", 300),
    "birth record of another run": lambda run: shutil.copy(
        run.parent / "r000/.runpact/run.json", run / ".runpact/run.json"
    ),
}


REASONS = {
    "manifest cut short": "not a manifest",
    "manifest emptied": "not a manifest",
    "manifest removed": "the manifest is missing",
    "manifest overwritten": "not a manifest",
    "manifest of another run": "is another run's",
    "manifest a directory": "is not a regular file",
    "seal cut short": "not a seal",
    "seal removed": "the seal is missing",
    "seal overwritten": "not a seal",
    "birth record removed": "the birth record is missing",
    "birth record cut short": "the birth record cannot be read",
    "birth record of another run": "is another run's",
}
"""What is said of a run so damaged."""


def test_of_200_runs_12_damaged_in_12_ways_200_are_listed_and_12_are_corrupt(project: Project) -> None:
    first = project.run("r000")
    for number in range(1, 200):
        shutil.copytree(first, project.root / f"runs/r{number:03}")
    other = project.run("other")
    for name in ("run.json", "manifest.json", "seal"):
        (other / ".runpact" / name).replace(project.root / "runs/r000/.runpact" / name)
    shutil.rmtree(other)
    settle(project)
    assert set(project.states().values()) == {"finished"}
    names = {f"runs/r{number:03}": name for number, name in enumerate(DAMAGES, start=10)}
    for path, name in names.items():
        DAMAGES[name](project.root / path)
    assert len(project.ask().runs) == 200
    corrupt = {run.summary.path: run.summary.reason for run in project.ask("state = corrupt").runs}
    assert corrupt.keys() == names.keys()
    assert [path for path, name in names.items() if REASONS[name] not in corrupt[path]] == []
    assert project.agrees()


def test_damage_to_a_run_of_the_answer_is_seen_though_no_look_at_all_is_due(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "_ALWAYS_ALL", 1)
    for name in "abc":
        project.run(name)
    settle(project)
    project.ask()
    os.truncate(project.root / "runs/b/.runpact/seal", 10)
    assert project.paths("state = corrupt") == []  # nothing of it was named in the answer
    assert project.states()["runs/b"] == "corrupt"
    assert project.paths("state = corrupt") == ["runs/b"]
    os.truncate(project.root / "runs/c/.runpact/seal", 10)
    assert sorted(
        project.catalogue.ask(
            lambda store: store.rows(("SELECT place FROM runs WHERE state = 'corrupt'", ())), is_thorough=True
        )
    ) == [
        ("runs/b",),
        ("runs/c",),
    ]
    shutil.rmtree(project.root / "runs/a")
    assert sorted(project.paths()) == ["runs/b", "runs/c"]


def test_pages_join_and_a_damaged_run_moves_between_them(project: Project) -> None:
    for number in range(5):
        project.run(f"r{number}", loss=number / 10)
    first = project.ask(limit=2, sort="metrics.loss")
    second = project.ask(limit=2, sort="metrics.loss", after=first.next)
    third = project.ask(limit=2, sort="metrics.loss", after=second.next)
    assert [run.summary.id for page in (first, second, third) for run in page.runs] == [
        "r0",
        "r1",
        "r2",
        "r3",
        "r4",
    ]
    assert third.next is None
    with pytest.raises(FilterError):
        project.ask(limit=2, after=first.next)


def test_runs_are_counted_by_what_they_say(project: Project, killed: Callable[[str], Path]) -> None:
    project.run("a", config={"lr": 0.1, "debug": True})
    project.run("b", config={"lr": 0.1})
    project.run("c", config={"lr": 0.2})
    killed("d")
    found = facets(
        project.catalogue, parse_columns("state,config.lr,config.debug,parent"), Question(), now=NOW
    )
    assert {name: [(each.value, each.runs) for each in counts.values] for name, counts in found.items()} == {
        "state": [("finished", 3), ("interrupted", 1)],
        "config.lr": [(0.1, 2), (0.2, 1)],
        "config.debug": [(True, 1)],
        "parent": [],
    }
    fields = (FIELDS["state"], *parse_columns("config.lr"))
    some = facets(project.catalogue, fields, Question(filter="config.lr = 0.1"), now=NOW)
    assert some == {
        "state": Facets((Facet("finished", 2),)),
        "config.lr": Facets((Facet(0.1, 2),)),
    }
    few = facets(project.catalogue, fields, Question(), now=NOW, most=1)
    assert [few[field.name].more for field in fields] == [1, 1]
    assert count(project.catalogue, Question(filter="config.lr = 0.1"), now=NOW) == 2
    assert count(project.catalogue, Question(also=("verdict = OK",)), now=NOW) is None
    with pytest.raises(FilterError, match="not counted by verdict"):
        facets(project.catalogue, parse_columns("verdict"), Question(), now=NOW)


def test_a_filter_on_verdicts_judges_what_the_rest_leaves(project: Project) -> None:
    judged = []
    for name in "abcd":
        project.run(name)
    (project.root / "runs/b/.runpact/seal").unlink()

    def judge(path: str) -> str:
        judged.append(path)
        return project.judge(path)

    def ask(text: str, **question: object) -> Answer:
        judged.clear()
        return search(project.catalogue, Question(filter=text, sort="path", **question), now=NOW, judge=judge)

    found = ask("verdict = ERROR and id in (a, b)")
    assert [run.summary.id for run in found.runs] == ["b"]
    assert judged == ["runs/a", "runs/b"]
    page = ask("not (verdict = ERROR) or not exists verdict", limit=2)
    assert [run.summary.id for run in page.runs] == ["a", "c"]
    rest = ask("not (verdict = ERROR) or not exists verdict", limit=2, after=page.next)
    assert ([run.summary.id for run in rest.runs], rest.next) == (["d"], None)


def test_a_filter_on_verdicts_goes_on_over_many_pages(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.verbs.finding import search as asked

    monkeypatch.setattr(asked, "_AT_ONCE", 2)
    for name in "abcde":
        project.run(name)
    assert project.paths("verdict = OK and (name = a or name = e)", sort="path") == ["runs/a", "runs/e"]
    assert project.paths("verdict = OK", sort="path") == [f"runs/{name}" for name in "abcde"]


def test_a_run_that_is_the_workspace_needs_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contract.yaml").write_text('contract: a.b\nversion: "1.0.0"\nkinds:\n  run: {at: "."}\n')
    project = Project(tmp_path)
    assert project.paths() == ["."]
    assert project.agrees()
    assert project.catalogue.rebuild() == 1
    assert not (tmp_path / CACHE).exists()


WRECKS: dict[str, Callable[[Path], object]] = {
    "the link deleted": lambda link: link.unlink(),
    "the file deleted": lambda link: link.resolve().unlink(),
    "the folder deleted": lambda link: shutil.rmtree(link.parent),
    "cut to nothing": lambda link: os.truncate(link, 0),
    "cut in the first page": lambda link: os.truncate(link, 100),
    "cut in the middle": lambda link: os.truncate(link, link.stat().st_size // 8192 * 4096),
    "garbage in place": lambda link: link.write_bytes(os.urandom(link.stat().st_size)),
    "garbage behind the first page": lambda link: link.write_bytes(
        link.read_bytes()[:4096] + os.urandom(link.stat().st_size - 4096)
    ),
    "zeros behind the first page": lambda link: link.write_bytes(
        link.read_bytes()[:4096] + bytes(link.stat().st_size - 4096)
    ),
    "a file of garbage instead": lambda link: (link.unlink(), link.write_bytes(b"garbage")),
    "another link instead": lambda link: (link.unlink(), link.symlink_to("/etc/hostname")),
    "a link to nothing": lambda link: (link.unlink(), link.symlink_to("index-0.sqlite")),
    "a directory instead": lambda link: (link.unlink(), link.mkdir()),
    "an empty database": lambda link: (link.resolve().unlink(), Store.build(str(link.resolve()), "").close()),
}


@pytest.mark.parametrize("is_open", [True, False], ids=["while in use", "between two uses"])
@pytest.mark.parametrize("wreck", WRECKS.values(), ids=WRECKS)
def test_a_wrecked_index_never_answers_wrongly(
    project: Project, wreck: Callable[[Path], object], is_open: bool
) -> None:
    for number in range(30):
        project.run(f"r{number:02}", loss=number / 100)
    expected = [f"runs/r{number:02}" for number in range(20, 30)]
    wanted = {"text": "metrics.loss >= 0.2", "sort": "metrics.loss"}
    assert project.paths(**wanted) == expected
    if not is_open:
        project.catalogue.close()
    wreck(project.index)
    assert project.paths(**wanted) == expected
    project.run("late", loss=0.9)
    other = Project(project.root)
    assert other.paths(**wanted) == [*expected, "runs/late"]
    assert project.paths(**wanted) == [*expected, "runs/late"]
    assert project.agrees()
    assert other.agrees()


def test_a_changed_row_is_told_by_its_checksum(project: Project) -> None:
    project.run("a")
    project.ask()
    with sqlite3.connect(project.index.resolve()) as wrecked:
        wrecked.execute("UPDATE runs SET document = CAST(replace(document, 'finished', 'failed') AS BLOB)")
    wrecked.close()
    assert project.states() == {"runs/a": "finished"}
    assert project.agrees()


def test_a_lost_fact_is_told_when_its_run_changes(project: Project) -> None:
    run = project.run("a")
    settle(project)
    with sqlite3.connect(project.index.resolve()) as wrecked:
        wrecked.execute("DELETE FROM facts")
    wrecked.close()
    (run / ".runpact/seal").unlink()
    assert project.states() == {"runs/a": "corrupt"}
    assert project.agrees()


def test_another_contract_gets_another_index(project: Project) -> None:
    project.run("a")
    project.ask()
    made = project.index.readlink()
    (project.root / "contract.yaml").write_text(CONTRACT.replace("sweeps/", "other/"))
    changed = Project(project.root)
    assert changed.paths() == ["runs/a"]
    assert changed.index.readlink() != made
    assert len(list((project.root / CACHE).glob("*.sqlite"))) == 2  # the link and one generation


def test_an_index_is_made_anew_when_most_runs_are_new(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "_ANEW", 2)
    project.run("a")
    project.ask()
    made = project.index.readlink()
    for name in "bcde":
        project.run(name)
    assert len(project.paths()) == 5
    assert project.index.readlink() != made


def test_where_nothing_can_be_kept_the_answer_is_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("a")
    (project.root / CACHE).write_text("in the way")
    assert project.paths() == ["runs/a"]
    with pytest.raises(StorageError):
        project.catalogue.rebuild()
    assert Catalogue(str(project.root), project.contract, is_kept=False).rebuild() == 1


def test_a_build_that_fails_leaves_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.run("a")
    project.ask()
    project.catalogue.close()
    before = sorted(path.name for path in (project.root / CACHE).iterdir())
    monkeypatch.setattr(cachefolder.io, "sync_path", refused)
    with pytest.raises(StorageError, match="No space left"):
        project.catalogue.rebuild()
    assert sorted(path.name for path in (project.root / CACHE).iterdir()) == before
    project.index.unlink()
    assert project.paths() == ["runs/a"]


def refused(_path: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_index_that_others_keep_busy_is_not_waited_for_without_end(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(cachefolder, "_WAIT_SECONDS", 0.1)
    project.run("a")
    settle(project)
    project.catalogue.close()
    keeper = sqlite3.connect(project.index.resolve(), isolation_level=None)
    keeper.execute("BEGIN IMMEDIATE")
    assert project.paths() == ["runs/a"]  # nothing to write
    project.run("b")
    assert project.paths() == ["runs/b", "runs/a"]  # from memory
    keeper.execute("ROLLBACK")
    keeper.execute("PRAGMA locking_mode = EXCLUSIVE")
    keeper.close()
    project.catalogue.close()
    keeper = sqlite3.connect(project.index.resolve(), isolation_level=None)
    keeper.execute("PRAGMA locking_mode = EXCLUSIVE")
    keeper.execute("BEGIN EXCLUSIVE")
    assert project.paths() == ["runs/b", "runs/a"]
    keeper.close()
    with (project.root / CACHE / "index.lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        project.catalogue.close()
        project.index.unlink()
        assert project.paths() == ["runs/b", "runs/a"]


def test_who_waited_for_a_build_uses_what_was_built(project: Project) -> None:
    project.run("a")
    project.ask()
    made = project.index.readlink()
    waiting = Project(project.root)
    link = project.index.readlink()
    project.index.unlink()
    folder = project.root / CACHE

    class Late(type(waiting.catalogue._file)):
        """A cache that another process fills while this one waits."""

        def current(self) -> str | None:
            found = super().current()
            if found is None:
                (folder / "index.sqlite").symlink_to(link)
            return found

    waiting.catalogue._file.__class__ = Late
    assert waiting.paths() == ["runs/a"]
    assert project.index.readlink() == made


WRITER = """\
import sys, runpact
for number in range(int(sys.argv[2])):
    with runpact.run(kind="run", name=f"w{sys.argv[1]}-{number:02}", durability="none") as run:
        run.log({"loss": number})
"""
READER = """\
import sys, os
from datetime import UTC, datetime
from runpact.verbs.finding.reindex import Catalogue
from runpact.verbs.contracts.load_contract import load_contract
from runpact.verbs.finding.search import Question, search
catalogue = Catalogue(os.getcwd(), load_contract(os.getcwd() + "/contract.yaml").contract)
most = 0
while not os.path.exists("stop"):
    answer = search(catalogue, Question(filter="state = finished"), now=datetime.now(UTC), judge=str)
    found = len(answer.runs)
    assert len({run.summary.uid for run in answer.runs}) == found
    assert found >= most, (found, most)
    most = found
print(most)
"""


@pytest.mark.requirement("X-04")
def test_eight_writers_and_readers_leave_an_index_that_equals_one_made_anew(project: Project) -> None:
    each = 50
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER], cwd=project.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(number), str(each)], cwd=project.root)
        for number in range(8)
    ]
    assert [writer.wait(300) for writer in writers] == [0] * 8
    (project.root / "stop").touch()
    for reader in readers:
        out, err = reader.communicate(timeout=120)
        assert (reader.returncode, err) == (0, b"")
        assert int(out) <= 8 * each
    assert len(project.paths("state = finished")) == 8 * each
    assert project.agrees()


def test_a_rebuilt_index_is_the_same(project: Project) -> None:
    project.run("a", config={"lr": 0.1})
    project.run("b")
    before = project.dump()
    assert project.catalogue.rebuild() == 2
    assert project.dump() == before
    assert project.agrees()


def test_an_answer_is_given_though_runs_never_stop_changing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.verbs.finding import search as asked

    project.run("a")
    monkeypatch.setattr(asked, "_has_changed", lambda _catalogue, _found: True)
    assert project.paths() == ["runs/a"]
    project.catalogue = Catalogue(str(project.root), project.contract, is_kept=False)
    assert project.paths() == ["runs/a"]


def test_runs_below_a_folder_that_became_a_run_are_forgotten(project: Project) -> None:
    run = project.run("a", kind="sweep", captures={"project": "x"})
    project.run("b", kind="sweep", captures={"project": "x"})
    assert len(project.paths()) == 2
    shutil.copytree(run / ".runpact", project.root / "sweeps/.runpact")
    assert project.paths() == ["sweeps"]


def test_tags_are_searched_by_and_seen_when_they_change(project: Project) -> None:
    run = project.run("a")
    project.run("b")
    assert project.paths("tag = best") == []
    place = Workspace.open(workspace=str(project.root))
    annotating.tag(place, "a", add=["best", "v1"])
    assert project.paths("tag = best") == ["runs/a"]
    assert project.ask("tag = best").runs[0].tags == ("best", "v1")
    settle(project)
    annotating.tag(place, "a", remove=["best"], add=["v2"])
    assert project.paths("tag = best") == []
    assert project.paths("tag in (v2, v3)") == ["runs/a"]
    shutil.copytree(run, run.with_name("copy"))
    assert sorted(project.paths("tag = v2")) == ["runs/a", "runs/copy"]
    assert project.agrees()
    (notes,) = (project.root / ".runpact-notes").glob("*.jsonl")
    notes.rename(notes.with_name("moved.jsonl"))
    assert project.paths("exists tag") == []
    notes.mkdir()
    assert project.paths("exists tag") == []
    shutil.rmtree(project.root / ".runpact-notes")
    shutil.rmtree(run)
    assert len(project.paths()) == 2
    assert project.agrees()


def test_tags_of_runs_that_are_gone_are_no_trouble(project: Project) -> None:
    run = project.run("a")
    annotating.tag(Workspace.open(workspace=str(project.root)), "a", add=["x"])
    assert project.paths("tag = x") == ["runs/a"]
    shutil.rmtree(run)
    assert project.paths() == []


def test_a_folder_that_may_not_be_listed_stands_for_what_it_hides(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("a")
    project.run("b", kind="sweep", captures={"project": "x"})
    settle(project)
    plain = os.scandir
    hidden = [f"{project.root}/runs"]

    def scandir(path: str) -> object:
        if str(path).rstrip("/") in hidden:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return plain(path)

    with monkeypatch.context() as patch:
        patch.setattr(discover.os, "scandir", scandir)
        (project.root / "runs").touch()
        (project.root / "runs").chmod(0o700)
        assert sorted(project.paths()) == ["runs", "sweeps/x/b"]
        assert project.agrees()
        settle(project)
        hidden.clear()
        (project.root / "runs").chmod(0o755)
        assert sorted(project.paths()) == ["runs/a", "sweeps/x/b"]
        hidden += [f"{project.root}/runs", str(project.root)]
        (project.root / "runs").chmod(0o700)
        project.root.chmod(0o701)
        assert project.paths() == ["."]
        assert project.agrees()
    (project.root / "runs").chmod(0o755)
    project.root.chmod(0o755)
    assert sorted(project.paths()) == ["runs/a", "sweeps/x/b"]
    assert project.agrees()


def test_a_filter_that_few_runs_pass_finds_them_beyond_those_that_are_tried(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.verbs.finding import search as asked

    for number in range(8):
        project.run(f"r{number}", loss=number / 10)
    for tried in (1, 2, 3, 5, 300):
        monkeypatch.setattr(asked, "_TRIED", tried)
        for text, ids in (
            ("metrics.loss < 0.25", "012"),
            ("not exists config.x and metrics.loss >= 0.1", "1234567"),
        ):
            page, met = project.ask(text, sort="path", limit=2), []
            met += [run.summary.id[1:] for run in page.runs]
            while page.next is not None:
                page = project.ask(text, sort="path", limit=2, after=page.next)
                met += [run.summary.id[1:] for run in page.runs]
            assert "".join(met) == ids


def test_an_index_that_cannot_be_written_is_an_error_of_storage(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("a")

    def full(_path: str | None, _layout: str) -> Store:
        raise store_module.UnusableIndexError("database or disk is full")

    monkeypatch.setattr(reindex.Store, "build", full)
    with pytest.raises(StorageError, match="disk is full"):
        project.catalogue.rebuild()


def test_an_index_that_another_process_writes_is_not_told_as_damaged(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("a")
    project.catalogue.rebuild()

    def busy(_self: Catalogue) -> Store:
        raise store_module.BusyIndexError

    monkeypatch.setattr(Catalogue, "_current", busy)
    assert project.catalogue.faults() == ()
