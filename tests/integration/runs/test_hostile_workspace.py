"""A workspace in which somebody put what should not be there: nothing hangs, and one bad thing hides no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import runpact
from integration.runs.place import Place
from runpact.disk.layout import CACHE, NOTES
from runpact.model.manifest import encode_seal, parse_seal

CONTRACT = """\
contract: acme.desk
version: "1.0.0"
workspace:
  indexes: [{files: "lists/all.{csv,json,md}", columns: {id: run.id, state: run.state}}]
kinds:
  run: {at: "runs/{name}", clash: "-{n}"}
"""


class Desk:
    """A workspace with a view and two runs."""

    def __init__(self, place: Place) -> None:
        """Write its contract and make the runs."""
        self.place = place
        self.root = place.root
        self.call = place.call
        place.write("contract.yaml", CONTRACT)
        self.uids = [self.run(name) for name in ("a", "b")]

    def run(self, name: str) -> str:
        """Make a run and return its uid."""
        with runpact.run(workspace=self.root, name=name, durability="none") as run:
            run.log({"loss": 1.0})
        return run.uid

    def states(self) -> dict[str, str]:
        """Return the state of each run, as `ls` lists them."""
        code, document = self.place.json("ls")
        assert code == 0
        return {run["path"]: run["state"] for run in document["runs"]}

    def cached(self, pattern: str) -> Path:
        """Return the one file of the cache of that name."""
        (found,) = (self.root / CACHE).glob(pattern)
        return found

    def rewrite(self, path: str, change: Callable[[dict], None]) -> None:
        """Change a JSON document."""
        document = json.loads((self.root / path).read_text())
        change(document)
        (self.root / path).write_text(json.dumps(document))


@pytest.fixture
def desk(empty: Place) -> Iterator[Desk]:
    signal.alarm(60)  # what hangs fails
    yield Desk(empty)
    signal.alarm(0)


@pytest.mark.parametrize("name", ["manifest", "events", "metrics"])
@pytest.mark.parametrize(
    "path", ["a\0b", "/etc/passwd", "../b/.runpact/manifest.json", "./x", "x//y", "", "x/"]
)
def test_a_record_that_names_no_file_of_its_run_damages_that_run_alone(
    desk: Desk, name: str, path: str
) -> None:
    desk.rewrite("runs/a/.runpact/run.json", lambda record: record["records"].update({name: path}))
    assert desk.states() == {"runs/a": "corrupt", "runs/b": "finished"}
    assert desk.call("show", "b")[0] == 0
    assert desk.call("lineage", "b")[0] == 0
    assert desk.call("index", "views")[0] == 0
    code, document = desk.place.json("doctor")
    assert code == 3
    assert {finding["path"].split("/.runpact")[0] for finding in document["findings"]} == {"runs/a"}


def test_a_seal_that_names_no_file_of_its_run_damages_that_run_alone(desk: Desk) -> None:
    path = desk.root / "runs/a/.runpact/seal"
    seal = parse_seal(path.read_bytes())
    for wrong in ("a\0b", "/etc/passwd", "../x"):
        manifest = msgspec.structs.replace(seal.manifest, path=wrong)
        path.write_bytes(encode_seal(msgspec.structs.replace(seal, manifest=manifest)))
        assert desk.states() == {"runs/a": "corrupt", "runs/b": "finished"}


@pytest.mark.parametrize("suffix", ["json", "lock", "stale"])
def test_a_pipe_in_the_place_of_a_views_own_file_keeps_nobody_waiting(desk: Desk, suffix: str) -> None:
    path = desk.cached("view-*.lock").with_suffix(f".{suffix}")
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    desk.run("c")
    assert desk.states()["runs/c"] == "finished"
    code, _, err = desk.call("index", "views")
    assert (code, "no regular file" in err) == ((3, True) if suffix == "lock" else (0, False))


@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
def test_a_pipe_beside_the_index_or_in_its_place_keeps_nobody_waiting(desk: Desk, suffix: str) -> None:
    link = desk.root / CACHE / "index.sqlite"
    path = Path(f"{link.resolve()}{suffix}")
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    expected = {"runs/a": "finished", "runs/b": "finished"}
    # another process: this one may still have the index open
    done = subprocess.run(
        [sys.executable, "-m", "runpact", "ls", "--json"], capture_output=True, check=True, timeout=60
    )
    assert {run["path"]: run["state"] for run in json.loads(done.stdout)["runs"]} == expected


@pytest.mark.parametrize("name", ["index.lock", "doctor.lock"])
def test_a_pipe_in_the_place_of_a_lock_keeps_nobody_waiting(desk: Desk, name: str) -> None:
    for path in (desk.root / CACHE / name, desk.root / CACHE / "index.sqlite"):
        path.unlink(missing_ok=True)
    os.mkfifo(desk.root / CACHE / name)
    (desk.root / "runs/a/.runpact/seal").unlink()
    assert desk.states() == {"runs/a": "corrupt", "runs/b": "finished"}
    assert desk.call("doctor", "--fix")[0] == 3


def test_a_pipe_in_the_place_of_a_runs_tags_is_refused(desk: Desk) -> None:
    (desk.root / NOTES).mkdir()
    os.mkfifo(desk.root / NOTES / f"{desk.uids[0]}.jsonl")
    for command in (("tag", "a", "+good"), ("note", "a", "hello")):
        code, _, err = desk.call(*command)
        assert code == 3
        assert "no regular file" in err
    assert desk.states() == {"runs/a": "finished", "runs/b": "finished"}


def test_a_pipe_that_somebody_reads_is_refused_all_the_same(desk: Desk) -> None:
    (desk.root / NOTES).mkdir()
    path = desk.root / NOTES / f"{desk.uids[0]}.jsonl"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert desk.call("tag", "a", "+good")[0] == 3
        assert os.read(reader, 10) == b""
    finally:
        os.close(reader)


def test_a_folder_in_the_place_of_a_views_mark_is_told_of(desk: Desk) -> None:
    desk.cached("view-*.lock").with_suffix(".stale").mkdir()
    code, _, err = desk.call("index", "views")
    assert code == 3
    assert ".stale" in err
