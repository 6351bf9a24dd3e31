"""Runs from Python: context manager, decorator, values, ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import runpact
from integration.runs.place import Place
from runpact.host.signals import Terminated
from runpact.model.errors import (
    CannotStartError,
    ClosedRunError,
    ConfigError,
    ContractBrokenError,
    UnsafeNameError,
    UsageError,
    ValueRefusedError,
    WriteOnceError,
)


def only_run(place: Place) -> dict:
    (run,) = place.runs()
    return run


def test_a_block_that_ends_is_a_finished_run(place: Place) -> None:
    with runpact.run(name="a", config={"lr": 0.1}, seeds={"python": 1, "torch": None}) as run:
        run.save("metrics", {"loss": 0.25})
        assert run.config == {"lr": 0.1}
        assert (run.name, run.dir) == ("a", str(place.root / "runs" / run.id))
        assert run.started.endswith("Z")
    listed = only_run(place)
    assert (listed["state"], listed["uid"]) == ("finished", run.uid)
    assert run.standing.state is runpact.State.FINISHED
    assert runpact.verify(run.dir) is runpact.Verdict.OK
    assert [checked.verdict for checked in runpact.check(run.id)] == [runpact.Verdict.OK]
    assert runpact.open_run(run.uid).path == listed["path"]
    assert [summary.uid for summary in runpact.list_runs()] == [run.uid]


def test_points_and_events_are_numbered_and_readable(place: Place) -> None:
    with runpact.run(name="a") as run:
        run.save("metrics", {"loss": 1})
        run.log({"loss": 0.5, "accuracy": 1}, step=1)
        run.log({"loss": np.float32(0.25)}, step=2)
        run.log({"loss": 3.0})
        assert run.event("phase.ended", phase="x") == 3
    code, document = place.json("show", run.id)
    assert code == 0
    loss, accuracy = document["metrics"]
    assert (loss["count"], loss["last"], loss["min"], loss["max"]) == (3, 3.0, 0.25, 3.0)
    assert (accuracy["count"], accuracy["last_step"]) == (1, 1)
    assert [event["event"] for event in document["last_events"]] == [
        "run.started",
        "artifact.saved",
        "phase.ended",
        "run.ended",
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "text", None, [1], True, np.ones(3)])
@pytest.mark.requirement("A-034")
def test_a_metric_that_is_no_finite_number_is_refused_by_name(empty: Place, value: object) -> None:
    with runpact.run(name="a") as run, pytest.raises(ValueRefusedError, match="metric `loss`"):
        run.log({"good": 1.0, "loss": value})  # type: ignore[dict-item]  # on purpose
    assert empty.json("show", run.id)[1]["metrics"] == []


def test_values_become_files_by_their_sort(empty: Place) -> None:
    source = empty.write("source.dat", "from elsewhere")
    with runpact.run(name="a") as run:
        paths = [
            run.save("numbers", {"a": np.arange(3)}, type="Numbers@1"),
            run.save("single", np.arange(3)),
            run.save("table.csv", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
            run.save("note", "text"),
            run.save("raw.bin", b"\0\1"),
            run.save("deep/copy", source),
            run.save("plain", {"a": [1, None]}),
            run.save("c.yaml", {"a": 1}),
            run.save("c.toml", {"a": 1}),
        ]
    assert [Path(path).name for path in paths] == [
        "numbers.npz",
        "single.npy",
        "table.csv",
        "note.txt",
        "raw.bin",
        "copy.dat",
        "plain.json",
        "c.yaml",
        "c.toml",
    ]
    assert np.load(paths[0])["a"].tolist() == [0, 1, 2]
    assert Path(paths[2]).read_text() == "a,b\n1,x\n2,y\n"
    files = {file["path"]: file for file in empty.json("show", run.id)[1]["files"]}
    assert files["numbers.npz"]["type"] == "Numbers@1"
    assert files["deep/copy.dat"]["size"] == 14


def test_what_is_written_through_a_path_is_pinned_too(empty: Place) -> None:
    with runpact.run(name="a") as run:
        Path(run.path("sub/own.txt")).write_text("own")
    assert "sub/own.txt" in {file["path"] for file in empty.json("show", run.id)[1]["files"]}


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a//b", "a\0b", "a\nb", "-x/..", "..", "", "a\\b", "x/" * 20 + "y"]
)
def test_an_artifact_name_that_leaves_the_run_is_refused(empty: Place, name: str) -> None:
    with runpact.run(name="a") as run:
        with pytest.raises(UnsafeNameError):
            run.save(name, {})
        with pytest.raises(UnsafeNameError):
            run.path(name)
    assert sorted(path.name for path in empty.root.iterdir()) == ["runs"]


def test_runpacts_own_folder_is_not_for_artifacts(empty: Place) -> None:
    with runpact.run(name="a") as run, pytest.raises(UsageError, match="own records"):
        run.save(".runpact/seal", {})
    assert only_run(empty)["state"] == "finished"


def test_an_artifact_is_written_once(empty: Place) -> None:
    with runpact.run(name="a") as run:
        run.save("x.json", {"a": 1})
        with pytest.raises(WriteOnceError):
            run.save("x.json", {"a": 2})
    assert json.loads((Path(run.dir) / "x.json").read_text()) == {"a": 1}


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {"a": object()}, {"a": np.ones(2)}, {1: {2, 3}, "b": b"\xff\xfe"}]
)
def test_a_value_that_is_not_strict_is_refused(empty: Place, value: object) -> None:
    with runpact.run(name="a") as run:
        if not isinstance(value, dict) or "b" not in value:
            with pytest.raises(ValueRefusedError):
                run.save("x.json", value)
            assert not (Path(run.dir) / "x.json").exists()
    assert only_run(empty)["state"] == "finished"


def test_a_copied_file_must_exist(empty: Place) -> None:
    with runpact.run(name="a") as run:
        with pytest.raises(CannotStartError, match="cannot read"):
            run.save("x", empty.root / "nope")
        with pytest.raises(CannotStartError, match="not a regular file"):
            run.save("x", Path("/dev/null"))
    assert only_run(empty)["state"] == "finished"


def test_reserved_event_fields_are_refused(empty: Place) -> None:
    with runpact.run(name="a") as run, pytest.raises(UsageError, match="`seq`"):
        run.event("x", seq=1)
    assert only_run(empty)["state"] == "finished"


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ValueError("bad\nthing"), "failed", "ValueError: bad thing"),
        (KeyError(), "failed", "KeyError"),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (SystemExit(130), "interrupted", "SystemExit: 130"),
        (SystemExit(143), "interrupted", "SystemExit: 143"),
        (SystemExit(0), "finished", ""),
        (Terminated(15), "interrupted", "stopped by signal 15"),
    ],
)
def test_an_exception_says_the_runs_state_and_goes_on(
    empty: Place, error: BaseException, state: str, reason: str
) -> None:
    with pytest.raises(type(error)), runpact.run(name="a"):
        raise error
    run = only_run(empty)
    assert (run["state"], run["reason"]) == (state, reason)
    assert empty.call("verify", run["id"])[0] == 0


def test_a_finished_run_that_breaks_its_contract_raises(place: Place) -> None:
    with (
        pytest.raises(ContractBrokenError, match=r"metrics\.json: the file is missing"),
        runpact.run(name="a"),
    ):
        pass
    assert only_run(place)["state"] == "finished"


def test_many_faults_are_summed_up(place: Place) -> None:
    pending = runpact.run(name="a")
    run = pending.__enter__()
    run.save("metrics", {"loss": 1})
    for number in range(8):
        run.save(f"extra{number}.txt", "x")
    with pytest.raises(ContractBrokenError, match="and 3 more"):
        pending.__exit__(None, None, None)
    assert place.call("check")[0] == 3


def test_skipping_the_check_looks_ugly_and_works(place: Place) -> None:
    with runpact.run(name="a", unsafe_skip_check=True):
        pass
    assert place.call("check")[0] == 2


def test_a_decorated_function_is_a_run_each_time(place: Place) -> None:
    @runpact.run(name="job")
    def job(value: int) -> int:
        runpact.current().save("metrics", {"loss": value})
        return value + 1

    assert [job(1), job(2)] == [2, 3]
    assert [run["state"] for run in place.runs()] == ["finished", "finished"]


def test_outside_a_run_there_is_no_current_one(empty: Place) -> None:
    with pytest.raises(UsageError, match="no run is open"):
        runpact.current()
    assert list(empty.root.iterdir()) == []


def test_nothing_can_be_added_to_a_sealed_run(empty: Place) -> None:
    with runpact.run(name="a") as run:
        pass
    for attempt in (
        lambda: run.log({"a": 1}),
        lambda: run.event("x"),
        lambda: run.save("x.json", {}),
        lambda: run.path("x"),
        run.finish,
    ):
        with pytest.raises(ClosedRunError):
            attempt()
    assert empty.call("verify", run.id)[0] == 0


def test_finishing_early_is_allowed(empty: Place) -> None:
    with runpact.run(name="a") as run:
        run.finish(runpact.State.FAILED, error="gave up")
    assert (only_run(empty)["state"], only_run(empty)["reason"]) == ("failed", "gave up")


def test_a_forked_child_cannot_write_into_its_parents_run(empty: Place) -> None:
    with runpact.run(name="a") as run:
        child = os.fork()
        if child == 0:
            refused = 0
            for attempt in (lambda: run.log({"a": 1}), lambda: run.event("x")):
                try:
                    attempt()
                except ClosedRunError:
                    refused += 1
            os._exit(refused)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert only_run(empty)["state"] == "finished"


def test_configuration_comes_from_a_file_and_overrides(empty: Place) -> None:
    path = empty.write("c.toml", "lr = 0.1\n[model]\ndepth = 2\n")
    with runpact.run(name="a", config=path, overrides=("model.depth=5", "note=free text")) as run:
        assert run.config == {"lr": 0.1, "model": {"depth": 5}, "note": "free text"}


@pytest.mark.parametrize("config", [{"a": object()}, {"a": float("nan")}, {"a": 2**60}])
def test_a_configuration_that_is_not_plain_data_is_refused(empty: Place, config: dict) -> None:
    with pytest.raises(ConfigError), runpact.run(name="a", config=config):
        pass
    assert not (empty.root / "runs").exists()


@pytest.mark.parametrize(
    ("text", "told"), [("[1]", "not a mapping"), ("{", "cannot be read"), ("a: 1\na: 2", "cannot be read")]
)
def test_a_configuration_file_that_is_no_mapping_is_refused(empty: Place, text: str, told: str) -> None:
    path = empty.write("c.yaml", text)
    with pytest.raises(ConfigError, match=told), runpact.run(name="a", config=path):
        pass


def test_a_configuration_file_of_unknown_sort_or_size_is_refused(empty: Place) -> None:
    with pytest.raises(ConfigError), runpact.run(config=empty.write("c.ini", "a=1")):
        pass
    big = empty.write("c.json", "")
    os.truncate(big, 20 * 1024 * 1024)
    with pytest.raises(CannotStartError, match="too large"), runpact.run(config=big):
        pass


def test_an_unknown_durability_is_refused(empty: Place) -> None:
    with pytest.raises(UsageError, match="durability"):
        runpact.run(durability="sometimes")
    with runpact.run(name="a", durability="none"):
        pass
    assert only_run(empty)["state"] == "finished"


def test_sigterm_seals_the_run_and_exits_143(empty: Place) -> None:
    script = (
        "import os, signal, runpact\n"
        "with runpact.run(name='a'):\n    os.kill(os.getpid(), signal.SIGTERM)\n    signal.pause()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=empty.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 143
    assert "Traceback" not in done.stderr
    assert (only_run(empty)["state"], only_run(empty)["reason"]) == ("interrupted", "stopped by signal 15")


def test_a_run_in_a_thread_leaves_signals_alone(empty: Place) -> None:
    script = (
        "import threading, runpact\n"
        "def work():\n    with runpact.run(name='a') as run:\n        run.log({'x': 1})\n"
        "t = threading.Thread(target=work); t.start(); t.join()\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=empty.root, check=True, capture_output=True)
    assert only_run(empty)["state"] == "finished"


def test_threads_log_without_losing_a_point(empty: Place) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with runpact.run(name="a") as run, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: run.log({"x": number}, step=number), range(500)))
    (metric,) = empty.json("show", run.id)[1]["metrics"]
    assert metric["count"] == 500


def broken_by_special_files() -> runpact.ActiveRun:
    pending = runpact.run(name="a")
    run = pending.__enter__()
    os.mkfifo(run.path("pipe"))
    Path(run.path("link")).symlink_to("metrics.json")
    with pytest.raises(ContractBrokenError, match="neither a file"):
        pending.__exit__(None, None, None)
    return run


def test_special_files_are_sealed_and_judged(empty: Place) -> None:
    run = broken_by_special_files()
    assert only_run(empty)["state"] == "finished"
    assert empty.call("verify", run.id)[0] == 0
    link = Path(run.dir, "link")
    link.unlink()
    link.symlink_to("/etc/passwd")
    assert empty.call("verify", run.id)[0] == 3


def test_the_public_names_are_all_there() -> None:
    assert {name for name in runpact.__all__ if not hasattr(runpact, name)} == set()
    assert set(runpact.__all__) <= set(dir(runpact))
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = runpact.nothing_like_it


@pytest.mark.parametrize(
    "said",
    [
        {"name": 3},
        {"name": Path("a")},
        {"kind": 1},
        {"seeds": {"python": "x"}},
        {"seeds": {"python": 1.5}},
        {"seeds": {"\udcff": 1}},
        {"seeds": [1]},
        {"captures": ["x"]},
        {"captures": {"name": 1}},
        {"captures": {"colour": "red"}},
        {"captures": {"started": "now"}},
        {"caches": [3]},
        {"secrets": [None]},
        {"config": [1]},
        {"config": object()},
    ],
)
def test_what_cannot_be_meant_is_refused_before_a_run_is_made(empty: Place, said: dict) -> None:
    with pytest.raises(UsageError), runpact.run(**said):
        pass
    assert not (empty.root / "runs").exists()


def test_seeds_of_numpy_are_whole_numbers(empty: Place) -> None:
    with runpact.run(name="a", seeds={"numpy": np.int64(7), "torch": None}) as run:
        pass
    assert empty.json("show", run.id)[1]["provenance"]["seeds"] == {"numpy": 7, "torch": None}


CIRCLE: dict = {}
CIRCLE["self"] = CIRCLE


@pytest.mark.parametrize(
    "said",
    [
        lambda run: run.log({"a": 10**400}),
        lambda run: run.log({"a": np.float32("nan")}),
        lambda run: run.log({"\udcff": 1}),
        lambda run: run.log({"a": 1}, step=float("nan")),
        lambda run: run.log({"a": 1}, step="first"),
        lambda run: run.log([("a", 1)]),
        lambda run: run.event("a", value=float("nan")),
        lambda run: run.event("a", value=object()),
        lambda run: run.event("a", value=CIRCLE),
        lambda run: run.event("a", value="\udcff"),
        lambda run: run.event("\udcff"),
        lambda run: run.event(""),
        lambda run: run.event(None),
        lambda run: run.input(""),
    ],
)
def test_what_no_record_can_hold_is_refused_and_costs_nothing_else(empty: Place, said) -> None:
    with runpact.run(name="a") as run:
        run.log({"a": 1}, step=np.int64(1))
        with pytest.raises((ValueRefusedError, UsageError)):
            said(run)
        run.log({"a": 2}, step=2)
    shown = empty.json("show", run.id)[1]
    assert [event["event"] for event in shown["last_events"]] == ["run.started", "run.ended"]
    assert (shown["metrics"][0]["count"], shown["metrics"][0]["last_step"]) == (2, 2)
    assert empty.call("verify", run.id)[0] == 0


def test_events_take_numbers_of_numpy(empty: Place) -> None:
    with runpact.run(name="a") as run:
        run.event("eval.ended", loss=np.float32(0.5))
    assert empty.json("show", run.id)[1]["last_events"][1]["loss"] == 0.5


class UntellableError(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("a \udcff b"), r"ValueError: a \udcff b"),
        (UntellableError(), "UntellableError: its message cannot be told"),
    ],
)
def test_an_error_that_cannot_be_told_is_a_failed_run(empty: Place, error: Exception, told: str) -> None:
    with pytest.raises(type(error)), runpact.run(name="a"):
        raise error
    assert (only_run(empty)["state"], only_run(empty)["reason"]) == ("failed", told)


def test_one_run_is_not_entered_twice_at_a_time(empty: Place) -> None:
    pending = runpact.run(name="a")
    with pending as run:
        with pytest.raises(UsageError, match="open already"):
            pending.__enter__()
        run.log({"a": 1})
    with pending as other:
        assert other.uid != run.uid
    assert [each["state"] for each in empty.runs()] == ["finished"] * 2


def test_a_function_whose_call_returns_before_its_body_ran_is_no_run(empty: Place) -> None:
    async def later() -> None:
        """Run when it is awaited."""

    def piecewise() -> object:
        yield 1

    async def later_piecewise() -> object:
        yield 1

    for function in (later, piecewise, later_piecewise):
        with pytest.raises(UsageError, match="before its body has run"):
            runpact.run(name="a")(function)


def test_a_forked_child_that_leaves_the_block_judges_nothing(empty: Place) -> None:
    script = (
        "import os, runpact\n"
        "with runpact.run(name='a'):\n"
        "    child = os.fork()\n"
        "    if child: print(os.waitpid(child, 0)[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=empty.root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
    assert only_run(empty)["state"] == "finished"
