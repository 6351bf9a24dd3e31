"""The guard inside a Python process: which writes outside the run it sees."""

from __future__ import annotations

import ctypes
import errno
import gzip
import json
import logging
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.model.confinement import HOOK_GAPS
from runpact.model.errors import StrayWriteError, UsageError
from runpact.verbs.life import start


@pytest.fixture
def place(empty: Place) -> Place:
    """A workspace with something in it that a program could spoil."""
    empty.write("old.txt", "old")
    empty.write("folder/inner.txt", "inner")
    sqlite3.connect(empty.root / "old.db").execute("create table t(a)").connection.close()
    return empty


def confinement(place: Place, run: runpact.ActiveRun) -> dict:
    manifest = json.loads((Path(run.dir) / ".runpact/manifest.json").read_text())
    assert runpact.verify(run.dir) is runpact.Verdict.OK
    return manifest["provenance"]["confinement"]


def _stream() -> None:
    logging.FileHandler("new.log").close()


def _gzip() -> None:
    gzip.open("new.gz", "wb").close()


def _chdir_and_write() -> None:
    os.chdir("folder")
    Path("new").touch()


def _in_thread() -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            Path("new").touch()
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    raise caught[0]


def _in_fork() -> None:
    child = os.fork()
    if child == 0:
        try:
            Path("new").touch()
        except PermissionError:
            os._exit(13)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 13:
        raise StrayWriteError("refused in the child")


def _linked_from_inside() -> None:
    Path(runpact.current().dir, "way").symlink_to(Path.cwd())
    Path(runpact.current().dir, "way", "new").touch()


def _linked_file_from_inside() -> None:
    Path(runpact.current().dir, "way.txt").symlink_to(Path("old.txt").absolute())
    Path(runpact.current().dir, "way.txt").write_text("new")


def _relative_to_a_descriptor() -> None:
    descriptor = os.open(".", os.O_RDONLY)
    os.chdir(runpact.current().dir)
    os.mkdir("new", dir_fd=descriptor)


REFUSED: dict[str, Callable[[], object]] = {
    "open": lambda: open("new", "w"),  # noqa: SIM115, PTH123 - the case itself
    "open to append": lambda: open("old.txt", "a"),  # noqa: SIM115, PTH123
    "open to change": lambda: open("old.txt", "r+b"),  # noqa: SIM115, PTH123
    "open by bytes": lambda: open(b"new", "wb"),  # noqa: SIM115, PTH123
    "os.open": lambda: os.open("new", os.O_WRONLY | os.O_CREAT),
    "os.open to cut": lambda: os.open("old.txt", os.O_RDONLY | os.O_TRUNC),
    "pathlib": lambda: Path("new").write_text("x"),
    "mkdir": lambda: Path("new").mkdir(),
    "makedirs": lambda: os.makedirs("new/deep"),  # noqa: PTH103
    "remove": lambda: Path("old.txt").unlink(),
    "rmdir": lambda: Path("folder").rmdir(),
    "rename": lambda: Path("old.txt").rename("new"),
    "move in": lambda: Path("old.txt").rename(runpact.current().path("x")),
    "move out": lambda: os.replace(runpact.current().save("x.txt", "x"), "new"),  # noqa: PTH105
    "hard link in": lambda: os.link("old.txt", runpact.current().path("x")),
    "symbolic link": lambda: Path("new").symlink_to("old.txt"),
    "truncate": lambda: os.truncate("old.txt", 0),
    "chmod": lambda: Path("old.txt").chmod(0o600),
    "chown": lambda: os.chown("old.txt", -1, -1),
    "utime": lambda: os.utime("old.txt"),
    "xattr": lambda: os.setxattr("old.txt", "user.x", b"1"),
    "shutil.copy": lambda: shutil.copy("old.txt", "new"),
    "shutil.copytree": lambda: shutil.copytree("folder", "new"),
    "shutil.move": lambda: shutil.move("folder", "new"),
    "shutil.rmtree": lambda: shutil.rmtree("folder"),
    "tempfile here": lambda: tempfile.mkstemp(dir="."),
    "zipfile": lambda: zipfile.ZipFile("new.zip", "w"),
    "gzip": _gzip,
    "logging": _stream,
    "np.save": lambda: np.save("new.npy", np.ones(2)),
    "np.savez": lambda: np.savez("new.npz", a=np.ones(2)),
    "ndarray.tofile": lambda: np.ones(2).tofile("new.bin"),
    "np.savetxt": lambda: np.savetxt("new.txt", np.ones(2)),
    "np.memmap": lambda: np.memmap("new.dat", mode="w+", shape=(2,)),
    "np.memmap of old": lambda: np.memmap("old.txt", mode="r+", dtype="u1"),
    "sqlite3, new": lambda: sqlite3.connect("new.db"),
    "sqlite3, new, uri": lambda: sqlite3.connect("file:new.db?mode=rwc", uri=True),
    "absolute": lambda: Path("new").absolute().touch(),
    "dots": lambda: Path(runpact.current().dir, "..", "new").touch(),
    "proc": lambda: Path("/proc/self/cwd/new").touch(),
    "root": lambda: open("/new-file-of-a-test", "w"),  # noqa: SIM115, PTH123
    "link to a folder": _linked_from_inside,
    "link to a file": _linked_file_from_inside,
    "directory descriptor": _relative_to_a_descriptor,
    "other folder": _chdir_and_write,
    "thread": _in_thread,
    "fork": _in_fork,
}


@pytest.mark.requirement("C-018")
@pytest.mark.parametrize("way", REFUSED)
def test_a_write_outside_the_run_is_refused(place: Place, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.read_bytes() for path in place.root.rglob("*") if path.is_file()}
    with runpact.run(name="a", unsafe_skip_check=True) as run, pytest.raises(StrayWriteError) as caught:
        REFUSED[way]()
    monkeypatch.chdir(place.root)
    assert isinstance(caught.value, PermissionError)
    outside = [path for path in place.root.rglob("*") if path.is_file() and "runs" not in path.parts]
    assert {path: path.read_bytes() for path in outside} == before
    strays = confinement(place, run)["strays"]
    assert all(stray["refused"] and stray["seen_by"] == "hook" for stray in strays)
    assert len(strays) == {"fork": 0, "shutil.move": 2}.get(way, 1)
    assert not place.root.joinpath("new").exists()
    findings = place.json("check", run.id)[1]["findings"]
    assert "stray-write" not in {finding["code"] for finding in findings}


def _strays_elsewhere(**options: object) -> tuple[Path, str]:
    """Return the folder of a run that tried to write elsewhere, and what it told the person."""
    with pytest.raises(StrayWriteError) as caught, runpact.run(name="a", **options) as run:
        Path("/nowhere/alice/secret-project/new.txt").touch()
    return Path(run.dir), str(caught.value)


def test_no_record_holds_the_absolute_path_of_a_write_elsewhere(place: Place) -> None:
    folder, told = _strays_elsewhere()
    assert "`/nowhere/alice/secret-project/new.txt` lies outside the run" in told
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert "nowhere" not in "".join(texts)
    assert "StrayWriteError: `[outside]/new.txt` lies" in "".join(texts)
    record = json.loads((folder / ".runpact/manifest.json").read_text())["provenance"]["confinement"]
    assert [stray["path"] for stray in record["strays"]] == ["[outside]/new.txt"]


def test_the_record_holds_it_where_a_person_asked_for_the_host(place: Place) -> None:
    folder, told = _strays_elsewhere(record_host=True)
    manifest = json.loads((folder / ".runpact/manifest.json").read_text())
    path = "/nowhere/alice/secret-project/new.txt"
    assert manifest["provenance"]["confinement"]["strays"][0]["path"] == path
    assert path in manifest["outcome"]["error"]
    assert path in told


def test_a_write_into_the_repository_around_keeps_its_path_from_there(place: Place) -> None:
    (place.root / ".git").mkdir()
    place.write("inner/contract.yaml", 'contract: a.b\nversion: "1.0.0"\nkinds: {run: {at: "runs/{name}"}}\n')
    with (
        runpact.run(name="a", workspace="inner", unsafe_skip_check=True) as run,
        pytest.raises(StrayWriteError),
    ):
        Path("src/new.py").touch()
    record = json.loads((Path(run.dir) / ".runpact/manifest.json").read_text())["provenance"]["confinement"]
    assert [stray["path"] for stray in record["strays"]] == ["[outside]/src/new.py"]


def _creat() -> None:
    libc = ctypes.CDLL(None)
    os.close(libc.creat(b"new", 0o600))


def _hdf5() -> None:
    h5py.File("new.h5", "w").close()


def _shell() -> None:
    subprocess.run(["sh", "-c", "echo x > new"], check=True)


def _system() -> None:
    os.system("echo x > new")  # noqa: S605 - the case itself


def _database() -> None:
    with sqlite3.connect("old.db") as connection:
        connection.execute("insert into t values (1)")
    connection.close()


UNSEEN: dict[str, Callable[[], object]] = {
    "ctypes": _creat,
    "h5py": _hdf5,
    "sh": _shell,
    "os.system": _system,
    "mkfifo": lambda: os.mkfifo("new"),
    "mknod": lambda: os.mknod("new"),
}


@pytest.mark.parametrize("way", UNSEEN)
def test_what_the_hook_cannot_see_is_a_recorded_gap_and_found_by_comparison(place: Place, way: str) -> None:
    with runpact.run(name="a") as run:
        UNSEEN[way]()
    record = confinement(place, run)
    assert (record["level"], record["strays"]) == ("W0+hook", [])
    assert record["gaps"][: len(HOOK_GAPS)] == list(HOOK_GAPS)
    (new,) = place.root.glob("new*")
    new.unlink()
    with runpact.run(name="b", guard="compare") as run:
        time.sleep(0.02)  # the clock of file systems is coarse
        UNSEEN[way]()
    record = confinement(place, run)
    assert (record["level"], record["mechanism"]) == ("W1", ["comparison"])
    stray = {"path": new.name, "action": "changed", "seen_by": "comparison", "refused": False}
    assert stray in record["strays"]


def test_a_database_that_existed_may_be_opened_and_is_compared_afterwards(
    place: Place,
) -> None:
    with runpact.run(name="reads") as run:
        sqlite3.connect("old.db").execute("select * from t").connection.close()
        sqlite3.connect("file:old.db?mode=ro", uri=True).close()
        sqlite3.connect(":memory:").close()
        sqlite3.connect("file::memory:?cache=shared", uri=True).close()
        sqlite3.connect("").close()
        sqlite3.connect(run.path("own.db")).close()
    assert confinement(place, run)["strays"] == []
    with runpact.run(name="writes") as run:
        _database()
    assert confinement(place, run)["strays"] == [
        {"path": "old.db", "action": "changed", "seen_by": "hook", "refused": False}
    ]
    assert place.json("check", run.id)[1]["verdict"] == "WARNING"


def test_a_database_that_changed_is_one_stray_however_often_it_was_seen(place: Place) -> None:
    with runpact.run(name="a", guard="refuse") as run:
        time.sleep(1.05)  # long enough to be compared
        _database()
    record = confinement(place, run)
    assert record["mechanism"] == ["hook", "comparison"]
    assert [(stray["path"], stray["seen_by"]) for stray in record["strays"]] == [("old.db", "hook")]


FREE: dict[str, Callable[[], object]] = {
    "read": lambda: Path("old.txt").read_text(),
    "read by descriptor": lambda: os.close(os.open("old.txt", os.O_RDONLY)),
    "run.path": lambda: Path(runpact.current().path("deep/x")).write_text("x"),
    "below the run": lambda: Path(runpact.current().dir, "x").touch(),
    "parent of dots": lambda: Path(runpact.current().dir, "..", runpact.current().id, "x").touch(),
    "temporary file": lambda: tempfile.NamedTemporaryFile().close(),
    "nameless file": lambda: tempfile.TemporaryFile().close(),
    "temporary folder": lambda: shutil.rmtree(tempfile.mkdtemp()),
    "null": lambda: open(os.devnull, "w").close(),  # noqa: PTH123
    "standard output": lambda: open("/dev/stdout", "w").close(),  # noqa: PTH123
    "descriptor": lambda: open("/proc/self/fd/1", "w").close(),  # noqa: PTH123
    "open descriptor": lambda: os.fdopen(os.dup(1), "w").close(),
    "bytecode": lambda: Path("__pycache__").mkdir(),
    "existing folder": lambda: os.makedirs("folder", exist_ok=True),  # noqa: PTH103
    "missing file": lambda: Path("absent").unlink(missing_ok=True),
    "declared cache": lambda: (Path("tmp").mkdir(), Path("tmp/x").touch()),
    "by descriptor": lambda: os.chmod(os.open(runpact.current().dir, os.O_RDONLY), 0o700),  # noqa: PTH101
    "terminal": lambda: os.path.exists("/dev/tty") and os.utime("/dev/null"),  # noqa: PTH110
    "unheard-of argument": lambda: sys.audit("os.remove", object(), -1),
    "unheard-of flags": lambda: sys.audit("open", "x", None, None),
}


@pytest.mark.parametrize("way", FREE)
def test_what_is_no_write_outside_works_as_ever(place: Place, way: str) -> None:
    with runpact.run(name="a", caches="tmp/**") as run:
        FREE[way]()
    assert confinement(place, run)["strays"] == []


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Path("absent").unlink(), FileNotFoundError),
        (lambda: Path("absent").rename("new"), FileNotFoundError),
        (lambda: open("absent", "r+"), FileNotFoundError),  # noqa: SIM115, PTH123
        (lambda: Path("folder").mkdir(), FileExistsError),
        (lambda: os.chmod(-1, 0), OSError),  # noqa: PTH101
    ],
)
def test_what_cannot_be_done_anyway_is_answered_by_the_system(place: Place, call, error) -> None:
    with runpact.run(name="a") as run, pytest.raises(error) as caught:
        call()
    assert not isinstance(caught.value, StrayWriteError)
    assert confinement(place, run)["strays"] == []


def test_the_error_says_what_where_and_what_to_do(place: Place) -> None:
    with runpact.run(name="a"), pytest.raises(StrayWriteError) as caught:
        Path("sub.csv").touch()
    error = caught.value
    assert (error.errno, error.filename) == (errno.EACCES, str(place.root / "sub.csv"))
    assert error.message == "`sub.csv` lies outside the run, so `open` on it was refused"
    assert 'run.path("sub.csv")' in str(error)
    assert "caches=" in str(error)
    assert str(StrayWriteError("message")) == "message"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - as a pool of workers hands it back
    assert (again.message, again.hint, again.filename) == (error.message, error.hint, error.filename)


def test_a_run_that_fails_by_a_stray_write_says_so(place: Place) -> None:
    with pytest.raises(StrayWriteError), runpact.run(name="a") as run:
        Path("new").touch()
    assert run.standing.state is runpact.State.FAILED
    assert "`new` lies outside the run" in run.standing.reason


def test_a_refused_write_that_was_caught_is_recorded_and_no_finding(place: Place) -> None:
    with runpact.run(name="a") as run, pytest.raises(PermissionError):
        Path("new").touch()
    assert place.json("check", run.id)[1]["findings"][0]["code"] == "bare-contract"
    assert "W0+hook, 1 write outside refused" in place.call("show", run.id)[1]


def test_a_recording_guard_lets_write_and_warns(place: Place) -> None:
    with runpact.run(name="a", guard="record") as run:
        Path("new").touch()
        Path("new").touch()
    assert Path("new").exists()
    record = confinement(place, run)
    assert (record["requested"], record["level"], record["mechanism"]) == ("W1", "W0", ["recording hook"])
    assert [stray["path"] for stray in record["strays"]] == ["new", "new"]
    code, document = place.json("check", run.id)
    assert (code, document["verdict"]) == (1, "WARNING")
    assert "2 changes outside" in place.call("show", run.id)[1]


def test_a_guard_that_is_off_claims_nothing(place: Place) -> None:
    with runpact.run(name="a", guard="off") as run:
        Path("new").touch()
    record = confinement(place, run)
    assert (record["requested"], record["level"]) == ("W0", "W0")
    assert record["gaps"] == ["writes outside the run are not confined"]


def test_an_unknown_guard_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown guard"):
        runpact.run(guard="on")


def test_a_run_that_cannot_be_held_does_not_stay_open(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(start, "hold", refuse)
    with pytest.raises(OSError, match="Input/output"), runpact.run(name="a"):
        pass
    assert [run["state"] for run in place.runs()] == ["failed"]


def test_runs_inside_each_other_may_write_into_each_other(place: Place) -> None:
    with runpact.run(name="outer") as outer:
        with runpact.run(name="inner", guard="off") as inner:
            Path(outer.dir, "from-inner").touch()
            Path(inner.dir, "own").touch()
            with pytest.raises(StrayWriteError):
                Path("new").touch()
        Path(outer.dir, "after").touch()
        with pytest.raises(StrayWriteError):
            Path(inner.dir, "late").touch()
    assert confinement(place, outer)["strays"][0]["path"] == "new"
    assert confinement(place, inner)["strays"] == []


def test_after_the_run_everything_is_free_again(place: Place) -> None:
    with runpact.run(name="a") as run:
        run.finish()
        Path("new").touch()
    Path("newer").touch()
    assert confinement(place, run)["strays"] == []


def test_runpacts_own_commands_work_while_a_run_is_open(place: Place) -> None:
    with runpact.run(name="outer"):
        assert place.call("init", "other")[0] == 0
        assert place.call("run", "--name", "inner", "--", "true")[0] == 0
        assert place.call("check", "inner")[0] == 0
    assert place.root.joinpath("other/contract.yaml").exists()


def test_a_program_that_runs_in_the_command_may_write_into_the_commands_run(place: Place) -> None:
    program = (
        "import os, pathlib, runpact\n"
        "with runpact.run(name='inner'):\n"
        "    pathlib.Path(os.environ['RUNPACT_RUN_DIR'], 'x').touch()\n"
    )
    place.write("program.py", program)
    code, folder = place.run_of(f"{sys.executable} program.py", "--name", "outer", "--nested")
    assert code == 0
    assert [run["state"] for run in place.runs()] == ["finished", "finished"]
    del folder


def test_programs_that_were_started_are_a_gap_with_their_names(place: Place) -> None:
    with runpact.run(name="a") as run:
        subprocess.run(["true"], check=True)
        os.system("true")  # noqa: S605 - the case itself
        os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {}), 0)
        subprocess.run(["true"], check=True, close_fds=False)
    assert "4 child processes were started: sh, true" in confinement(place, run)["gaps"]


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_workers_that_no_event_tells_of_are_a_gap_too(place: Place, method: str) -> None:
    place.write(
        "work.py",
        """\
import multiprocessing, sys
import runpact
if __name__ == "__main__":
    with runpact.run(name="a"), multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        pool.map(abs, [1])
""",
    )
    subprocess.run([sys.executable, "work.py", method], cwd=place.root, check=True, capture_output=True)
    (folder,) = (place.root / "runs").iterdir()
    gaps = json.loads((folder / ".runpact/manifest.json").read_text())["provenance"]["confinement"]["gaps"]
    told = [gap for gap in gaps if gap.startswith("workers that this process started")]
    assert len(told) == (method != "fork")  # a forked worker keeps the hook
    assert all(method in gap for gap in told)


def test_what_may_have_started_workers_is_told_from_its_import(place: Place) -> None:
    imported = "multiprocessing.popen_spawn_posix"
    before = sys.modules.get(imported)
    sys.modules[imported] = sys
    try:
        with runpact.run(name="a") as run:
            pass
    finally:
        if before is None:
            del sys.modules[imported]
        else:
            sys.modules[imported] = before
    told = "workers that this process started are not held and not counted: multiprocessing (spawn)"
    assert told in confinement(place, run)["gaps"]


def test_a_missing_folder_above_a_cache_may_be_made(place: Place) -> None:
    place.write(
        "work.py",
        """\
import os
import runpact
with runpact.run(name="a"):
    os.makedirs(os.path.expanduser("~/.config/matplotlib"))
    try:
        os.mkdir(os.path.expanduser("~/.config/other"))
    except PermissionError:
        print("refused")
""",
    )
    home = place.root / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "work.py"],
        cwd=place.root,
        env={**os.environ, "HOME": str(home)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.stdout == "refused\n"
    assert (home / ".config/matplotlib").is_dir()


@pytest.fixture
def importable(place: Place) -> Iterator[None]:
    """The workspace is on the search path of modules."""
    sys.path.insert(0, str(place.root))
    yield
    sys.path.remove(str(place.root))


@pytest.mark.usefixtures("importable")
def test_modules_may_be_imported_and_compiled(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("package_of_a_test/__init__.py", "value = 1")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    with runpact.run(name="a") as run:
        import package_of_a_test

        assert package_of_a_test.value == 1
    assert place.root.joinpath("package_of_a_test/__pycache__").exists()
    assert confinement(place, run)["strays"] == []


@pytest.mark.usefixtures("importable")
def test_a_module_named_like_one_of_ours_is_not_ours(place: Place) -> None:
    place.write("runpact_like.py", "def write():\n    open('new', 'w').close()\n")
    with runpact.run(name="a"):
        import runpact_like

        with pytest.raises(StrayWriteError):
            runpact_like.write()


def test_the_birth_record_claims_only_the_hook(place: Place) -> None:
    with runpact.run(name="a") as run:
        record = json.loads((Path(run.dir) / ".runpact/run.json").read_text())
    assert record["provenance"]["confinement"]["level"] == "W0+hook"


def test_a_hidden_home_or_none_is_no_reason_to_fail(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "relative")
    with runpact.run(name="a", guard="compare") as run:
        pass
    assert confinement(place, run)["level"] == "W1"
