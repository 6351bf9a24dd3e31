"""Registry views: what they list, when they are written, what becomes of them when something goes wrong."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.disk import viewfiles
from runpact.disk.layout import CACHE
from runpact.verbs.life import views
from runpact.workspace import Workspace

CONTRACT = """\
contract: acme.desk
version: "1.0.0"
workspace:
  indexes:
    - files: "lists/runs_index.{csv,json,md}"
      kinds: [run, sweep]
      columns:
        run_id: run.id
        kind: run.kind
        state: run.state
        loss: doc.metrics.loss
        count: doc.metrics.count
        path: run.path
kinds:
  run: &run
    at: "runs/{name}"
    clash: "-{n}"
    entries: [{file: metrics.json, formerly: {old.json: "2.0"}, required: false}]
  sweep: {like: run, at: "sweeps/{name}"}
  session: {at: "sessions/{name}"}
""".replace("&run", "")
FORMS = ("csv", "json", "md")


class Desk:
    """A workspace with a registry."""

    def __init__(self, place: Place) -> None:
        """Write its contract."""
        self.place = place
        self.root = place.root
        place.write("contract.yaml", CONTRACT)

    def run(self, name: str, *, loss: object = 0.5, **options: object) -> Path:
        """Make a run."""
        asked = {"workspace": self.root, "kind": "run", "durability": "none"} | options
        with runpact.run(name=name, **asked) as run:
            run.save("metrics.json", {"loss": loss, "count": 3})
        self.reason = run.standing.reason
        assert run.standing.state.value == "finished"
        return Path(run.dir)

    def file(self, form: str) -> Path:
        """Return a file of the view."""
        return self.root / f"lists/runs_index.{form}"

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the CSV file."""
        return list(csv.DictReader(io.StringIO(self.file("csv").read_text())))

    def ids(self) -> list[str]:
        """Return the ids that all three files list."""
        found = [row["run_id"] for row in self.rows()]
        document = json.loads(self.file("json").read_text())
        assert [row["run_id"] for row in document["runs"]] == found
        assert document["count"] == len(found)
        table = [line for line in self.file("md").read_text().splitlines() if line.startswith("| ")][2:]
        assert [line.split(" | ")[0].removeprefix("| ") for line in table] == found
        return found

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of the files, without the moment of writing."""
        moment = rb"[0-9-]{10}T[0-9:.]{15}Z"
        return {form: re.sub(moment, b"", self.file(form).read_bytes()) for form in FORMS}

    def stamps(self) -> list[tuple[int, int]]:
        """Return what tells whether a file was written again."""
        return [(each.st_ino, each.st_mtime_ns) for each in map(os.stat, map(self.file, FORMS))]

    def check(self) -> tuple[int, list[str]]:
        """Return the exit code of a check and the state of each file."""
        code, document = self.place.json("index", "views", "--check")
        return code, [file["state"] for file in document["files"]]


@pytest.fixture
def desk(empty: Place) -> Desk:
    return Desk(empty)


@pytest.mark.requirement("E5.1")
@pytest.mark.requirement("E5.2")
@pytest.mark.requirement("E5.3")
def test_a_success_of_a_kind_that_is_listed_refreshes_the_files_and_nothing_else_does(desk: Desk) -> None:
    desk.run("b")
    desk.run("a", kind="sweep")
    assert desk.ids() == ["b", "a"]
    before = desk.stamps()
    desk.run("s", kind="session")
    with pytest.raises(ZeroDivisionError), runpact.run(kind="run", name="failing") as run:
        run.log({"loss": 1 / 0})
    assert desk.place.call("run", "--kind", "run", "--name", "bad", "--", "false")[0] == 3
    assert desk.stamps() == before
    assert desk.place.call("run", "--kind", "run", "--name", "good", "--", "true")[0] == 0
    assert desk.ids() == ["b", "bad", "failing", "good", "a"]
    assert [row["state"] for row in desk.rows()] == ["finished", "failed", "failed", "finished", "finished"]


def test_a_view_without_kinds_lists_all_of_them_in_the_order_of_the_contract(desk: Desk) -> None:
    text = CONTRACT.replace(
        "kinds: [run, sweep]",
        "order: [-loss, run_id]\n      where: 'run.kind == \"session\" || doc.metrics.loss < 5'",
    )
    desk.place.write("contract.yaml", text)
    desk.run("b", loss=1)
    desk.run("a", loss=1)
    desk.run("c", loss=9)
    with runpact.run(kind="session", name="s", durability="none"):
        pass
    assert desk.ids() == ["a", "b", "s"]


@pytest.mark.requirement("E5.8")
def test_the_rows_are_the_same_from_any_command_and_any_directory(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ba":
        desk.run(name)
    before, stamps = desk.contents(), desk.stamps()
    assert {row["path"] for row in desk.rows()} == {"runs/a", "runs/b"}
    assert {row["count"] for row in desk.rows()} == {"3"}
    monkeypatch.chdir(desk.root / "runs/a")
    assert desk.place.call("index", "views")[0] == 0
    assert desk.stamps() == stamps
    shutil.rmtree(desk.root / "lists")
    monkeypatch.chdir("/")
    assert desk.place.call("index", "views", "--workspace", str(desk.root))[0] == 0
    assert desk.contents() == before
    shutil.rmtree(desk.root / "lists")
    shutil.rmtree(desk.root / CACHE)
    assert desk.place.call("index", "rebuild", "--workspace", str(desk.root))[0] == 0
    monkeypatch.setenv("RUNPACT_WORKSPACE", str(desk.root))
    assert desk.place.call("index", "views")[0] == 0
    assert desk.contents() == before


def test_a_workspace_that_was_moved_or_copied_lists_the_same(desk: Desk, tmp_path: Path) -> None:
    for name in "ba":
        desk.run(name)
    before = desk.contents()
    for move in (os.rename, shutil.copytree):
        moved = desk.root.parent / f"moved-{move.__name__}"
        move(desk.root / "." if move is shutil.copytree else desk.root, moved)
        os.chdir(moved)
        desk.root = moved
        assert desk.check() == (0, ["current"] * 3)
        shutil.rmtree(moved / CACHE)
        assert desk.check() == (0, ["current"] * 3)
        desk.file("md").unlink()
        assert desk.place.call("index", "views")[0] == 0
        assert desk.contents() == before


WRECKS: dict[str, tuple[Callable[[Path], object], str, int]] = {
    "deleted": (Path.unlink, "missing", 2),
    "emptied": (lambda path: os.truncate(path, 0), "damaged", 3),
    "cut short": (lambda path: os.truncate(path, path.stat().st_size - 3), "damaged", 3),
    "garbage": (lambda path: path.write_bytes(os.urandom(100)), "damaged", 3),
    "a pipe": (lambda path: (path.unlink(), os.mkfifo(path)), "missing", 2),
    "a link to nothing": (lambda path: (path.unlink(), path.symlink_to("nowhere")), "missing", 2),
}


@pytest.mark.parametrize(("wreck", "state", "code"), WRECKS.values(), ids=WRECKS)
def test_a_wrecked_file_is_told_and_written_again(
    desk: Desk, wreck: Callable[[Path], object], state: str, code: int
) -> None:
    desk.run("a")
    before = desk.contents()
    for form in FORMS:
        wreck(desk.file(form))
    assert desk.check() == (code, [state] * 3)
    assert desk.place.call("index", "views")[0] == 0
    assert desk.contents() == before
    assert desk.check() == (0, ["current"] * 3)
    for form in FORMS:
        wreck(desk.file(form))
    desk.run("b")
    assert desk.reason == ""
    assert desk.ids() == ["a", "b"]


def test_a_file_with_other_rows_is_stale(desk: Desk) -> None:
    desk.run("a")
    old = {form: desk.file(form).read_bytes() for form in FORMS}
    shutil.rmtree(desk.root / "runs/a")
    assert desk.check() == (2, ["stale"] * 3)
    code, out, _err = desk.place.call("index", "views", "--check")
    assert (code, out.count("stale")) == (2, 3)
    assert desk.place.call("index", "views")[0] == 0
    assert desk.ids() == []
    assert {form: desk.file(form).read_bytes() for form in FORMS} != old
    assert "No runs yet." in desk.file("md").read_text()


LOCKS: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "garbage": lambda path: path.write_bytes(os.urandom(100)),
    "another file": lambda path: (path.unlink(), path.write_text("x")),
}


@pytest.mark.parametrize("wreck", LOCKS.values(), ids=LOCKS)
def test_the_lock_file_is_nothing_to_rely_on(desk: Desk, wreck: Callable[[Path], object]) -> None:
    desk.run("a")
    (lock,) = (desk.root / CACHE).glob("view-*.lock")
    wreck(lock)
    desk.run("b")
    assert (desk.ids(), desk.reason) == (["a", "b"], "")


def test_a_lock_file_that_is_deleted_while_it_is_held_costs_another_round(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[str] = []
    write = viewfiles.ViewFiles.write

    def spoiling(files: viewfiles.ViewFiles, path: str, data: bytes) -> None:
        write(files, path, data)
        if not rounds:
            Path(f"{files._stem}.lock").unlink()
        rounds.append(path)

    monkeypatch.setattr(viewfiles.ViewFiles, "write", spoiling)
    keeping: list[int] = []
    keep = viewfiles.ViewFiles.keep
    monkeypatch.setattr(
        viewfiles.ViewFiles, "keep", lambda files, state: (keeping.append(state.rows), keep(files, state))
    )
    desk.run("a")
    assert len(rounds) == 3  # the second round found them as they should be
    assert len(keeping) == views._ATTEMPTS  # the lock file never came back


def test_who_waits_for_a_turn_at_a_deleted_lock_file_opens_the_new_one(desk: Desk) -> None:
    files = viewfiles.ViewFiles(str(desk.root), "x")
    (desk.root / CACHE).mkdir()
    with files.turn(1.0) as first:
        assert first is not None
        lock = Path(f"{files._stem}.lock")
        got: list[bool] = []

        def wait() -> None:
            with files.turn(20.0) as turn:
                got.append(turn is not None and turn.is_mine)

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.1)
        lock.unlink()
        assert not first.is_mine
    waiting.join(20)
    assert got == [True]


def test_what_cannot_be_written_is_a_warning_of_the_run_and_no_failure(desk: Desk) -> None:
    desk.file("json").mkdir(parents=True)
    desk.run("a")
    fault = "cannot write `lists/runs_index.json`: Is a directory"
    assert desk.reason == f"`lists/runs_index.{{csv,json,md}}` was not refreshed: {fault}"
    assert desk.rows()[0]["run_id"] == "a"
    assert desk.file("md").exists()
    code, out, err = desk.place.call("run", "--kind", "run", "--name", "b", "--", "true")
    assert code == 1  # a warning
    assert "was not refreshed" in out + err
    assert desk.place.json("index", "views")[0] == 3
    desk.file("json").rmdir()
    desk.run("c")
    assert desk.ids() == ["a", "b", "c"]
    assert [path.name for path in (desk.root / "lists").iterdir() if ".tmp" in path.name] == []


def test_a_system_call_that_fails_while_views_are_written_is_a_warning_and_soon_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = {"left": 0, "on": 0}

    def failing(name: str) -> None:
        plain = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            if calls["on"]:
                calls["left"] -= 1
                if calls["left"] == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return plain(*arguments, **named)

        monkeypatch.setattr(os, name, call)

    refresh = views.refresh_views

    def refreshing(*arguments: object, **named: object) -> object:
        calls["on"] = 1
        try:
            return refresh(*arguments, **named)
        finally:
            calls["on"] = 0

    monkeypatch.setattr(views, "refresh_views", refreshing)
    for name in ("open", "write", "rename", "mkdir", "symlink", "fsync", "unlink"):
        failing(name)
    reasons, number = [], 0
    while calls["left"] <= 0:
        number += 1
        calls["left"] = number
        if number % 2:  # with and without what the cache knows
            shutil.rmtree(desk.root / CACHE, ignore_errors=True)
        desk.run(f"r{number:03}")
        reasons.append(desk.reason)
    assert len(reasons) > 30
    assert {reason.partition(":")[0] for reason in reasons} == {
        "",
        "`lists/runs_index.{csv,json,md}` was not refreshed",
    }
    calls["left"] = 0
    desk.run("last")
    assert desk.reason == ""
    assert len(desk.ids()) == number + 1
    assert desk.check() == (0, ["current"] * 3)


def test_a_lock_that_cannot_be_had_is_a_warning_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run("a")
    files = viewfiles.ViewFiles(str(desk.root), "lists/runs_index.{csv,json,md}")
    monkeypatch.setattr(views, "_PATIENCE_SECONDS", 0.05)
    with files.turn(1.0):
        desk.run("b")
        assert "another process has been writing them for long" in desk.reason
        code, error = desk.place.json("index", "views")
        assert (code, error["error"]["code"]) == (3, "storage")
        assert desk.check() == (2, ["stale"] * 3)
        desk.file("csv").unlink()
        assert desk.check() == (2, ["missing", "stale", "stale"])
    desk.run("c")
    assert desk.ids() == ["a", "b", "c"]
    assert desk.check() == (0, ["current"] * 3)


@pytest.mark.requirement("E5.7")
def test_a_damaged_run_is_listed_by_its_path_alone_and_hides_no_other(desk: Desk) -> None:
    for name in "abc":
        desk.run(name)
    os.truncate(desk.root / "runs/b/.runpact/manifest.json", 100)
    code, out, _err = desk.place.call("index", "views")
    assert code == 0
    assert "runs/b is corrupt" in out
    by_id = {row["run_id"]: row for row in desk.rows()}
    assert list(by_id) == ["a", "b", "c"]
    assert (by_id["b"]["state"], by_id["b"]["loss"], by_id["b"]["path"]) == ("corrupt", "", "runs/b")
    assert by_id["c"]["loss"] == "0.5"
    document = json.loads(desk.file("json").read_text())
    assert document["runs"][1]["loss"] is None
    assert desk.place.json("index", "views")[1]["damaged"] == ["runs/b"]
    (desk.root / "runs/b/.runpact/run.json").unlink()
    desk.run("d")
    assert desk.ids() == ["a", "b", "c", "d"]


def test_many_damaged_runs_are_counted(desk: Desk) -> None:
    first = desk.run("r00")
    for number in range(1, 25):
        copy = shutil.copytree(first, desk.root / f"runs/r{number:02}")
        (copy / ".runpact/seal").unlink()
    out = desk.place.call("index", "views")[1]
    assert out.count("is corrupt") == 20
    assert "and 4 more" in out


def test_a_run_that_runs_is_not_listed_and_one_that_was_killed_vouches_for_no_file(desk: Desk) -> None:
    program = (
        "import os, signal, runpact\n"
        "run = runpact.run(kind='run', name='k', durability='none').__enter__()\n"
        "run.save('metrics.json', {'loss': 1.0})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], cwd=desk.root, check=False)
    assert killed.returncode == -signal.SIGKILL
    (desk.root / "runs/.new-123/.runpact").mkdir(parents=True)
    with runpact.run(kind="run", name="open", durability="none"):
        desk.run("a")
        assert desk.ids() == ["a", "k"]
    assert desk.ids() == ["a", "k", "open"]
    assert {row["run_id"]: (row["state"], row["loss"]) for row in desk.rows()} == {
        "a": ("finished", "0.5"),
        "k": ("interrupted", ""),
        "open": ("finished", ""),
    }


def test_a_file_that_is_not_the_one_sealed_has_no_say(desk: Desk) -> None:
    run, other = desk.run("a"), desk.run("b")
    (run / "metrics.json").write_text('{"loss": 0.1}')
    (other / "metrics.json").unlink()
    shutil.rmtree(desk.root / CACHE)
    assert desk.place.call("index", "views")[0] == 0
    assert [(row["run_id"], row["loss"]) for row in desk.rows()] == [("a", ""), ("b", "")]


def test_what_a_link_in_a_sealed_run_leads_to_counts_by_its_own_digest(desk: Desk) -> None:
    with runpact.run(kind="run", name="a", durability="none") as run:
        Path(run.path("real.json")).write_text('{"loss": 0.25}')
        Path(run.path("metrics.json")).symlink_to("real.json")
    assert [row["loss"] for row in desk.rows()] == ["0.25"]


def test_columns_may_ask_for_files_by_path_and_only_those_that_are_vouched_for_answer(desk: Desk) -> None:
    looks = 'doc_at("nope.json").x', "array_at('x.npy')[1]", 'text_at("metrics.json")'
    for column, look in zip(("kind", "state", "count"), looks, strict=True):
        name = {"kind": "run.kind", "state": "run.state", "count": "doc.metrics.count"}[column]
        text = (desk.root / "contract.yaml").read_text()
        desk.place.write("contract.yaml", text.replace(f"{column}: {name}", f"{column}: {look}"))
    with runpact.run(kind="run", name="a", durability="none") as run:
        run.save("x.npy", np.array([1.0, 2.5]))
        run.save("metrics.json", {"loss": 1})
    (row,) = desk.rows()
    assert (row["kind"], row["state"]) == ("", "2.5")
    assert '"loss": 1' in row["count"]
    (desk.root / "runs/a/x.npy").write_bytes(b"")
    (desk.root / "runs/a/metrics.json").write_text("{}")
    shutil.rmtree(desk.root / CACHE)
    assert desk.place.call("index", "views")[0] == 0
    assert [desk.rows()[0][column] for column in ("kind", "state", "count")] == ["", "", ""]


def test_a_run_of_no_kind_of_the_contract_is_in_no_view(desk: Desk) -> None:
    desk.run("a")
    with runpact.run(kind="session", name="s", durability="none") as run:
        pass
    Path(run.dir).rename(desk.root / "runs/-s")
    text = CONTRACT.replace("      kinds: [run, sweep]\n", "")
    desk.place.write("contract.yaml", text.replace("  session: {", "  other: {"))
    assert desk.place.call("index", "views")[0] == 0
    assert desk.ids() == ["a"]


OF_METRICS = """\
contract: acme.desk
version: "1.0.0"
workspace:
  indexes:
    - files: lists/best.csv
      columns: {run_id: run.id, loss: run.metrics.loss, top: 'run.metrics["top5@acc"]'}
      where: run.metrics.loss < 1.0
kinds: {run: {at: "runs/{name}"}}
"""


def test_columns_may_ask_for_metrics_and_runs_that_a_filter_cannot_decide_are_left_out(desk: Desk) -> None:
    desk.place.write("contract.yaml", OF_METRICS)
    assert desk.place.call("contract", "lint")[0] == 0
    for name, loss in (("a", 0.5), ("b", 2.0), ("c", None), ("d", 0.75)):
        with runpact.run(name=name, durability="none", workspace=desk.root) as run:
            run.log({"top5@acc": 0.25} if loss is None else {"loss": loss, "top5@acc": 0.125}, step=1)
    with runpact.run(name="silent", durability="none", workspace=desk.root):
        pass
    lines = (desk.root / "lists/best.csv").read_text().splitlines()
    assert lines[1:] == ['"a",0.5,0.125', '"d",0.75,0.125']
    log = desk.root / "runs/d/.runpact/metrics.jsonl"
    log.write_bytes(log.read_bytes()[:-1])
    assert desk.place.call("index", "rebuild")[0] == 0
    assert desk.place.call("index", "views")[0] == 0
    assert (desk.root / "lists/best.csv").read_text().splitlines()[1:] == ['"a",0.5,0.125']
    log.unlink()
    assert desk.place.call("index", "rebuild")[0] == 0
    assert desk.place.call("index", "views", "--check")[0] == 0


def test_the_manifest_itself_may_be_a_column(desk: Desk) -> None:
    desk.place.write("contract.yaml", CONTRACT.replace("run.state", "doc.manifest.outcome.state"))
    text = (desk.root / "contract.yaml").read_text()
    desk.place.write("contract.yaml", text.replace('at: "runs', 'records: {manifest: m.json}\n    at: "runs'))
    desk.run("a")
    assert [row["state"] for row in desk.rows()] == ["finished"]


def test_a_directory_that_runpact_did_not_make_is_read_as_it_stands_and_again_when_it_changed(
    desk: Desk,
) -> None:
    folder = desk.root / "runs/old"
    folder.mkdir(parents=True)
    (folder / "old.json").write_text('{"loss": 1.5}')
    (desk.root / "runs/-odd").mkdir()
    desk.run("a")
    assert [(row["run_id"], row["state"], row["loss"]) for row in desk.rows()] == [
        ("a", "finished", "0.5"),
        ("old", "unknown", "1.5"),
    ]
    time.sleep(0.15)
    assert desk.place.call("index", "views")[0] == 0
    with (folder / "old.json").open("r+") as file:
        file.write('{"loss": 2.5}')
    assert desk.check() == (2, ["stale"] * 3)
    assert desk.place.call("index", "views")[0] == 0
    assert desk.rows()[1]["loss"] == "2.5"
    (folder / "metrics.json").write_text('{"loss": NaN}')
    assert desk.place.call("index", "views")[0] == 0
    assert desk.rows()[1]["loss"] == ""


def test_kinds_that_their_files_tell_apart_are_listed_apart(desk: Desk) -> None:
    text = CONTRACT.replace("[run, sweep]", "[sweep]").replace(
        'at: "sweeps/{name}"', 'told_by: doc.metrics.loss > 5, at: "runs/{name}"'
    )
    desk.place.write("contract.yaml", text)
    for name, loss in (("x", 9), ("y", 1)):
        folder = desk.root / "runs" / name
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text(json.dumps({"loss": loss}))
    desk.run("a", kind="sweep", loss=9)
    assert desk.ids() == ["a", "x"]


def test_names_that_are_no_text_are_listed(desk: Desk) -> None:
    desk.run("a")
    (desk.root / "runs/a").rename(os.fsdecode(os.fsencode(desk.root) + b"/runs/a\xff"))
    assert desk.place.call("index", "views")[0] == 0
    assert [(row["run_id"], row["path"]) for row in desk.rows()] == [("a", "runs/a\\xff")]


def test_a_run_whose_files_cannot_be_listed_is_listed_by_its_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runpact.model.errors import StorageError
    from runpact.verbs.finding import lines

    (desk.root / "runs/hidden").mkdir(parents=True)
    (desk.root / "runs/foreign").mkdir(parents=True)
    gather = lines.gather

    def refuse(reading: object, *rest: object, **named: object) -> object:
        if "hidden" in reading.directory:
            raise StorageError("it cannot be listed")
        return gather(reading, *rest, **named)

    monkeypatch.setattr(lines, "gather", refuse)
    desk.run("a")
    assert [(row["run_id"], row["kind"]) for row in desk.rows()] == [
        ("a", "run"),
        ("foreign", "run"),
        ("hidden", "run"),
    ]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let four rows be many."""
    monkeypatch.setattr(views, "MOST_AT_ONCE", 3)


@pytest.mark.usefixtures("few")
def test_many_rows_are_written_by_one_writer_now_and_then_and_marked_stale_between(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abcd":
        desk.run(name)
    assert desk.ids() == list("abcd")
    before = desk.stamps()
    desk.run("e")
    assert desk.reason == ""
    assert desk.stamps() == before
    assert desk.check() == (2, ["stale"] * 3)
    monkeypatch.setattr(views, "_REST_SECONDS", 0.0)
    monkeypatch.setattr(views, "_SHARE", 0.0)
    files = viewfiles.ViewFiles(str(desk.root), "lists/runs_index.{csv,json,md}")
    with files.turn(1.0):
        desk.run("f")
        assert desk.reason == ""
    assert desk.stamps() == before
    desk.run("g")
    assert desk.ids() == list("abcdefg")
    assert desk.check() == (0, ["current"] * 3)


@pytest.mark.usefixtures("few")
def test_a_clock_that_was_set_back_delays_nothing(desk: Desk) -> None:
    for name in "abc":
        desk.run(name)
    files = viewfiles.ViewFiles(str(desk.root), "lists/runs_index.{csv,json,md}")
    files.keep(viewfiles.ViewState(9, time.time() + 3600, 0.1))
    desk.run("d")
    assert desk.ids() == list("abcd")


@pytest.mark.usefixtures("few")
def test_a_finished_run_does_not_read_very_many_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_READ", 3)
    first = desk.run("a")
    for number in range(9):
        shutil.copytree(first, desk.root / f"runs/r{number}")
    desk.run("b")
    assert desk.reason == (
        "`lists/runs_index.{csv,json,md}` was not refreshed: 10 runs are to be read;"
        " `runpact index views` does that"
    )
    assert desk.check()[0] == 2
    desk.run("c")
    assert desk.reason == ""  # said once in a while
    assert desk.place.call("index", "views")[0] == 0
    assert len(desk.ids()) == 12
    shutil.rmtree(desk.root / CACHE)
    desk.run("d")
    assert "13 runs are to be read" in desk.reason


def test_who_finds_itself_listed_already_writes_nothing(desk: Desk) -> None:
    run = desk.run("a")
    uid = json.loads((run / ".runpact/run.json").read_text())["uid"]
    contract = Workspace.open(workspace=str(desk.root)).working_contract.contract
    each = next(views._views(str(desk.root), contract))
    before = desk.stamps()
    with views.catalogue_for(str(desk.root), contract, is_own=True) as catalogue:
        assert views._is_in(catalogue, each, uid)
        assert views._refreshed(lambda: catalogue, each, uid) is None
        assert desk.stamps() == before
        assert not views._is_in(catalogue, each, "another")
        each.files.mark()
        assert not views._is_in(catalogue, each, uid)
        each.files.unmark()
        desk.file("md").unlink()
        assert not views._is_in(catalogue, each, uid)
        (desk.root / CACHE / "index.sqlite").unlink()
        assert catalogue.recall(lambda store: store.lines.standing) is None
        assert views._refreshed(lambda: catalogue, each, uid) is None
    assert desk.ids() == ["a"]


def test_a_contract_that_the_caller_names_has_an_index_of_its_own(desk: Desk, tmp_path: Path) -> None:
    desk.run("a")
    link = (desk.root / CACHE / "index.sqlite").readlink()
    other = CONTRACT.replace("acme.desk", "acme.other").replace("lists/", "others/").replace("runs/{", "r/{")
    desk.place.write("other.yaml", other)
    options = ("--contract", str(desk.root / "other.yaml"), "--workspace", str(desk.root))
    assert desk.place.call("run", *options, "--kind", "run", "--name", "b", "--", "true")[0] == 0
    assert "b" in (desk.root / "others/runs_index.csv").read_text()
    assert desk.place.call("index", "views", "--check", *options)[0] == 0
    assert desk.ids() == ["a"]
    assert (desk.root / CACHE / "index.sqlite").readlink() == link
    assert len(list((desk.root / CACHE).glob("named-*"))) >= 2


def test_a_contract_without_views_says_so_and_a_check_of_nothing_is_incomplete(place: Place) -> None:
    assert place.call("index", "views") == (
        0,
        "the contract names no registry files; `workspace.indexes` would\n",
        "",
    )
    assert place.json("index", "views", "--check")[0] == 2
    assert not (place.root / CACHE).exists()


def test_what_killed_writers_left_is_removed(desk: Desk) -> None:
    desk.run("a")
    old, young, other = (desk.root / f"lists/runs_index.csv.tmp-{n}" for n in ("1", "2", "x"))
    for path in (old, young, other):
        path.write_text("half")
    os.utime(old, (1, 1))
    os.utime(other, (1, 1))
    assert desk.place.call("index", "views")[0] == 0
    assert [path.exists() for path in (old, young, other)] == [False, True, True]


def test_runs_of_threads_children_and_other_workspaces_are_listed(desk: Desk, tmp_path: Path) -> None:
    desk.run("a")
    thread = threading.Thread(target=desk.run, args=("b",))
    thread.start()
    thread.join()
    second = desk.root / "second"
    (second / "x").mkdir(parents=True)
    shutil.copy(desk.root / "contract.yaml", second)
    with runpact.run(workspace=second, kind="run", name="z", durability="none"):
        pass
    assert (second / "lists/runs_index.csv").read_text().count("\n") == 2
    desk.run("c")
    program = (
        "import os, runpact\n"
        "def make(name):\n"
        "    with runpact.run(kind='run', name=name, durability='none'): pass\n"
        "make('d')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    make('e')\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "make('f')\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=desk.root, check=True)
    assert desk.ids() == list("abcdef")


def test_a_process_that_fenced_itself_leaves_the_files_to_others(desk: Desk) -> None:
    desk.run("a")
    program = (
        "import runpact\n"
        "with runpact.run(kind='run', name='b', fence=True, durability='none') as run:\n"
        "    pass\n"
        "print(run.standing.reason)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=desk.root, check=True, capture_output=True, text=True
    )
    assert done.stdout == "\n"
    if desk.ids() == ["a"]:  # where the kernel has no fence, nothing was in the way
        assert desk.check() == (2, ["stale"] * 3)
    desk.run("c")
    assert desk.ids() == ["a", "b", "c"]


def test_views_are_no_strays_of_other_runs_and_stand_beside_them(desk: Desk) -> None:
    desk.place.write("contract.yaml", CONTRACT.replace("workspace:\n", "workspace:\n  others: refused\n"))
    with runpact.run(kind="run", name="outer", guard="compare", durability="none"):
        desk.run("inner")
    manifest = json.loads((desk.root / "runs/outer/.runpact/manifest.json").read_text())
    assert manifest["provenance"]["confinement"]["strays"] == []
    (desk.root / "stray.txt").write_text("")
    _code, document = desk.place.json("check")
    assert [each["path"] for each in document["findings"] if each["code"] == "unexpected"] == [
        "contract.yaml",
        "stray.txt",
    ]


def test_a_damaged_line_of_the_index_leads_to_another_index(desk: Desk) -> None:
    import sqlite3

    desk.run("a")
    before = desk.contents()
    time.sleep(0.15)
    assert desk.check()[0] == 0  # every stamp proves something now
    index = (desk.root / CACHE / "index.sqlite").resolve()
    with sqlite3.connect(index) as wrecked:
        wrecked.execute("UPDATE lines SET line = ?", (b"\0evil\n\0{}\0| evil |\n",))
    wrecked.close()
    assert desk.place.call("index", "views")[0] == 0
    assert desk.contents() == before
    assert (desk.root / CACHE / "index.sqlite").resolve() != index


WRITER = """\
import sys, runpact
for number in range(int(sys.argv[2])):
    kind = ("run", "sweep")[number % 2]
    name = f"w{sys.argv[1]}-{number:02}"
    with runpact.run(kind=kind, name=name, durability="none") as run:
        run.save("metrics.json", {"loss": number / 7, "count": number})
    assert not run.standing.reason, run.standing
    assert name in open("lists/runs_index.csv").read(), name
"""
READER = """\
import csv, io, json, os
looks = 0
while not os.path.exists("stop"):
    try:
        texts = {form: open(f"lists/runs_index.{form}").read() for form in ("csv", "json", "md")}
    except FileNotFoundError:
        continue
    rows = list(csv.DictReader(io.StringIO(texts["csv"]), strict=True))
    assert texts["csv"].endswith("\\n") and all(None not in row.values() for row in rows)
    assert json.loads(texts["json"])["count"] == len(json.loads(texts["json"])["runs"])
    assert f"- Runs: {texts['md'].count(chr(10)) - 8}" in texts["md"]
    looks += 1
print(looks)
"""


def written_at_once(desk: Desk, *, writers: int, runs: int) -> int:
    """Let writers and readers loose; hold what is left against views made anew. Return how often one read."""
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER], cwd=desk.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(number), str(runs)], cwd=desk.root)
        for number in range(writers)
    ]
    assert [writer.wait(300) for writer in started] == [0] * writers
    (desk.root / "stop").touch()
    looks = 0
    for reader in readers:
        out, err = reader.communicate(timeout=60)
        assert (reader.returncode, err) == (0, b"")
        looks += int(out)
    assert len(desk.ids()) == len(set(desk.ids())) == writers * runs
    assert desk.check() == (0, ["current"] * 3)
    before = desk.contents()
    for folder in ("lists", CACHE):
        shutil.rmtree(desk.root / folder)
    assert desk.place.call("index", "rebuild")[0] == 0
    assert desk.place.call("index", "views")[0] == 0
    assert desk.contents() == before
    return looks


@pytest.mark.requirement("E5.10")
def test_eight_writers_at_once_leave_nobody_out_and_readers_see_whole_files(desk: Desk) -> None:
    assert written_at_once(desk, writers=8, runs=5) > 0


@pytest.mark.nightly
def test_fifty_runs_of_each_of_eight_writers_are_all_listed(
    desk: Desk, figures: Callable[[str], None]
) -> None:
    began = time.monotonic()
    looks = written_at_once(desk, writers=8, runs=50)
    figures(
        f"views: 8 writers at once made 400 runs, all listed, "
        f"read {looks} times meanwhile, {time.monotonic() - began:.0f} s"
    )


PACK = """\
contract: my.desk
version: "1.0.0"
extends: runpact:run-registry@1
"""
COLUMNS = ("run_id", "mode", "created_at", "status", "git_commit", "config_hash", "path")
SHOWN = ("run_id", "mode", "status", "created_at", "path")


@pytest.mark.requirement("E5.1")
@pytest.mark.requirement("E5.5")
@pytest.mark.requirement("E5.6")
@pytest.mark.requirement("E8.5")
def test_the_registry_of_the_pack_has_its_shape_and_lists_legacy_directories(empty: Place) -> None:
    from runpact.packs import pack_folder

    shutil.copytree(
        Path(pack_folder("runpact:run-registry@1")) / "trees/good/outputs", empty.root / "outputs"
    )
    empty.write("contract.yaml", PACK)
    runs = empty.root / "outputs/runs"
    first, *_ = sorted(path.name for path in runs.iterdir())
    legacy = shutil.copytree(runs / first, runs / "20200101_000000_run_0000000")
    (legacy / "metadata.json").rename(legacy / "meta.json")
    (legacy / "report.json").unlink()
    (runs / "20200101_000001_run_0000000").mkdir()
    assert empty.call("index", "views")[0] == 0
    text = (runs / "runs_index.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert text.splitlines()[0] == ",".join(COLUMNS)
    names = sorted(path.name for path in runs.iterdir() if path.is_dir())
    assert [row["path"] for row in rows] == [
        f"outputs/runs/{name}" for name in names if name != "20200101_000001_run_0000000"
    ]
    assert all(row[column] for row in rows for column in COLUMNS if column != "git_commit")
    document = json.loads((runs / "runs_index.json").read_text())
    assert list(document) == ["generated_at", "root_dir", "n_runs", "runs"]
    assert (document["root_dir"], document["n_runs"]) == ("outputs/runs", len(rows))
    assert tuple(document["runs"][0]) == COLUMNS
    page = (runs / "runs_index.md").read_text().splitlines()
    assert page[0] == "# Runs index"
    assert f"| {' | '.join(SHOWN)} |" in page
    shutil.rmtree(empty.root / "outputs")
    assert empty.call("index", "views")[0] == 0
    assert "No runs yet." in (runs / "runs_index.md").read_text()
