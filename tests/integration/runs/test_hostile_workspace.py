"""Where somebody put what should not be there, nothing hangs, and one bad thing hides no other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import runpact
from integration.runs.place import Place
from runpact.disk.layout import CACHE, NOTES
from runpact.model.manifest import encode_seal, parse_seal
from runpact.model.query.order import write_cursor

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


def out_of(*arguments: str | bytes, encoding: str = "utf-8") -> subprocess.CompletedProcess[bytes]:
    """Call the command line as a shell does: arguments are bytes, streams have the encoding of the locale."""
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    return subprocess.run(
        [sys.executable, "-m", "runpact", *arguments],
        capture_output=True,
        check=False,
        timeout=60,
        env=environment,
    )


def test_a_name_that_is_no_utf_8_is_readable_in_every_document(desk: Desk) -> None:
    Path(os.fsdecode(b"runs/a\xff/.runpact")).mkdir(parents=True)
    assert "runs/a\\xff" in desk.states()
    for command in (("check",), ("lineage", "b"), ("doctor",), ("index", "views")):
        _, document = desk.place.json(*command)
        assert document["format"] != "runpact.error/1", command


@pytest.mark.parametrize(
    "command",
    [
        ("show", "@"),
        ("tail", "@"),
        ("lineage", "@"),
        ("diff", "a", "@"),
        ("@",),
        ("ls", "--sort", "@"),
        ("ls", "--columns", "@"),
        ("ls", "--facets", "@"),
        ("ls", "--kind", "@"),
        ("ls", "name = @"),
        ("ls", "--workspace", "@"),
        ("plot", "--metric", "@", "-o", "x.svg"),
        ("plot", "--metric", "loss", "-o", "@.svg"),
        ("note", "a", "@"),
        ("tag", "a", "+@"),
    ],
)
def test_an_argument_that_is_no_utf_8_gets_an_answer_that_can_be_read(
    desk: Desk, command: tuple[str, ...]
) -> None:
    arguments = [word.encode().replace(b"@", b"\xff") for word in command]
    done = out_of(*arguments, "--json")
    document = json.loads(done.stdout or done.stderr)
    assert document.get("error", {}).get("code") != "internal"
    assert done.returncode in {0, 2, 3, 64}
    assert b"Traceback" not in done.stderr
    assert out_of(*arguments).returncode == done.returncode
    assert desk.root.joinpath("runs/a").is_dir()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_these_characters_gets_escapes(desk: Desk, encoding: str) -> None:
    with runpact.run(workspace=desk.root, name="c", config={"name": "naïve 𝛼 — “quoted”"}, durability="none"):
        pass
    for command in (("show", "c"), ("tail", "c"), ("lineage", "c"), ("ls",), ("contract", "docs")):
        done = out_of(*command, encoding=encoding)
        assert done.returncode == 0, done.stderr
    document = json.loads(out_of("ls", "--columns", "config.name", "--json", encoding=encoding).stdout)
    assert document["runs"][0]["columns"]["config.name"] == "naïve 𝛼 — “quoted”"


def test_no_name_drives_the_terminal(desk: Desk) -> None:
    (desk.root / "runs" / "\033[31mred\u202e/.runpact").mkdir(parents=True)
    for form in ((), ("--csv",), ("--md",)):
        code, out, _ = desk.call("ls", *form)
        assert code == 0
        assert "red" in out
        assert not {"\033", "\u202e", "\r", "\t"} & set(out)
        code, out, _ = desk.call("ls", "--columns", "config.\033[31m,config.a\tb", *form)
        assert code == 0
        assert not {"\033", "\u202e", "\r", "\t"} & set(out)


@pytest.mark.parametrize(
    "command",
    [
        ("ls", f"git in ({', '.join(map(str, range(2000)))})"),
        ("ls", f"tag in ({', '.join(map(str, range(2000)))})"),
        ("ls", f"started in ({', '.join(['2026'] * 2000)})"),
        ("ls", f"name in ({','.join(['x'] * 32_000)})"),
        ("ls", f"name ~ {'?' * 60_000}"),
        ("ls", "--after", write_cursor("-started", (2**64 - 1, "x", "x"))),
        ("ls", "--sort", ",".join(["name"] * 9)),
    ],
)
def test_what_cannot_be_asked_is_refused_and_the_index_stays(desk: Desk, command: tuple[str, ...]) -> None:
    assert desk.call("ls")[0] == 0
    before = (desk.root / CACHE / "index.sqlite").readlink()
    code, document = desk.place.json(*command)
    assert (code, document["error"]["code"]) == (64, "filter")
    assert (desk.root / CACHE / "index.sqlite").readlink() == before


@pytest.mark.parametrize("limit", [2**63 - 1, 2**64, 10**40])
def test_a_limit_beyond_all_runs_is_none(desk: Desk, limit: int) -> None:
    before = (desk.root / CACHE / "index.sqlite").readlink()
    code, document = desk.place.json("ls", "--limit", str(limit))
    assert (code, len(document["runs"])) == (0, 2)
    assert (desk.root / CACHE / "index.sqlite").readlink() == before


def test_the_largest_questions_are_answered(desk: Desk) -> None:
    before = (desk.root / CACHE / "index.sqlite").readlink()
    for text in (
        f"started in ({', '.join(['2026'] * 500)})",
        f"name in ({','.join(['x'] * 19_999)}, a)",
        " or ".join(["name !~ '[?*x'"] * 500),
        "not (" * 6 + " or ".join(["metrics.loss ~ '*a*b*'"] * 500) + ")" * 6,
        "not " * 12 + "exists metrics.loss",
        "(kind = x or " * 12 + "metrics.loss < 1" + ")" * 12,
        "(kind = x and (kind = y or " * 6 + "exists metrics" + "))" * 6,
        "not (kind = x or " * 6 + "metrics.loss ~ '*a*b*'" + ")" * 6,
    ):
        order = ("--sort", "metrics.loss,kind,state,config.x,id,uid,reason,command", "--limit", "1")
        code, page = desk.place.json("ls", text, *order)
        assert code == 0
        assert desk.call("ls", text, "--facets", "metrics.loss,kind")[0] == 0
        if page["next"] is not None:
            assert desk.place.json("ls", text, *order, "--after", page["next"])[0] == 0
    assert (desk.root / CACHE / "index.sqlite").readlink() == before


@pytest.mark.parametrize("sort", ["-started", "started", "path", "-path", "kind"])
def test_two_paths_that_read_alike_are_two_runs_of_every_page(desk: Desk, sort: str) -> None:
    for name in (b"a\xff", b"a\\xff"):
        Path(os.fsdecode(b"runs/" + name + b"/.runpact")).mkdir(parents=True)
    met, after = [], None
    while True:
        found = runpact.runs(workspace=desk.root, sort=sort, limit=1, after=after)
        met += [(run.path, run.state.value) for run in found]
        after = found.next
        if after is None:
            break
    assert sorted(met) == sorted(runpact_paths(desk))
    assert len(met) == 4


def runpact_paths(desk: Desk) -> list[tuple[str, str]]:
    """Return path and state of every run, in one answer."""
    return [(run.path, run.state.value) for run in runpact.runs(workspace=desk.root)]


def test_a_glob_costs_no_more_the_more_stars_it_has(desk: Desk) -> None:
    with runpact.run(workspace=desk.root, name="c", config={"x": "a" * 3000, "n": "a\0b"}, durability="none"):
        pass
    began = time.monotonic()
    for text, count in (
        (f"config.x ~ '{'*a' * 20}b'", 0),
        (f"config.x ~ '{'*a' * 20}'", 1),
        ("config.n ~ a", 0),
        ("config.n ~ 'a?b'", 1),
        ("config.n ~ 'a*'", 1),
        ("config.n ~ '*a*b*'", 1),
        ("config.n ~ 'a\0b'", 1),
    ):
        assert len(runpact.runs(text, workspace=desk.root)) == count, text
        assert len(runpact.runs(text, workspace=desk.root, limit=1)) == count, text
    assert time.monotonic() - began < 10


def test_nothing_is_written_where_a_link_leads_out_of_the_workspace(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    for name in (CACHE, NOTES, "lists"):
        if (desk.root / name).exists():
            shutil.rmtree(desk.root / name)
        (outside / name).mkdir()
        (desk.root / name).symlink_to(outside / name)
    assert desk.states() == {"runs/a": "finished", "runs/b": "finished"}
    for command in (("index", "views"), ("index", "rebuild"), ("tag", "a", "+x"), ("note", "a", "x")):
        code, _, err = desk.call(*command)
        assert (code, "leads out of the workspace" in err) == (3, True), (command, err)
    desk.run("c")
    code, out, _ = desk.call("doctor")
    assert code != 0
    assert "leads out of the workspace" in out
    (desk.root / CACHE).unlink()
    code, _, err = desk.call("index", "views")
    assert (code, "`lists` leads out of the workspace" in err) == (3, True)
    assert [path for path in outside.rglob("*") if path.is_file()] == []


def test_a_link_that_stays_in_the_workspace_is_followed(desk: Desk) -> None:
    shutil.rmtree(desk.root / "lists")
    (desk.root / "elsewhere").mkdir()
    (desk.root / "lists").symlink_to("elsewhere")
    assert desk.call("index", "views")[0] == 0
    assert len(list((desk.root / "elsewhere").iterdir())) == 3


def test_a_view_that_is_said_to_have_taken_for_ever_is_written_within_the_hour(desk: Desk) -> None:
    desk.rewrite(
        str(desk.cached("view-*.json").relative_to(desk.root)),
        lambda state: state.update(rows=10_000, seconds=1e300, moment=time.time() - 3601),
    )
    desk.run("c")
    listed = json.loads((desk.root / "lists/all.json").read_text())["runs"]
    assert [run["id"] for run in listed] == ["a", "b", "c"]


def configured(text: str) -> Callable[[str], str]:
    """Return what puts a text in the place of a record's resolved configuration."""

    def change(record: str) -> str:
        document = json.loads(record)
        document["provenance"]["config"] = {"digest": "", "resolved": "@"}
        return json.dumps(document).replace('"@"', text)

    return change


def said(**fields: object) -> Callable[[str], str]:
    """Return what changes fields of a record."""
    return lambda record: json.dumps(json.loads(record) | fields)


@pytest.mark.parametrize("is_sealed", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        configured('{"a":' * 300 + "1" + "}" * 300),
        configured('{"a":' * 100_000 + "1" + "}" * 100_000),
        configured('{"a":' + "[" * 900 + "]" * 900 + "}"),
        configured('{"x":1e400}'),
        configured('{"x":' + "9" * 5000 + "}"),
        configured('{"x":' + "9" * 400 + "}"),
        configured('{"a\\u0000b":"c\\u0000d","":{"":""},"\\u001b[31m":"\\u001b[2J\\u202e"}'),
        said(uid="../../outside/evil"),
        said(uid="a\0b", parent="a\0b", parent_path="a\0b", captures={"name": "a\0b"}),
        said(started="9999-99-99T99:99:99", name="\033[2J\u202e\n", kind="\033[31m"),
        said(owner=[], contract=7, records={}),
        lambda record: record[: len(record) // 2],
        lambda record: record + "\udcff",
    ],
)
def test_a_hostile_record_hides_no_other_run(
    desk: Desk, change: Callable[[str], str], *, is_sealed: bool
) -> None:
    path = desk.root / "runs/a/.runpact/run.json"
    path.write_bytes(os.fsencode(change(path.read_text())))
    if not is_sealed:
        for name in ("manifest.json", "seal"):
            path.with_name(name).unlink()
    assert sorted(desk.states()) == ["runs/a", "runs/b"]
    for command in (
        ("ls",),
        ("show", "a"),
        ("doctor",),
        ("lineage", "a"),
        ("check", "a"),
        ("verify", "a"),
        ("index", "views"),
        ("diff", "a", "b"),
    ):
        code, out, err = desk.call(*command)
        assert code in {0, 1, 2, 3}
        assert "[internal]" not in err
        assert not {"\033", "\u202e", "\0"} & set(out + err)
    assert not (desk.root / "outside").exists()


@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_a_page_or_an_ignore_file_that_is_no_file_is_not_waited_for(desk: Desk, kind: str) -> None:
    subprocess.run(["git", "init", "-q", desk.root], check=True)
    for name in (".gitignore", "page.md"):
        path = desk.root / name
        path.unlink(missing_ok=True)
        if kind == "fifo":
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
    for words in (
        ("contract", "docs", "--check", "page.md"),
        ("contract", "docs", "--artifacts", "--check", "page.md"),
        ("contract", "ignore", "--check", ".gitignore"),
    ):
        code, _out, err = desk.call(*words)
        assert (code, "is not a regular file" in err) == (2, True), words
    assert desk.call("contract", "lint")[0] == 0
    code, out, _err = desk.call("doctor", "--fix")
    assert (code, "`.gitignore` is not a regular file" in out) == (2, True), out
