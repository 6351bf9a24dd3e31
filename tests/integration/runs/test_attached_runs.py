"""Writing into a run from the processes of its command."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import runpact
from integration.runs.place import Place
from runpact.model.errors import ClosedRunError, StorageError, UsageError
from runpact.model.session.lifecycle import BEAT
from runpact.verbs.life.attach import AttachedRun, _settle, adopt, attached_run

PROGRAM = """\
import runpact
run = runpact.current()
assert run is runpact.current()
assert run.config == {"lr": 0.1}, run.config
for step in range(100):
    run.log({"loss": 1 / (step + 1)}, step=step)
run.event("phase.ended", phase="train")
run.save("metrics", {"loss": 0.01}, type="Metrics@1")
with open(run.input("data.csv")) as file, open(run.path("frames/frame_0000.txt"), "w") as frame:
    frame.write(file.read())
assert run.read("metrics") == {"loss": 0.01}
assert runpact.read("schemas/metrics.json")["type"] == "object"
"""


def attached(run: runpact.ActiveRun) -> AttachedRun:
    """Attach to a run of this process as a process of its command does."""
    if "command.started" not in Path(run.dir, ".runpact/events.jsonl").read_text():
        run.event("command.started")
    environ = {"RUNPACT_RUN_UID": run.uid, "RUNPACT_RUN_DIR": run.dir, "RUNPACT_RUN_ROOT": run.root}
    found = attached_run(environ)
    assert found is not None
    return found


def test_a_process_of_a_command_may_say_that_its_session_is_alive(empty: Place) -> None:
    with runpact.run(name="a", workspace=empty.root) as run:
        attached(run).beat()
    assert BEAT in [event["event"] for event in empty.json("show", run.id)[1]["last_events"]]


def test_a_python_program_writes_into_the_run_of_its_command(place: Place) -> None:
    place.write("data.csv", "1,2")
    place.write("train.py", PROGRAM)
    code, folder = place.run_of(f"{sys.executable} train.py", "--set", "lr=0.1", "--input", "data.csv")
    assert code == 0
    shown = place.json("show", folder.name)[1]
    assert (shown["metrics"][0]["count"], shown["discarded_bytes"]) == (100, 0)
    events = [event["event"] for event in shown["last_events"]]
    assert events[-6:] == [
        "command.started",
        "phase.ended",
        "artifact.saved",
        "input.recorded",
        "command.ended",
        "run.ended",
    ]
    assert [each["name"] for each in shown["provenance"]["inputs"]] == ["data.csv", "schemas/metrics.json"]
    (metrics,) = [file for file in shown["files"] if file["path"] == "metrics.json"]
    assert (metrics["entry"], metrics["type"]) == ("metrics", "Metrics@1")
    assert place.json("verify", folder.name)[1]["verdict"] == "OK"


def test_processes_and_threads_of_a_command_take_turns(empty: Place) -> None:
    empty.write(
        "work.py",
        """\
import os, sys, threading, runpact
run = runpact.current()
def work(name):
    for step in range(50):
        run.log({name: step}, step=step)
        run.event("tick", who=name)
if os.fork() == 0:
    work("forked"); os._exit(0)
threads = [threading.Thread(target=work, args=(f"{sys.argv[1]}-{n}",)) for n in range(2)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
os.wait()
""",
    )
    one = f"{sys.executable} work.py"
    code, folder = empty.run_of(f"{one} a & {one} b & {one} c & wait")
    assert code == 0
    metrics = {each["name"]: each["count"] for each in empty.json("show", folder.name)[1]["metrics"]}
    assert metrics == {"forked": 150} | {f"{name}-{n}": 50 for name in "abc" for n in range(2)}
    lines = (folder / ".runpact/events.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, 1 + 450 + 4))
    assert runpact.verify(folder) is runpact.Verdict.OK


def test_a_line_that_a_killed_process_left_torn_is_cut_off(empty: Place) -> None:
    empty.write(
        "work.py",
        """\
import os, runpact
run = runpact.current()
run.log({"a": 1})
with open(os.path.join(run.dir, ".runpact/metrics.jsonl"), "ab") as file:
    file.write(b'{"seq":2,"ti')
if os.environ.get("AGAIN"):
    run.log({"a": 2})
os.kill(os.getpid(), 9)
""",
    )
    for again, count in (("", 1), ("AGAIN=1 ", 2)):
        _code, folder = empty.run_of(f"{again}{sys.executable} work.py")
        assert empty.json("show", folder.name)[1]["metrics"][0]["count"] == count
        assert runpact.verify(folder) is runpact.Verdict.OK


def test_what_outlives_the_command_cannot_write_any_more(empty: Place) -> None:
    empty.write(
        "work.py",
        """\
import os, time, runpact
run = runpact.current()
if os.fork() == 0:
    os.setsid()
    os.close(1); os.close(2)
    while os.path.exists("wait"):
        time.sleep(0.01)
    answers = []
    for write in (lambda: run.log({"a": 1}), lambda: run.event("late"), lambda: run.save("x.txt", "x")):
        try:
            write()
        except runpact.RunpactError as error:
            answers.append(error.code)
    open("answers", "w").write(" ".join(answers))
    os._exit(0)
""",
    )
    empty.write("wait", "")
    code, folder = empty.run_of(f"{sys.executable} work.py", "--confinement", "W1")
    (empty.root / "wait").unlink()
    answers = empty.root / "answers"
    for _ in range(500):
        if answers.exists() and answers.read_text():
            break
        time.sleep(0.01)
    assert answers.read_text() == "closed-run closed-run closed-run"
    assert runpact.verify(folder) is runpact.Verdict.OK
    assert code == 1  # `left-running`


def test_points_of_a_program_whose_runpact_was_killed_are_kept(empty: Place) -> None:
    empty.write(
        "work.py",
        """\
import os, runpact
run = runpact.current()
run.log({"a": 1})
os.kill(os.getppid(), 9)
run.log({"a": 2})
""",
    )
    command = [sys.executable, "-m", "runpact", "run", "--", sys.executable, "work.py"]
    done = subprocess.run(command, cwd=empty.root, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    (listed,) = empty.runs()
    for _ in range(500):
        metrics = empty.json("show", listed["path"])[1]["metrics"]
        if metrics and metrics[0]["count"] == 2:
            break
        time.sleep(0.01)
    assert metrics[0]["count"] == 2
    assert empty.runs()[0]["state"] == "interrupted"


def test_both_sides_go_on_with_one_log(place: Place) -> None:
    with runpact.run(name="a") as run:
        run.log({"a": 1})
        other = attached(run)
        assert other is attached(run)
        assert (other.id, other.name, other.started, other.writer.is_open) == (run.id, "a", run.started, True)
        other.log({"a": 2})
        other.event("one")
        adopt(run)
        run.log({"a": 3})
        assert run.event("two") == 4
        other.writer.close()
        assert not other.writer.is_open
        run.save("metrics", {"loss": 1})
    assert place.json("show", run.id)[1]["metrics"][0]["count"] == 3
    assert runpact.verify(run.dir) is runpact.Verdict.OK


def test_nothing_to_take_over_costs_no_reading(empty: Place) -> None:
    with runpact.run(name="a") as run:
        assert run.writer.adopt_logs() is False
        adopt(run)
    assert runpact.verify(run.dir) is runpact.Verdict.OK


def test_a_program_does_not_seal_the_run_of_its_command(empty: Place) -> None:
    with runpact.run(name="a") as run:
        other = attached(run)
        with pytest.raises(UsageError, match="not this process's to seal"):
            other.finish()
        with other:
            pass
        with pytest.raises(ZeroDivisionError), other:
            1 / 0  # noqa: B018 - fails on purpose
        assert run.standing.state is runpact.State.RUNNING
    with pytest.raises(ClosedRunError, match="sealed"):
        other.log({"a": 1})
    with pytest.raises(ClosedRunError, match="sealed"):
        other.path("x")


def test_an_input_that_both_name_is_one_input(empty: Place) -> None:
    empty.write("data.csv", "1")
    empty.write("more.csv", "1")
    with runpact.run(name="a", guard="off") as run:
        run.input("data.csv")
        other = attached(run)
        other.input("data.csv")
        other.input("more.csv")
        other.event("artifact.saved", nonsense=1)
        adopt(run)
    inputs = empty.json("show", run.id)[1]["provenance"]["inputs"]
    assert [(each["name"], each["changed"]) for each in inputs] == [("data.csv", False), ("more.csv", False)]


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_program_compares_its_inputs_when_it_ends(empty: Place, is_changed: bool) -> None:
    data = empty.write("data.csv", "1")
    with runpact.run(name="a", guard="off") as run:
        other = attached(run)
        _settle(other, os.getpid())
        other.input("data.csv")
        if is_changed:
            data.write_text("2")
        _settle(other, -1)
        _settle(other, os.getpid())
        adopt(run)
    _settle(other, os.getpid())
    (each,) = empty.json("show", run.id)[1]["provenance"]["inputs"]
    assert each["changed"] is is_changed


def test_a_document_read_twice_is_one_input_and_another_content_is_told(empty: Place) -> None:
    document = empty.write("x.json", "[1]")
    with runpact.run(name="a", guard="off") as run:
        assert runpact.read("x.json") == runpact.read("x.json") == [1]
        document.write_text("[2]")
        assert runpact.read("x.json") == [2]
        assert runpact.read("x.json") == [2]
    (each,) = empty.json("show", run.id)[1]["provenance"]["inputs"]
    assert each["changed"] is True


@pytest.mark.parametrize("spoiled", ["RUNPACT_RUN_UID", "RUNPACT_RUN_DIR"])
def test_without_an_open_run_nothing_is_attached(empty: Place, spoiled: str) -> None:
    with runpact.run(name="a") as run:
        environ = {"RUNPACT_RUN_UID": run.uid, "RUNPACT_RUN_DIR": run.dir}
        assert attached_run(environ | {spoiled: ""}) is None
        assert attached_run(environ | {spoiled: "/other"}) is None
    assert attached_run(environ) is None
    with pytest.raises(UsageError, match="no run is open here"):
        runpact.current()


def test_a_stopped_writer_does_not_stop_the_seal_for_ever(empty: Place) -> None:
    with runpact.run(name="a") as run:
        descriptor = os.open(Path(run.dir, ".runpact/events.jsonl"), os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        began = time.monotonic()
        with pytest.raises(StorageError, match="stopped while it writes"):
            run.writer.adopt_logs(seconds=0.05)
        assert 0.05 <= time.monotonic() - began < 5
        os.close(descriptor)
    assert runpact.verify(run.dir) is runpact.Verdict.OK


def test_a_log_that_cannot_be_opened_gives_the_turn_back(empty: Place) -> None:
    with runpact.run(name="a") as run:
        other = attached(run)
        metrics = Path(run.dir, ".runpact/metrics.jsonl")
        metrics.mkdir()
        with pytest.raises(StorageError):
            other.log({"a": 1})
        metrics.rmdir()
        other.log({"a": 1})
        adopt(run)
    assert empty.json("show", run.id)[1]["metrics"][0]["count"] == 1


def test_threads_of_an_attached_run_take_turns(empty: Place) -> None:
    with runpact.run(name="a") as run:
        other = attached(run)
        threads = [
            threading.Thread(target=lambda: [other.log({"a": n}) for n in range(100)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        adopt(run)
    assert empty.json("show", run.id)[1]["metrics"][0]["count"] == 400


WORKERS = """\
import multiprocessing, os, sys
import runpact

def work(number):
    run = runpact.current()
    for step in range(20):
        run.log({f"w{number}": step}, step=step)
    run.save(f"parts/{number}.json", {"number": number})
    return os.getpid()

if __name__ == "__main__":
    runpact.current().log({"main": 0})
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        assert os.getpid() not in pool.map(work, range(4))
    runpact.current().log({"main": 1})
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_write_into_the_run_of_the_command(empty: Place, method: str) -> None:
    empty.write("work.py", WORKERS)
    code, folder = empty.run_of(f"{sys.executable} work.py {method}")
    assert code == 0
    shown = empty.json("show", folder.name)[1]
    metrics = {each["name"]: each["count"] for each in shown["metrics"]}
    assert metrics == {"main": 2} | {f"w{number}": 20 for number in range(4)}
    assert {f"parts/{number}.json" for number in range(4)} <= {each["path"] for each in shown["files"]}
    assert runpact.verify(folder) is runpact.Verdict.OK


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_run_in_python_are_told_that_it_is_not_theirs(empty: Place, method: str) -> None:
    empty.write(
        "work.py",
        """\
import multiprocessing, sys
import runpact

def work(_number):
    try:
        runpact.current().log({"a": 1})
    except runpact.RunpactError as error:
        return error.code

if __name__ == "__main__":
    with runpact.run(name="a"), multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        print(pool.map(work, [1])[0])
""",
    )
    done = subprocess.run(
        [sys.executable, "work.py", method], cwd=empty.root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [{"fork": "closed-run", "spawn": "usage"}[method]]


def test_a_worker_killed_in_the_middle_of_a_save_leaves_no_file(empty: Place) -> None:
    empty.write(
        "work.py",
        """\
import os, signal, runpact
run = runpact.current()
if os.fork() == 0:
    real, count = os.write, [0]
    def write(descriptor, data):
        os.kill(os.getpid(), signal.SIGKILL)
    os.write = write
    run.save("model.bin", b"x" * 100)
os.wait()
run.save("model.bin", b"y" * 100)
""",
    )
    code, folder = empty.run_of(f"{sys.executable} work.py")
    assert code == 0
    assert (folder / "model.bin").read_bytes() == b"y" * 100
    assert not list(folder.rglob(".tmp-*"))
    assert runpact.verify(folder) is runpact.Verdict.OK


def test_an_artifact_sealed_before_its_event_is_not_taken_back(empty: Place) -> None:
    with runpact.run(name="a") as run:
        other = attached(run)
        real = other.writer.events.append

        def late(fields: dict[str, object]) -> int:
            adopt(run)
            run.finish()
            return real(fields)

        other.writer.events.append = late  # type: ignore[method-assign]
        with pytest.raises(ClosedRunError):
            other.save("x.txt", "x")
    assert Path(run.dir, "x.txt").read_text() == "x"
    assert runpact.verify(run.dir) is runpact.Verdict.OK


def test_a_run_that_has_no_command_lets_no_other_process_write(empty: Place) -> None:
    with runpact.run(name="a") as run:
        assert attached_run({"RUNPACT_RUN_UID": run.uid, "RUNPACT_RUN_DIR": run.dir}) is None


def test_a_closed_writer_refuses(empty: Place) -> None:
    with runpact.run(name="a") as run:
        other = attached(run)
        other.writer.close()
        with pytest.raises(ClosedRunError):
            other.save("x.txt", "x")
        adopt(run)


def test_a_signal_between_counting_and_writing_loses_no_line(
    empty: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with runpact.run(name="a") as run:
        one, two = attached(run), None
        attached_run.__globals__["_attach"].cache_clear()
        two = attached(run)
        one.log({"a": 1})
        two.log({"a": 2})
        two.log({"a": 3})

        def interrupted(*_arguments: object) -> tuple[int, int]:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("runpact.disk.appendlog.count_lines", interrupted)
            with pytest.raises(KeyboardInterrupt):
                one.log({"a": 4})
        one.log({"a": 5})
        adopt(run)
    assert empty.json("show", run.id)[1]["metrics"][0]["count"] == 4
    assert runpact.verify(run.dir) is runpact.Verdict.OK


def test_a_program_masks_the_secrets_of_its_run_and_may_read_them(empty: Place) -> None:
    empty.write(
        "work.py",
        """\
import runpact
run = runpact.current()
assert run.config["api_token"] == "tr0ub4dor-and-3"
run.event("asked", by="tr0ub4dor-and-3", also="of-the-shell-9f8e7d")
""",
    )
    script = f"export DB_PASSWORD=of-the-shell-9f8e7d; {sys.executable} work.py"
    code, folder = empty.run_of(script, "--set", "api_token=tr0ub4dor-and-3")
    assert code == 0
    asked = [line for line in (folder / ".runpact/events.jsonl").read_text().splitlines() if "asked" in line]
    assert len(asked) == 1
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"tr0ub4dor-and-3" not in path.read_bytes()
    assert "of-the-shell-9f8e7d" not in asked[0]


def test_a_process_that_cuts_a_log_is_refused_its_next_line(empty: Place) -> None:
    with runpact.run(name="outer") as run:
        inner = attached(run)
        inner.log({"a": 1})
        inner.log({"a": 2})
        os.truncate(Path(run.dir, ".runpact/metrics.jsonl"), 0)
        with pytest.raises(StorageError, match="lost lines"):
            inner.log({"a": 3})
