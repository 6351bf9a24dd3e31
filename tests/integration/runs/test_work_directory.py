"""What a contract wants beside the runs: directories, a log of all runs, the newest run's copies."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.disk.surroundings import CommonLog
from runpact.model.errors import StorageError

SIX = ("datasets", "models", "outputs", "runs", "stats", "tmp")
CONTRACT = """\
contract: test.work
version: "1.0.0"
workspace:
  directories: [datasets, models, runs, outputs, stats, tmp]
  caches: ["tmp/**"]
  log: {file: log.txt, level: run.config.logging.level}
kinds:
  train:
    at: "runs/{name}-{started:%Y%m%d-%H%M%S}"
    clash: "-{n:02}"
    state_words: {finished: ok, failed: failed, interrupted: failed}
    entries:
      - {file: config.resolved.toml, written: start, fields: run.config}
      - {dir: weights, required: false}
    places:
      models: {at: "models/{run.id}", entries: [{file: model.onnx, required: false}]}
    latest:
      - {copy: config.resolved.toml, to: config.resolved.toml, of: ended}
      - {link: models, to: models/latest}
"""


@pytest.fixture
def work(empty: Place) -> Place:
    """A workspace whose contract names six directories, a log, a copy and a link."""
    empty.write("contract.yaml", CONTRACT)
    return empty


def lines(place: Place, path: str = "log.txt") -> list[dict]:
    return [json.loads(line) for line in (place.root / path).read_text().splitlines()]


def make(config: dict[str, object] | None = None, **said: object):
    return runpact.run(config={"mode": "train", **(config or {})}, **said)  # type: ignore[arg-type]


def fail(pending, error: Exception, *, model: bool = False) -> runpact.ActiveRun:
    """Make a run that ends with an exception."""
    run = pending.__enter__()
    if model:
        Path(run.root, "models", run.id).mkdir()
    try:
        raise error
    except type(error):
        pending.__exit__(*sys.exc_info())
    return run


# ---------------------------------------------------------------- directories


@pytest.mark.requirement("D2.2", "D1.7", "D2.10")
def test_the_directories_are_made_before_the_run_that_then_fails(work: Place) -> None:
    fail(make(name="a"), RuntimeError("no such backend"))
    folders = {path.name for path in work.root.iterdir() if path.is_dir() and path.name[0] != "."}
    assert folders == set(SIX)


@pytest.mark.requirement("D2.2")
def test_a_command_that_fails_leaves_the_directories_too(work: Place) -> None:
    assert work.call("run", "--name", "a", "--", "false")[0] == 3
    assert set(SIX) <= {path.name for path in work.root.iterdir()}


@pytest.mark.requirement("D2.3")
def test_what_stands_in_the_directories_stays(work: Place) -> None:
    work.write("datasets/mine.txt", "precious")
    work.write("stats/stats.db", "whatever")
    before = (work.root / "datasets").stat().st_ino
    for name in ("a", "b"):
        with make(name=name):
            pass
    assert (work.root / "datasets/mine.txt").read_text() == "precious"
    assert (work.root / "stats/stats.db").read_text() == "whatever"
    assert (work.root / "datasets").stat().st_ino == before


@pytest.mark.requirement("D1.3")
def test_a_directory_may_be_a_link_to_another_volume(
    work: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    volume = tmp_path_factory.mktemp("volume")
    (work.root / "models").symlink_to(volume)
    with make(name="a"):
        pass
    assert (work.root / "models").is_symlink()


@pytest.mark.parametrize("sort", ["file", "dangling link"])
def test_something_else_in_the_place_of_a_directory_is_told(work: Place, sort: str) -> None:
    if sort == "file":
        work.write("outputs", "a file")
    else:
        (work.root / "outputs").symlink_to(work.root / "not mounted")
    with pytest.raises(StorageError, match="`outputs` of the workspace is no directory"):
        make(name="a").__enter__()
    assert not (work.root / "runs").exists()


@pytest.mark.requirement("D1.4", "D5.8")
def test_everything_follows_the_workdir(work: Place) -> None:
    other = work.root / "volume" / "work"
    with make(name="a", workdir=other) as run:
        assert Path(run.dir).parent == other / "runs"
    assert sorted(path.name for path in other.iterdir() if not path.name.startswith(".")) == [
        "config.resolved.toml",
        "datasets",
        "log.txt",
        "models",
        "outputs",
        "runs",
        "stats",
        "tmp",
    ]
    assert sorted(path.name for path in work.root.iterdir()) == ["contract.yaml", "volume"]


PACKED = """\
contract: test.packed
version: "1.0.0"
extends: runpact:work-directory@1
"""
STARTING = """\
import runpact, sys
for number in range(5):
    with runpact.run(name="exp001", config={"mode": "train"}, unsafe_skip_check=True) as run:
        run.save("artifacts.json", {"number": number})
    print(run.id, flush=True)
"""


@pytest.mark.requirement("D8.3", "D8.2")
def test_many_starts_in_one_second_have_a_directory_each(empty: Place) -> None:
    empty.write("contract.yaml", PACKED)
    command = [sys.executable, "-c", STARTING]
    children = [
        subprocess.Popen(command, cwd=empty.root, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    told = [line for child in children for line in child.communicate()[0].split()]
    assert [child.returncode for child in children] == [0] * 4
    assert len(set(told)) == 20
    assert {path.name for path in (empty.root / "runs").iterdir()} == set(told)
    assert all(re.fullmatch(r"exp001-\d{8}-\d{6}(-\d\d+)?", name) for name in told)


@pytest.mark.requirement("D8.16", "D8.14", "D8.1")
def test_a_backend_that_is_not_known_leaves_a_failed_record(empty: Place) -> None:
    empty.write("contract.yaml", PACKED)
    run = fail(runpact.run(config={"mode": "train"}, name="a"), LookupError("no backend `yolo9`"))
    metrics = Path(run.dir, "metrics.json").read_bytes()
    assert metrics.startswith(b'{\n  "run_id": "' + run.id.encode())
    said = json.loads(metrics)
    assert list(said) == ["run_id", "mode", "status", "elapsed_ms", "error"]
    assert (said["status"], said["error"]) == ("failed", "LookupError: no backend `yolo9`")


@pytest.mark.requirement("D11.1", "D2.9")
def test_temporary_files_may_go_during_and_between_runs(empty: Place) -> None:
    empty.write("contract.yaml", PACKED)
    for name in ("a", "b"):
        with runpact.run(name=name, config={"mode": "train"}, unsafe_skip_check=True) as run:
            Path("tmp", "frame.bin").write_bytes(b"buffer")
            shutil.rmtree("tmp")
            run.event("x.y")
        assert run.standing.state is runpact.State.FINISHED
    assert len(lines(empty)) == 6


# ---------------------------------------------------------------- the log of all runs


@pytest.mark.requirement("D13.1", "D13.2", "D13.4", "D2.1")
def test_every_run_is_logged_from_its_start_to_its_end(work: Place) -> None:
    with make(name="a") as run:
        run.event("train.epoch", message="epoch 1", level="debug", epoch=1, loss=0.5)
        run.event("train.saved")
    start, saved, done = lines(work)
    assert [start["event"], saved["event"], done["event"]] == ["train.start", "train.saved", "train.done"]
    assert list(start)[:4] == ["ts_utc", "level", "event", "message"]
    assert (start["run_id"], start["kind"], start["level"]) == (run.id, "train", "INFO")
    assert saved["message"] == "train.saved"
    assert (done["status"], done["elapsed_ms"] > 0) == ("ok", True)
    moments = [datetime.fromisoformat(each["ts_utc"]) for each in (start, saved, done)]
    assert moments == sorted(moments)
    assert all(each["ts_utc"].endswith("+00:00") and "." in each["ts_utc"] for each in (start, saved, done))


@pytest.mark.requirement("D13.3", "D13.5")
@pytest.mark.parametrize(
    ("level", "kept"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARN", "ERROR"]),
        ("info", ["INFO", "WARN", "ERROR"]),
        ("warning", ["WARN", "ERROR"]),
        ("ERROR", ["ERROR"]),
        ("loud", ["INFO", "WARN", "ERROR"]),
    ],
)
def test_the_level_that_the_contract_takes_from_the_configuration_decides(
    work: Place, level: str, kept: list[str]
) -> None:
    with make({"logging": {"level": level}}, name="a") as run:
        for each in ("debug", "INFO", "warn", "Error"):
            run.event("x.y", level=each)
    assert [line["level"] for line in lines(work) if line["event"] == "x.y"] == kept


@pytest.mark.requirement("D13.3")
def test_a_filtered_line_costs_no_file(work: Place) -> None:
    with make({"logging": {"level": "ERROR"}}, name="a") as run:
        run.event("x.y", level="INFO")
    assert not (work.root / "log.txt").exists()


@pytest.mark.requirement("D13.4")
def test_a_failure_is_logged_with_its_error_and_traceback(work: Place) -> None:
    fail(make(name="a"), ValueError("no such backend: yolo9"))
    _start, failed, done = lines(work)
    assert (failed["event"], failed["level"]) == ("train.failed", "ERROR")
    assert failed["error"] == "ValueError: no such backend: yolo9"
    assert "Traceback" in failed["traceback"]
    assert "test_work_directory.py" in failed["traceback"]
    assert (done["event"], done["status"]) == ("train.done", "failed")


@pytest.mark.requirement("D13.6")
def test_paths_and_dates_are_logged_as_texts(work: Place) -> None:
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    with make(name="a") as run:
        run.event("x.y", path=Path("a/b"), day=date(2025, 1, 1), moment=moment, text="line\nbreak\x00\u2028")
    said = lines(work)[1]
    assert (said["path"], said["day"], said["text"]) == ("a/b", "2025-01-01", "line\nbreak\x00\u2028")


def test_no_field_replaces_what_every_line_has(work: Place) -> None:
    with make(name="a") as run:
        run.event("x.y", ts_utc="yesterday", run_id="another", message=5)
    said = lines(work)[1]
    assert said["ts_utc"].startswith("20")
    assert (said["run_id"], said["message"]) == (run.id, "x.y")


def test_secrets_are_masked_in_the_log(work: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2-hunter2-hunter2")
    with make(name="a") as run:
        run.event("x.y", told="hunter2-hunter2-hunter2")
    fail(make(name="b"), ValueError("refused: hunter2-hunter2-hunter2"))
    told = (work.root / "log.txt").read_text()
    assert ("refused: " in told, "hunter2" in told) == (True, False)


def test_what_the_processes_of_a_command_say_is_logged(work: Place) -> None:
    script = "import runpact; runpact.current().event('eval.step', message='half', n=1)"
    assert work.call("run", "--name", "a", "--", sys.executable, "-c", script)[0] == 0
    events = [(line["event"], line.get("n")) for line in lines(work)]
    assert events == [("train.start", None), ("eval.step", 1), ("train.done", None)]


def test_a_command_that_fails_is_logged_with_its_exit_code(work: Place) -> None:
    work.call("run", "--name", "a", "--", "sh", "-c", "exit 7")
    failed = lines(work)[1]
    assert (failed["event"], failed["exit_code"], failed["error"]) == (
        "train.failed",
        7,
        "the command exited with 7",
    )


def test_a_log_that_cannot_be_written_is_told_and_keeps_no_run_from_its_work(work: Place) -> None:
    (work.root / "log.txt").mkdir()
    with make(name="a") as run:
        run.event("x.y")
    assert run.standing.state is runpact.State.FINISHED
    assert "the log of all runs lacks a line" in run.standing.reason


def test_a_log_that_is_moved_or_deleted_meanwhile_begins_anew(work: Place) -> None:
    with make(name="a", guard="off") as run:
        (work.root / "log.txt").rename(work.root / "log.1.txt")
        run.event("x.y")
        (work.root / "log.txt").unlink()
    assert [line["event"] for line in lines(work, "log.1.txt")] == ["train.start"]
    assert [line["event"] for line in lines(work)] == ["train.done"]


def test_what_runpact_notes_of_a_command_is_not_logged_as_said(work: Place) -> None:
    work.write("data.csv", "a")
    script = (
        "import runpact; r = runpact.current(); r.save('a.json', {}); r.input('data.csv'); r.event('x.y')"
    )
    assert work.call("run", "--name", "a", "--", sys.executable, "-c", script)[0] == 0
    assert [line["event"] for line in lines(work)] == ["train.start", "x.y", "train.done"]


def test_a_log_without_a_level_has_every_line_and_a_path_is_enough(work: Place) -> None:
    work.write(
        "contract.yaml", CONTRACT.replace("{file: log.txt, level: run.config.logging.level}", "all.jsonl")
    )
    with make(name="a") as run:
        run.event("x.y", level="debug")
    assert [line["level"] for line in lines(work, "all.jsonl")] == ["INFO", "DEBUG", "INFO"]


def test_an_attempt_at_a_stage_says_which(empty: Place) -> None:
    empty.write(
        "contract.yaml",
        'contract: a.b\nversion: "1.0.0"\nworkspace: {log: log.txt, directories: [data]}\n'
        "kinds:\n  exp:\n    at: 'runs/{name}'\n    sealed: by_stage\n"
        "    each_stage: {at: '{stage.id}_{stage.slug}'}\n"
        "    stages: [{id: '01', slug: make, command: ['true']}]\n",
    )
    assert empty.call("pipeline", "run", "--experiment", "x")[0] == 0
    assert (empty.root / "data").is_dir()
    start, done = lines(empty)
    assert [start["event"], done["event"]] == ["stage.start", "stage.done"]
    assert (start["stage"], start["attempt"], start["experiment"]) == ("01", 1, {"name": "x"})


def test_a_copy_that_cannot_be_made_is_told_with_the_end(work: Place) -> None:
    (work.root / "config.resolved.toml").mkdir()
    with make(name="a") as run:
        pass
    assert run.standing.state is runpact.State.FINISHED
    assert "`config.resolved.toml` was not refreshed" in run.standing.reason


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.txt"
    path.parent.mkdir()
    path.write_text('{"whole": 1}\n{"to')
    log = CommonLog(str(path))
    log.append(b'{"next": 1}\n')
    log.close()
    assert path.read_text().splitlines() == ['{"whole": 1}', '{"to', '{"next": 1}']


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    (tmp_path / "log.txt").symlink_to("/dev/full")
    with pytest.raises(StorageError, match="log of all runs"):
        CommonLog(str(tmp_path / "log.txt")).append(b"{}\n")


def test_a_log_that_somebody_keeps_for_long_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runpact.disk.surroundings._LONGEST_WAIT_SECONDS", 0.05)
    ours, theirs = CommonLog(str(tmp_path / "log.txt")), CommonLog(str(tmp_path / "log.txt"))
    theirs.append(b"{}\n")
    fcntl.flock(theirs._descriptor, fcntl.LOCK_EX)
    ours.append(b"{}\n")
    assert (tmp_path / "log.txt").read_text() == "{}\n{}\n"
    theirs.close()
    ours.close()


@pytest.mark.requirement("D13.2")
def test_processes_and_threads_append_whole_lines(work: Place) -> None:
    script = """\
import runpact, sys, threading
with runpact.run(name=sys.argv[1], config={"mode": "train"}) as run:
    def say():
        for number in range(50):
            run.event("x.y", n=number, filler="f" * 3000)
    threads = [threading.Thread(target=say) for _ in range(2)]
    [t.start() for t in threads]; [t.join() for t in threads]
"""
    children = [subprocess.Popen([sys.executable, "-c", script, f"p{n}"], cwd=work.root) for n in range(4)]
    assert [child.wait() for child in children] == [0] * 4
    found = lines(work)
    assert len(found) == 4 * (2 * 50 + 2)
    assert sum(line["event"] == "x.y" for line in found) == 400


def test_a_killed_run_has_a_start_and_no_end(work: Place) -> None:
    script = (
        "import runpact, os, signal\n"
        "runpact.run(name='a', config={'mode': 'train'}).__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=work.root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [line["event"] for line in lines(work)] == ["train.start"]
    with make(name="b"):
        pass
    assert len(lines(work)) == 3


def test_a_fenced_process_goes_on_logging(work: Place) -> None:
    script = """\
import runpact
with runpact.run(name="a", config={"mode": "train"}, fence=True) as run:
    run.event("x.y")
"""
    subprocess.run([sys.executable, "-c", script], cwd=work.root, check=True)
    assert [line["event"] for line in lines(work)] == ["train.start", "x.y", "train.done"]


def test_threads_of_one_run_share_its_log(work: Place) -> None:
    with make(name="a") as run:
        threads = [threading.Thread(target=run.event, args=("x.y",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(line["event"] == "x.y" for line in lines(work)) == 8


# ---------------------------------------------------------------- the newest run's copies and links


@pytest.mark.requirement("D4.1", "D4.2", "D4.4", "D2.6")
def test_the_resolved_configuration_of_the_newest_run_stands_at_the_root(work: Place) -> None:
    with make({"lr": 0.1}, name="good") as run:
        pass
    root = work.root / "config.resolved.toml"
    assert root.read_bytes() == Path(run.dir, "config.resolved.toml").read_bytes()
    failing = fail(make({"lr": 0.2}, name="bad"), RuntimeError("no such backend"))
    assert b"0.2" in root.read_bytes()
    assert root.read_bytes() == Path(failing.dir, "config.resolved.toml").read_bytes()


@pytest.mark.requirement("D7.4", "D7.1")
def test_each_run_has_a_model_of_its_own_and_the_alias_leads_to_the_newest(work: Place) -> None:
    models = {}
    for name in ("exp", "exp"):
        with make(name=name) as run:
            folder = work.root / "models" / run.id
            folder.mkdir()
            (folder / "model.onnx").write_bytes(run.id.encode())
            models[run.id] = folder
    assert len(models) == 2
    assert all((folder / "model.onnx").read_bytes() == name.encode() for name, folder in models.items())
    alias = work.root / "models" / "latest"
    assert str(alias.readlink()) == run.id
    with make(name="autolabel"):
        pass
    fail(make(name="bad"), RuntimeError("halfway"), model=True)
    assert str(alias.readlink()) == run.id


def test_doctor_knows_which_ends_a_copy_may_come_from(work: Place) -> None:
    with make({"lr": 0.1}, name="good") as run:
        (work.root / "models" / run.id).mkdir()
    fail(make({"lr": 0.2}, name="bad"), RuntimeError("no such backend"))
    assert work.json("doctor")[1]["findings"] == []
    (work.root / "config.resolved.toml").unlink()
    (work.root / "models/latest").unlink()
    found = work.json("doctor")[1]["findings"]
    assert [each["path"] for each in found] == ["config.resolved.toml", "models/latest"]
    assert work.call("doctor", "--fix")[0] == 0
    assert b"0.2" in (work.root / "config.resolved.toml").read_bytes()
    assert str((work.root / "models/latest").readlink()) == run.id


LIMITED = """\
import resource, signal, sys
from runpact.disk.surroundings import CommonLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (15, 15))
try:
    CommonLog(sys.argv[1]).append(b'{"b": "long enough"}\\n')
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(("kept", "left"), [(False, ""), (True, '{"b": ')])
def test_a_line_that_was_written_in_part_is_taken_back_in_turn(tmp_path: Path, kept: bool, left: str) -> None:
    path = tmp_path / "log.txt"
    path.write_text('{"a": 1}\n')
    descriptor = os.open(path, os.O_RDONLY)
    if kept:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    told = subprocess.check_output([sys.executable, "-c", LIMITED, str(path)], text=True)
    os.close(descriptor)
    assert (told, path.read_text()) == ("StorageError\n", '{"a": 1}\n' + left)
